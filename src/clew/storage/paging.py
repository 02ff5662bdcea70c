"""One page out of rows that SQL sorts, and the count of all of them where it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from clew.entities.page import Page
from clew.entities.run import ViewType
from clew.storage import keyset
from clew.storage.compile import TRUE, Binder
from clew.storage.engine import Row, Tx
from clew.storage.keyset import SortColumn

_DELETED: Final[dict[ViewType, str]] = {"ACTIVE_ONLY": "deleted = 0", "DELETED_ONLY": "deleted <> 0", "ALL": ""}


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Rows to page through: number is the expression of what a page lists, source is FROM and WHERE.

    unsorted: ``source`` without what only the order needs.
    costly: whether going through the rows costs more than keeping those that match.
    """

    number: str
    source: str
    unsorted: str
    sort: list[SortColumn]
    costly: bool = False


def read_page(
    tx: Tx, binder: Binder, source: Source, limit: int, token: str | None, mark: str, counted: bool
) -> Page[int]:
    """At most ``limit`` numbers, the token of what follows, and the count of all, if ``counted``.

    mark: fingerprint of the search.

    Raises:
        InvalidValue: the token is damaged or has another mark.
    """
    cut = keyset.read_token(token, mark, source.sort) if token else None
    rows, total = (
        _counted_rows(tx, binder, source, limit, cut) if counted else (_rows(tx, binder, source, limit, cut), None)
    )
    following = None
    if len(rows) > limit:
        rows = rows[:limit]
        following = keyset.write_token(mark, keyset.cut_of(source.sort, rows[-1][1:]))
    return Page(items=[row[0] for row in rows], token=following, total=total)


def _rows(tx: Tx, binder: Binder, source: Source, limit: int, cut: keyset.Cut | None) -> list[Row]:
    later = f" AND {keyset.after(source.sort, cut, binder)}" if cut is not None else ""
    sql = (
        f"SELECT {source.number}, {keyset.select(source.sort)} FROM {source.source}{later}"
        f" ORDER BY {keyset.order_by(source.sort)} LIMIT {binder.bind(limit + 1)}"
    )
    return tx.all(sql, **binder.params)


def _counted_rows(tx: Tx, binder: Binder, source: Source, limit: int, cut: keyset.Cut | None) -> tuple[list[Row], int]:
    if not source.costly:
        total = _count(tx, binder, source)
        return _rows(tx, binder, source, limit, cut), total
    # Going through the rows a second time would cost as much again, so all answers are kept and counted there.
    used: dict[str, Any] = dict(binder.params)
    columns = keyset.named(source.sort)
    later = f" WHERE {keyset.after(columns, cut, binder)}" if cut is not None else ""
    sql = (
        f"WITH hit AS MATERIALIZED (SELECT {source.number} AS n, {keyset.select(source.sort)} FROM {source.source})"
        f" SELECT h.*, (SELECT count(*) FROM hit) FROM hit h{later}"
        f" ORDER BY {keyset.order_by(source.sort)} LIMIT {binder.bind(limit + 1)}"
    )
    rows = tx.all(sql, **binder.params)
    if rows:
        return [row[:-1] for row in rows], rows[0][-1]
    binder.params = used
    return [], _count(tx, binder, source) if cut is not None else 0


def _count(tx: Tx, binder: Binder, source: Source) -> int:
    row = tx.one(f"SELECT count(*) FROM {source.unsorted}", **binder.params)
    return int(row[0]) if row else 0


def all_true(conditions: Sequence[str]) -> str:
    """The conjunction of conditions."""
    kept = [condition for condition in conditions if condition != TRUE]
    return " AND ".join(kept) or TRUE


def in_view(table: str, view: ViewType) -> str:
    """The condition that a row of ``table`` is in the lifecycle stage that is looked at."""
    return f"{table}.{_DELETED[view]}" if _DELETED[view] else TRUE
