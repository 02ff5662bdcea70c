"""CPU of the server per log-metric request, the durable write included, at 64 waiting clients.

The limit is a bare ASGI application that decodes the same request and stores nothing; MLflow's
server gets the same requests.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.databases import has_postgres, postgres
from benchmarks.load import ask, deal, drive, post
from benchmarks.processes import ROOT, Server, clew_server, free_port, has_peer, mlflow_server, running
from benchmarks.result import Result, interleave

CONNECTIONS = 64
REQUESTS = 12_800
PEER_REQUESTS = 320
PEER_CONNECTIONS = 8


def run(*, full: bool) -> list[Result]:
    speeds: dict[str, list[float]] = {"null": [], "clew": [], "mlflow": [], "postgresql": []}
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder = Path(place)
        port = free_port()
        command = [sys.executable, str(ROOT / "benchmarks" / "null_app.py"), str(port)]
        null = stack.enter_context(running(command, port, folder / "null"))
        clew = stack.enter_context(clew_server(folder / "clew"))
        clew_run = new_run(clew)
        cases = {
            "null": lambda: _cpu_us(null, "0" * 32, REQUESTS, CONNECTIONS, speeds["null"]),
            "clew": lambda: _cpu_us(clew, clew_run, REQUESTS, CONNECTIONS, speeds["clew"]),
        }
        if has_postgres():
            database = stack.enter_context(postgres())
            other = stack.enter_context(clew_server(folder / "postgresql", database.create("clew")))
            other_run = new_run(other)
            cases["postgresql"] = lambda: _cpu_us(other, other_run, REQUESTS, CONNECTIONS, speeds["postgresql"])
            _cpu_us(other, other_run, 1000, CONNECTIONS, [])
        if has_peer():
            mlflow = stack.enter_context(mlflow_server(folder / "mlflow"))
            mlflow_run = new_run(mlflow)
            _cpu_us(mlflow, mlflow_run, 64, PEER_CONNECTIONS, [])
            cases["mlflow"] = lambda: _cpu_us(mlflow, mlflow_run, PEER_REQUESTS, PEER_CONNECTIONS, speeds["mlflow"])
        _cpu_us(clew, clew_run, 1000, CONNECTIONS, [])
        figures = interleave(cases, 9 if full else 5)
    peer_speed = max(speeds["mlflow"], default=None)
    found = [
        Result(
            name="server CPU per log-metric request, stored durably",
            value=figures["clew"],
            unit="µs",
            goal=60,
            limit=figures["null"],
            limit_name="bare ASGI app that stores nothing",
            peer=figures.get("mlflow"),
            note=f"{CONNECTIONS} clients; MLflow with {PEER_CONNECTIONS}",
        ),
        Result(
            name="log-metric requests per second (best round)",
            value=max(speeds["clew"]),
            unit="req/s",
            higher=True,
            limit=max(speeds["null"]),
            limit_name="bare ASGI app that stores nothing",
            peer=peer_speed,
            note="the load generator shares the machine",
        ),
    ]
    if "postgresql" in figures:
        found.append(
            Result(
                name="the same on PostgreSQL, the database's own CPU left out",
                value=figures["postgresql"],
                unit="µs",
                limit=figures["null"],
                limit_name="bare ASGI app that stores nothing",
                note=f"{max(speeds['postgresql']):,.0f} req/s in the best round",
            )
        )
    return found


def new_run(server: Server) -> str:
    """The id of a fresh run in experiment 0."""
    made = ask(server.port, post("/api/2.0/mlflow/runs/create", b'{"experiment_id":"0","start_time":1700000000000}'))
    return str(json.loads(made)["run"]["info"]["run_id"])


_step = 0


def _requests(run_id: str, count: int) -> Iterator[bytes]:
    global _step
    for _ in range(count):
        _step += 1
        point = {
            "run_id": run_id,
            "key": "loss",
            "value": 1 / _step,
            "timestamp": 1_700_000_000_000 + _step,
            "step": _step,
        }
        yield post("/api/2.0/mlflow/runs/log-metric", json.dumps(point).encode())


def _cpu_us(server: Server, run_id: str, count: int, connections: int, speeds: list[float]) -> float:
    queues = deal(list(_requests(run_id, count)), connections)
    before = server.cpu_s()
    done, taken = drive(server.port, queues)
    speeds.append(done / taken)
    return (server.cpu_s() - before) / done * 1e6
