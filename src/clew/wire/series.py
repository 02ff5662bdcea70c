# ruff: noqa: RUF012 - these are Structs, which copy their list defaults; the base lies in another module
"""Messages of metrics for charts."""

from __future__ import annotations

from typing import Literal

from clew.wire.mlflow import Int64, Message


class GetSeries(Message, kw_only=True):
    """series: down-sampled metrics of at most 1000 runs and 100 keys; ``max_points`` absent means 2000.

    x: what the points are ordered by and, with ``format`` packed, what ``x`` holds: step, time, or relative, which is
    the time since the run's start. Times are ms, those of the range too.
    """

    run_ids: list[str] = []
    keys: list[str] = []
    max_points: Int64 | None = None
    x: Literal["step", "time", "relative"] = "step"
    start_step: Int64 | None = None
    end_step: Int64 | None = None
    start_time: Int64 | None = None
    end_time: Int64 | None = None
    format: Literal["lists", "packed"] = "lists"


class Series(Message, kw_only=True):
    """One run's points of one key; total counts those in the range before down-sampling.

    steps, times, values: lists of one length. x, packed: instead of them, base64 of little-endian float64 and float32.
    """

    run_id: str = ""
    key: str = ""
    total: int | None = None
    steps: list[int] = []
    times: list[int] = []
    values: list[float] = []
    x: str | None = None
    packed: str | None = None


class SeriesResponse(Message, kw_only=True):
    """Only pairs of run and key that have points in the range."""

    series: list[Series] = []
