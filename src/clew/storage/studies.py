"""Journals of shared studies: opaque entries, numbered from 0 in one order that every reader sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from clew.errors import NotFound
from clew.storage.engine import Tx, WriteTx

MAX_ENTRIES: Final = 5000
"""Entries that one answer holds."""


def append_entries(tx: WriteTx, journal: str, entries: Sequence[str], token: str = "") -> int:
    """The journal's length with these entries at its end; a journal that is not there is made.

    token: of an append that may be sent again; the second time nothing is written.
    """
    tx.run(
        "INSERT INTO study_journal (name, length, created_ms) VALUES (:name, 0, :now) ON CONFLICT (name) DO NOTHING",
        name=journal,
        now=tx.place.clock(),
    )
    # Locks it: other servers' appends wait until ours is there to be read, so numbers appear in their order.
    rows = tx.all(
        "UPDATE study_journal SET length = length + :count WHERE name = :name RETURNING id, length",
        count=len(entries),
        name=journal,
    )
    number, length = rows[0]
    if token and _is_known(tx, number, token):
        tx.run("UPDATE study_journal SET length = length - :count WHERE id = :id", count=len(entries), id=number)
        return int(length) - len(entries)
    first = int(length) - len(entries)
    tx.many(
        "INSERT INTO study_entry (journal_id, number, body, token) VALUES (:journal, :number, :body, :token)",
        [
            {"journal": number, "number": first + place, "body": body, "token": token if token and not place else None}
            for place, body in enumerate(entries)
        ],
    )
    return int(length)


def read_entries(tx: Tx, journal: str, start: int) -> tuple[list[str], int]:
    """The entries from number ``start`` on, at most 5000, and the journal's length; ([], 0) where there is none."""
    found = tx.one("SELECT id, length FROM study_journal WHERE name = :name", name=journal)
    if found is None:
        return [], 0
    number, length = found
    rows = tx.all(
        "SELECT body FROM study_entry WHERE journal_id = :id AND number >= :start ORDER BY number LIMIT :most",
        id=number,
        start=start,
        most=MAX_ENTRIES,
    )
    return [body for (body,) in rows], int(length)


def delete_journal(tx: WriteTx, journal: str) -> None:
    """Remove a journal with all its entries, for good.

    Raises:
        NotFound: there is none.
    """
    rows = tx.all("DELETE FROM study_journal WHERE name = :name RETURNING id", name=journal)
    if not rows:
        raise NotFound(f"There is no study journal {journal!r}.")
    tx.run("DELETE FROM study_entry WHERE journal_id = :id", id=rows[0][0])


def _is_known(tx: WriteTx, number: int, token: str) -> bool:
    sql = "SELECT 1 FROM study_entry WHERE journal_id = :id AND token = :token"
    return tx.one(sql, id=number, token=token) is not None
