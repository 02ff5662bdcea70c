"""How points move: log rows into one block per run, blocks of a run into larger ones and into chunks.

A plan is made from a read transaction and carried out in a write transaction, which refuses it when
a row that it replaces is gone.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Final

import msgspec
import numpy as np

from clew.errors import Unavailable
from clew.storage import chunks
from clew.storage.chunks import Block, Ints, Points
from clew.storage.engine import Tx, WriteTx
from clew.storage.gather import HAS_NAN, ORDERED
from clew.storage.points import RUN_COUNT

WINDOW_POINTS: Final = 1_000_000
MERGE_BLOCKS: Final = 8  # blocks of one size tier that become one
CHUNK_LEAST: Final = 1024  # points of a series from which it gets chunks of its own
CHUNK_MOST: Final = 65_536  # points of a chunk
RUNS_AT_ONCE: Final = 2000  # whose blocks one plan of merges looks at


_BLOCK: Final = {"rn": "{big}", "lo": "{big}"}
_BLOCK_ROW: Final = {**_BLOCK, "n": "INTEGER", "nkeys": "INTEGER", "body": "{blob}"}
_CHUNK: Final = {"rn": "{big}", "key": "INTEGER", "lo": "{big}"}
_CHUNK_ROW: Final = {
    **_CHUNK,
    "n": "INTEGER",
    "step_min": "{big}",
    "step_max": "{big}",
    "ts_min": "{big}",
    "ts_max": "{big}",
    "flags": "INTEGER",
    "body": "{blob}",
}


class NewBlock(msgspec.Struct, frozen=True):
    """A row for ``metric_block``; its lo is the change number of the transaction that writes it."""

    rn: int
    n: int
    nkeys: int
    body: bytes


class NewChunk(msgspec.Struct, frozen=True):
    """A row for ``metric_chunk``."""

    rn: int
    key: int
    lo: int
    n: int
    step_min: int
    step_max: int
    ts_min: int
    ts_max: int
    flags: int
    body: bytes


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Rows to write and the rows that they replace.

    old_log: ids. old_blocks: (rn, lo). old_chunks: (rn, key, lo).
    """

    blocks: list[NewBlock]
    chunks: list[NewChunk]
    old_log: list[int] = []
    old_blocks: list[tuple[int, int]] = []
    old_chunks: list[tuple[int, int, int]] = []

    @property
    def runs(self) -> set[int]:
        """Runs whose blocks change."""
        return {block.rn for block in self.blocks} | {rn for rn, _ in self.old_blocks}


Window = list[tuple[int, bytes, bytes]]
"""Id, runs and body of log rows."""


def newest_row(tx: Tx) -> int:
    """The id of the log's newest row, 0 where the log is empty."""
    row = tx.one("SELECT max(id) FROM metric_log")
    return (row and row[0]) or 0


def read_window(tx: Tx, newest: int) -> Window | None:
    """The oldest log rows up to the one of id ``newest``, up to a million points; None where there are none."""
    chosen: list[int] = []
    points = 0
    for row_id, n in tx.all("SELECT id, n FROM metric_log WHERE id <= :newest ORDER BY id", newest=newest):
        if chosen and points + n > WINDOW_POINTS:
            break
        chosen.append(row_id)
        points += n
    if not chosen:
        return None
    return [
        (row_id, runs, body)
        for row_id, runs, body in tx.all(
            f"SELECT id, runs, body FROM metric_log WHERE {tx.dialect.any_of('id', 'ids')} ORDER BY id", ids=chosen
        )
    ]


def plan_window(window: Window) -> Plan:
    """One block per run out of the window's rows."""
    runs: list[int] = []
    counts: list[int] = []
    for _, packed, _ in window:
        for rn, count in RUN_COUNT.iter_unpack(packed):
            runs.append(rn)
            counts.append(count)
    points = chunks.concat([chunks.decode_log(body) for _, _, body in window])
    rns = np.repeat(np.array(runs, np.int64), counts)
    order = _run_key_order(rns, points.keys)
    rns, points = rns[order], points.take(order)
    blocks = [_block(int(rns[span.start]), points.take(span)) for span in chunks.group_spans(rns)]
    return Plan(blocks=blocks, chunks=[], old_log=[row_id for row_id, _, _ in window])


def _run_key_order(rns: Ints, keys: Ints) -> Ints:
    """Stable order by (run, key): two passes over small numbers, which numpy sorts in linear time."""
    order = np.argsort(_dense(keys), kind="stable")
    return order[np.argsort(_dense(rns)[order], kind="stable")]


def _dense(column: Ints) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
    if len(column) == 0:
        return column
    least = int(column.min())
    if int(column.max()) - least < 65_536:
        return (column - least).astype(np.uint16)
    distinct, index = np.unique(column, return_inverse=True)
    return index.astype(np.uint16) if len(distinct) <= 65_536 else index


def plan_merges(tx: Tx, rns: Sequence[int], *, everything: Container[int]) -> tuple[Plan, int]:
    """The next merges of these runs together, and how many of the runs were looked at.

    It stops after a million points or 2000 runs, so that nobody waits long for the exchange.
    everything: runs of which all blocks are merged, be they few, and every series that is long enough moves out.
    """
    total = Plan(blocks=[], chunks=[])
    points = seen = 0
    looked_at = rns[:RUNS_AT_ONCE]
    sizes = _block_sizes(tx, looked_at)
    for rn in looked_at:
        seen += 1
        chosen = [lo for lo, _ in sizes.get(rn, ())] if rn in everything else _ripe(sizes.get(rn, ()))
        if not chosen:
            continue
        plan = _plan_merge(tx, rn, chosen)
        if rn in everything and len(chosen) == 1 and not plan.chunks:
            continue
        total.blocks.extend(plan.blocks)
        total.chunks.extend(plan.chunks)
        total.old_blocks.extend(plan.old_blocks)
        total.old_chunks.extend(plan.old_chunks)
        points += sum(b.n for b in plan.blocks) + sum(c.n for c in plan.chunks)
        if points >= WINDOW_POINTS:
            break
    return total, seen


def _block_sizes(tx: Tx, rns: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """Each run's blocks in order: lo and points."""
    sizes: dict[int, list[tuple[int, int]]] = {}
    for rn, lo, n in tx.all(
        f"SELECT rn, lo, n FROM metric_block WHERE {tx.dialect.any_of('rn', 'rns')} ORDER BY rn, lo", rns=list(rns)
    ):
        sizes.setdefault(rn, []).append((lo, n))
    return sizes


def _plan_merge(tx: Tx, rn: int, los: list[int]) -> Plan:
    """These blocks of a run made one."""
    rows = tx.all(
        f"SELECT lo, body FROM metric_block WHERE rn = :rn AND {tx.dialect.any_of('lo', 'los')} ORDER BY lo",
        rn=rn,
        los=los,
    )
    plan = arrange(tx, rn, chunks.concat([Block(body).points() for _, body in rows]))
    return msgspec.structs.replace(plan, old_blocks=[(rn, lo) for lo, _ in rows])


def arrange(tx: Tx, rn: int, points: Points) -> Plan:
    """One block out of a run's points in any order, and chunks for the series that are long enough."""
    points = points.take(np.argsort(_dense(points.keys), kind="stable"))
    counts = np.diff(np.append(chunks.group_starts(points.keys), len(points)))
    long = np.repeat(counts >= CHUNK_LEAST, counts)
    new_chunks, old_chunks = _extend_chunks(tx, rn, points.take(long))
    rest = points.take(~long)
    blocks = [_block(rn, rest)] if len(rest) else []
    return Plan(blocks=blocks, chunks=new_chunks, old_chunks=old_chunks)


def _ripe(sizes: Iterable[tuple[int, int]]) -> list[int]:
    """The blocks of the first size tier that has enough of them; tiers are powers of eight."""
    tiers: dict[int, list[int]] = {}
    for lo, n in sizes:
        tier = (max(n, 1).bit_length() - 1) // 3
        tiers.setdefault(tier, []).append(lo)
        if len(tiers[tier]) >= MERGE_BLOCKS:
            return tiers[tier]
    return []


def _extend_chunks(tx: Tx, rn: int, points: Points) -> tuple[list[NewChunk], list[tuple[int, int, int]]]:
    """Chunks for these series (grouped by key): the last short one of each is filled up first."""
    made: list[NewChunk] = []
    replaced: list[tuple[int, int, int]] = []
    for span in chunks.group_spans(points.keys):
        series = points.take(span)
        key = int(series.keys[0])
        last = tx.one(
            "SELECT lo, n, body FROM metric_chunk WHERE rn = :rn AND key = :key ORDER BY lo DESC LIMIT 1",
            rn=rn,
            key=key,
        )
        lo = 0
        if last is not None:
            lo = last[0] + last[1]
            if last[1] < CHUNK_MOST:
                lo = last[0]
                series = chunks.concat([Block(last[2]).points(), series])
                replaced.append((rn, key, lo))
        made.extend(_cut(rn, key, lo, chunks.sort_unique(series, by_time=False)))
    return made, replaced


def _cut(rn: int, key: int, lo: int, series: Points) -> Iterable[NewChunk]:
    for start in range(0, len(series), CHUNK_MOST):
        part = series.take(slice(start, start + CHUNK_MOST))
        flags = ORDERED if bool((part.steps[1:] > part.steps[:-1]).all()) else 0
        flags |= HAS_NAN if bool(np.isnan(part.values).any()) else 0
        flags |= chunks.HAS_CONTEXT if part.contexts is not None else 0
        yield NewChunk(
            rn=rn,
            key=key,
            lo=lo + start,
            n=len(part),
            step_min=int(part.steps.min()),
            step_max=int(part.steps.max()),
            ts_min=int(part.times.min()),
            ts_max=int(part.times.max()),
            flags=flags,
            body=chunks.encode_block(part),
        )


def _block(rn: int, points: Points) -> NewBlock:
    """A block of points grouped by key, each series in order and without repeats."""
    starts = chunks.group_starts(points.keys)
    if not _all_rising(points, starts):
        points = chunks.concat(
            [chunks.sort_unique(points.take(span), by_time=False) for span in chunks.group_spans(points.keys)]
        )
    return NewBlock(rn=rn, n=len(points), nkeys=len(starts), body=chunks.encode_block(points))


def _all_rising(points: Points, starts: Ints) -> bool:
    rising = points.steps[1:] > points.steps[:-1]
    rising[starts[1:] - 1] = True  # from one series to the next
    return bool(rising.all())


class PlanOutdated(Unavailable):
    """Another compactor was faster; the next round sees what it left."""


def exchange(tx: WriteTx, plan: Plan) -> None:
    """Carry out a plan; points of runs that were deleted for good are dropped.

    Raises:
        PlanOutdated: a row that it replaces is gone; nothing is changed then.
    """
    gone = 0
    if plan.old_log:
        gone += tx.run(f"DELETE FROM metric_log WHERE {tx.dialect.any_of('id', 'ids')}", ids=plan.old_log)
    gone += tx.batch(tx.dialect.delete("metric_block", _BLOCK), list(_BLOCK), plan.old_blocks)
    gone += tx.batch(tx.dialect.delete("metric_chunk", _CHUNK), list(_CHUNK), plan.old_chunks)
    if gone != len(plan.old_log) + len(plan.old_blocks) + len(plan.old_chunks):
        raise PlanOutdated("another compactor works on this store")
    living = _living(tx, {block.rn for block in plan.blocks} | {chunk.rn for chunk in plan.chunks})
    lo = tx.change()  # never used twice, so that no plan can mistake a new block for an old one
    blocks = [(block.rn, lo, block.n, block.nkeys, block.body) for block in plan.blocks if block.rn in living]
    tx.batch(tx.dialect.insert("metric_block", _BLOCK_ROW), list(_BLOCK_ROW), blocks)
    insert_chunks(tx, [chunk for chunk in plan.chunks if chunk.rn in living])


def insert_chunks(tx: WriteTx, made: Sequence[NewChunk]) -> None:
    """Write chunks."""
    rows = [msgspec.structs.astuple(chunk) for chunk in made]
    tx.batch(tx.dialect.insert("metric_chunk", _CHUNK_ROW), list(_CHUNK_ROW), rows)


def _living(tx: Tx, rns: set[int]) -> set[int]:
    """Which of these runs exist; on PostgreSQL they stay until our transaction ends."""
    sql = f"SELECT rn FROM run WHERE {tx.dialect.any_of('rn', 'rns')} ORDER BY rn{tx.dialect.existence_lock}"
    return {rn for (rn,) in tx.all(sql, rns=sorted(rns))}
