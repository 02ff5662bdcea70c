"""How soon a new server answers, and what it occupies while idle and after a million points."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.databases import has_postgres, postgres
from benchmarks.load import deal, drive
from benchmarks.log_batch import batch
from benchmarks.processes import Server, clew_server, has_peer, mlflow_server
from benchmarks.result import Result
from benchmarks.server_cpu import new_run

SETTLE_S = 1.0
REST_S = 5.0


def run(*, full: bool) -> list[Result]:
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder = Path(place)
        fresh = [_look(clew_server(folder / f"fresh-{i}")) for i in range(5)]
        again = [_look(clew_server(folder / "fresh-0")) for i in range(5)]
        peer = _look(mlflow_server(folder / "peer")) if has_peer() else None
        peer_again = _look(mlflow_server(folder / "peer")) if has_peer() else None
        crowd = _look(mlflow_server(folder / "crowd", workers=4)) if has_peer() and full else None
        database = stack.enter_context(postgres()) if has_postgres() else None
        other = [_look(clew_server(folder / "other", database.create("clew"))) for _ in range(5)] if database else []
        full_mb, after_mb = _loaded(folder / "loaded")
    note = "MLflow with 1 worker"
    if crowd:
        note += f"; with its default 4 workers {crowd[0]:.1f} s, {crowd[1]:.0f} MB"
    return [
        Result(
            name="start to first answer, new store",
            value=median(t for t, _ in fresh),
            unit="s",
            goal=0.7,
            peer=peer and peer[0],
            note=note,
        ),
        Result(
            name="start to first answer, existing store",
            value=median(t for t, _ in again),
            unit="s",
            goal=0.7,
            peer=peer_again and peer_again[0],
        ),
        Result(
            name="idle memory",
            value=median(m for _, m in again),
            unit="MB",
            goal=80,
            peer=peer_again and peer_again[1],
            note="proportional set size of all its processes",
        ),
        Result(
            name="memory after a million points in 1000 batches",
            value=full_mb,
            unit="MB",
            note=f"{after_mb:.0f} MB after {REST_S:.0f} s of rest; files that it maps left out",
        ),
        *_on_postgres(other[1:]),
    ]


def _on_postgres(looks: list[tuple[float, float]]) -> list[Result]:
    if not looks:
        return []
    return [
        Result(
            name="start to first answer, existing store on PostgreSQL",
            value=median(t for t, _ in looks),
            unit="s",
            goal=0.7,
            note=f"idle memory {median(m for _, m in looks):.0f} MB",
        )
    ]


def _loaded(folder: Path) -> tuple[float, float]:
    """Memory in MB right after a million points came in, and after a rest."""
    with clew_server(folder) as server:
        runs = [new_run(server) for _ in range(8)]
        drive(server.port, deal([batch(runs[i % 8], i // 8) for i in range(1000)], 8))
        at_once = server.private_bytes() / 1e6
        time.sleep(REST_S)
        return at_once, server.private_bytes() / 1e6


def _look(started: object) -> tuple[float, float]:
    """(start in s, memory in MB) of a server that is started and ended for it."""
    with started as server:  # type: ignore[attr-defined]
        assert isinstance(server, Server)
        time.sleep(SETTLE_S)
        return server.start_s, server.memory_bytes() / 1e6
