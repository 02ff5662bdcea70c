"""Where the fields of experiments and logged models are in the tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from clew.entities.model import LoggedModelStatus
from clew.query.ast import Field, FieldKind
from clew.query.fields import EXPERIMENTS, MODELS
from clew.query.order import Order
from clew.storage.compile import Binder, Column
from clew.storage.engine import Tx
from clew.storage.keyset import SortColumn
from clew.storage.status import model_status_number

_TABLES: Final = {FieldKind.PARAM: "logged_model_param", FieldKind.TAG: "logged_model_tag"}
_MODEL_STATUS: Final = {model_status_number(status): status.value for status in LoggedModelStatus}


def texts(tx: Tx, sql: str, **params: Any) -> Callable[[], list[str]]:
    """A function that reads the one column of a statement."""
    return lambda: [row[0] for row in tx.all(sql, **params)]


def by_name(column: str, names: dict[int, str]) -> str:
    """An expression that sorts codes as their names sort."""
    ranks = {name: rank for rank, name in enumerate(sorted(names.values()))}
    return f"CASE {column} " + " ".join(f"WHEN {code} THEN {ranks[name]}" for code, name in names.items()) + " END"


def text_or_none(value: str, order: Order) -> SortColumn:
    """The sort column of texts that some rows have not."""
    rank = f"CASE WHEN {value} IS NULL THEN 2 ELSE 0 END"
    return SortColumn(value=value, kind="text", rank=rank, descending=order.descending)


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
                distinct=texts(self._tx, "SELECT DISTINCT value FROM experiment_tag WHERE key = :key", key=field.name),
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
            distinct=texts(self._tx, f"SELECT DISTINCT {value} FROM experiment e"),
        )

    def sort(self, order: Order) -> SortColumn:
        """The sort column of ``order``."""
        name = order.field.name
        if order.field.kind is FieldKind.TAG:
            key = self._binder.bind(name)
            value = f"(SELECT t.value FROM experiment_tag t WHERE t.experiment_id = e.id AND t.key = {key})"
            return text_or_none(value, order)
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
        table = _TABLES[field.kind]
        key = self._binder.bind(field.name)
        sql = f"SELECT DISTINCT value FROM {table} WHERE key = :key"
        return Column(
            value="t.value",
            spelled=field.kind is FieldKind.PARAM,
            within=f"EXISTS (SELECT 1 FROM {table} t WHERE t.mn = l.mn AND t.key = {key}",
            distinct=texts(self._tx, sql, key=field.name),
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
            distinct=texts(self._tx, f"SELECT DISTINCT {value} FROM logged_model l"),
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
                return SortColumn(value=by_name("l.status", _MODEL_STATUS), kind="integer", descending=descending)
            column = self._attribute(field.name)
            whole = column.integer or field.name == "experiment_id"
            value = "l.experiment_id" if field.name == "experiment_id" else column.value
            return SortColumn(value=value, kind="integer" if whole else "text", descending=descending)
        if field.kind is not FieldKind.METRIC:
            table, key = _TABLES[field.kind], self._binder.bind(field.name)
            return text_or_none(f"(SELECT t.value FROM {table} t WHERE t.mn = l.mn AND t.key = {key})", order)
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
