"""Where the fields of runs, experiments and logged models are in the tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from clew.entities.model import LoggedModelStatus
from clew.entities.run import RunStatus
from clew.query.ast import PATTERN_OPS, And, Comparison, Expr, Field, FieldKind, InList, IsNull, leaves
from clew.query.fields import EXPERIMENTS, MODELS, RUNS
from clew.query.order import Order
from clew.storage.compile import TRUE, Binder, Column
from clew.storage.engine import Tx
from clew.storage.keys import METRIC, PARAM, TAG
from clew.storage.keyset import Kind, SortColumn
from clew.storage.status import model_status_number, status_number

KeyName = tuple[FieldKind, str]

MAX_JOINS: Final = 40
"""SQLite joins at most 64 tables; further keys are looked up by EXISTS."""

_FILTER: Final = 8
_SORT: Final = 9

_KINDS: Final = {FieldKind.METRIC: METRIC, FieldKind.PARAM: PARAM, FieldKind.TAG: TAG}
_TABLES: Final = {FieldKind.METRIC: "latest_metric", FieldKind.PARAM: "param", FieldKind.TAG: "tag"}
_RUN_STATUS: Final = {status_number(status): status.value for status in RunStatus}
_MODEL_STATUS: Final = {model_status_number(status): status.value for status in LoggedModelStatus}


def _texts(tx: Tx, sql: str, **params: Any) -> Callable[[], list[str]]:
    return lambda: [row[0] for row in tx.all(sql, **params)]


def _by_name(column: str, names: dict[int, str]) -> str:
    """An expression that sorts codes as their names sort."""
    ranks = {name: rank for rank, name in enumerate(sorted(names.values()))}
    return f"CASE {column} " + " ".join(f"WHEN {code} THEN {ranks[name]}" for code, name in names.items()) + " END"


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

    experiments: their numbers.
    """

    fields = RUNS

    def __init__(self, tx: Tx, binder: Binder, experiments: Sequence[int]) -> None:
        self._tx = tx
        self._binder = binder
        self._experiments = list(experiments)
        self._keys: dict[KeyName, list[int]] = {}
        self._joins: dict[KeyName, _Join] = {}
        self._by_id = False

    def learn(self, expr: Expr | None, orders: Sequence[Order]) -> None:
        """Look up all keys at once, and see which joins can drop runs."""
        found = [leaf.field for leaf in leaves(expr) if isinstance(leaf, Comparison | InList | IsNull)]
        names = {(f.kind, f.name) for f in (*found, *(o.field for o in orders)) if f.kind in _KINDS}
        if names:
            rows = self._tx.all(
                "SELECT id, kind, name FROM key"
                f" WHERE {self._tx.dialect.any_of('experiment_id', 'experiments')}"
                f" AND {self._tx.dialect.any_of('name', 'names')}",
                experiments=self._experiments,
                names=sorted({name for _, name in names}),
            )
            kinds = {number: kind for kind, number in _KINDS.items()}
            for number, kind, name in rows:
                self._keys.setdefault((kinds[kind], name), []).append(number)
        for order in orders:
            self._join(order.field, _SORT)
        for part in _required(expr):
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
        ids = self._keys.get((field.kind, field.name))
        if not ids:
            return None
        join = self._join(field, _FILTER)
        table = _TABLES[field.kind]
        if join is None:
            mark = self._binder.any_of("x.key", ids)
            return self._keyed(field.kind, "x", ids, f"EXISTS (SELECT 1 FROM {table} x WHERE x.rn = r.rn AND {mark}")
        return self._keyed(field.kind, join.alias, ids)

    def _keyed(self, kind: FieldKind, alias: str, ids: list[int], within: str = "") -> Column:
        sql = f"SELECT DISTINCT value FROM {_TABLES[kind]} WHERE {self._tx.dialect.any_of('key', 'keys')}"
        return Column(
            value=f"{alias}.value",
            number=f"{alias}.number" if kind is FieldKind.PARAM else "",
            nan=f"{alias}.is_nan" if kind is FieldKind.METRIC else "",
            present=f"{alias}.rn IS NOT NULL",
            within=within,
            distinct=_texts(self._tx, sql, keys=ids),
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
            distinct=_texts(self._tx, sql, experiments=self._experiments),
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
            distinct=_texts(self._tx, sql, experiments=self._experiments),
        )

    def sort(self, order: Order) -> SortColumn:
        """The sort column of ``order``."""
        field, descending = order.field, order.descending
        if field.kind is FieldKind.ATTRIBUTE:
            column = self._attribute(field.name)
            if field.name == "status":
                return SortColumn(value=_by_name("r.status", _RUN_STATUS), kind="integer", descending=descending)
            rank = "CASE WHEN r.end_ms IS NULL THEN 2 ELSE 0 END" if column.nullable else ""
            kind: Kind = "integer" if column.integer else "text"
            return SortColumn(value=column.value, kind=kind, rank=rank, descending=descending)
        join = self._joins.get((field.kind, field.name))
        kind = "float" if field.kind is FieldKind.METRIC else "text"
        if join is None:
            # A key that nobody has still takes its place in the token, because a run may get it before the next page.
            return SortColumn(value="NULL", kind=kind, rank="2", descending=descending)
        nan = f" WHEN {join.alias}.is_nan <> 0 THEN 1" if field.kind is FieldKind.METRIC else ""
        rank = f"CASE WHEN {join.alias}.rn IS NULL THEN 2{nan} ELSE 0 END"
        return SortColumn(value=f"{join.alias}.value", kind=kind, rank=rank, descending=descending)

    def tables(self, *, sorting: bool = True) -> str:
        """The FROM list, with the condition on the experiments; ends inside WHERE.

        sorting: whether to join what only the order reads, too.

        SQLite takes the tables in the order written, cheapest and most selective first, as CROSS JOIN tells it;
        it would else start from whatever it has no statistics of.
        """
        joins = [(name, join) for name, join in self._joins.items() if sorting or join.turn != _SORT]
        joins.sort(key=lambda item: (item[1].turn, item[1].number))
        return self._sqlite_tables(joins) if self._tx.dialect.name == "sqlite" else self._postgres_tables(joins)

    def _postgres_tables(self, joins: Joins) -> str:
        parts = ["run r"]
        for (kind, _), join in joins:
            mark = self._binder.bind(join.ids[0]) if len(join.ids) == 1 else ""
            key = f"{join.alias}.key = {mark}" if mark else self._binder.any_of(f"{join.alias}.key", join.ids)
            word = "JOIN" if join.turn < _FILTER else "LEFT JOIN"
            parts.append(f"{word} {_TABLES[kind]} {join.alias} ON {join.alias}.rn = r.rn AND {key}")
        if len(self._experiments) == 1:
            where = f"r.experiment_id = {self._binder.bind(self._experiments[0])}"
        else:
            where = self._binder.any_of("r.experiment_id", self._experiments)
        return f"{' '.join(parts)} WHERE {where}"

    def _sqlite_tables(self, joins: Joins) -> str:
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


class ExperimentColumns:
    """The fields of experiments."""

    fields = EXPERIMENTS

    def __init__(self, tx: Tx, binder: Binder) -> None:
        self._tx = tx
        self._binder = binder

    def column(self, field: Field) -> Column:
        """The column of ``field``."""
        if field.kind is FieldKind.TAG:
            key = self._binder.bind(field.name)
            return Column(
                value="t.value",
                within=f"EXISTS (SELECT 1 FROM experiment_tag t WHERE t.experiment_id = e.id AND t.key = {key}",
                distinct=_texts(self._tx, "SELECT DISTINCT value FROM experiment_tag WHERE key = :key", key=field.name),
            )
        value = {
            "experiment_id": "CAST(e.id AS TEXT)",
            "creation_time": "e.created_ms",
            "last_update_time": "e.updated_ms",
        }.get(field.name, f"e.{field.name}")
        return Column(
            value=value,
            integer=field.name.endswith("_time"),
            nullable=False,
            distinct=_texts(self._tx, f"SELECT DISTINCT {value} FROM experiment e"),
        )

    def sort(self, order: Order) -> SortColumn:
        """The sort column of ``order``."""
        name = order.field.name
        if name == "name":
            return SortColumn(value="e.name", kind="text", descending=order.descending)
        value = "e.id" if name == "experiment_id" else self.column(order.field).value
        return SortColumn(value=value, kind="integer", descending=order.descending)


class ModelColumns:
    """The fields of logged models.

    datasets: (name, digest or None) that metric comparisons are narrowed to; none means all.
    """

    fields = MODELS

    def __init__(self, tx: Tx, binder: Binder, datasets: Sequence[tuple[str, str | None]] = ()) -> None:
        self._tx = tx
        self._binder = binder
        self._datasets = datasets

    def column(self, field: Field) -> Column:
        """The column of ``field``."""
        if field.kind is FieldKind.METRIC:
            return Column(value="m.value", nan="m.is_nan", within=f"EXISTS (SELECT 1 {self._metric(field.name)}")
        if field.kind is FieldKind.ATTRIBUTE:
            return self._attribute(field.name)
        table = "logged_model_param" if field.kind is FieldKind.PARAM else "logged_model_tag"
        key = self._binder.bind(field.name)
        sql = f"SELECT DISTINCT value FROM {table} WHERE key = :key"
        return Column(
            value="t.value",
            spelled=field.kind is FieldKind.PARAM,
            within=f"EXISTS (SELECT 1 FROM {table} t WHERE t.mn = l.mn AND t.key = {key}",
            distinct=_texts(self._tx, sql, key=field.name),
        )

    def _attribute(self, name: str) -> Column:
        value = {
            "experiment_id": "CAST(l.experiment_id AS TEXT)",
            "creation_timestamp": "l.created_ms",
            "last_updated_timestamp": "l.updated_ms",
        }.get(name, f"l.{name}")
        return Column(
            value=value,
            integer=name.endswith("_timestamp"),
            names=_MODEL_STATUS if name == "status" else None,
            nullable=False,
            distinct=_texts(self._tx, f"SELECT DISTINCT {value} FROM logged_model l"),
        )

    def _metric(self, name: str) -> str:
        sql = f"FROM logged_model_metric m WHERE m.model_id = l.model_id AND m.key = {self._binder.bind(name)}"
        if not self._datasets:
            return sql
        return f"{sql} AND ({' OR '.join(self._on(*dataset) for dataset in self._datasets)})"

    def _on(self, name: str | None, digest: str | None) -> str:
        parts = [f"m.dataset_name = {self._binder.bind(name)}"]
        if digest is not None:
            parts.append(f"m.dataset_digest = {self._binder.bind(digest)}")
        return f"({' AND '.join(parts)})"

    def sort(self, order: Order) -> SortColumn:
        """The sort column of ``order``; of several values of a metric, the latest counts."""
        field, descending = order.field, order.descending
        if field.kind is FieldKind.ATTRIBUTE:
            if field.name == "status":
                return SortColumn(value=_by_name("l.status", _MODEL_STATUS), kind="integer", descending=descending)
            column = self._attribute(field.name)
            whole = column.integer or field.name == "experiment_id"
            value = "l.experiment_id" if field.name == "experiment_id" else column.value
            return SortColumn(value=value, kind="integer" if whole else "text", descending=descending)
        source = f"FROM logged_model_metric m WHERE m.model_id = l.model_id AND m.key = {self._binder.bind(field.name)}"
        if order.dataset_name is not None:
            source += f" AND {self._on(order.dataset_name, order.dataset_digest)}"
        newest = "m.ts DESC, m.step DESC, m.dataset_name DESC, m.dataset_digest DESC, m.run_id DESC"
        latest = f"{source} ORDER BY {newest} LIMIT 1"
        return SortColumn(
            value=f"(SELECT m.value {latest})",
            kind="float",
            rank=f"coalesce((SELECT CASE WHEN m.is_nan <> 0 THEN 1 ELSE 0 END {latest}), 2)",
            descending=descending,
        )
