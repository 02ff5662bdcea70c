"""What only a run's points can tell: ``metrics.k.mean``, ``.count``, ``.nans``, ``.at(step)`` and ``.last(n)``.

The other summaries are columns of ``latest_metric``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from clew.query.ast import Field, FieldKind
from clew.query.mean import mean
from clew.storage import chunks
from clew.storage.chunks import Floats, Ints
from clew.storage.engine import Tx
from clew.storage.gather import Pieces, gather

STORED: Final = frozenset({"", "min", "max", "first"})
"""Summaries that are kept at write."""

_BATCH: Final = 256  # runs whose chunks are in memory at a time

Values = Mapping[int, float]
"""Run number -> value, NaN included; runs that have none are left out."""


class PointSummaries(msgspec.Struct, frozen=True):
    """One row per series that has points, all columns of one length.

    rns, keys: int64[n]. counts: distinct points, int64[n]; nans: how many of them are NaN, int64[n].
    means: float64[n] over the points that are no NaN; NaN where ``counts == nans``, which means absent, and where
        both infinities occur, which is a NaN value.
    """

    rns: Ints
    keys: Ints
    counts: Ints
    nans: Ints
    means: Floats


def needs_points(field: Field) -> bool:
    """Whether the field's values are computed from points."""
    return field.kind is FieldKind.METRIC and field.summary not in STORED


def point_values(
    tx: Tx, rns: Sequence[int], keys: Mapping[str, Sequence[int]], fields: Sequence[Field]
) -> dict[Field, Values]:
    """The values of fields that need points, of these runs.

    keys: name of a metric -> its key ids, one per experiment.
    Cost: reads all points of these metrics and runs; for ``at`` alone, the chunks around its step.
    """
    found: dict[Field, dict[int, float]] = {field: {} for field in fields}
    for name in dict.fromkeys(field.name for field in fields):
        asked = [field for field in fields if field.name == name]
        steps = [field.argument for field in asked if field.summary == "at"]
        first, last = (min(steps), max(steps)) if len(steps) == len(asked) else (None, None)
        for rn, _, pieces in _pieces(tx, rns, keys.get(name, ()), first, last):
            for field in asked:
                value = _value(field, pieces)
                if value is not None:
                    found[field][rn] = value
    return dict(found)


def point_summary(tx: Tx, rns: Sequence[int], key_ids: Sequence[int]) -> PointSummaries:
    """Count, NaN count and mean of these metrics in these runs, exactly: points logged twice count once.

    Cost: decodes every value; steps and times only where a series is not in order.
    """
    rows: list[tuple[int, int, int, int, float]] = []
    for rn, key, pieces in _pieces(tx, rns, key_ids):
        values = _values(pieces)
        average = mean(values)
        nans = int(np.isnan(values).sum())
        rows.append((rn, key, len(values), nans, np.nan if average is None else average))
    columns = list(zip(*rows, strict=True)) or [()] * 5
    ints = [np.array(column, np.int64) for column in columns[:4]]
    return PointSummaries(ints[0], ints[1], ints[2], ints[3], np.array(columns[4], np.float64))


def _pieces(
    tx: Tx, rns: Sequence[int], keys: Sequence[int], first: int | None = None, last: int | None = None
) -> Iterator[tuple[int, int, Pieces]]:
    if not keys:
        return
    for start in range(0, len(rns), _BATCH):
        part = gather(tx, rns[start : start + _BATCH], keys, start_step=first, end_step=last)
        yield from ((rn, key, pieces) for (rn, key), pieces in part.items())


def _value(field: Field, pieces: Pieces) -> float | None:
    if field.summary == "at":
        return _at(pieces, field.argument)
    values = _values(pieces)
    match field.summary:
        case "count":
            return float(len(values)) or None
        case "nans":
            return float(np.isnan(values).sum()) if len(values) else None
        case "tail":
            return mean(values[-field.argument :])
    return mean(values)


def _values(pieces: Pieces) -> Floats:
    """Values in the order of (step, time, value); points that are there twice, once."""
    return pieces.values() if pieces.in_order() else chunks.sort_unique(pieces.points(), by_time=False).values


def _at(pieces: Pieces, step: int) -> float | None:
    """The last value of the step, by (time, value)."""
    points = chunks.sort_unique(pieces.points(), by_time=False)
    place = int(np.searchsorted(points.steps, step, side="right")) - 1
    return float(points.values[place]) if place >= 0 and points.steps[place] == step else None
