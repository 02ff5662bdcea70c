"""What ``import clew`` costs above a bare Python, and how many modules it brings."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from time import perf_counter

from benchmarks.processes import PEER_PYTHON, has_peer
from benchmarks.result import Result, interleave

COUNT = "import sys; before = set(sys.modules); import {}; print(len(set(sys.modules) - before))"


def run(*, full: bool) -> list[Result]:
    rounds = 21 if full else 11
    wall = {
        "bare": partial(_wall_ms, sys.executable, "pass"),
        "json": partial(_wall_ms, sys.executable, "import json"),
        "clew": partial(_wall_ms, sys.executable, "import clew"),
    }
    times = interleave(wall, rounds)
    peer = _peer_ms() if has_peer() else None
    modules = _modules(sys.executable, "clew")
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
        Result(name="modules that it loads", value=modules, unit="modules", goal=150, peer=peer_modules),
    ]


def _wall_ms(python: str, code: str) -> float:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("CLEW_", "MLFLOW_"))}
    start = perf_counter()
    subprocess.run([python, "-c", code], check=True, env=environ, capture_output=True)
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
