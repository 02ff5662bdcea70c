"""Metric points: logged into the group's buffer, read from chunks, blocks and the log together."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clew.entities.metric import Metric
from clew.storage import chunks
from clew.storage.engine import Tx, WriteTx
from clew.storage.gather import gather
from clew.storage.keys import METRIC, active_run, context_id, find_key, find_run, key_ids
from clew.storage.memory import Context, RunRef
from clew.storage.points import PointColumns
from clew.storage.summary import summarize_rows

__all__ = ["PointColumns", "history", "log_point", "log_points"]

_FEW: Final = 16  # points; up to here they go in as rows, which cost less than arrays do


def log_point(
    tx: WriteTx, run_id: str, key: str, step: int, time_ms: int, value: float, context: Context | None = None
) -> None:
    """Log one point; the cheapest way for a request that has just one.

    Raises:
        NotFound: no run has this id.
        Conflict: the run is in the trash.
        TooManyRequests: the compactor is far behind.
    """
    ref = active_run(tx, run_id)
    tx.check_backlog()
    (number,) = key_ids(tx, ref.experiment_id, METRIC, (key,))
    ctx = context_id(tx, context) if context is not None else 0
    row = (ref.rn, number, step, time_ms, value, ctx)
    if ctx:
        _bind_to_models(tx, ref, [row], {ctx: context})
    tx.points.add(row)


def log_points(tx: WriteTx, run_id: str, points: PointColumns) -> None:
    """Log many points of one run.

    Raises:
        NotFound: no run has this id.
        Conflict: the run is in the trash.
        TooManyRequests: the compactor is far behind.
    """
    ref = active_run(tx, run_id)
    tx.check_backlog()
    if len(points.values) == 0:
        return
    keys = np.array(key_ids(tx, ref.experiment_id, METRIC, points.keys), np.int64)[points.key_index]
    columns = chunks.Points(
        keys,
        np.asarray(points.steps, np.int64),
        np.asarray(points.times_ms, np.int64),
        np.asarray(points.values, np.float64),
    )
    if points.context_index is not None and len(points.contexts):
        numbers = [context_id(tx, context) for context in points.contexts]
        bound = np.array([*numbers, 0], np.int64)[points.context_index]  # index -1 takes the 0 at the end
        if bound.any():
            columns.contexts = bound
            _bind_to_models(tx, ref, _rows(ref.rn, columns), dict(zip(numbers, points.contexts, strict=True)))
    if len(columns) <= _FEW:
        for row in _rows(ref.rn, columns):
            tx.points.add(row)
    else:
        tx.points.extend(ref.rn, columns)


def history(tx: Tx, run_id: str, key: str, *, start: int = 0, limit: int | None = None) -> list[Metric]:
    """Every point of a metric, sorted by (time, step, value), equal ones once; empty where there is none.

    start, limit: which part of that list.
    Cost: decodes the whole series, whatever the part.
    """
    ref = find_run(tx, run_id)
    number = find_key(tx, ref.experiment_id, METRIC, key) if ref else None
    if ref is None or number is None:
        return []
    pieces = gather(tx, [ref.rn], [number]).get((ref.rn, number))
    if pieces is None:
        return []
    found = chunks.sort_unique(pieces.points(), by_time=True)
    part = found.take(slice(start, None if limit is None else start + limit))
    contexts = _load_contexts(tx, part)
    bound = [0] * len(part) if part.contexts is None else part.contexts.tolist()
    columns = zip(part.values.tolist(), part.times.tolist(), part.steps.tolist(), bound, strict=True)
    return [
        Metric(key=key, value=value, timestamp=time, step=step, **contexts[ctx])
        if ctx
        else Metric(key=key, value=value, timestamp=time, step=step)
        for value, time, step, ctx in columns
    ]


def _rows(rn: int, columns: chunks.Points) -> list[tuple[int, int, int, int, float, int]]:
    contexts = [0] * len(columns) if columns.contexts is None else columns.contexts.tolist()
    return [
        (rn, *row)
        for row in zip(
            columns.keys.tolist(),
            columns.steps.tolist(),
            columns.times.tolist(),
            columns.values.tolist(),
            contexts,
            strict=True,
        )
    ]


def _load_contexts(tx: Tx, points: chunks.Points) -> dict[int, dict[str, Any]]:
    if points.contexts is None:
        return {}
    rows = tx.all(
        f"SELECT id, model_id, dataset_name, dataset_digest FROM metric_ctx WHERE {tx.dialect.any_of('id', 'ids')}",
        ids=np.unique(points.contexts).tolist(),
    )
    return {
        number: {
            "model_id": model_id or None,
            "dataset_name": dataset_name or None,
            "dataset_digest": dataset_digest or None,
        }
        for number, model_id, dataset_name, dataset_digest in rows
    }


_BIND: Final = (
    "INSERT INTO logged_model_metric AS m"
    " (model_id, key, dataset_name, dataset_digest, run_id, value, is_nan, step, ts)"
    " VALUES (:model_id, :key, :dataset_name, :dataset_digest, :run_id, :value, :is_nan, :step, :ts)"
    " ON CONFLICT (model_id, key, dataset_name, dataset_digest, run_id) DO UPDATE SET"
    " value = excluded.value, is_nan = excluded.is_nan, step = excluded.step, ts = excluded.ts"
    " WHERE (excluded.step, excluded.ts, -excluded.is_nan, excluded.value) > (m.step, m.ts, -m.is_nan, m.value)"
)


def _bind_to_models(
    tx: WriteTx,
    ref: RunRef,
    rows: list[tuple[int, int, int, int, float, int]],
    contexts: dict[int, Context | None],
) -> None:
    """Keep the latest value of each metric that is bound to a logged model."""
    bound = [row for row in rows if (context := contexts.get(row[5])) and context[0]]
    if not bound:
        return
    names: dict[int, str] = dict(
        tx.all(
            f"SELECT id, name FROM key WHERE {tx.dialect.any_of('id', 'ids')}",
            ids=sorted({row[1] for row in bound}),
        )
    )
    made = []
    for ctx in sorted({row[5] for row in bound}):
        context = contexts[ctx]
        assert context is not None
        for summary in summarize_rows([row for row in bound if row[5] == ctx]):
            _, key, value, is_nan, step, ts = summary[:6]
            made.append(
                {
                    "model_id": context[0],
                    "key": names[key],
                    "dataset_name": context[1],
                    "dataset_digest": context[2],
                    "run_id": ref.run_id,
                    "value": value,
                    "is_nan": is_nan,
                    "step": step,
                    "ts": ts,
                }
            )
    tx.many(_BIND, made)
