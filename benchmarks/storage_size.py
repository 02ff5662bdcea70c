"""Bytes on disk per metric point, after compaction, with everything that the store keeps about them."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import apsw
import numpy as np

from benchmarks.databases import Database, databases
from benchmarks.load import ask, post
from benchmarks.offered import make_runs
from benchmarks.processes import has_peer, mlflow_server
from benchmarks.result import Result
from benchmarks.server_cpu import new_run
from clew.storage import metrics
from clew.storage.engine import Tx
from clew.storage.store import Store

RUNS = 20
KEYS = 10
TIME_MS = 1_700_000_000_000


def run(*, full: bool) -> list[Result]:
    points = 4_000_000 if full else 1_000_000
    peer = _peer_bytes() if has_peer() else None
    found: list[Result] = []
    with tempfile.TemporaryDirectory() as place, databases(Path(place)) as kinds:
        for database in kinds:
            single, double = (_bytes(database, points, single=single) for single in (True, False))
            # MLflow's figure is that of its SQLite file.
            compared = peer if database.pid is None else None
            found += [
                _result(f"{database.name}, values exact in float32", single.chunks, 5.3, 5.5, points, compared),
                _result(f"{database.name}, doubles", double.chunks, 9.3, 9.5, points, compared),
                Result(
                    name=f"{database.name}, bytes per point of series that are still short, in blocks",
                    value=single.blocks,
                    unit="B",
                    goal=10,
                    note="goal 7; values exact in float32; bodies alone",
                ),
            ]
    return found


def _result(what: str, size: Size, bodies: float, whole: float, points: int, peer: float | None) -> Result:
    return Result(
        name=f"bytes per stored point, {what}",
        value=size.whole,
        unit="B",
        goal=whole,
        limit=24,
        limit_name="three plain 64-bit numbers",
        peer=peer,
        note=f"goal 7; {points:,} points, {RUNS} runs × {KEYS} keys; bodies alone {size.bodies:.3g} B (≤ {bodies})",
    )


class Size(NamedTuple):
    """Bytes per point. whole: of everything that the store keeps about them. bodies: of the columns alone."""

    whole: float
    bodies: float


class Sizes(NamedTuple):
    """chunks: when all series are long. blocks: bytes of the columns alone, before any is."""

    chunks: Size
    blocks: float


def _bytes(database: Database, points: int, *, single: bool) -> Sizes:
    noise = np.random.default_rng(7)
    url = database.new()
    store = Store.open(url, background=False)
    run_ids = make_runs(store, RUNS)
    empty = _store_size(store, url)
    # Of every length, since how well a chunk fills the database's pages is a matter of luck.
    lengths = np.linspace(0.5, 1.5, RUNS) * points / RUNS / KEYS
    piece, first, blocks = 500, 0, 0.0
    while first < lengths.max():
        for run_id, length in zip(run_ids, lengths.astype(int).tolist(), strict=True):
            if first < length:
                columns = _columns(noise, first, min(piece, length - first), single)
                store.write(lambda tx, r=run_id, c=columns: metrics.log_points(tx, r, c))
        if not first:
            store.compact(everything=True)
            blocks = store.read(lambda tx: _body_bytes(tx, "metric_block"))
        first += piece
    store.compact(everything=True)
    bodies = store.read(lambda tx: _body_bytes(tx, "metric_chunk"))
    whole = (_store_size(store, url) - empty) / int(lengths.astype(int).sum() * KEYS)
    store.close()
    return Sizes(Size(whole, bodies), blocks)


def _body_bytes(tx: Tx, table: str) -> float:
    """Bytes of the bodies of a table per point in it."""
    row = tx.one(f"SELECT sum(length(body)), sum(n) FROM {table}")
    return float(row[0] / row[1]) if row and row[1] else 0.0


def _store_size(store: Store, url: str) -> int:
    """Bytes of the tables and their indexes, without what was given back."""
    if store.dialect_name == "sqlite":
        return _file_size(Path(url.removeprefix("sqlite:///")))
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM FULL")
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(row[0]) if row else 0


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
