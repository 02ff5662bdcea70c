"""From SQL to arrays: what runs have of one field, or of several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from clew.query.ast import Field, FieldKind
from clew.storage.columns.arrays import Floats, Rows
from clew.storage.engine import Row, Tx
from clew.storage.keys import METRIC, PARAM, TAG
from clew.storage.pointvalues import point_values

KEY_KINDS: Final = {FieldKind.METRIC: METRIC, FieldKind.PARAM: PARAM, FieldKind.TAG: TAG}
_KEPT: Final = {"": "value", "first": "first_value", "min": "min_value", "max": "max_value"}
_LEAST_AND_MOST: Final = ("min", "max")  # which a series of NaN only does not have
_TEXT_TABLES: Final = {FieldKind.PARAM: "param", FieldKind.TAG: "tag"}


def key_ids(tx: Tx, experiment: int, fields: Sequence[Field]) -> dict[tuple[FieldKind, str], int]:
    """The key ids of metrics, params and tags; those that nobody logged are left out."""
    kinds = {number: kind for kind, number in KEY_KINDS.items()}
    rows = tx.all(
        f"SELECT kind, name, id FROM key WHERE experiment_id = :experiment AND {tx.dialect.any_of('name', 'names')}",
        experiment=experiment,
        names=sorted({field.name for field in fields}),
    )
    return {(kinds[kind], name): number for kind, name, number in rows}


def metric_values(tx: Tx, field: Field, key: int, runs: Sequence[int]) -> tuple[Rows, Floats]:
    """Run numbers and values of one metric's summary; runs without it are left out.

    runs: those to look at. Cost: for what is not kept at write, all points of the metric are read.
    """
    if field.summary not in _KEPT:
        values = point_values(tx, runs, {field.name: [key]}, [field])[field]
        return np.fromiter(values, np.int64, len(values)), np.fromiter(values.values(), np.float64, len(values))
    column = _KEPT[field.summary]
    may_be_nan = field.summary not in _LEAST_AND_MOST
    if tx.dialect.name == "sqlite":
        value = f"coalesce(v.{column}, CASE WHEN v.rn IS NOT NULL THEN 'nan' END)" if may_be_nan else f"v.{column}"
        numbers, found = _in_step(tx, "latest_metric", value, key, runs)
        return numbers, np.array(found, np.float64)
    filled = "" if may_be_nan else f" AND {column} IS NOT NULL"
    rows = tx.all(
        f"SELECT rn, {column} FROM latest_metric WHERE key = :key AND {tx.dialect.any_of('rn', 'runs')}{filled}",
        key=key,
        runs=runs,
    )
    return _numbers(rows)


def text_values(tx: Tx, kind: FieldKind, key: int, runs: Sequence[int]) -> tuple[Rows, list[str]]:
    """Run numbers and texts of one param or tag."""
    table = _TEXT_TABLES[kind]
    if tx.dialect.name == "sqlite":
        return _in_step(tx, table, "v.value", key, runs)
    rows = tx.all(
        f"SELECT rn, value FROM {table} WHERE key = :key AND {tx.dialect.any_of('rn', 'runs')}", key=key, runs=runs
    )
    return _texts(rows)


def is_kept(field: Field) -> bool:
    """Whether the field's value lies in a row of its own, as it was written."""
    return field.kind in _TEXT_TABLES or (field.kind is FieldKind.METRIC and field.summary in _KEPT)


def kept_values(
    tx: Tx, keys: Mapping[Field, int], runs: Sequence[int]
) -> Iterator[tuple[Field, Rows, Floats | list[str]]]:
    """Run numbers and values of several kept fields, by one statement per table: runs far apart are sought once.

    keys: the key id of each field.
    """
    tables = {FieldKind.METRIC: "latest_metric"} | _TEXT_TABLES
    for kind, table in tables.items():
        fields = [field for field in keys if field.kind is kind]
        if not fields:
            continue
        columns = sorted({_column(field) for field in fields})
        rows = tx.all(
            f"SELECT key, rn, {', '.join(columns)} FROM {table}"
            f" WHERE {tx.dialect.any_of('rn', 'runs')} AND {tx.dialect.any_of('key', 'keys')}",
            runs=runs,
            keys=sorted({keys[field] for field in fields}),
        )
        if not rows:
            continue
        numbers, runs_of, *cells = zip(*rows, strict=True)
        key_of, run_of = np.array(numbers, np.int64), np.array(runs_of, np.int64)
        for field in fields:
            cell = cells[columns.index(_column(field))]
            at = np.flatnonzero(key_of == keys[field])
            if kind is not FieldKind.METRIC:
                yield field, run_of[at], [cell[i] for i in at.tolist()]
                continue
            values = np.array([cell[i] for i in at.tolist()], np.float64)
            if field.summary in _LEAST_AND_MOST:
                there = ~np.isnan(values)
                at, values = at[there], values[there]
            yield field, run_of[at], values


def _column(field: Field) -> str:
    return _KEPT[field.summary] if field.kind is FieldKind.METRIC else "value"


def _in_step(tx: Tx, table: str, value: str, key: int, runs: Sequence[int]) -> tuple[Rows, list[Any]]:
    """Run numbers and what ``value`` says of the rows of one key, as the alias ``v``; where it is NULL, nothing is.

    One value per run in the order of ``runs`` needs no run numbers out of the database, which is a third of the cost.
    """
    # For SQLite the left side of an outer join is always the outer loop, and an array is read from its start.
    rows = tx.all(
        f"SELECT {value} FROM carray(:runs) r LEFT JOIN {table} v ON v.rn = r.value AND v.key = :key",
        key=key,
        runs=runs,
    )
    values = [one for (one,) in rows]
    numbers = np.array(runs, np.int64)
    if None not in values:
        return numbers, values
    there = [place for place, one in enumerate(values) if one is not None]
    return numbers[there], [values[place] for place in there]


def dataset_values(tx: Tx, name: str, runs: Sequence[int]) -> tuple[Rows, list[str]]:
    """Run numbers and names, digests or contexts of the datasets that runs used; a run may come several times."""
    value = "i.context" if name == "context" else f"d.{name}"
    rows = tx.all(
        f"SELECT i.rn, {value} FROM run_input i JOIN dataset d ON d.id = i.dataset_id"
        f" WHERE {value} IS NOT NULL AND {tx.dialect.any_of('i.rn', 'runs')}",
        runs=runs,
    )
    return _texts(rows)


def artifact_uris(tx: Tx, runs: Sequence[int]) -> tuple[Rows, list[str]]:
    """Run numbers and artifact locations."""
    return _texts(tx.all(f"SELECT rn, artifact_uri FROM run WHERE {tx.dialect.any_of('rn', 'runs')}", runs=runs))


def _numbers(rows: list[Row]) -> tuple[Rows, Floats]:
    if not rows:
        return np.empty(0, np.int64), np.empty(0, np.float64)
    numbers, values = zip(*rows, strict=True)
    return np.array(numbers, np.int64), np.array(values, np.float64)  # None becomes NaN


def _texts(rows: list[Row]) -> tuple[Rows, list[str]]:
    return np.array([row[0] for row in rows], np.int64), [row[1] for row in rows]
