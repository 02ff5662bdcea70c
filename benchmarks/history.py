"""A metric of a million points, down-sampled to 2000 for a chart, over HTTP.

The limit is a copy of the same points in memory. MLflow's database is filled with the same series.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np

from benchmarks.load import ask, post
from benchmarks.processes import Server, clew_server, has_peer, mlflow_server
from benchmarks.result import Result, interleave, seconds
from benchmarks.server_cpu import new_run
from clew import ids
from clew.storage import metrics, runs
from clew.storage.store import Store

POINTS = 1_000_000
KEPT = 2000
PIECE = 50_000
TIME_MS = 1_700_000_000_000


def run(*, full: bool) -> list[Result]:
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder = Path(place)
        run_id = ids.new_id()
        _fill_clew(folder / "clew", run_id)
        clew = stack.enter_context(clew_server(folder / "clew"))
        cpu: list[float] = []
        cases: dict[str, Callable[[], float]] = {"copy": _copy_ms, "clew": lambda: _series_ms(clew, run_id, cpu)}
        if has_peer():
            mlflow = stack.enter_context(mlflow_server(folder / "mlflow"))
            peer_run = new_run(mlflow)
            _fill_mlflow(mlflow, peer_run)
            cases["mlflow"] = lambda: _interval_ms(mlflow, peer_run)
        _series_ms(clew, run_id, [])
        figures = interleave(cases, 21 if full else 7)
    return [
        Result(
            name="1 M-point metric down-sampled to 2000 points",
            value=figures["clew"],
            unit="ms",
            goal=20,
            limit=figures["copy"],
            limit_name="copy of its 24 MB in memory",
            peer=figures.get("mlflow"),
            note=f"first and last point exact; {np.mean(cpu):.0f} ms of it server CPU",
        )
    ]


def _values() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    steps = np.arange(POINTS)
    noise = np.random.default_rng(5).normal(0, 0.02, POINTS)
    return (1 / (1 + steps / 5e4) + noise).astype(np.float32).astype(np.float64)


def _fill_clew(folder: Path, run_id: str) -> None:
    folder.mkdir(parents=True)
    store = Store.open(f"sqlite:///{folder}/clew.db")
    store.write(lambda tx: runs.create_run(tx, experiment_id="0", run_id=run_id, start_ms=TIME_MS))
    values = _values()
    for first in range(0, POINTS, PIECE):
        steps = np.arange(first, first + PIECE, dtype=np.int64)
        columns = metrics.PointColumns(
            keys=["loss"],
            key_index=np.zeros(PIECE, np.int32),
            steps=steps,
            times_ms=TIME_MS + steps * 100,
            values=values[first : first + PIECE],
            contexts=[],
            context_index=None,
        )
        store.write(lambda tx, c=columns: metrics.log_points(tx, run_id, c))
    store.compact(everything=True)
    store.close()


def _fill_mlflow(server: Server, run_id: str) -> None:
    rows = [("loss", v, TIME_MS + i * 100, i, 0, run_id) for i, v in enumerate(_values().tolist())]
    with closing(sqlite3.connect(server.folder / "mlflow.db")) as database, database:
        columns = "(key, value, timestamp, step, is_nan, run_uuid)"
        database.executemany(f"INSERT INTO metrics {columns} VALUES (?, ?, ?, ?, ?, ?)", rows)
        database.executemany(f"INSERT INTO latest_metrics {columns} VALUES (?, ?, ?, ?, ?, ?)", rows[-1:])


def _series_ms(server: Server, run_id: str, cpu: list[float]) -> float:
    body = json.dumps({"run_ids": [run_id], "keys": ["loss"], "max_points": KEPT}).encode()
    answers: list[bytes] = []
    before = server.cpu_s()
    taken = seconds(lambda: answers.append(ask(server.port, post("/api/clew/v1/series", body)))) * 1000
    cpu.append((server.cpu_s() - before) * 1000)
    _check(answers[0])
    return taken


def _check(answer: bytes) -> None:
    (series,) = json.loads(answer)["series"]
    assert KEPT / 2 <= len(series["steps"]) <= KEPT + 2, len(series["steps"])
    assert (series["steps"][0], series["steps"][-1]) == (0, POINTS - 1)


def _interval_ms(server: Server, run_id: str) -> float:
    path = f"/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids={run_id}&metric_key=loss&max_results={KEPT}"
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    return seconds(lambda: ask(server.port, request)) * 1000


def _copy_ms() -> float:
    points = np.zeros(POINTS * 3)
    return min(seconds(points.copy) for _ in range(5)) * 1000
