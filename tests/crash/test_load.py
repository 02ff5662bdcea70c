"""``kill -9`` of a server under load from four writers: what was acknowledged is there, and batches are whole."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from clew.storage.store import Store
from crash.servers import API, ServerProcess, ask, free_port, insist

SCALE = float(os.environ.get("CLEW_TEST_SCALE", "1"))
WRITERS = 4
POINTS, PAIRS = 40, 5  # in a batch


class Batcher(threading.Thread):
    """Sends one batch of points, params and tags after the other until nobody answers.

    acknowledged: how many batches are; the next one may be stored, too.
    """

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port
        self.run_id: str = insist([port], API + "runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
        self.acknowledged = 0
        self.refusal: Any = None

    def batch(self, number: int) -> dict[str, Any]:
        first = number * POINTS
        points = [{"key": "loss", "value": n / 2, "timestamp": n, "step": n} for n in range(first, first + POINTS)]
        pairs = [{"key": f"b{number}-{n}", "value": str(number)} for n in range(PAIRS)]
        return {"run_id": self.run_id, "metrics": points, "params": pairs, "tags": pairs}

    def run(self) -> None:
        try:
            while self.refusal is None:
                status, answer = ask(self.port, "POST", API + "runs/log-batch", self.batch(self.acknowledged))
                if status == 200:
                    self.acknowledged += 1
                else:
                    self.refusal = status, answer
        except (OSError, HTTPException):
            pass

    def check(self, *stored_batches: int) -> None:
        """So many batches are stored, whole and once."""
        status, found = ask(self.port, "GET", f"{API}runs/get?run_id={self.run_id}")
        assert status == 200, found
        status, history = ask(self.port, "GET", f"{API}metrics/get-history?run_id={self.run_id}&metric_key=loss")
        assert status == 200, history
        steps = [point["step"] for point in history.get("metrics", ())]
        batches = len(steps) // POINTS
        assert steps == list(range(batches * POINTS)), "half a batch of points, or one twice"
        assert batches in stored_batches, f"{self.acknowledged} batches were acknowledged"
        pairs = {(f"b{n}-{i}", str(n)) for n in range(batches) for i in range(PAIRS)}
        for kind in ("params", "tags"):
            there = {(p["key"], p["value"]) for p in found["run"]["data"].get(kind, ()) if p["key"].startswith("b")}
            assert there == pairs, f"half a batch of {kind}"


def kill_under_load(folder: Path, store: str, rounds: int) -> None:
    """Each round: four writers with new runs, a kill at a random moment, and a look at what it left."""
    server = ServerProcess(folder, store, free_port())
    try:
        for _ in range(rounds):
            writers = [Batcher(server.port) for _ in range(WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(random.uniform(0.05, 0.6))
            server.end(signal.SIGKILL)
            for writer in writers:
                writer.join(60)
                assert writer.refusal is None, writer.refusal
            server = ServerProcess(folder, store, server.port)
            for writer in writers:
                done = writer.acknowledged
                writer.check(done, done + 1)
                insist([server.port], API + "runs/log-batch", writer.batch(done))  # as a client that got no answer
                writer.check(done + 1)
    finally:
        server.end(signal.SIGKILL)
    assert "Traceback" not in server.log.read_text()
    check_store(store)


def check_store(store: str) -> None:
    """The store opens, and nothing in it contradicts itself."""
    opened = Store.open(store, background=False)
    try:
        if store.startswith("sqlite"):
            assert opened.read(lambda tx: tx.one("PRAGMA integrity_check")) == ("ok",)
            assert opened.read(lambda tx: tx.all("PRAGMA foreign_key_check")) == []
    finally:
        opened.close()


def test_kills_under_load_leave_whole_batches(tmp_path: Path) -> None:
    kill_under_load(tmp_path, f"sqlite:///{tmp_path}/s.db", 2)


@pytest.mark.postgres
def test_kills_under_load_leave_whole_batches_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    kill_under_load(tmp_path, postgres_url, 2)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_kills_under_load(tmp_path: Path, store_url: str) -> None:
    kill_under_load(tmp_path, store_url, max(1, round(10 * SCALE)))  # CLEW_TEST_SCALE=5: 50 rounds
