"""Metric history calls: all points, of several runs, and sampled for charts."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from clew.entities.metric import Metric
from clew.errors import InvalidValue
from clew.storage import metrics
from clew.storage.engine import Tx
from clew.wire import convert, mlflow

MAX_BULK_RUNS = 100
MAX_BULK_POINTS = 25_000
MAX_INTERVAL_POINTS = 2500


def get_metric_history(tx: Tx, request: mlflow.GetMetricHistory) -> mlflow.MetricHistoryResponse:
    """All points of one metric by (timestamp, step, value); an unknown run or key has none."""
    limit = request.max_results
    if limit is not None and limit < 1:
        raise InvalidValue(f"Invalid value {limit} for parameter 'max_results' supplied. It must be a positive integer")
    start = _offset(request.page_token) if request.page_token else 0
    more = None if limit is None else limit + 1
    points = metrics.history(tx, request.run_id, request.metric_key, start=start, limit=more)
    cut = limit is not None and len(points) > limit
    return mlflow.MetricHistoryResponse(
        metrics=[convert.metric_message(p) for p in points[:limit]],
        next_page_token=_token(start + len(points) - 1) if cut else None,
    )


def get_metric_history_bulk(tx: Tx, request: mlflow.GetMetricHistoryBulk) -> mlflow.BulkHistoryResponse:
    """Points of one metric of several runs, by (run, timestamp, step, value), cut at ``max_results``."""
    count = len(request.run_id)
    if not count:
        raise InvalidValue("GetMetricHistoryBulk request must specify at least one run_id.")
    if count > MAX_BULK_RUNS:
        raise InvalidValue(
            f"GetMetricHistoryBulk request cannot specify more than {MAX_BULK_RUNS} run_ids. Received {count} run_ids."
        )
    if not request.metric_key:
        raise InvalidValue("GetMetricHistoryBulk request must specify a metric_key.")
    left = MAX_BULK_POINTS if request.max_results is None else min(request.max_results, MAX_BULK_POINTS)
    if left < 1:
        raise InvalidValue(f"Invalid value {left} for parameter 'max_results' supplied. It must be a positive integer")
    found: list[mlflow.Metric] = []
    for run_id in sorted(set(request.run_id)):
        points = metrics.history(tx, run_id, request.metric_key, limit=left)
        found.extend(_of_run(points, run_id))
        left -= len(points)
        if not left:
            break
    return mlflow.BulkHistoryResponse(metrics=found)


def get_metric_history_bulk_interval(
    tx: Tx, request: mlflow.GetMetricHistoryBulkInterval
) -> mlflow.BulkHistoryResponse:
    """Points of one metric of several runs at steps that are sampled over all of them together."""
    limit = _check_interval(request)
    histories = {run_id: metrics.history(tx, run_id, request.metric_key) for run_id in request.run_ids}
    steps = {p.step for points in histories.values() for p in points}
    first = 0 if request.start_step is None else request.start_step
    last = max(steps, default=0) if request.end_step is None else request.end_step
    kept = sample_steps(steps, first, last, limit)
    for points in histories.values():  # where each run begins and ends is seen, whatever was sampled
        own = [p.step for p in points if first <= p.step <= last]
        kept |= {min(own), max(own)} if own else set()
    found: list[mlflow.Metric] = []
    for run_id, points in histories.items():
        chosen = sorted((p for p in points if p.step in kept), key=lambda p: (p.step, p.timestamp))
        found.extend(_of_run(thin(chosen, max(limit, len(kept))), run_id))
    return mlflow.BulkHistoryResponse(metrics=found)


def sample_steps(steps: Iterable[int], first: int, last: int, limit: int) -> set[int]:
    """At most ``limit`` + 1 of the steps between ``first`` and ``last``, evenly spread, the largest among them.

    Source: the rule of MLflow 3.13's get-history-bulk-interval (positions floor(i * n / limit)).
    """
    inside = sorted(s for s in steps if first <= s <= last)
    n = len(inside)
    if n <= limit:
        return set(inside)
    return {inside[i * n // limit] for i in range(limit)} | {inside[-1]}


def thin(points: Sequence[Metric], limit: int) -> Sequence[Metric]:
    """At most ``limit`` of the points, evenly spread, first and last among them.

    Many points on one step would otherwise make huge answers.
    """
    n = len(points)
    if n <= limit:
        return points
    if limit == 1:
        return points[-1:]
    return [points[i * (n - 1) // (limit - 1)] for i in range(limit)]


def _check_interval(request: mlflow.GetMetricHistoryBulkInterval) -> int:
    count = len(request.run_ids)
    if not count:
        raise InvalidValue("Missing value for required parameter 'run_ids'.")
    if count > MAX_BULK_RUNS:
        raise InvalidValue(
            f"GetMetricHistoryBulkInterval request must specify at most {MAX_BULK_RUNS} run_ids. "
            f"Received {count} run_ids."
        )
    start, end = request.start_step, request.end_step
    if (start is None) != (end is None):
        raise InvalidValue("If either start step or end step are specified, both must be specified.")
    if start is not None and end is not None and end < start:
        raise InvalidValue(f"end_step must be greater than start_step. Found start_step={start} and end_step={end}.")
    limit = MAX_INTERVAL_POINTS if request.max_results is None else request.max_results
    if not 1 <= limit <= MAX_INTERVAL_POINTS:
        raise InvalidValue(f"max_results must be between 1 and {MAX_INTERVAL_POINTS}.")
    return limit


def _of_run(points: Iterable[Metric], run_id: str) -> list[mlflow.Metric]:
    messages = []
    for point in points:
        message = convert.metric_message(point)
        message.run_id = run_id
        messages.append(message)
    return messages


def _token(offset: int) -> str:
    return base64.b64encode(json.dumps({"offset": offset}).encode()).decode()


def _offset(token: str) -> int:
    try:
        offset = json.loads(base64.b64decode(token, validate=True))["offset"]
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        raise InvalidValue("Invalid page token, could not base64-decode") from None
    if type(offset) is not int or offset < 0:
        raise InvalidValue("Invalid page token, parsed offset is not a positive integer")
    return offset


SEARCHES: tuple[Callable[..., Any], ...] = (
    get_metric_history,
    get_metric_history_bulk,
    get_metric_history_bulk_interval,
)
