"""Searches of runs by the column index, with the page tokens that SQL gives, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from clew.entities.page import Page
from clew.query.ast import FieldKind
from clew.query.order import Order
from clew.storage import keyset
from clew.storage.columns.index import index_of
from clew.storage.engine import Tx
from clew.storage.keyset import Kind, SortColumn
from clew.storage.pointvalues import needs_points
from clew.storage.runquery import RunQuery

_TAIL: Final = [SortColumn(value="", kind="integer", descending=True), SortColumn(value="", kind="text")]


def find(tx: Tx, query: RunQuery, experiments: Sequence[int]) -> Page[int] | None:
    """The run numbers that answer ``query``; None where SQL is to find them.

    experiments: those of the query, each once.
    """
    index = index_of(tx)
    if index is None or tx.memory is not None:  # a writing transaction sees what no index may keep
        return None
    sort = [*(_shape(order) for order in query.order), *_TAIL]
    mark = query.fingerprint()
    cut = keyset.read_token(query.token, mark, sort) if query.token else None
    found = index.find(tx, experiments, query.where, query.order, query.view, cut, query.limit + 1)
    if found is None:
        return None
    hits, total = found
    token = None
    if len(hits) > query.limit:
        hits = hits[: query.limit]
        token = keyset.write_token(mark, hits[-1].cells)
    return Page(items=[hit.number for hit in hits], token=token, total=total if query.counted else None)


def _shape(order: Order) -> SortColumn:
    """What a page token holds of a sort column."""
    field = order.field
    if field.kind is not FieldKind.ATTRIBUTE:
        kind: Kind = "text" if field.kind is not FieldKind.METRIC else "integer" if needs_points(field) else "float"
        return SortColumn(value="", kind=kind, rank="any", descending=order.descending)
    whole = field.name in ("status", "start_time", "end_time")
    rank = "any" if field.name == "end_time" else ""
    return SortColumn(value="", kind="integer" if whole else "text", rank=rank, descending=order.descending)
