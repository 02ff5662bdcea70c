"""Writes while others read heavily: charts of a million points, and searches that look at every run.

Two readers ask again as soon as they are answered; the rest of the machine belongs to one writer of batches.
"""

from __future__ import annotations

import json
import tempfile
import threading
from pathlib import Path

import numpy as np

from benchmarks.databases import Database, databases
from benchmarks.load import ask, deal, drive, post
from benchmarks.log_batch import BATCH, batch
from benchmarks.offered import make_runs
from benchmarks.processes import Server, clew_server
from benchmarks.result import Result, interleave
from benchmarks.server_cpu import new_run
from clew.storage import metrics
from clew.storage.store import Store

POINTS = 1_000_000
RUNS = 5000
CLIENTS = 8
BATCHES = 60
TIME_MS = 1_700_000_000_000


def run(*, full: bool) -> list[Result]:
    with tempfile.TemporaryDirectory() as place, databases(Path(place)) as kinds:
        return [_compare(database, Path(place), 9 if full else 5) for database in kinds]


def _compare(database: Database, folder: Path, rounds: int) -> Result:
    url = database.new()
    long = _fill(url)
    with clew_server(folder / database.name, url) as server:
        chart = post("/api/clew/v1/series", json.dumps({"run_ids": [long], "keys": ["loss"]}).encode())
        query = {"experiment_ids": ["0"], "filter": "attributes.run_name LIKE '%a%'", "order_by": ["metrics.loss"]}
        search = post("/api/2.0/mlflow/runs/search", json.dumps(query).encode())
        answered: list[int] = []
        cases = {
            "alone": lambda: _write(server),
            "beside readers": lambda: _write_beside(server, [chart, search], answered),
        }
        _write(server)
        figures = interleave(cases, rounds)
    return Result(
        name=f"{database.name}, writes beside 2 heavy readers",
        value=figures["beside readers"],
        unit="points/s",
        goal=0.7 * figures["alone"],
        higher=True,
        limit=figures["alone"],
        limit_name="the same without readers",
        note=f"≥ 0.7 ×; the readers had {sum(answered)} answers",
    )


def _fill(url: str) -> str:
    """The id of a run with a million points, among others."""
    store = Store.open(url)
    long, *_ = make_runs(store, RUNS)
    piece = POINTS // 20
    for first in range(0, POINTS, piece):
        steps = np.arange(first, first + piece, dtype=np.int64)
        columns = metrics.PointColumns(
            keys=["loss"],
            key_index=np.zeros(piece, np.int32),
            steps=steps,
            times_ms=TIME_MS + steps * 100,
            values=1 / (1.0 + steps),
        )
        store.write(lambda tx, c=columns: metrics.log_points(tx, long, c))
    store.compact(everything=True)
    store.close()
    return long


def _write(server: Server) -> float:
    runs = [new_run(server) for _ in range(CLIENTS)]
    requests = [batch(runs[i % CLIENTS], i // CLIENTS) for i in range(BATCHES)]
    done, taken = drive(server.port, deal(requests, CLIENTS))
    return done * BATCH / taken


def _write_beside(server: Server, questions: list[bytes], answered: list[int]) -> float:
    over = threading.Event()

    def read(question: bytes) -> None:
        count = 0
        while not over.is_set():
            ask(server.port, question)
            count += 1
        answered.append(count)

    readers = [threading.Thread(target=read, args=[question]) for question in questions]
    for reader in readers:
        reader.start()
    try:
        return _write(server)
    finally:
        over.set()
        for reader in readers:
            reader.join()
