"""What it costs to keep each series' last, first, smallest and largest value at every write.

The limit is a plain ``executemany`` upsert of the last values alone, into a table of the same size by the same
driver. Both without the commit, whose cost is the disk's.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.databases import Database, databases
from benchmarks.many_runs import copy_rows
from benchmarks.result import Result, interleave, seconds
from clew.storage import summary
from clew.storage.engine import WriteTx
from clew.storage.store import Store

KEYS = 20
TOUCHED = 64  # runs that one transaction touches
TIME_MS = 1_700_000_000_000
_PLAIN = (
    "INSERT INTO plain AS p (rn, key, value, step, ts) VALUES (:rn, :key, :value, :step, :ts)"
    " ON CONFLICT (rn, key) DO UPDATE SET value = excluded.value, step = excluded.step, ts = excluded.ts"
)


def run(*, full: bool) -> list[Result]:
    runs = 100_000 if full else 20_000
    found: list[Result] = []
    with tempfile.TemporaryDirectory() as place, databases(Path(place)) as kinds:
        for database in kinds:
            found += _compare(database, runs, rounds=101 if full else 31)
    return found


def _compare(database: Database, runs: int, rounds: int) -> list[Result]:
    store = Store.open(database.new(), background=False)
    store.write(lambda tx: _fill(tx, runs))
    noise = np.random.default_rng(5)
    step = [0]

    def measure(work: Callable[[WriteTx, list[int]], object]) -> float:
        step[0] += 1
        touched = sorted(noise.choice(runs, TOUCHED, replace=False).tolist())
        taken = store.write(lambda tx: seconds(lambda: work(tx, touched)))
        return taken / (TOUCHED * KEYS) * 1e6

    cases = {
        "plain": lambda: measure(lambda tx, touched: tx.many(_PLAIN, _plain_rows(touched, step[0]))),
        "summary": lambda: measure(lambda tx, touched: summary.upsert(tx, _summaries(touched, step[0]))),
    }
    figures = interleave(cases, rounds)
    indexes = store.read(_secondary_indexes)
    store.close()
    return [
        Result(
            name=f"{database.name}, summary of a series, upserted",
            value=figures["summary"],
            unit="µs",
            goal=3.5 * figures["plain"],
            limit=figures["plain"],
            limit_name="plain upsert of the last value",
            note=f"goal 6; {TOUCHED} runs × {KEYS} keys of {runs:,} a transaction",
        ),
        Result(
            name=f"{database.name}, secondary indexes on tables of values",
            value=indexes,
            unit="indexes",
            goal=0,
            note="goal 6",
        ),
    ]


def _fill(tx: WriteTx, runs: int) -> None:
    tx.run(
        "CREATE TABLE plain (rn BIGINT, key INTEGER, value DOUBLE PRECISION, step BIGINT, ts BIGINT,"
        f" PRIMARY KEY (rn, key)){tx.dialect.words['clustered']}"
    )
    numbers = [(rn, key) for rn in range(runs) for key in range(KEYS)]
    copy_rows(tx, "plain", "rn key value step ts".split(), ((rn, key, 0.5, -1, 0) for rn, key in numbers))
    columns = "rn key value step ts first_value first_step first_ts min_value max_value".split()
    rows = ((rn, key, 0.5, -1, 0, 0.5, -1, 0, 0.5, 0.5) for rn, key in numbers)
    copy_rows(tx, "latest_metric", columns, rows)


def _plain_rows(touched: list[int], step: int) -> list[dict[str, Any]]:
    return [
        {"rn": rn, "key": key, "value": step / 7, "step": step, "ts": TIME_MS} for rn in touched for key in range(KEYS)
    ]


def _summaries(touched: list[int], step: int) -> list[summary.Summary]:
    value = step / 7
    return [
        [rn, key, value, 0, step, TIME_MS, 0, value, 0, step, TIME_MS, value, value]
        for rn in touched
        for key in range(KEYS)
    ]


def _secondary_indexes(tx: Any) -> int:
    tables = "('latest_metric', 'param', 'tag', 'metric_chunk', 'metric_block')"
    if tx.dialect.name == "sqlite":
        sql = f"SELECT count(*) FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN {tables}"
    else:
        sql = (
            "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
            f" WHERE NOT i.indisprimary AND c.relname IN {tables}"
        )
    return int(tx.all(sql)[0][0])
