"""Metric points and their summaries."""

from __future__ import annotations

import msgspec

from clew.entities.entity import Entity


class Metric(Entity, frozen=True):
    """One value of one metric.

    value: any float64; NaN and the infinities are data, not errors.
    timestamp: when it was measured, milliseconds since 1970-01-01 UTC.
    step: position in training in the user's own unit; may be negative.
    model_id, dataset_name, dataset_digest: what the value is bound to, if anything.
    run_id: only where an answer mixes several runs.
    """

    key: str
    value: float
    timestamp: int
    step: int = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None
    run_id: str | None = None


class MetricSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What search knows of one metric of one run.

    last: the point with the largest (step, timestamp, value); NaN is the smallest value.
    first: the point with the smallest (step, timestamp, value).
    min, max: over all numbers, infinities included; None while every value is NaN.
    """

    key: str
    last: Metric
    first: Metric
    min: float | None
    max: float | None
