"""Values that a search needs from points: of which runs, and of not too many (decision 20)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from clew.entities.run import ViewType
from clew.errors import InvalidValue
from clew.query.ast import Expr, Field, all_of, any_of
from clew.query.fields import RUNS
from clew.query.order import Order
from clew.query.relax import Costly, has_metric, relax
from clew.query.settle import fields_of
from clew.query.text import write_key
from clew.storage.compile import Binder, Compiler
from clew.storage.engine import Tx
from clew.storage.paging import all_true, in_view
from clew.storage.pointvalues import Values, needs_points, point_values
from clew.storage.runcolumns import RunColumns, find_keys

MAX_RUNS: Final = 10_000
"""Runs whose points one search may read."""


def history_values(
    tx: Tx, experiments: Sequence[int], where: Expr | None, orders: Sequence[Order], view: ViewType
) -> Mapping[Field, Values]:
    """The values of every field of the search that needs points, of the runs that the other conditions leave.

    Raises:
        InvalidValue: they leave too many.
    """
    fields = [field for field in dict.fromkeys(fields_of(where, orders)) if needs_points(field)]
    if not fields:
        return {}
    rns = _candidates(tx, experiments, where, fields, view)
    if len(rns) > MAX_RUNS:
        raise too_many(fields[0])
    ids = find_keys(tx, experiments, fields)
    return point_values(tx, rns, {name: numbers for (_, name), numbers in ids.items()}, fields)


def candidates(where: Expr | None, fields: Sequence[Field], costly: Costly) -> Expr:
    """What holds for every run that may match and has one of the metrics; others have no value to compute."""
    relaxed = relax(where, costly)
    present = any_of(dict.fromkeys(has_metric(field) for field in fields))
    expr = all_of(part for part in (relaxed, present) if part is not None)
    assert expr is not None, "at least one field was given"
    return expr


def too_many(field: Field) -> InvalidValue:
    """The error of a search that would read the points of more than ``MAX_RUNS`` runs for ``field``."""
    return InvalidValue(
        f"{write_key(field, RUNS)} is computed from the points of each run, and the other conditions leave more than"
        f" {MAX_RUNS:,} runs that have this metric. Narrow the search with AND: a range of start_time, a param or a"
        " tag, a bound on metrics.….min or .max, or fewer experiments."
    )


def _candidates(
    tx: Tx, experiments: Sequence[int], where: Expr | None, fields: Sequence[Field], view: ViewType
) -> list[int]:
    """The runs that may match and have one of the metrics."""
    expr = candidates(where, fields, needs_points)
    binder = Binder(tx.dialect)
    columns = RunColumns(tx, binder, experiments)
    columns.learn(expr, ())
    conditions = [Compiler(binder, columns).condition(expr), in_view("r", view)]
    rows = tx.all(
        f"SELECT r.rn FROM {columns.tables(sorting=False)} AND {all_true(conditions)}"
        f" LIMIT {binder.bind(MAX_RUNS + 1)}",
        **binder.params,
    )
    return [row[0] for row in rows]
