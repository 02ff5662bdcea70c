"""Tables: 30,000 runs × 300 values into pandas, and three columns of runs that have 12,000 metrics, over HTTP.

The limit is the file that the rows lie in, read by SQLite itself into tuples, in this process.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import apsw

from benchmarks.processes import clew_server
from benchmarks.result import Result, seconds
from clew.client.api import ClewClient
from clew.client.tables import Keys
from clew.storage import experiments, keys, runs
from clew.storage.store import Store

RUNS: Final = 30_000
METRICS, PARAMS, TAGS = 150, 100, 50
WIDE_RUNS, WIDE_METRICS = 100, 12_000
_GROUP: Final = 3000


def run(*, full: bool) -> list[Result]:  # noqa: ARG001 - the same for all
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        store = Store.open(f"sqlite:///{folder}/clew.db")
        noise = random.Random(11)
        _fill(store, "0", RUNS, (METRICS, PARAMS, TAGS), noise)
        wide = store.write(_experiment)
        _fill(store, wide, WIDE_RUNS, (WIDE_METRICS, 2, 1), noise)
        store.close()
        limit = seconds(lambda: _read_all(folder / "clew.db"))
        with clew_server(folder) as server:
            client = ClewClient(server.url)
            taken = min(seconds(lambda: _frame(client)) for _ in range(3))
            chosen = Keys(("m0", "m1"), ("p0",), ())
            sent = sum(map(len, client.runs_table([wide], keys=chosen)))
    return [
        Result(
            name=f"{RUNS:,} runs × {METRICS + PARAMS + TAGS} into pandas",
            value=taken,
            unit="s",
            goal=5,
            limit=limit,
            limit_name="rows as tuples",
        ),
        Result(
            name=f"3 columns of {WIDE_RUNS} runs × {WIDE_METRICS:,} metrics, sent",
            value=sent / 1000,
            unit="kB",
            goal=100,
        ),
    ]


def _experiment(tx: Any) -> str:
    return str(experiments.create_experiment(tx, "wide"))


def _frame(client: ClewClient) -> None:
    frame = client.find_runs_frame(["0"], "", 1, None, None, Keys())
    assert frame is not None
    assert frame.shape == (RUNS, 6 + METRICS + PARAMS + TAGS + 1)  # the name of a run is a tag, too


def _fill(store: Store, experiment: str, count: int, shape: tuple[int, int, int], noise: random.Random) -> None:
    for start in range(0, count, _GROUP):
        group = range(start, min(start + _GROUP, count))
        store.write(lambda tx, group=group: _write(tx, experiment, group, shape, noise))


def _write(tx: Any, experiment: str, group: Sequence[int], shape: tuple[int, int, int], noise: random.Random) -> None:
    """Rows as they are after the points were compacted; through the front door they would take minutes."""
    for i in group:
        runs.create_run(
            tx,
            experiment_id=experiment,
            run_id=f"{noise.getrandbits(128):032x}",
            run_name=f"run {i}",
            start_ms=1_700_000_000_000 + i,
        )
    (last,) = tx.one("SELECT max(rn) FROM run")
    numbers = range(last - len(group) + 1, last + 1)
    metrics, params, tags = (
        keys.key_ids(tx, int(experiment), kind, [f"{letter}{i}" for i in range(n)])
        for kind, letter, n in zip((keys.METRIC, keys.PARAM, keys.TAG), "mpt", shape, strict=True)
    )
    tx.many(
        "INSERT INTO latest_metric (rn, key, value, step, ts, first_value, first_step, first_ts, min_value, max_value)"
        " VALUES (:rn, :key, :value, 9, 9, :value, 0, 0, :value, :value)",
        ({"rn": rn, "key": key, "value": noise.random()} for rn in numbers for key in metrics),
    )
    tx.many(
        "INSERT INTO param (rn, key, value) VALUES (:rn, :key, :value)",
        ({"rn": rn, "key": key, "value": f"v{noise.randrange(1000)}"} for rn in numbers for key in params),
    )
    tx.many(
        "INSERT INTO tag (rn, key, value) VALUES (:rn, :key, :value)",
        ({"rn": rn, "key": key, "value": f"tag {noise.randrange(50)}"} for rn in numbers for key in tags),
    )


def _read_all(file: Path) -> None:
    with closing(apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)) as database:
        for table in ("latest_metric", "param", "tag"):
            for _ in database.execute(f"SELECT rn, key, value FROM {table}"):
                pass
