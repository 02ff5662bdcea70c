"""What a group commit leaves of its points: one log row, and each series' last, first, min and max.

Order of points of a series: (step, time, value), NaN being the smallest value. Summaries are merged
by comparison, so that repeats and late points cannot spoil them (decision 7).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clew.storage import chunks, points
from clew.storage.engine import WriteTx

_NEWER: Final = "(excluded.step, excluded.ts, -excluded.is_nan, excluded.value) > (m.step, m.ts, -m.is_nan, m.value)"
_OLDER: Final = (
    "(excluded.first_step, excluded.first_ts, -excluded.first_nan, excluded.first_value)"
    " < (m.first_step, m.first_ts, -m.first_nan, m.first_value)"
)


def _kept(condition: str, *columns: str) -> str:
    return ", ".join(f"{c} = CASE WHEN {condition} THEN excluded.{c} ELSE m.{c} END" for c in columns)


_COLUMNS: Final = {
    "rn": "{big}",
    "key": "INTEGER",
    "value": "{float}",
    "is_nan": "SMALLINT",
    "step": "{big}",
    "ts": "{big}",
    "ctx": "INTEGER",
    "first_value": "{float}",
    "first_nan": "SMALLINT",
    "first_step": "{big}",
    "first_ts": "{big}",
    "min_value": "{float}",
    "max_value": "{float}",
}
_LIMITS: Final = (
    _kept("m.min_value IS NULL OR excluded.min_value < m.min_value", "min_value")
    + ", "
    + _kept("m.max_value IS NULL OR excluded.max_value > m.max_value", "max_value")
)
_MERGE: Final = (
    "ON CONFLICT (rn, key) DO UPDATE SET "
    + _kept(_NEWER, "value", "is_nan", "step", "ts", "ctx")
    + ", "
    + _kept(_OLDER, "first_value", "first_nan", "first_step", "first_ts")
    + ", "
    + _LIMITS
)
# For series that only go on; changes nothing of others. Half the cost of looking at everything.
_GO_ON: Final = (
    "ON CONFLICT (rn, key) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in ("value", "is_nan", "step", "ts", "ctx"))
    + f", {_LIMITS} WHERE (excluded.step, excluded.ts) > (m.step, m.ts)"
    " AND (excluded.first_step, excluded.first_ts) > (m.first_step, m.first_ts)"
)

Summary = list[Any]
"""The columns of ``latest_metric`` in order."""


def flush(tx: WriteTx) -> int:
    """Write the group's points and their summaries; returns how many points.

    Done after the last job of a group; the runs with points then count as touched.
    """
    tx.seal()
    written = tx.points.n
    if written:
        _flush_points(tx)
    return written


def _flush_points(tx: WriteTx) -> None:
    rows = tx.points.small()
    if rows is not None:
        counts: dict[int, int] = {}
        for row in rows:
            counts[row[0]] = counts.get(row[0], 0) + 1
        runs = list(counts)
        packed = points.pack_runs(runs, list(counts.values()))
        body = chunks.encode_log_rows(rows)
        summaries = summarize_rows(rows)
    else:
        runs, per_run, columns = tx.points.columns()
        packed = points.pack_runs(runs, per_run)
        body = chunks.encode_log(columns)
        summaries = summarize(np.repeat(np.array(runs, np.int64), per_run), columns)
    tx.touched.update(runs)
    tx.run("INSERT INTO metric_log (n, runs, body) VALUES (:n, :runs, :body)", n=tx.points.n, runs=packed, body=body)
    upsert(tx, summaries)


def upsert(tx: WriteTx, summaries: list[Summary]) -> None:
    """Merge summaries into ``latest_metric``.

    Rows go in key order, so that two servers cannot wait for each other.
    """
    summaries.sort(key=_series_of)
    columns = list(_COLUMNS)
    if tx.dialect.name == "sqlite":  # on PostgreSQL the comparisons are the least of the cost
        going_on = tx.batch(tx.dialect.insert("latest_metric AS m", _COLUMNS, _GO_ON), columns, summaries)
        if going_on == len(summaries):
            return
    tx.batch(tx.dialect.insert("latest_metric AS m", _COLUMNS, _MERGE), columns, summaries)


def _series_of(row: Summary) -> tuple[int, int]:
    return row[0], row[1]


def summarize_rows(rows: list[points.PointRow]) -> list[Summary]:
    """One summary per series of a few points."""
    made: dict[tuple[int, int], Summary] = {}
    for rn, key, step, ts, value, ctx in rows:
        nan = value != value
        number = None if nan else value
        known = made.get((rn, key))
        if known is None:
            made[rn, key] = [rn, key, number, int(nan), step, ts, ctx, number, int(nan), step, ts, number, number]
            continue
        order = (step, ts, not nan, 0.0 if nan else value)
        if order > (known[4], known[5], not known[3], known[2] or 0.0):
            known[2:7] = number, int(nan), step, ts, ctx
        if order < (known[9], known[10], not known[8], known[7] or 0.0):
            known[7:11] = number, int(nan), step, ts
        if not nan:
            known[11] = value if known[11] is None else min(known[11], value)
            known[12] = value if known[12] is None else max(known[12], value)
    return list(made.values())


def summarize(runs: chunks.Ints, columns: chunks.Points) -> list[Summary]:
    """One summary per series. runs: run number of each point."""
    order = _series_order(runs, columns.keys)
    runs, sorted_points = runs[order], columns.take(order)
    keys = sorted_points.keys
    fresh = np.ones(len(keys), np.bool_)
    fresh[1:] = (keys[1:] != keys[:-1]) | (runs[1:] != runs[:-1])
    starts = np.flatnonzero(fresh)
    last = _extreme(sorted_points, starts, 1)
    first = _extreme(sorted_points, starts, -1)
    values = sorted_points.values
    nan = np.isnan(values)
    contexts = sorted_points.contexts
    ctx = [0] * len(starts) if contexts is None else contexts[last].tolist()
    return [
        list(row)
        for row in zip(
            runs[starts].tolist(),
            keys[starts].tolist(),
            _numbers(values[last]),
            nan[last].astype(int).tolist(),
            sorted_points.steps[last].tolist(),
            sorted_points.times[last].tolist(),
            ctx,
            _numbers(values[first]),
            nan[first].astype(int).tolist(),
            sorted_points.steps[first].tolist(),
            sorted_points.times[first].tolist(),
            _numbers(np.fmin.reduceat(values, starts)),
            _numbers(np.fmax.reduceat(values, starts)),
            strict=True,
        )
    ]


def _series_order(runs: chunks.Ints, keys: chunks.Ints) -> chunks.Ints:
    """An order in which every series lies together. Runs come grouped already."""
    dense = np.cumsum(np.concatenate(([0], (runs[1:] != runs[:-1]).astype(np.int64))))
    return np.argsort(dense * (int(keys.max()) + 1) + keys)


def _extreme(columns: chunks.Points, starts: chunks.Ints, sign: int) -> chunks.Ints:
    """Index of each group's largest (sign 1) or smallest (sign -1) point by (step, time, value)."""
    n = len(columns)
    reduce = np.maximum if sign > 0 else np.minimum
    edge = np.iinfo(np.int64).min if sign > 0 else np.iinfo(np.int64).max
    counts = np.diff(np.append(starts, n))
    best = columns.steps == np.repeat(reduce.reduceat(columns.steps, starts), counts)
    times = np.where(best, columns.times, edge)
    best &= columns.times == np.repeat(reduce.reduceat(times, starts), counts)
    chosen = np.flatnonzero(best)
    if len(chosen) == len(starts):
        return chosen
    return _break_ties(columns.values, chosen, np.searchsorted(starts, chosen, side="right"), sign)


def _break_ties(values: chunks.Floats, chosen: chunks.Ints, group: chunks.Ints, sign: int) -> chunks.Ints:
    tied = values[chosen]
    nan = np.isnan(tied)
    order = np.lexsort((np.where(nan, 0.0, tied), ~nan, group))
    ordered = group[order]
    ends = np.ones(len(order), np.bool_)
    if sign > 0:
        ends[:-1] = ordered[1:] != ordered[:-1]
    else:
        ends[1:] = ordered[1:] != ordered[:-1]
    picked: chunks.Ints = chosen[order[ends]]
    return picked


def _numbers(values: chunks.Floats) -> list[float | None]:
    out: list[float | None] = values.tolist()
    for index in np.flatnonzero(np.isnan(values)).tolist():
        out[index] = None
    return out
