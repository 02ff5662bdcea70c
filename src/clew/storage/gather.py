"""Where the points of a series lie at this moment: chunks, then blocks, then the log."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from clew.storage import chunks
from clew.storage.chunks import Block, Floats, Ints, Points
from clew.storage.engine import Tx
from clew.storage.points import find_runs

ORDERED = 1  # metric_chunk.flags: steps strictly increase
HAS_NAN = 2  # metric_chunk.flags

_RN = struct.Struct("<q")


class Pieces:
    """One series in pieces: chunks that are not decoded yet, and the points that are in no chunk."""

    __slots__ = ("_chunks", "_ordered", "_rest", "_rest_joined")

    def __init__(self) -> None:
        self._chunks: list[tuple[Block, int, int]] = []
        self._rest: list[Points] = []
        self._rest_joined: Points | None = None
        self._ordered = True

    def add_chunk(self, body: bytes, step_min: int, step_max: int, flags: int) -> None:
        """Take a chunk; they come in order of their place in the series."""
        if not flags & ORDERED or (self._chunks and step_min <= self._chunks[-1][2]):
            self._ordered = False
        self._chunks.append((Block(body), step_min, step_max))

    def add(self, points: Points) -> None:
        """Take points out of a block or log row."""
        self._rest.append(points)

    def in_order(self) -> bool:
        """Whether all points, piece after piece, have strictly increasing steps; then none is there twice."""
        if not self._ordered:
            return False
        steps = self._tail().steps
        if len(steps) == 0:
            return True
        if self._chunks and int(steps[0]) <= self._chunks[-1][2]:
            return False
        return bool((steps[1:] > steps[:-1]).all())

    def values(self) -> Floats:
        """float64[n], piece after piece."""
        return np.concatenate([*(block.values() for block, _, _ in self._chunks), self._tail().values])

    def points(self) -> Points:
        """All points, piece after piece."""
        return chunks.concat([*(block.points() for block, _, _ in self._chunks), self._tail()])

    def steps_and_times_at(self, index: Ints) -> tuple[Ints, Ints]:
        """Steps and times of the points at ``index`` (sorted) of :meth:`values`."""
        steps, times, at = [], [], 0
        for block, _, _ in self._chunks:
            low, high = np.searchsorted(index, (at, at + block.n))
            if high > low:
                inner = index[low:high] - at
                steps.append(block.steps_at(inner))
                times.append(block.times_at(inner))
            at += block.n
        inner = index[np.searchsorted(index, at) :] - at
        steps.append(self._tail().steps[inner])
        times.append(self._tail().times[inner])
        return np.concatenate(steps), np.concatenate(times)

    def _tail(self) -> Points:
        if self._rest_joined is None:
            self._rest_joined = chunks.concat(self._rest)
        return self._rest_joined


Found = dict[tuple[int, int], Pieces]


def gather(
    tx: Tx, rns: Sequence[int], keys: Sequence[int], *, start_step: int | None = None, end_step: int | None = None
) -> Found:
    """The pieces of these keys of these runs, by (run number, key id); absent where a series has no point.

    start_step, end_step: chunks outside this range of steps may be left out.
    """
    found: Found = {}
    _add_chunks(tx, found, rns, keys, start_step, end_step)
    wanted = np.array(sorted(keys), np.int64)
    for rn, body in tx.all(
        f"SELECT rn, body FROM metric_block WHERE {tx.dialect.any_of('rn', 'rns')} ORDER BY rn, lo", rns=list(rns)
    ):
        _add_block(found, rn, Block(body), wanted)
    _add_log(tx, found, rns, wanted)
    return found


def _add_chunks(
    tx: Tx, found: Found, rns: Sequence[int], keys: Sequence[int], start_step: int | None, end_step: int | None
) -> None:
    least = -(2**63) if start_step is None else start_step
    most = 2**63 - 1 if end_step is None else end_step
    for rn, key, step_min, step_max, flags, body in tx.all(
        "SELECT rn, key, step_min, step_max, flags, body FROM metric_chunk"
        f" WHERE {tx.dialect.any_of('rn', 'rns')} AND {tx.dialect.any_of('key', 'keys')}"
        " AND step_max >= :least AND step_min <= :most ORDER BY rn, key, lo",
        rns=list(rns),
        keys=list(keys),
        least=least,
        most=most,
    ):
        found.setdefault((rn, key), Pieces()).add_chunk(body, step_min, step_max, flags)


def _add_block(found: Found, rn: int, block: Block, wanted: Ints) -> None:
    spans = [(int(key), span) for key in wanted if (span := block.span(int(key))) is not None]
    if not spans:
        return
    points = block.points()
    for key, span in spans:
        found.setdefault((rn, key), Pieces()).add(points.take(span))


def _add_log(tx: Tx, found: Found, rns: Sequence[int], wanted: Ints) -> None:
    if len(rns) == 1:
        rows = tx.all(
            f"SELECT id, runs FROM metric_log WHERE {tx.dialect.contains('runs', 'rn')} ORDER BY id",
            rn=_RN.pack(rns[0]),
        )
    else:
        rows = tx.all("SELECT id, runs FROM metric_log ORDER BY id")
    asked = np.array(rns, np.int64)
    spans = {row_id: find_runs(packed, asked) for row_id, packed in rows}
    ids = [row_id for row_id, inside in spans.items() if inside]
    if not ids:
        return
    for row_id, body in tx.all(
        f"SELECT id, body FROM metric_log WHERE {tx.dialect.any_of('id', 'ids')} ORDER BY id", ids=ids
    ):
        points = chunks.decode_log(body)
        for rn, span in spans[row_id]:
            _add_by_key(found, rn, points.take(span), wanted)


def _add_by_key(found: Found, rn: int, points: Points, wanted: Ints) -> None:
    points = points.take(np.isin(points.keys, wanted))
    if len(points) == 0:
        return
    order = np.argsort(points.keys, kind="stable")
    points = points.take(order)
    for span in chunks.group_spans(points.keys):
        found.setdefault((rn, int(points.keys[span.start])), Pieces()).add(points.take(span))
