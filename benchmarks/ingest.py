"""Points straight into a store, durably and with everything on: summaries, compaction, checkpoints, back-pressure.

What HTTP and JSON add is ``log_batch``. The limit is ``executemany`` of as many plain rows.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import mean

from benchmarks.databases import Database, databases
from benchmarks.limits import insert_speed
from benchmarks.offered import Clients, Requests, Shape
from benchmarks.result import Result, seconds
from clew.storage import compact
from clew.storage.store import Store

WIDE, FLAT, SINGLE = Shape(20, 50), Shape(20, 1), Shape(1, 1)
OFFERED = 1_000_000  # points/s
TICK_S = 0.01
LOOK_S = 0.1
CLIENTS = 128


def run(*, full: bool) -> list[Result]:
    found: list[Result] = []
    with tempfile.TemporaryDirectory() as place, databases(Path(place)) as kinds:
        for database in kinds:
            rows = insert_speed(Path(place))
            found += _offered(database, 60.0 if full else 15.0)
            found += [_most(database, shape, goal, rows, 20.0 if full else 6.0) for shape, goal in _MOST]
            found += [_compaction(database, shape) for shape in (FLAT, WIDE)]
            found.append(_merge(database))
    return found


_MOST = ((WIDE, None), (FLAT, 400_000), (SINGLE, 60_000))


def _offered(database: Database, period_s: float) -> list[Result]:
    """A million points a second, in requests of a thousand, evenly spread over the time."""
    store = Store.open(database.new())
    requests = Requests(store, WIDE)
    refused: list[BaseException] = []
    answered = [0]

    def done(_: object, error: BaseException | None) -> None:
        if error is None:
            answered[0] += 1
        else:
            refused.append(error)

    backlog: list[int] = []
    sent = 0
    begun, cpu_s = time.perf_counter(), database.cpu_s()
    while (now := time.perf_counter() - begun) < period_s:
        due = int(min(now + TICK_S, period_s) * OFFERED / WIDE.points)
        for _ in range(due - sent):
            request = next(requests)
            store.submit(request.write, done, request.run_id)
        sent = due
        if now >= len(backlog) * LOOK_S:
            waiting = sent - answered[0] - len(refused)
            backlog.append(store.figures().uncompacted + waiting * WIDE.points)
        time.sleep(TICK_S)
    store.write(lambda _: None)  # the queue is in order: all that was offered is answered now
    taken = time.perf_counter() - begun
    store.close()
    points = answered[0] * WIDE.points
    cpu_us = (database.cpu_s() - cpu_s) / points * 1e6
    third = len(backlog) // 3
    middle, last = mean(backlog[third : 2 * third]), mean(backlog[2 * third :])
    label = f"{database.name}, 1.0 M points/s offered for {period_s:.0f} s"
    return [
        Result(
            name=f"{label}: accepted",
            value=points / taken,
            unit="points/s",
            goal=0.98 * OFFERED,
            higher=True,
            note=f"goal 1; {len(refused)} of {sent} requests refused",
        ),
        Result(name=f"{label}: largest backlog", value=max(backlog), unit="points", goal=1e6, note="goal 1"),
        Result(
            name=f"{label}: backlog of the last third over that of the second",
            value=last / max(middle, 1.0),
            unit="×",
            goal=1.3,
            note=f"goal 1, flat; {middle:,.0f} and {last:,.0f} points on average",
        ),
        Result(
            name=f"{label}: CPU per point, all processes",
            value=cpu_us,
            unit="µs",
            goal=0.8,
            note="goal 1; the load's own making included",
        ),
    ]


def _most(database: Database, shape: Shape, goal: float | None, rows: float, period_s: float) -> Result:
    """As much as 128 waiting clients bring in, until all of it is compacted."""
    store = Store.open(database.new())
    clients = Clients(store, Requests(store, shape))
    clients.drive(CLIENTS, 1.0)
    begun, cpu_s = time.perf_counter(), database.cpu_s()
    accepted = clients.drive(CLIENTS, period_s) * shape.points
    points = clients.answered * shape.points
    store.compact()
    through = points / (time.perf_counter() - begun)
    cpu_us = (database.cpu_s() - cpu_s) / points * 1e6
    store.close()
    return Result(
        name=f"{database.name}, most that is accepted, requests of {shape}",
        value=accepted,
        unit="points/s",
        goal=goal or 3 * rows,
        higher=True,
        limit=rows,
        limit_name="sqlite3 executemany, one transaction",
        note=f"goal {3 if goal else 2}; through to compacted {through:,.0f}/s, {cpu_us:.2g} µs CPU per point",
    )


def _compaction(database: Database, shape: Shape) -> Result:
    """What a full log costs to become blocks: read, planned and exchanged."""
    store = Store.open(database.new(), background=False)
    clients = Clients(store, Requests(store, shape))
    while store.figures().uncompacted < compact.WINDOW_POINTS // 2:
        clients.drive(CLIENTS, 0.2)
    points = store.figures().uncompacted
    cpu_s = database.cpu_s()
    taken = seconds(lambda: _make_blocks(store))
    cpu_s = database.cpu_s() - cpu_s
    store.close()
    return Result(
        name=f"{database.name}, compaction of a log of {shape} requests",
        value=points / taken,
        unit="points/s",
        goal=1.5e6,
        higher=True,
        note=f"goal 9; {points:,} points, {points / cpu_s:,.0f} per second of CPU",
    )


def _make_blocks(store: Store) -> None:
    while (window := store.read(lambda tx: compact.read_window(tx, compact.newest_row(tx)))) is not None:
        plan = compact.plan_window(window)
        store.write(lambda tx, plan=plan: compact.exchange(tx, plan))


def _merge(database: Database) -> Result:
    """Blocks of 20 runs into chunks of one series each."""
    store = Store.open(database.new(), background=False)
    requests = Requests(store, WIDE, run_count=20)
    points = 0
    for _ in range(8):
        for _ in range(200):
            store.submit(next(requests).write, lambda *_: None)
            points += WIDE.points
        store.write(lambda _: None)
        _make_blocks(store)
    runs = [rn for (rn,) in store.read(lambda tx: tx.all("SELECT DISTINCT rn FROM metric_block ORDER BY rn"))]
    cpu_s = database.cpu_s()
    taken = seconds(lambda: _make_chunks(store, runs))
    cpu_s = database.cpu_s() - cpu_s
    store.close()
    return Result(
        name=f"{database.name}, merge of blocks into chunks of a series",
        value=points / taken,
        unit="points/s",
        goal=3e6,
        higher=True,
        note=f"goal 9; {points:,} points of 400 series, {points / cpu_s:,.0f} per second of CPU",
    )


def _make_chunks(store: Store, runs: list[int]) -> None:
    left = runs
    while left:
        plan, seen = store.read(lambda tx, left=left: compact.plan_merges(tx, left, everything=set(left)))
        store.write(lambda tx, plan=plan: compact.exchange(tx, plan))
        left = left[seen:]
