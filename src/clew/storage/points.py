"""Metric points on their way in: what a job hands over, and a group's points together."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from clew.storage import chunks
from clew.storage.memory import Context

PointRow = tuple[int, int, int, int, float, int]
"""Run number, key id, step, time in ms, value, context id."""

SMALL: Final = 64  # points; up to here plain Python beats numpy's cost per call
RUN_COUNT: Final = struct.Struct("<qI")  # one entry of metric_log.runs: run number, points
_RUN_COUNTS: Final = np.dtype([("rn", "<i8"), ("n", "<u4")])


class PointColumns(msgspec.Struct, gc=False):
    """Points of one run as columns.

    keys: distinct metric names; key_index: int32[n] into them.
    steps, times_ms: int64[n]; values: float64[n].
    contexts: what points are bound to; context_index: int32[n] into it, -1 for none, or None where nothing is bound.
    """

    keys: Sequence[str]
    key_index: NDArray[np.int32]
    steps: NDArray[np.int64]
    times_ms: NDArray[np.int64]
    values: NDArray[np.float64]
    contexts: Sequence[Context] = ()
    context_index: NDArray[np.int32] | None = None


Mark = tuple[int, int, int, dict[int, dict[int, int]]]
_SAME: Final[dict[int, int]] = {}


class PointBuffer:
    """The points of a group of jobs, in order of arrival.

    n: how many.
    """

    __slots__ = ("_batches", "_renamed", "_rows", "n")

    def __init__(self) -> None:
        self.n = 0
        self._renamed: dict[int, dict[int, int]] = {}
        self._rows: list[PointRow] = []
        self._batches: list[tuple[int, chunks.Points]] = []

    def add(self, row: PointRow) -> None:
        """Take one point."""
        self._rows.append(row)
        self.n += 1

    def extend(self, rn: int, points: chunks.Points) -> None:
        """Take many points of one run."""
        self._batches.append((rn, points))
        self.n += len(points)

    def keys_of(self, rn: int) -> list[int]:
        """Ids of the keys of a run's points."""
        names = self._renamed.get(rn, {})
        keys = {row[1] for row in self._rows if row[0] == rn}
        keys.update(*(points.keys.tolist() for number, points in self._batches if number == rn))
        return sorted({names.get(key, key) for key in keys})

    def rename_keys(self, rn: int, keys: Mapping[int, int]) -> None:
        """Let points of a run have other key ids from now on, those taken before included.

        Ids are never used twice, so points that come with the new ids stay as they are.
        """
        known = self._renamed.get(rn, {})
        joined = {old: keys.get(new, new) for old, new in known.items()}
        self._renamed = {**self._renamed, rn: {**keys, **joined}}

    def mark(self) -> Mark:
        """The place to come back to with :meth:`rewind`."""
        return self.n, len(self._rows), len(self._batches), self._renamed

    def rewind(self, mark: Mark) -> None:
        """Drop what came after the mark."""
        self.n, rows, batches, self._renamed = mark
        del self._rows[rows:]
        del self._batches[batches:]

    def small(self) -> list[PointRow] | None:
        """All points sorted by run as rows, or None where columns are the better form."""
        if self._batches or self.n > SMALL:
            return None
        self._rows.sort(key=_run_of)
        if self._renamed:
            return [
                (rn, self._renamed.get(rn, _SAME).get(key, key), step, time, value, ctx)
                for rn, key, step, time, value, ctx in self._rows
            ]
        return self._rows

    def columns(self) -> tuple[list[int], list[int], chunks.Points]:
        """Run numbers in order, points per run, and all points, run by run in order of arrival."""
        batches = [
            (rn, _renamed(points, self._renamed[rn]) if rn in self._renamed else points)
            for rn, points in self._batches + _by_run(self._rows)
        ]
        batches.sort(key=_run_of_batch)
        runs: list[int] = []
        counts: list[int] = []
        for rn, points in batches:
            if runs and runs[-1] == rn:
                counts[-1] += len(points)
            else:
                runs.append(rn)
                counts.append(len(points))
        return runs, counts, chunks.concat([points for _, points in batches])


def pack_runs(runs: Sequence[int], counts: Sequence[int]) -> bytes:
    """``metric_log.runs``: 12 bytes per run."""
    return b"".join(map(RUN_COUNT.pack, runs, counts))


def find_runs(packed: bytes, rns: chunks.Ints) -> list[tuple[int, slice]]:
    """Which of the runs ``rns``, int64[n], are in the log row, and where their points lie."""
    numbers, counts = _run_columns(packed)
    inside = np.flatnonzero(np.isin(numbers, rns))
    ends = np.cumsum(counts)
    return [(int(numbers[i]), slice(int(ends[i] - counts[i]), int(ends[i]))) for i in inside]


def _run_columns(packed: bytes) -> tuple[chunks.Ints, chunks.Ints]:
    table = np.frombuffer(packed, _RUN_COUNTS)
    return table["rn"].astype(np.int64), table["n"].astype(np.int64)


def _renamed(points: chunks.Points, keys: Mapping[int, int]) -> chunks.Points:
    return msgspec.structs.replace(points, keys=chunks.rename(points.keys, keys))


def _run_of(row: PointRow) -> int:
    return row[0]


def _run_of_batch(batch: tuple[int, chunks.Points]) -> int:
    return batch[0]


def _by_run(rows: list[PointRow]) -> list[tuple[int, chunks.Points]]:
    if not rows:
        return []
    rows = sorted(rows, key=_run_of)
    runs, keys, steps, times, values, contexts = zip(*rows, strict=True)
    all_points = chunks.Points(
        np.array(keys, np.int64),
        np.array(steps, np.int64),
        np.array(times, np.int64),
        np.array(values, np.float64),
        np.array(contexts, np.int64) if any(contexts) else None,
    )
    spans = chunks.group_spans(np.array(runs, np.int64))
    return [(runs[span.start], all_points.take(span)) for span in spans]
