"""Bytes on disk per metric point, after compaction, with everything that the store keeps about them."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import closing
from pathlib import Path

import apsw
import numpy as np

from benchmarks.load import ask, post
from benchmarks.processes import has_peer, mlflow_server
from benchmarks.result import Result
from benchmarks.server_cpu import new_run
from clew import ids
from clew.storage import metrics, runs
from clew.storage.store import Store

RUNS = 20
KEYS = 10
TIME_MS = 1_700_000_000_000


def run(*, full: bool) -> list[Result]:
    points = 4_000_000 if full else 1_000_000
    peer = _peer_bytes() if has_peer() else None
    return [
        Result(
            name="bytes per stored point, values exact in float32",
            value=_bytes(points, single=True),
            unit="B",
            goal=5.5,
            limit=24,
            limit_name="three plain 64-bit numbers",
            peer=peer,
            note=f"{points:,} points, {RUNS} runs × {KEYS} keys, noisy loss curves",
        ),
        Result(
            name="bytes per stored point, doubles",
            value=_bytes(points, single=False),
            unit="B",
            goal=9.5,
            limit=24,
            limit_name="three plain 64-bit numbers",
            peer=peer,
        ),
    ]


def _bytes(points: int, *, single: bool) -> float:
    noise = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "clew.db"
        store = Store.open(f"sqlite:///{path}")
        run_ids = [ids.new_id() for _ in range(RUNS)]
        for run_id in run_ids:
            store.write(lambda tx, r=run_id: runs.create_run(tx, experiment_id="0", run_id=r, start_ms=TIME_MS))
        store.close()
        empty = _file_size(path)
        store = Store.open(f"sqlite:///{path}")
        per_series = points // RUNS // KEYS
        piece = 500
        for first in range(0, per_series, piece):
            for run_id in run_ids:
                columns = _columns(noise, first, min(piece, per_series - first), single)
                store.write(lambda tx, r=run_id, c=columns: metrics.log_points(tx, r, c))
        store.compact(everything=True)
        store.close()
        return (_file_size(path) - empty) / points


def _columns(noise: np.random.Generator, first: int, count: int, single: bool) -> metrics.PointColumns:
    """``count`` steps of all keys, in the order in which a loop logs them."""
    steps = np.repeat(np.arange(first, first + count, dtype=np.int64), KEYS)
    jitter = np.repeat(noise.integers(0, 12, count), KEYS)
    values = 1 / (1 + steps / 500) + noise.normal(0, 0.02, steps.size)
    return metrics.PointColumns(
        keys=[f"m{k}" for k in range(KEYS)],
        key_index=np.tile(np.arange(KEYS, dtype=np.int32), count),
        steps=steps,
        times_ms=TIME_MS + steps * 130 + jitter,
        values=values.astype(np.float32).astype(np.float64) if single else values,
        contexts=[],
        context_index=None,
    )


def _file_size(path: Path) -> int:
    """Size of the database without free pages and without a write-ahead log."""
    with closing(apsw.Connection(str(path))) as database:
        database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return os.path.getsize(path)


def _peer_bytes() -> float:
    batches = 20
    with tempfile.TemporaryDirectory() as place, mlflow_server(Path(place)) as server:
        path = Path(place) / "mlflow.db"
        run_id = new_run(server)
        before = _file_size(path)
        for number in range(batches):
            points = [
                {"key": f"m{k}", "value": s / 7, "timestamp": TIME_MS + s, "step": number * 100 + s}
                for s in range(100)
                for k in range(KEYS)
            ]
            body = json.dumps({"run_id": run_id, "metrics": points}).encode()
            ask(server.port, post("/api/2.0/mlflow/runs/log-batch", body))
        return (_file_size(path) - before) / (batches * 1000)
