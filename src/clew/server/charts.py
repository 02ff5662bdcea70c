"""Calls for charts: metrics of many runs, down-sampled."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from clew.errors import InvalidValue
from clew.server.bounds import within
from clew.storage import series as storage
from clew.storage.engine import Tx
from clew.wire import series as wire
from clew.wire.floats import wire_numbers

MAX_RUNS: Final = 1000
MAX_KEYS: Final = 100
MAX_POINTS: Final = 100_000
MAX_ANSWER: Final = 4_000_000  # points; what 2000 series of 2000 points are
_DEFAULT_POINTS: Final = 2000


def series(tx: Tx, request: wire.GetSeries) -> wire.SeriesResponse:
    """Down-sampled metrics for charts."""
    found = storage.series(
        tx,
        request.run_ids,
        request.keys,
        max_points=_checked_points(request),
        x=request.x,
        within=storage.Range(
            start_step=request.start_step,
            end_step=request.end_step,
            start_time=request.start_time,
            end_time=request.end_time,
        ),
    )
    pack = _packed if request.format == "packed" else _listed
    return wire.SeriesResponse(series=[pack(one, request.x) for one in found])


def _checked_points(request: wire.GetSeries) -> int:
    runs, keys = len(request.run_ids), len(request.keys)
    if runs > MAX_RUNS:
        raise InvalidValue(f"A series request takes at most {MAX_RUNS} run_ids. Got {runs}.")
    if keys > MAX_KEYS:
        raise InvalidValue(f"A series request takes at most {MAX_KEYS} keys. Got {keys}.")
    most = within("max_points", request.max_points, _DEFAULT_POINTS, MAX_POINTS)
    if runs * keys * most > MAX_ANSWER:
        raise InvalidValue(
            f"{runs} run_ids, {keys} keys and {most} max_points may be over {MAX_ANSWER:,} points in one answer;"
            f" ask for fewer points ({max(1, MAX_ANSWER // (runs * keys))}), or split the request."
        )
    return most


def _listed(one: storage.Series, _x: storage.Axis) -> wire.Series:
    return wire.Series(
        run_id=one.run_id,
        key=one.key,
        total=one.total,
        steps=one.steps.tolist(),
        times=one.times.tolist(),
        values=wire_numbers(one.values.tolist()),
    )


def _packed(one: storage.Series, x: storage.Axis) -> wire.Series:
    values = one.values
    finite = np.isfinite(values)
    most = np.finfo(np.float32).max  # a large number must not turn into an infinity
    narrow = np.where(finite, np.clip(values, -most, most), values)
    return wire.Series(
        run_id=one.run_id,
        key=one.key,
        total=one.total,
        x=_base64((one.steps if x == "step" else one.times).astype("<f8")),
        packed=_base64(narrow.astype("<f4")),
    )


def _base64(column: np.ndarray[Any, np.dtype[Any]]) -> str:
    return base64.b64encode(column.tobytes()).decode()


SEARCHES: tuple[Callable[..., Any], ...] = (series,)
