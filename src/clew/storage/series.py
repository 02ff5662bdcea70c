"""Metrics for charts: a few points of each series that draw the same line, for many runs at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

import msgspec

from clew.storage import chunks
from clew.storage.downsample import envelope
from clew.storage.engine import Tx
from clew.storage.gather import Pieces, gather
from clew.storage.keys import METRIC

Axis = Literal["step", "time", "relative"]

_AT_ONCE: Final = 16  # runs whose points are in memory together


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of one run as columns, in the order of the axis.

    steps, times: int64[n], times in ms since 1970, or since the run's start on the relative axis; values: float64[n].
    total: points in the range, before any were left out.
    """

    run_id: str
    key: str
    steps: chunks.Ints
    times: chunks.Ints
    values: chunks.Floats
    total: int


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """The part of each series that is wanted; ends included, None for open ones. Times are those of ``Series``."""

    start_step: int | None = None
    end_step: int | None = None
    start_time: int | None = None
    end_time: int | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return self == _EVERYTHING


_EVERYTHING: Final = Range()


class _Run(msgspec.Struct, frozen=True):
    rn: int
    run_id: str
    experiment: int
    start_ms: int


def series(
    tx: Tx,
    run_ids: Sequence[str],
    keys: Sequence[str],
    *,
    max_points: int | None = 2000,
    x: Axis = "step",
    within: Range = _EVERYTHING,
) -> list[Series]:
    """The series of these runs and keys that exist, run by run, each with its keys in the order asked.

    max_points: at most so many per series; the smallest and largest value of every stretch are kept, and
        NaN and the infinities where they occur. None for all points.
    x: what the points are ordered by: (step, time), or (time, step).
    Cost: decodes values; steps and times only where points are chosen, if the series is in order of steps.
    """
    found: dict[tuple[str, str], Series] = {}
    runs = _runs(tx, run_ids)
    for batch in _batches(runs):
        numbers = _key_numbers(tx, batch[0].experiment, keys)
        pieces = gather(
            tx, [run.rn for run in batch], list(numbers), start_step=within.start_step, end_step=within.end_step
        )
        for run in batch:
            for number, key in numbers.items():
                one = pieces.pop((run.rn, number), None)
                made = _series(run, key, one, max_points, x, within) if one is not None else None
                if made is not None and made.total:
                    found[run.run_id, key] = made
    order = ((run_id, key) for run_id in dict.fromkeys(run_ids) for key in dict.fromkeys(keys))
    return [found[name] for name in order if name in found]


def _runs(tx: Tx, run_ids: Sequence[str]) -> list[_Run]:
    rows = tx.all(
        "SELECT rn, run_id, experiment_id, start_ms FROM run"
        f" WHERE {tx.dialect.any_of('run_id', 'ids')} ORDER BY experiment_id, rn",
        ids=list(dict.fromkeys(run_ids)),
    )
    return [_Run(*row) for row in rows]


def _batches(runs: list[_Run]) -> Iterator[list[_Run]]:
    """A few runs of one experiment at a time; they come sorted by experiment."""
    batch: list[_Run] = []
    for run in runs:
        if batch and (len(batch) == _AT_ONCE or run.experiment != batch[0].experiment):
            yield batch
            batch = []
        batch.append(run)
    if batch:
        yield batch


def _key_numbers(tx: Tx, experiment: int, keys: Sequence[str]) -> dict[int, str]:
    rows = tx.all(
        "SELECT id, name FROM key WHERE experiment_id = :experiment AND kind = :kind"
        f" AND {tx.dialect.any_of('name', 'names')}",
        experiment=experiment,
        kind=METRIC,
        names=list(dict.fromkeys(keys)),
    )
    return dict(rows)


def _series(run: _Run, key: str, pieces: Pieces, max_points: int | None, x: Axis, within: Range) -> Series:
    if x == "step" and max_points is not None and within.whole and pieces.in_order():
        values = pieces.values()
        chosen = envelope(values, max_points)
        steps, times = pieces.steps_and_times_at(chosen)
        return Series(run_id=run.run_id, key=key, steps=steps, times=times, values=values[chosen], total=len(values))
    points = chunks.sort_unique(pieces.points(), by_time=x != "step")
    if x == "relative":
        points.times = points.times - run.start_ms
    points = _cut(points, within)
    total = len(points)
    if max_points is not None:
        points = points.take(envelope(points.values, max_points))
    return Series(run_id=run.run_id, key=key, steps=points.steps, times=points.times, values=points.values, total=total)


def _cut(points: chunks.Points, within: Range) -> chunks.Points:
    if within.start_step is not None:
        points = points.take(points.steps >= within.start_step)
    if within.end_step is not None:
        points = points.take(points.steps <= within.end_step)
    if within.start_time is not None:
        points = points.take(points.times >= within.start_time)
    if within.end_time is not None:
        points = points.take(points.times <= within.end_time)
    return points
