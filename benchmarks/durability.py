"""What durability costs, and whether it holds.

Group commit at 64 waiting clients beside one transaction per request, straight into a store; then servers that are
killed while four clients write, each request counted when it is acknowledged and sent again when it was not.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from benchmarks.databases import Database, databases
from benchmarks.limits import sync_ms
from benchmarks.load import ask, post
from benchmarks.offered import Clients, Requests, Shape
from benchmarks.processes import Server, clew_server
from benchmarks.result import Result, interleave
from benchmarks.server_cpu import new_run
from clew.storage.store import Store

SHAPE = Shape(20, 1)
CLIENTS = 64
WRITERS = 4
BATCH = 25  # points that one request of a writer holds
TIME_MS = 1_700_000_000_000


def run(*, full: bool) -> list[Result]:
    found: list[Result] = []
    with tempfile.TemporaryDirectory() as place, databases(Path(place)) as kinds:
        for database in kinds:
            found += _groups(database, Path(place), rounds=7 if full else 3)
        for database in kinds:
            count = (100 if full else 10) if database.pid is None else (50 if full else 4)
            found.append(_kills(database, Path(place), count))
    return found


def _groups(database: Database, folder: Path, rounds: int) -> list[Result]:
    store = Store.open(database.new())
    requests = Requests(store, SHAPE)
    many, one = Clients(store, requests), Clients(store, requests)
    many.drive(CLIENTS, 0.5)
    waits_s: list[float] = []

    def together() -> float:
        speed = many.drive(CLIENTS, 2.0)
        waits_s.extend(many.waits_s)
        return speed

    cases = {"together": together, "alone": lambda: one.drive(1, 2.0), "sync": lambda: sync_ms(folder)}
    figures = interleave(cases, rounds)
    store.close()
    label = f"{database.name}, {CLIENTS} clients, {SHAPE.points} points a request"
    return [
        Result(
            name=f"{label}: requests per second",
            value=figures["together"],
            unit="req/s",
            goal=4 * figures["alone"],
            higher=True,
            limit=figures["alone"],
            limit_name="a transaction per request",
            note="goal 4",
        ),
        Result(
            name=f"{label}: p99 of the answer",
            value=float(np.percentile(waits_s, 99)) * 1000,
            unit="ms",
            goal=40 * figures["sync"] + 5,
            limit=figures["sync"],
            limit_name="fdatasync of 4 KB, median",
            note=f"goal 4; median {np.median(waits_s) * 1000:.2g} ms",
        ),
    ]


def _kills(database: Database, folder: Path, rounds: int) -> Result:
    """Requests that were acknowledged and are gone, or were sent again and are there twice, or are there by half."""
    store = database.new()
    wrong = acknowledged = 0
    moments = random.Random(4)
    for number in range(rounds):
        with ExitStack() as stack:
            server = stack.enter_context(clew_server(folder / f"{database.name}-{number}", store))
            writers = [_Writer(server, new_run(server)) for _ in range(WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(moments.uniform(0.1, 1.0))
            os.killpg(server.pid, signal.SIGKILL)
            for writer in writers:
                writer.join()
        with clew_server(folder / f"{database.name}-{number}-again", store) as server:
            for writer in writers:
                acknowledged += writer.acknowledged
                wrong += writer.faults(server)
    return Result(
        name=f"{database.name}, requests lost, halved or doubled after kill -9 of the server",
        value=wrong,
        unit="requests",
        goal=0,
        note=f"goal 5; {rounds} kills, {acknowledged:,} requests of {BATCH} points acknowledged by {WRITERS} clients",
    )


class _Writer(threading.Thread):
    """Sends batches to one run until the server is gone.

    acknowledged: how many were answered with 200; the next one was sent, and nothing is known about it.
    """

    def __init__(self, server: Server, run_id: str) -> None:
        super().__init__(daemon=True)
        self.acknowledged = 0
        self._run_id = run_id
        self._line = socket.create_connection(("127.0.0.1", server.port), timeout=60)

    def run(self) -> None:
        try:
            while True:
                self._line.sendall(self._request(self.acknowledged))
                answer = self._line.recv(4096)
                if not answer.startswith(b"HTTP/1.1 200"):
                    break
                self.acknowledged += 1
        except OSError:
            pass
        finally:
            self._line.close()

    def faults(self, server: Server) -> int:
        """How many requests are not there as they should be; the unanswered one is sent again first."""
        found = self._steps(server)
        lost = sum(not set(range(n * BATCH, (n + 1) * BATCH)) <= set(found) for n in range(self.acknowledged))
        halved = len(found) % BATCH != 0
        ask(server.port, self._request(self.acknowledged))
        again = self._steps(server)
        return lost + halved + (again != list(range((self.acknowledged + 1) * BATCH)))

    def _steps(self, server: Server) -> list[int]:
        path = f"/api/2.0/mlflow/metrics/get-history?run_id={self._run_id}&metric_key=loss"
        answer = json.loads(ask(server.port, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()))
        return [point["step"] for point in answer.get("metrics", ())]

    def _request(self, number: int) -> bytes:
        steps = range(number * BATCH, (number + 1) * BATCH)
        points = [{"key": "loss", "value": s / 7, "timestamp": TIME_MS + s, "step": s} for s in steps]
        body = json.dumps({"run_id": self._run_id, "metrics": points}).encode()
        return post("/api/2.0/mlflow/runs/log-batch", body)
