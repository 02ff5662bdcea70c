"""A metric of a million points: down-sampled to 2000 for a chart, and point by point.

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

from benchmarks.databases import Database, databases
from benchmarks.limits import copy_ms
from benchmarks.load import ask, post
from benchmarks.offered import Requests, Shape
from benchmarks.processes import Server, clew_server, has_peer, mlflow_server
from benchmarks.result import Result, interleave, seconds
from benchmarks.server_cpu import new_run
from clew import ids
from clew.storage import metrics, runs
from clew.storage.series import series
from clew.storage.store import Store

POINTS = 1_000_000
KEPT = 2000
LISTED = 25_000  # points that one page of a history holds
BULK_RUNS = 100
PIECE = 50_000
TIME_MS = 1_700_000_000_000


def run(*, full: bool) -> list[Result]:
    with tempfile.TemporaryDirectory() as place, databases(Path(place)) as kinds:
        return [row for database in kinds for row in _compare(database, Path(place), 21 if full else 7)]


def _compare(database: Database, folder: Path, rounds: int) -> list[Result]:
    run_id, url = ids.new_id(), database.new()
    store = Store.open(url, background=False)
    _fill_clew(store, run_id)
    short = _fill_short(store)
    stored = _stored(store, run_id)
    cases: dict[str, Callable[[], float]] = {
        "copy": lambda: copy_ms(24 * POINTS),
        "lazy": lambda: seconds(lambda: stored("step")) * 1000,
        "full": lambda: seconds(lambda: stored("time")) * 1000,
    }
    cpu: list[float] = []
    with ExitStack() as stack:
        clew = stack.enter_context(clew_server(folder / database.name, url))
        cases |= {
            "clew": lambda: _series_ms(clew, run_id, cpu),
            "page": lambda: _page_ms(clew, run_id),
            "bulk": lambda: _bulk_ms(clew, short),
        }
        if has_peer() and database.pid is None:
            mlflow = stack.enter_context(mlflow_server(folder / "mlflow"))
            peer_run = new_run(mlflow)
            _fill_mlflow(mlflow, peer_run)
            cases |= {
                "mlflow": lambda: _interval_ms(mlflow, peer_run),
                "mlflow page": lambda: _page_ms(mlflow, peer_run),
            }
        _series_ms(clew, run_id, [])
        figures = interleave(cases, rounds)
    store.close()
    label, copied = f"{database.name}, 1 M-point metric", "copy of its 24 MB in memory"
    return [
        Result(
            name=f"{label} down-sampled to 2000 points, over HTTP",
            value=figures["clew"],
            unit="ms",
            goal=20,
            limit=figures["copy"],
            limit_name=copied,
            peer=figures.get("mlflow"),
            note=f"first and last point exact; {np.mean(cpu):.0f} ms of it server CPU",
        ),
        Result(
            name=f"{label}, in the store, only the chosen points decoded in full",
            value=figures["lazy"],
            unit="ms",
            goal=2.5 * figures["copy"],
            limit=figures["copy"],
            limit_name=copied,
            note="goal 8, lazy",
        ),
        Result(
            name=f"{label}, in the store, every point decoded",
            value=figures["full"],
            unit="ms",
            goal=6 * figures["copy"],
            limit=figures["copy"],
            limit_name=copied,
            note="goal 8, full",
        ),
        Result(
            name=f"{label}, get-history of its first {LISTED:,}",
            value=LISTED / figures["page"] * 1000,
            unit="points/s",
            higher=True,
            peer=LISTED / figures["mlflow page"] * 1000 if "mlflow page" in figures else None,
        ),
        Result(
            name=f"{database.name}, get-history-bulk of {BULK_RUNS} runs, {LISTED:,} points",
            value=LISTED / figures["bulk"] * 1000,
            unit="points/s",
            higher=True,
        ),
    ]


def _stored(store: Store, run_id: str) -> Callable[[str], None]:
    """Reads the chart out of the store; by time, steps and times of every point are decoded, too."""

    def read(axis: str) -> None:
        (one,) = store.read(lambda tx: series(tx, [run_id], ["loss"], max_points=KEPT, x=axis))
        assert one.total == POINTS

    return read


def _values() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    steps = np.arange(POINTS)
    noise = np.random.default_rng(5).normal(0, 0.02, POINTS)
    return (1 / (1 + steps / 5e4) + noise).astype(np.float32).astype(np.float64)


def _fill_clew(store: Store, run_id: str) -> None:
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


def _fill_short(store: Store) -> list[str]:
    """The ids of many runs that have a few points each."""
    requests = Requests(store, Shape(1, LISTED // BULK_RUNS), BULK_RUNS)
    for _ in requests.run_ids:
        store.submit(next(requests).write, lambda *_: None)
    store.compact(everything=True)
    return requests.run_ids


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


def _page_ms(server: Server, run_id: str) -> float:
    path = f"/api/2.0/mlflow/metrics/get-history?run_id={run_id}&metric_key=loss&max_results={LISTED}"
    return _points_ms(server, path)


def _bulk_ms(server: Server, run_ids: list[str]) -> float:
    asked = "&".join(f"run_id={run_id}" for run_id in run_ids)
    return _points_ms(
        server, f"/ajax-api/2.0/mlflow/metrics/get-history-bulk?{asked}&metric_key=m0&max_results={LISTED}"
    )


def _points_ms(server: Server, path: str) -> float:
    answers: list[bytes] = []
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    taken = seconds(lambda: answers.append(ask(server.port, request))) * 1000
    assert len(json.loads(answers[0])["metrics"]) == LISTED
    return taken


def _interval_ms(server: Server, run_id: str) -> float:
    path = f"/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids={run_id}&metric_key=loss&max_results={KEPT}"
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    return seconds(lambda: ask(server.port, request)) * 1000
