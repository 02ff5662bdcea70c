"""Points per second into one server: JSON ``log-batch`` of 1000, and the journal's own bytes.

Both are durable when answered. The limit is SQLite's ``executemany`` of the same rows, 1000 per
durable transaction. Afterwards every point is counted.
"""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks.databases import Database, databases
from benchmarks.limits import insert_speed
from benchmarks.load import ask, deal, drive, post
from benchmarks.processes import Server, clew_server, has_peer, mlflow_server
from benchmarks.result import Result, interleave
from benchmarks.server_cpu import new_run
from clew.wire import frames

BATCH = 1000
KEYS = 20
TIME_MS = 1_700_000_000_000


def run(*, full: bool) -> list[Result]:
    batches = 200 if full else 100
    with tempfile.TemporaryDirectory() as place, databases(Path(place)) as kinds:
        return [row for database in kinds for row in _compare(database, Path(place), batches)]


def _compare(database: Database, folder: Path, batches: int) -> list[Result]:
    with ExitStack() as stack:
        clew = stack.enter_context(clew_server(folder / database.name, database.new()))
        sent: dict[str, int] = {}
        cases: dict[str, Callable[[], float]] = {
            "executemany": lambda: insert_speed(folder, batches * BATCH, BATCH),
            "json": lambda: _json_speed(clew, batches, 8, sent),
            "native": lambda: _native_speed(clew, sent),
        }
        if has_peer() and database.pid is None:
            mlflow = stack.enter_context(mlflow_server(folder / "mlflow"))
            _json_speed(mlflow, 1, 1, {})
            cases["mlflow"] = lambda: _json_speed(mlflow, 5, 1, {})
        _json_speed(clew, 8, 8, sent)
        figures = interleave(cases, 5)
        _check(clew, sent)
    limit = "SQLite executemany, 1000 rows a transaction"
    return [
        Result(
            name=f"{database.name}, log-batch of 1000 points, JSON",
            value=figures["json"],
            unit="points/s",
            goal=300_000,
            higher=True,
            limit=figures["executemany"],
            limit_name=limit,
            peer=figures.get("mlflow"),
            note="8 clients",
        ),
        Result(
            name=f"{database.name}, native ingest of journal bytes",
            value=figures["native"],
            unit="points/s",
            goal=1_000_000,
            higher=True,
            limit=figures["executemany"],
            limit_name=limit,
            peer=figures.get("mlflow"),
            note="4 writers",
        ),
    ]


def _json_speed(server: Server, batches: int, clients: int, sent: dict[str, int]) -> float:
    runs = [new_run(server) for _ in range(clients)]
    requests = [batch(runs[i % clients], i // clients) for i in range(batches)]
    for i in range(batches):
        sent[runs[i % clients]] = sent.get(runs[i % clients], 0) + BATCH
    done, taken = drive(server.port, deal(requests, clients))
    return done * BATCH / taken


def batch(run_id: str, number: int) -> bytes:
    steps = BATCH // KEYS
    metrics = [
        {"key": f"m{k}", "value": (s + k) / 7, "timestamp": TIME_MS + s, "step": number * steps + s}
        for s in range(steps)
        for k in range(KEYS)
    ]
    return post("/api/2.0/mlflow/runs/log-batch", json.dumps({"run_id": run_id, "metrics": metrics}).encode())


def _native_speed(server: Server, sent: dict[str, int]) -> float:
    writers = [_Writer(new_run(server), f"{i:032x}") for i in range(4)]
    for writer in writers:
        sent[writer.run_id] = writer.points
    _, taken = drive(server.port, [w.requests for w in writers])
    return sum(w.points for w in writers) / taken


class _Writer:
    """One process's journal: four full segments, in pieces of 8160 slots."""

    def __init__(self, run_id: str, seed: str) -> None:
        self.run_id = run_id
        self.points = 0
        self.requests: list[bytes] = []
        # A fresh writer id per round: its journal is new too.
        writer = zlib.crc32(run_id.encode()).to_bytes(4, "big").hex() + seed[8:]
        for segment in range(4):
            body = self._segment(segment)
            piece = frames.SLOTS_PER_SEGMENT // 4
            for slot in range(0, frames.SLOTS_PER_SEGMENT, piece):
                seq = segment * frames.SLOTS_PER_SEGMENT + slot
                query = f"writer={writer}&run_id={run_id}&first_seq={seq}&salt={segment}&slot={slot}"
                part = body[slot * frames.SLOT_BYTES : (slot + piece) * frames.SLOT_BYTES]
                self.requests.append(post(f"/api/clew/v1/ingest?{query}", part, "application/octet-stream"))

    def _segment(self, salt: int) -> bytes:
        out = bytearray()

        def add(content: bytes) -> None:
            slot = len(out) // frames.SLOT_BYTES
            out.extend(content + frames.CRC.pack(zlib.crc32(content, salt ^ slot) or 1))

        if salt == 0:
            for key in range(KEYS):
                payload = json.dumps({"id": key + 1, "key": f"m{key}", "context": 0}).encode()
                add(frames.HEAD.pack(TIME_MS * 1_000_000, len(payload), 0, frames.RECORD_BASE + frames.KEY))
                for at in range(0, len(payload), frames.CONTENT_BYTES):
                    add(payload[at : at + frames.CONTENT_BYTES].ljust(frames.CONTENT_BYTES, b"\0"))
        while len(out) < frames.SLOTS_PER_SEGMENT * frames.SLOT_BYTES:
            step, key = divmod(self.points, KEYS)
            add(frames.POINT.pack((TIME_MS + step) * 1_000_000, step / 7, step, key + 1))
            self.points += 1
        return bytes(out)


def _check(server: Server, sent: dict[str, int]) -> None:
    """Every run's points are all there."""
    for run_id, points in list(sent.items())[-12:]:
        stored = 0
        for key in range(KEYS):
            path = f"/api/2.0/mlflow/metrics/get-history?run_id={run_id}&metric_key=m{key}"
            answer = ask(server.port, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            stored += len(json.loads(answer).get("metrics", ()))
        if stored != points:
            raise SystemExit(f"run {run_id}: {points} points were sent, {stored} are stored")
