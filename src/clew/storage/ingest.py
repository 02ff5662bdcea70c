"""Exactly once: how far each writer's journal is applied.

The row is written in the same transaction as the slots it counts, so that a batch that is sent again
is recognised whatever happened to the first answer.
"""

from __future__ import annotations

from clew.storage.engine import Tx, WriteTx
from clew.storage.keys import find_run


def cursor(tx: Tx, writer_id: str) -> tuple[int, str]:
    """Sequence number of the next slot to apply, and the mark of the last names; (0, "") for a new writer.

    In a write transaction on PostgreSQL the row stays locked until its end.
    """
    locks = isinstance(tx, WriteTx) and tx.dialect.name == "postgresql"
    sql = f"SELECT seq, state FROM ingest_stream WHERE writer_id = :writer_id{' FOR UPDATE' if locks else ''}"
    row = tx.one(sql, writer_id=writer_id)
    if row is None and locks:
        # Nothing can be locked that is not there; so that no other server begins with this writer, too.
        tx.run(
            "INSERT INTO ingest_stream (writer_id, rn, seq, state, seen_ms) VALUES (:writer_id, 0, 0, '', :now)"
            " ON CONFLICT (writer_id) DO NOTHING",
            writer_id=writer_id,
            now=tx.place.clock(),
        )
        row = tx.one(sql, writer_id=writer_id)
    return (row[0], row[1]) if row else (0, "")


def advance(tx: WriteTx, writer_id: str, run_id: str, seq: int, mark: str) -> None:
    """Set the next sequence number and the mark of the last names.

    run_id: the run that the writer writes to; may be unknown while nothing of it is applied.
    """
    ref = find_run(tx, run_id)
    tx.run(
        "INSERT INTO ingest_stream (writer_id, rn, seq, state, seen_ms) VALUES (:writer_id, :rn, :seq, :state, :now)"
        " ON CONFLICT (writer_id) DO UPDATE SET rn = excluded.rn, seq = excluded.seq, state = excluded.state,"
        " seen_ms = excluded.seen_ms",
        writer_id=writer_id,
        rn=ref.rn if ref else 0,
        seq=seq,
        state=mark,
        now=tx.place.clock(),
    )


def add_names(tx: WriteTx, writer_id: str, seq: int, names: str) -> None:
    """Keep what the batch at ``seq`` declared. names: the ingester's own form."""
    tx.run(
        "INSERT INTO ingest_names (writer_id, seq, names) VALUES (:writer_id, :seq, :names)",
        writer_id=writer_id,
        seq=seq,
        names=names,
    )


def read_names(tx: Tx, writer_id: str) -> list[str]:
    """All that a writer declared so far, batch by batch."""
    sql = "SELECT names FROM ingest_names WHERE writer_id = :writer_id ORDER BY seq"
    return [names for (names,) in tx.all(sql, writer_id=writer_id)]
