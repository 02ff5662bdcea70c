"""What ``import clew`` costs above a bare Python, and how many modules it brings."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from time import perf_counter

from benchmarks.processes import PEER_PYTHON, clew_server, has_peer
from benchmarks.result import Result, interleave

FIRST = "clew; clew.set_experiment('bench'); clew.start_run(); clew.log_metric('loss', 0.5, step=1)"
POINT = f"import os; import {FIRST}; os._exit(0)"
COUNT = "import sys; before = set(sys.modules); import {}; print(len(set(sys.modules) - before))"


def run(*, full: bool) -> list[Result]:
    rounds = 21 if full else 11
    wall = {
        "bare": partial(wall_ms, sys.executable, "pass"),
        "json": partial(wall_ms, sys.executable, "import json"),
        "clew": partial(wall_ms, sys.executable, "import clew"),
        "point": partial(wall_ms, sys.executable, POINT),
        "plain": partial(wall_ms, sys.executable, POINT, CLEW_SNAPSHOT="0"),
        "bare cpu": partial(cpu_ms, sys.executable, "pass"),
        "clew cpu": partial(cpu_ms, sys.executable, "import clew"),
        "point cpu": partial(cpu_ms, sys.executable, POINT),
    }
    times = interleave(wall, rounds)
    peer = _peer_ms() if has_peer() else None
    peer_modules = module_count(str(PEER_PYTHON), "mlflow") if has_peer() else None
    with tempfile.TemporaryDirectory() as place, clew_server(Path(place)) as server:
        with_server = module_count(sys.executable, FIRST, CLEW_OFFLINE="0", CLEW_TRACKING_URI=server.url)
    return [
        Result(
            name="import clew, above a bare Python",
            value=times["clew"] - times["bare"],
            unit="ms",
            goal=60,
            limit=times["bare"],
            limit_name="bare Python",
            peer=peer,
            note=f"bare {times['bare']:.1f} ms, import json {times['json'] - times['bare']:.1f} ms above it; "
            f"CPU {times['clew cpu'] - times['bare cpu']:.1f} ms above bare",
        ),
        Result(
            name="import clew, start a run and log a point (offline)",
            value=times["point"] - times["bare"],
            unit="ms",
            goal=60,
            limit=times["bare"],
            limit_name="bare Python",
            note=f"{times['plain'] - times['bare']:.1f} ms without the snapshot of the source, which a thread takes; "
            f"CPU {times['point cpu'] - times['bare cpu']:.1f} ms above bare",
        ),
        Result(
            name="modules that the import loads",
            value=module_count(sys.executable, "clew"),
            unit="modules",
            goal=150,
            peer=peer_modules,
            note="importing alone resolves nothing: names load on first use",
        ),
        Result(
            name="modules after a run was started and a point logged, offline",
            value=module_count(sys.executable, FIRST),
            unit="modules",
            goal=150,
            note="those of the standard library and msgspec included",
        ),
        Result(
            name="the same with a server",
            value=with_server,
            unit="modules",
            goal=150,
            note="http.client and what it brings (ssl, email.*), subprocess for the shipper, all messages of the API",
        ),
    ]


def wall_ms(python: str, code: str, **environ: str) -> float:
    """Wall time of a Python process, in a folder and a spool of its own."""
    start = perf_counter()
    _python(python, code, **environ)
    return (perf_counter() - start) * 1000


def cpu_ms(python: str, code: str) -> float:
    """CPU time of a Python process and what it waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _python(python, code)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def _python(python: str, code: str, **environ: str) -> str:
    # An installed package has its bytecode, so let the first run write that.
    left_out = ("CLEW_", "MLFLOW_", "PYTHONDONTWRITEBYTECODE")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
    with tempfile.TemporaryDirectory() as place:
        full = kept | {"CLEW_OFFLINE": "1", "CLEW_SPOOL": f"{place}/spool"} | environ
        done = subprocess.run(
            [python, "-c", code],
            check=True,
            cwd=place,
            env=full,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
    return done.stdout


def _peer_ms() -> float:
    times = interleave(
        {
            "bare": partial(wall_ms, str(PEER_PYTHON), "pass"),
            "mlflow": partial(wall_ms, str(PEER_PYTHON), "import mlflow"),
        },
        5,
    )
    return times["mlflow"] - times["bare"]


def module_count(python: str, code: str, **environ: str) -> int:
    """How many modules ``import code`` loads."""
    return int(_python(python, COUNT.format(code), **environ).splitlines()[0])
