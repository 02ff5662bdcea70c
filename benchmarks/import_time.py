"""What ``import clew`` costs above a bare Python, and how many modules it brings."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import partial
from time import perf_counter

from benchmarks.processes import PEER_PYTHON, has_peer
from benchmarks.result import Result, interleave

POINT = "import clew; clew.set_experiment('bench'); clew.start_run(); clew.log_metric('loss', 0.5, step=1); os._exit(0)"
COUNT = "import sys; before = set(sys.modules); import {}; print(len(set(sys.modules) - before))"


def run(*, full: bool) -> list[Result]:
    rounds = 21 if full else 11
    wall = {
        "bare": partial(_wall_ms, sys.executable, "pass"),
        "json": partial(_wall_ms, sys.executable, "import json"),
        "clew": partial(_wall_ms, sys.executable, "import clew"),
        "point": partial(_wall_ms, sys.executable, "import os; " + POINT),
    }
    times = interleave(wall, rounds)
    peer = _peer_ms() if has_peer() else None
    modules = _modules(sys.executable, "clew")
    at_work = _modules(sys.executable, "clew; clew.log_metric")
    peer_modules = _modules(str(PEER_PYTHON), "mlflow") if has_peer() else None
    return [
        Result(
            name="import clew, above a bare Python",
            value=times["clew"] - times["bare"],
            unit="ms",
            goal=60,
            limit=times["bare"],
            limit_name="bare Python",
            peer=peer,
            note=f"bare {times['bare']:.1f} ms, import json {times['json'] - times['bare']:.1f} ms above it",
        ),
        Result(
            name="import clew, start a run and log a point (offline)",
            value=times["point"] - times["bare"],
            unit="ms",
            limit=times["bare"],
            limit_name="bare Python",
            note="importing alone resolves nothing: names load on first use",
        ),
        Result(
            name="modules that it loads",
            value=modules,
            unit="modules",
            goal=150,
            peer=peer_modules,
            note=f"{at_work} with the logging functions",
        ),
    ]


def _wall_ms(python: str, code: str) -> float:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLEW_", "MLFLOW_"))}
    with tempfile.TemporaryDirectory() as place:
        environ = kept | {"CLEW_OFFLINE": "1", "CLEW_SPOOL": f"{place}/spool"}
        start = perf_counter()
        subprocess.run([python, "-c", code], check=True, cwd=place, env=environ, capture_output=True)
        return (perf_counter() - start) * 1000


def _peer_ms() -> float:
    times = interleave(
        {
            "bare": partial(_wall_ms, str(PEER_PYTHON), "pass"),
            "mlflow": partial(_wall_ms, str(PEER_PYTHON), "import mlflow"),
        },
        5,
    )
    return times["mlflow"] - times["bare"]


def _modules(python: str, package: str) -> int:
    done = subprocess.run([python, "-c", COUNT.format(package)], check=True, capture_output=True, text=True)
    return int(done.stdout)
