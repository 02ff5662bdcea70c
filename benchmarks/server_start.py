"""How soon a new server answers, and what it occupies while idle."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.processes import Server, clew_server, has_peer, mlflow_server
from benchmarks.result import Result

SETTLE_S = 1.0


def run(*, full: bool) -> list[Result]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        fresh = [_look(clew_server(folder / f"fresh-{i}")) for i in range(5)]
        again = [_look(clew_server(folder / "fresh-0")) for i in range(5)]
        peer = _look(mlflow_server(folder / "peer")) if has_peer() else None
        peer_again = _look(mlflow_server(folder / "peer")) if has_peer() else None
        crowd = _look(mlflow_server(folder / "crowd", workers=4)) if has_peer() and full else None
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
    ]


def _look(started: object) -> tuple[float, float]:
    """(start in s, memory in MB) of a server that is started and ended for it."""
    with started as server:  # type: ignore[attr-defined]
        assert isinstance(server, Server)
        time.sleep(SETTLE_S)
        return server.start_s, server.memory_bytes() / 1e6
