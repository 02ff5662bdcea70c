"""Where the fields of runs are in the tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from clew.entities.run import RunStatus
from clew.query.ast import PATTERN_OPS, And, Comparison, Expr, Field, FieldKind, InList, IsNull
from clew.query.fields import RUNS
from clew.query.order import Order
from clew.query.settle import fields_of
from clew.storage.compile import TRUE, Binder, Column
from clew.storage.engine import Tx
from clew.storage.keys import METRIC, PARAM, TAG
from clew.storage.keyset import Kind, SortColumn, ordered_code
from clew.storage.pointvalues import Values, needs_points
from clew.storage.sources import by_name, texts
from clew.storage.status import status_number

KeyName = tuple[FieldKind, str]

MAX_JOINS: Final = 40
"""SQLite joins at most 64 tables; further keys are looked up by EXISTS."""

_FILTER: Final = 8
_SORT: Final = 9

_KINDS: Final = {FieldKind.METRIC: METRIC, FieldKind.PARAM: PARAM, FieldKind.TAG: TAG}
_TABLES: Final = {FieldKind.METRIC: "latest_metric", FieldKind.PARAM: "param", FieldKind.TAG: "tag"}
_SUMMARIES: Final = {
    "": ("value", "is_nan"),
    "first": ("first_value", "first_nan"),
    "min": ("min_value", ""),
    "max": ("max_value", ""),
}
"""Summary -> its column of latest_metric, and the column that marks NaN."""

_RUN_STATUS: Final = {status_number(status): status.value for status in RunStatus}


def find_keys(tx: Tx, experiments: Sequence[int], fields: Iterable[Field]) -> dict[KeyName, list[int]]:
    """The key ids, one per experiment that has it, of the metrics, params and tags among ``fields``."""
    wanted = {(field.kind, field.name) for field in fields if field.kind in _KINDS}
    found: dict[KeyName, list[int]] = {}
    if not wanted:
        return found
    rows = tx.all(
        "SELECT id, kind, name FROM key"
        f" WHERE {tx.dialect.any_of('experiment_id', 'experiments')} AND {tx.dialect.any_of('name', 'names')}",
        experiments=list(experiments),
        names=sorted({name for _, name in wanted}),
    )
    kinds = {number: kind for kind, number in _KINDS.items()}
    for number, kind, name in rows:
        if (kinds[kind], name) in wanted:
            found.setdefault((kinds[kind], name), []).append(number)
    return found


class _Join(msgspec.Struct):
    """A value table joined for one key.

    turn: place in the order of joining; below ``_FILTER`` only runs that have the key remain.
    """

    number: int
    ids: list[int]
    turn: int

    @property
    def alias(self) -> str:
        return f"j{self.number}"


Joins = Sequence[tuple[KeyName, _Join]]


class RunColumns:
    """The fields of the runs of some experiments; keyed ones are joined as they are asked for.

    experiments: their numbers. values: what was computed from points for this search.
    """

    fields = RUNS

    def __init__(self, tx: Tx, binder: Binder, experiments: Sequence[int], values: Mapping[Field, Values] = {}) -> None:
        self._tx = tx
        self._binder = binder
        self._experiments = list(experiments)
        self._values = values
        self._computed: dict[Field, str] = {}
        self._keys: dict[KeyName, list[int]] = {}
        self._joins: dict[KeyName, _Join] = {}
        self._by_id = False

    def learn(self, expr: Expr | None, orders: Sequence[Order]) -> None:
        """Look up all keys at once, and see which joins can drop runs."""
        found = (field for field in fields_of(expr, orders) if field.kind in _KINDS and not needs_points(field))
        self._keys = find_keys(self._tx, self._experiments, found)
        for order in orders:
            if needs_points(order.field):
                self._computed.setdefault(order.field, f"h{len(self._computed)}")
            else:
                self._join(order.field, _SORT)
        for part in _required(expr):
            if not needs_points(part.field):
                self._join(part.field, _cost(part))
            if part.field.name == "run_id" and part.field.kind is FieldKind.ATTRIBUTE and not isinstance(part, IsNull):
                self._by_id = isinstance(part, InList) or part.op == "="

    def _join(self, field: Field, turn: int) -> _Join | None:
        """The join of a key; None where no run has it, or too many are joined already."""
        name = (field.kind, field.name)
        join = self._joins.get(name)
        if join is not None:
            join.turn = min(join.turn, turn)
            return join
        if name not in self._keys or len(self._joins) >= MAX_JOINS:
            return None
        join = self._joins[name] = _Join(len(self._joins), self._keys[name], turn)
        return join

    def column(self, field: Field) -> Column | None:
        """The column of ``field``; None where no run of these experiments has it."""
        if field.kind is FieldKind.ATTRIBUTE:
            return self._attribute(field.name)
        if field.kind is FieldKind.DATASET:
            return self._dataset(field.name)
        if needs_points(field):
            return Column(value="r.rn", known=self._values[field])
        ids = self._keys.get((field.kind, field.name))
        if not ids:
            return None
        join = self._join(field, _FILTER)
        table = _TABLES[field.kind]
        if join is None:
            mark = self._binder.any_of("x.key", ids)
            within = f"EXISTS (SELECT 1 FROM {table} x WHERE x.rn = r.rn AND {mark}"
            return self._keyed(field, "x", within)
        return self._keyed(field, join.alias)

    def _keyed(self, field: Field, alias: str, within: str = "") -> Column:
        if field.kind is FieldKind.METRIC:
            value, nan = _SUMMARIES[field.summary]
            return Column(
                value=f"{alias}.{value}",
                nan=f"{alias}.{nan}" if nan else "",
                present=f"{alias}.rn IS NOT NULL" if nan else f"{alias}.{value} IS NOT NULL",
                within=within,
            )
        sql = f"SELECT DISTINCT value FROM {_TABLES[field.kind]} WHERE {self._tx.dialect.any_of('key', 'keys')}"
        return Column(
            value=f"{alias}.value",
            number=f"{alias}.number" if field.kind is FieldKind.PARAM else "",
            present=f"{alias}.rn IS NOT NULL",
            within=within,
            distinct=texts(self._tx, sql, keys=self._keys[field.kind, field.name]),
        )

    def _attribute(self, name: str) -> Column:
        column = {"run_name": "name", "start_time": "start_ms", "end_time": "end_ms"}.get(name, name)
        sql = f"SELECT DISTINCT {column} FROM run WHERE {self._tx.dialect.any_of('experiment_id', 'experiments')}"
        return Column(
            value=f"r.{column}",
            integer=name in ("start_time", "end_time"),
            names=_RUN_STATUS if name == "status" else None,
            nullable=name == "end_time",
            present="r.end_ms IS NOT NULL" if name == "end_time" else TRUE,
            distinct=texts(self._tx, sql, experiments=self._experiments),
        )

    def _dataset(self, name: str) -> Column:
        value = "i.context" if name == "context" else f"d.{name}"
        sql = (
            f"SELECT DISTINCT {value} FROM dataset d JOIN run_input i ON i.dataset_id = d.id"
            f" WHERE {value} IS NOT NULL AND {self._tx.dialect.any_of('d.experiment_id', 'experiments')}"
        )
        return Column(
            value=value,
            within="EXISTS (SELECT 1 FROM run_input i JOIN dataset d ON d.id = i.dataset_id WHERE i.rn = r.rn",
            distinct=texts(self._tx, sql, experiments=self._experiments),
        )

    def sort(self, order: Order) -> SortColumn:
        """The sort column of ``order``."""
        field, descending = order.field, order.descending
        if field.kind is FieldKind.ATTRIBUTE:
            column = self._attribute(field.name)
            if field.name == "status":
                return SortColumn(value=by_name("r.status", _RUN_STATUS), kind="integer", descending=descending)
            rank = "CASE WHEN r.end_ms IS NULL THEN 2 ELSE 0 END" if column.nullable else ""
            kind: Kind = "integer" if column.integer else "text"
            return SortColumn(value=column.value, kind=kind, rank=rank, descending=descending)
        if needs_points(field):
            alias = self._computed[field]
            return SortColumn(
                value=f"{alias}.code", kind="integer", rank=f"coalesce({alias}.nan, 2)", descending=descending
            )
        join = self._joins.get((field.kind, field.name))
        kind = "float" if field.kind is FieldKind.METRIC else "text"
        if join is None:
            # A key that nobody has still takes its place in the token, because a run may get it before the next page.
            return SortColumn(value="NULL", kind=kind, rank="2", descending=descending)
        column = self._keyed(field, join.alias)
        nan = f" WHEN {column.nan} <> 0 THEN 1" if column.nan else ""
        rank = f"CASE WHEN NOT ({column.present}) THEN 2{nan} ELSE 0 END"
        return SortColumn(value=column.value, kind=kind, rank=rank, descending=descending)

    def _computed_tables(self) -> list[str]:
        """The joins of values that were computed from points."""
        tables = []
        for field, alias in self._computed.items():
            values = self._values[field]
            codes = {rn: ordered_code(value) for rn, value in values.items() if not math.isnan(value)}
            source = self._binder.table({rn: (codes.get(rn), int(rn not in codes)) for rn in values})
            tables.append(f"LEFT JOIN {source} {alias} ON {alias}.rn = r.rn")
        return tables

    def tables(self, *, sorting: bool = True) -> str:
        """The FROM list, with the condition on the experiments; ends inside WHERE.

        sorting: whether to join what only the order reads, too.

        SQLite takes the tables in the order written, cheapest and most selective first, as CROSS JOIN tells it;
        it would else start from whatever it has no statistics of.
        """
        joins = [(name, join) for name, join in self._joins.items() if sorting or join.turn != _SORT]
        joins.sort(key=lambda item: (item[1].turn, item[1].number))
        computed = self._computed_tables() if sorting else []
        make = self._sqlite_tables if self._tx.dialect.name == "sqlite" else self._postgres_tables
        return make(joins, computed)

    def _postgres_tables(self, joins: Joins, computed: list[str]) -> str:
        parts = ["run r"]
        for (kind, _), join in joins:
            mark = self._binder.bind(join.ids[0]) if len(join.ids) == 1 else ""
            key = f"{join.alias}.key = {mark}" if mark else self._binder.any_of(f"{join.alias}.key", join.ids)
            word = "JOIN" if join.turn < _FILTER else "LEFT JOIN"
            parts.append(f"{word} {_TABLES[kind]} {join.alias} ON {join.alias}.rn = r.rn AND {key}")
        parts += computed
        if len(self._experiments) == 1:
            where = f"r.experiment_id = {self._binder.bind(self._experiments[0])}"
        else:
            where = self._binder.any_of("r.experiment_id", self._experiments)
        return f"{' '.join(parts)} WHERE {where}"

    def _sqlite_tables(self, joins: Joins, computed: list[str]) -> str:
        # Along this index the runs come in about the order of rn, in which the value tables are clustered.
        run = "run r" if self._by_id else "run r INDEXED BY run_by_start"
        plus = "+" if self._by_id else ""
        if len(self._experiments) == 1:
            start, where = run, f"{plus}r.experiment_id = {self._binder.bind(self._experiments[0])}"
        else:
            start, where = self._sqlite_experiments(joins, run, plus)
        parts = [start]
        for (kind, _), join in joins:
            key = self._binder.bind(join.ids[0]) if len(join.ids) == 1 else f"k{join.number}.id"
            word = "CROSS JOIN" if join.turn < _FILTER else "LEFT JOIN"
            parts.append(f"{word} {_TABLES[kind]} {join.alias} ON {join.alias}.rn = r.rn AND {join.alias}.key = {key}")
        parts += computed
        return f"{' '.join(parts)} WHERE {where}"

    def _sqlite_experiments(self, joins: Joins, run: str, plus: str) -> tuple[str, str]:
        """Several experiments: each has its own key ids, which are read once per experiment, not once per run."""
        parts = ["experiment e"]
        for (kind, name), join in joins:
            if len(join.ids) > 1:
                k = f"k{join.number}"
                parts.append(
                    f"LEFT JOIN key {k} ON {k}.experiment_id = e.id AND {k}.kind = {_KINDS[kind]}"
                    f" AND {k}.name = {self._binder.bind(name)}"
                )
        parts.append(f"CROSS JOIN {run} ON {plus}r.experiment_id = e.id")
        return " ".join(parts), self._binder.any_of("e.id", self._experiments)


def _required(expr: Expr | None) -> list[Comparison | InList | IsNull]:
    """The leaves that every answer fulfils and that need their key."""
    parts = expr.items if isinstance(expr, And) else (expr,)
    return [
        part for part in parts if isinstance(part, Comparison | InList) or (isinstance(part, IsNull) and part.negated)
    ]


def _cost(part: Comparison | InList | IsNull) -> int:
    """Order of joining: what is cheap to test and drops most runs comes first."""
    if isinstance(part, InList):
        return 1
    if isinstance(part, IsNull):
        return 5
    if part.op in PATTERN_OPS:
        return 4
    if part.field.kind is FieldKind.METRIC:
        return 2
    return 0 if part.op == "=" else 3
