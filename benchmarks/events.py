"""CPU of the server for 200 open event streams while ten runs change every second, and how soon they hear of it.

The writes themselves are measured without streams, and subtracted.
"""

from __future__ import annotations

import json
import selectors
import socket
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.load import ask, post
from benchmarks.processes import Server, clew_server
from benchmarks.result import Result, interleave
from benchmarks.server_cpu import new_run

STREAMS = 200
CHANGES_PER_S = 10
ROUND_S = 4.0


def run(*, full: bool) -> list[Result]:
    waits_s: list[float] = []
    counts: list[int] = []
    with tempfile.TemporaryDirectory() as place, clew_server(Path(place)) as server:
        runs = [new_run(server) for _ in range(CHANGES_PER_S)]
        topics = ",".join(["exp:0", *(f"run:{run_id}" for run_id in runs)])
        cases = {
            "quiet": lambda: _cpu_share(server, runs, 0, topics, waits_s, counts),
            "watched": lambda: _cpu_share(server, runs, STREAMS, topics, waits_s, counts),
        }
        figures = interleave(cases, 5 if full else 3)
    return [
        Result(
            name=f"server CPU for {STREAMS} event streams, {CHANGES_PER_S} changes a second",
            value=(figures["watched"] - figures["quiet"]) * 100,
            unit="% of a core",
            goal=5,
            note=f"without the writes; {median(counts) / ROUND_S:.0f} messages/s",
        ),
        Result(
            name="from a point's answer to its event, median",
            value=median(waits_s),
            unit="s",
            goal=1,
            note=f"longest {max(waits_s):.2g} s; the first of {STREAMS} streams",
        ),
    ]


def _cpu_share(
    server: Server, runs: list[str], streams: int, topics: str, waits_s: list[float], counts: list[int]
) -> float:
    """CPU seconds of the server per second while a run changes every tenth of one."""
    readers = [_open(server.port, topics) for _ in range(streams)]
    time.sleep(0.5)
    with selectors.DefaultSelector() as ready:
        for reader in readers:
            ready.register(reader, selectors.EVENT_READ)
        before, begun = server.cpu_s(), time.perf_counter()
        messages = 0
        sought: dict[bytes, float] = {}
        for number in range(int(CHANGES_PER_S * ROUND_S)):
            run_id = runs[number % len(runs)]
            _write(server.port, run_id, number)
            sought[f'"topic":"run:{run_id}"'.encode()] = time.perf_counter()
            until = begun + (number + 1) / CHANGES_PER_S
            while (left := until - time.perf_counter()) > 0:
                for key, _ in ready.select(left):
                    data = key.fileobj.recv(65_536)  # type: ignore[union-attr]
                    messages += data.count(b"event: change")
                    if key.fileobj is readers[0]:
                        now = time.perf_counter()
                        waits_s += [now - sought.pop(topic) for topic in list(sought) if topic in data]
        taken = time.perf_counter() - begun
        share = (server.cpu_s() - before) / taken
    for reader in readers:
        reader.close()
    if streams:
        counts.append(messages)
    return share


def _open(port: int, topics: str) -> socket.socket:
    reader = socket.create_connection(("127.0.0.1", port), timeout=20)
    reader.sendall(f"GET /api/clew/v1/events?topics={topics} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    said = b""
    while b"event: ready" not in said:
        said += reader.recv(65_536)
    return reader


def _write(port: int, run_id: str, step: int) -> None:
    point = {"run_id": run_id, "key": "loss", "value": step / 2, "timestamp": step, "step": step}
    ask(port, post("/api/2.0/mlflow/runs/log-metric", json.dumps(point).encode()))
