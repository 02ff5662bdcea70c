"""Search: filter by one metric and a param, sort by another metric, one page of 100 with all data, over HTTP.

Runs × 10 metrics × 10 params. ``spread``: the metrics are independent; ``opposed``: the sort metric is
high where the filtered one is low, the worst case for walking an index. The limit is one numpy compare of
as many floats. MLflow's database is filled with the same runs.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.limits import comparing
from benchmarks.load import ask, post
from benchmarks.processes import Server, clew_server, has_peer, mlflow_server
from benchmarks.result import Result, interleave, seconds
from clew.storage import metrics, runs
from clew.storage.store import Store

KEYS = 10
TIME_MS = 1_700_000_000_000
OPTIMIZERS = ("adam", "adamw", "sgd", "lamb")
GROUP = 1000
QUERIES = {
    "spread": ("metrics.m0 > 0.5 AND params.p1 = 'adamw'", "metrics.m2 DESC"),
    "opposed": ("metrics.m0 > 0.9", "metrics.m1 DESC"),
}


class Row(NamedTuple):
    """One run of the data."""

    run_id: str
    start_ms: int
    values: list[float]
    params: list[str]


def run(*, full: bool) -> list[Result]:
    return [*_compare(10_000, peer=has_peer()), *_compare(100_000, peer=full and has_peer())]


def _compare(count: int, *, peer: bool) -> list[Result]:
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder = Path(place)
        filling = seconds(lambda: _fill_clew(folder / "clew", count))
        clew = stack.enter_context(clew_server(folder / "clew"))
        cases: dict[str, Callable[[], float]] = {"numpy": comparing(count)}
        cases |= {name: lambda q=query: _query_ms(clew, q) for name, query in QUERIES.items()}
        for query in QUERIES.values():
            _query_ms(clew, query)
        mlflow = None
        if peer:
            _fill_mlflow(folder / "mlflow", count)
            mlflow = stack.enter_context(mlflow_server(folder / "mlflow"))
            _agree(clew, mlflow)
            # The comparison above has warmed both servers up.
            cases |= {f"mlflow {name}": lambda q=query: _query_ms(mlflow, q) for name, query in QUERIES.items()}
        figures = interleave(cases, 5)
        after = _analyzed(mlflow) if mlflow else {}
    return [
        Result(
            name=f"{count:,} runs, {name}",
            value=figures[name],
            unit="ms",
            goal=100 if count == 100_000 else None,
            limit=figures["numpy"],
            limit_name=f"numpy compare of {count:,}",
            peer=figures.get(f"mlflow {name}"),
            note=f"MLflow after ANALYZE {after[name]:,.0f} ms" if name in after else f"filled in {filling:.0f} s",
        )
        for name in QUERIES
    ]


def _rows(count: int) -> Iterator[Row]:
    noise = np.random.default_rng(11)
    values = noise.random((count, KEYS)).round(6)
    values[:, 1] = (1 - values[:, 0] + noise.normal(0, 0.05, count)).round(6)
    choices = noise.integers(0, len(OPTIMIZERS), count)
    levels = noise.integers(1, 5000, (count, KEYS))
    ids = noise.bytes(16 * count)
    for i in range(count):
        params = [str(level) for level in levels[i].tolist()]
        params[1] = OPTIMIZERS[choices[i]]
        yield Row(ids[16 * i : 16 * i + 16].hex(), TIME_MS + 1000 * i, values[i].tolist(), params)


def _fill_clew(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    store = Store.open(f"sqlite:///{folder}/clew.db")
    rows = _rows(count)
    while group := list(islice(rows, GROUP)):
        store.write(lambda tx, g=group: _write_group(tx, g))
    store.compact(everything=True)
    store.close()


def _write_group(tx: object, group: list[Row]) -> None:
    for row in group:
        runs.create_run(tx, experiment_id="0", run_id=row.run_id, run_name=row.run_id[:8], start_ms=row.start_ms)
        runs.log_params(tx, row.run_id, [(f"p{k}", text) for k, text in enumerate(row.params)])
        points = metrics.PointColumns(
            keys=[f"m{k}" for k in range(KEYS)],
            key_index=np.arange(KEYS, dtype=np.int32),
            steps=np.zeros(KEYS, np.int64),
            times_ms=np.full(KEYS, row.start_ms, np.int64),
            values=np.array(row.values),
            contexts=[],
            context_index=None,
        )
        metrics.log_points(tx, row.run_id, points)


def _fill_mlflow(folder: Path, count: int) -> None:
    with mlflow_server(folder):
        pass  # it makes the tables
    with closing(sqlite3.connect(folder / "mlflow.db")) as database, database:
        rows = _rows(count)
        while group := list(islice(rows, GROUP)):
            database.executemany(
                "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status,"
                " start_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
                " VALUES (?, ?, 'UNKNOWN', '', '', '', 'RUNNING', ?, '', 'active', ?, 0)",
                [(r.run_id, r.run_id[:8], r.start_ms, f"mlflow-artifacts:/0/{r.run_id}/artifacts") for r in group],
            )
            database.executemany(
                "INSERT INTO tags (key, value, run_uuid) VALUES ('mlflow.runName', ?, ?)",
                [(r.run_id[:8], r.run_id) for r in group],
            )
            points = [(f"m{k}", v, r.start_ms, 0, 0, r.run_id) for r in group for k, v in enumerate(r.values)]
            for table in ("metrics", "latest_metrics"):
                columns = "(key, value, timestamp, step, is_nan, run_uuid)"
                database.executemany(f"INSERT INTO {table} {columns} VALUES (?, ?, ?, ?, ?, ?)", points)
            database.executemany(
                "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
                [(f"p{k}", text, r.run_id) for r in group for k, text in enumerate(r.params)],
            )


def _ask(server: Server, query: tuple[str, str]) -> list[str]:
    body = {"experiment_ids": ["0"], "filter": query[0], "order_by": [query[1]], "max_results": 100}
    answer = json.loads(ask(server.port, post("/api/2.0/mlflow/runs/search", json.dumps(body).encode())))
    found = answer["runs"]
    assert len(found) == 100
    assert len(found[0]["data"]["metrics"]) == KEYS
    return [r["info"]["run_id"] for r in found]


def _agree(one: Server, other: Server) -> None:
    """Both servers give the same page."""
    for name, query in QUERIES.items():
        if _ask(one, query) != _ask(other, query):
            raise SystemExit(f"the servers disagree on {name}")


def _query_ms(server: Server, query: tuple[str, str]) -> float:
    return seconds(lambda: _ask(server, query)) * 1000


def _analyzed(server: Server) -> dict[str, float]:
    with closing(sqlite3.connect(server.folder / "mlflow.db")) as database:
        database.execute("ANALYZE")
    with mlflow_server(server.folder) as again:
        return {name: interleave({"q": lambda q=query: _query_ms(again, q)}, 5)["q"] for name, query in QUERIES.items()}
