"""Chosen columns of chosen runs: nothing is read but what was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from clew.entities.run import RunInfo
from clew.query.ast import Field, FieldKind
from clew.storage.engine import Tx
from clew.storage.hydrate import metric_value
from clew.storage.pointvalues import needs_points, point_values
from clew.storage.runcolumns import KeyName, find_keys
from clew.storage.rundatasets import dataset_texts

Value = str | int | float | None
Values = dict[int, Value]

_TEXT_TABLES: Final = {FieldKind.PARAM: "param", FieldKind.TAG: "tag"}


def read_columns(
    tx: Tx, experiments: Sequence[int], infos: Mapping[int, RunInfo], fields: Sequence[Field]
) -> list[list[Value]]:
    """The values of each field, in the order of the runs; None where a run has none.

    infos: the runs by number. fields: metrics with their summaries, params, tags, attributes and datasets.
    Cost: a statement per kind of field, and the points of what no summary is kept of.
    """
    rns = list(infos)
    keys = find_keys(tx, experiments, fields)
    found: dict[Field, Values] = {field: {} for field in fields}
    _read_summaries(tx, rns, keys, found)
    for kind, table in _TEXT_TABLES.items():
        _read_texts(tx, rns, kind, table, keys, found)
    computed = [field for field in found if needs_points(field)]
    metrics = {name: ids for (kind, name), ids in keys.items() if kind is FieldKind.METRIC}
    for field, values in point_values(tx, rns, metrics, computed).items():
        found[field].update(values)
    for field in found:
        if field.kind is FieldKind.ATTRIBUTE:
            found[field].update({rn: _attribute(info, field.name) for rn, info in infos.items()})
        if field.kind is FieldKind.DATASET:
            found[field].update(dataset_texts(tx, rns, field.name))
    return [[found[field].get(rn) for rn in rns] for field in fields]


def _read_summaries(
    tx: Tx, rns: Sequence[int], keys: Mapping[KeyName, Sequence[int]], found: Mapping[Field, Values]
) -> None:
    asked = _by_key(FieldKind.METRIC, keys, [field for field in found if not needs_points(field)])
    if not asked:
        return
    for rn, key, value, is_nan, first, first_nan, least, most in tx.all(
        "SELECT rn, key, value, is_nan, first_value, first_nan, min_value, max_value FROM latest_metric"
        f" WHERE {tx.dialect.any_of('rn', 'rns')} AND {tx.dialect.any_of('key', 'keys')}",
        rns=list(rns),
        keys=list(asked),
    ):
        of_series = {
            "": metric_value(value, is_nan),
            "first": metric_value(first, first_nan),
            "min": least,
            "max": most,
        }
        for field in asked[key]:
            found[field][rn] = of_series[field.summary]


def _read_texts(
    tx: Tx,
    rns: Sequence[int],
    kind: FieldKind,
    table: str,
    keys: Mapping[KeyName, Sequence[int]],
    found: Mapping[Field, Values],
) -> None:
    asked = _by_key(kind, keys, found)
    if not asked:
        return
    for rn, key, value in tx.all(
        f"SELECT rn, key, value FROM {table} WHERE {tx.dialect.any_of('rn', 'rns')}"
        f" AND {tx.dialect.any_of('key', 'keys')}",
        rns=list(rns),
        keys=list(asked),
    ):
        for field in asked[key]:
            found[field][rn] = value


def _by_key(
    kind: FieldKind, keys: Mapping[KeyName, Sequence[int]], fields: Sequence[Field] | Mapping[Field, Values]
) -> dict[int, list[Field]]:
    """The fields of one kind by the ids of their keys."""
    asked: dict[int, list[Field]] = {}
    for field in fields:
        if field.kind is kind:
            for key in keys.get((kind, field.name), ()):
                asked.setdefault(key, []).append(field)
    return asked


def _attribute(info: RunInfo, name: str) -> Value:
    if name == "duration":
        return None if info.end_time is None else info.end_time - info.start_time
    value: Value = getattr(info, name)
    return value if value is None or isinstance(value, int) else str(value)
