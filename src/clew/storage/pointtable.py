"""Metric points as a long table: run by run, key by key, a few thousand rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import numpy as np

from clew.storage import chunks
from clew.storage.engine import Tx
from clew.storage.gather import gather
from clew.storage.keys import METRIC

MAX_ROWS: Final = 16_384
"""Rows of one part."""

_AT_ONCE: Final = 16  # runs whose points are in memory together, undecoded


class PointPart(msgspec.Struct, frozen=True):
    """Some points of one series, in the order of (step, time, value).

    steps, times: int64[n], times in ms since 1970; values: float64[n].
    contexts: int64[n], see :func:`hydrate.load_contexts`; None where no point is bound to anything.
    """

    run_id: str
    key: str
    steps: chunks.Ints
    times: chunks.Ints
    values: chunks.Floats
    contexts: chunks.Ints | None


def read_points(
    tx: Tx,
    rns: Sequence[int],
    keys: Sequence[str] | None = None,
    *,
    start_step: int | None = None,
    end_step: int | None = None,
) -> Iterator[PointPart]:
    """The points of these runs in the order given, each run's keys by name; equal points once.

    keys: None for all.
    """
    names: dict[int, dict[int, str]] = {}
    for start in range(0, len(rns), _AT_ONCE):
        runs = _runs(tx, rns[start : start + _AT_ONCE])
        for experiment in {experiment for _, experiment in runs.values()} - names.keys():
            names[experiment] = _key_names(tx, experiment, keys)
        known: dict[int, str] = {}
        for _, experiment in runs.values():
            known |= names[experiment]
        found = gather(tx, list(runs), list(known), start_step=start_step, end_step=end_step) if known else {}
        for rn, key in sorted(found, key=lambda one: (rns.index(one[0], start), known[one[1]])):
            points = chunks.sort_unique(found.pop((rn, key)).points(), by_time=False)
            yield from _parts(runs[rn][0], known[key], _cut(points, start_step, end_step))


def numbers_of(tx: Tx, run_ids: Sequence[str]) -> list[int]:
    """The numbers of these runs in the order given, each once; unknown ids are passed over."""
    rows = tx.all(f"SELECT run_id, rn FROM run WHERE {tx.dialect.any_of('run_id', 'ids')}", ids=list(run_ids))
    known: dict[str, int] = dict(rows)
    return [known[run_id] for run_id in dict.fromkeys(run_ids) if run_id in known]


def _runs(tx: Tx, rns: Sequence[int]) -> dict[int, tuple[str, int]]:
    rows = tx.all(f"SELECT rn, run_id, experiment_id FROM run WHERE {tx.dialect.any_of('rn', 'rns')}", rns=list(rns))
    return {rn: (run_id, experiment) for rn, run_id, experiment in rows}


def _key_names(tx: Tx, experiment: int, keys: Sequence[str] | None) -> dict[int, str]:
    sql = f"SELECT id, name FROM key WHERE experiment_id = :experiment AND kind = {METRIC}"
    if keys is None:
        return dict(tx.all(sql, experiment=experiment))
    return dict(tx.all(f"{sql} AND {tx.dialect.any_of('name', 'names')}", experiment=experiment, names=list(keys)))


def _cut(points: chunks.Points, start_step: int | None, end_step: int | None) -> chunks.Points:
    low = 0 if start_step is None else int(np.searchsorted(points.steps, start_step, side="left"))
    high = len(points) if end_step is None else int(np.searchsorted(points.steps, end_step, side="right"))
    return points.take(slice(low, high))


def _parts(run_id: str, key: str, points: chunks.Points) -> Iterator[PointPart]:
    for start in range(0, len(points), MAX_ROWS):
        part = points.take(slice(start, start + MAX_ROWS))
        yield PointPart(run_id, key, part.steps, part.times, part.values, part.contexts)
