"""How soon logged points are on the server: 100,000 of them, the first one in a browser's event stream, a flush.

Client, shipper and server share the machine. Afterwards every point is counted and compared.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.load import ask
from benchmarks.processes import Server, clew_server
from benchmarks.result import Result

POINTS = 100_000

MANY = """
import sys, time, clew
count = int(sys.argv[1])
run = clew.start_run()
clew.log_metric("warm", 0.0)
clew.flush()
start = time.time()
for step in range(count):
    clew.log_metric("loss", step / 7, step)
print(run.info.run_id, start, time.time(), flush=True)
sys.stdin.readline()
clew.end_run()
history = clew.get_metric_history(run.info.run_id, "loss")
assert [(m.step, m.value) for m in history] == [(n, n / 7) for n in range(count)], len(history)
"""

FIRST = """
import sys, time, clew
run = clew.start_run()
start = time.time()
clew.log_metric("loss", 0.5)
print(run.info.run_id, start, flush=True)
sys.stdin.readline()
"""

FENCE = """
import json, sys, time, http.client
from urllib.parse import urlsplit
import clew
run = clew.start_run()
address = urlsplit(clew.get_tracking_uri())
direct = http.client.HTTPConnection(address.hostname, address.port)
fences, posts = [], []
for turn in range(int(sys.argv[1])):
    for n in range(10):
        clew.log_metric("loss", n / 7, turn * 10 + n)
    start = time.perf_counter()
    assert clew.flush()
    fences.append(time.perf_counter() - start)
    body = json.dumps({"run_id": run.info.run_id, "key": "direct", "value": 1.0, "timestamp": turn, "step": turn})
    start = time.perf_counter()
    direct.request("POST", "/api/2.0/mlflow/runs/log-metric", body, {"Content-Type": "application/json"})
    answer = direct.getresponse()
    answer.read()
    assert answer.status == 200
    posts.append(time.perf_counter() - start)
print(json.dumps({"fences": sorted(fences), "posts": sorted(posts)}))
"""


def run(*, full: bool) -> list[Result]:
    rounds = 9 if full else 5
    with tempfile.TemporaryDirectory() as place, clew_server(Path(place)) as server:
        many = [_many(server, place) for _ in range(rounds)]
        firsts = [_first(server, place) for _ in range(rounds)]
        fence = _fence(server, place, 600 if full else 300)
    fences, posts = ([value * 1000 for value in fence[name]] for name in ("fences", "posts"))
    p90, p99 = (fences[len(fences) * part // 100] for part in (90, 99))
    return [
        Result(
            name=f"{POINTS:,} points, from the first call to the last one's being read from the server",
            value=median(seen for seen, _ in many),
            unit="s",
            goal=1.0,
            limit=median(called for _, called in many),
            limit_name="the calls alone, while it ships",
            note=f"slowest of {rounds} rounds {max(seen for seen, _ in many):.2f} s; every point compared afterwards",
        ),
        Result(
            name="first point of a new run, from the call to its event in a browser's stream",
            value=median(firsts),
            unit="s",
            goal=1.0,
            note=f"slowest of {rounds} {max(firsts):.2f} s; the shipper starts in this time",
        ),
        Result(
            name="flush after ten points, median",
            value=median(fences),
            unit="ms",
            goal=5.0,
            limit=median(posts),
            limit_name="one log-metric request over a kept connection",
            note=f"p90 {p90:.1f} ms, p99 {p99:.1f} ms",
        ),
    ]


def _script(code: str, server: Server, place: str, *arguments: str) -> subprocess.Popen[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLEW_", "MLFLOW_"))}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=place,
        env=kept | {"CLEW_TRACKING_URI": server.url, "CLEW_SPOOL": f"{place}/spool"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _end(script: subprocess.Popen[str]) -> str:
    said, errors = script.communicate("\n", timeout=120)
    if script.returncode:
        raise SystemExit(errors[-3000:])
    return said


def _many(server: Server, place: str) -> tuple[float, float]:
    """(seconds until the last point is read, seconds of the calls)."""
    script = _script(MANY, server, place, str(POINTS))
    assert script.stdout is not None
    run_id, start, called = script.stdout.readline().split()
    while _latest(server, run_id).get("loss") != POINTS - 1:
        time.sleep(0.002)
    seen = time.time()
    _end(script)
    return seen - float(start), float(called) - float(start)


def _latest(server: Server, run_id: str) -> dict[str, int]:
    """The step of each metric's newest point."""
    request = f"GET /api/2.0/mlflow/runs/get?run_id={run_id} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    data = json.loads(ask(server.port, request.encode()))["run"]["data"]
    return {m["key"]: int(m.get("step") or 0) for m in data.get("metrics", ())}


def _first(server: Server, place: str) -> float:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as stream:
        stream.sendall(b"GET /api/clew/v1/events?topics=exp:0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        said = b""
        while b"event: ready" not in said:
            said += stream.recv(65_536)
        script = _script(FIRST, server, place)
        assert script.stdout is not None
        run_id, start = script.stdout.readline().split()
        seen = 0.0
        while not seen and time.time() < float(start) + 30:
            if select.select([stream], [], [], 1.0)[0] and b"event: change" in stream.recv(65_536):
                now = time.time()
                if _latest(server, run_id):  # an event before it told of the run's birth
                    seen = now
        _end(script)
    if not seen:
        raise SystemExit("no event came for a run's first point")
    return seen - float(start)


def _fence(server: Server, place: str, turns: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = json.loads(_end(_script(FENCE, server, place, str(turns))).splitlines()[0])
    return found
