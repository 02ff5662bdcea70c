"""A numpy training that logs ten metrics a step while shipping to a server on the same two cores, and without."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.processes import ROOT, clew_server
from benchmarks.result import Result

STEPS = 3000


def run(*, full: bool) -> list[Result]:
    with tempfile.TemporaryDirectory() as place, clew_server(Path(place)) as server:
        found = measured("clew", "loop", place, server.url, STEPS * (3 if full else 1))
    return [
        Result(
            name="training steps with 10 metrics each logged, of the steps without",
            value=found["speed"] / found["speed_without"] * 100,
            unit="%",
            goal=90,
            higher=True,
            note=f"{found['speed_without']:,.0f} steps/s without, {found['speed']:,.0f} with; wall time",
        ),
        Result(
            name="the same per second of the training's own CPU",
            value=found["cpu"] / found["cpu_without"] * 100,
            unit="%",
            goal=90,
            higher=True,
            note="what the calls cost, without what shipper and server take from the cores",
        ),
        Result(
            name="p99 of a step's time with logging",
            value=found["p99"],
            unit="ms",
            goal=1.5 * found["p99_without"],
            limit=found["p99_without"],
            limit_name="the same without",
        ),
    ]


def measured(
    tool: str,
    what: str,
    place: str,
    url: str,
    count: int,
    python: str = sys.executable,
    inside: Sequence[str] = (),
) -> dict[str, float]:
    """The figures of one tool, by ``tools.py`` in a process of its own; numpy uses one core.

    inside: the start of the command line, of a program that runs the rest.

    Raises:
        RuntimeError: it failed, or took a quarter of an hour.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLEW_", "MLFLOW_", "WANDB_"))}
    quiet = {
        "CLEW_SPOOL": f"{place}/spool",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "HOME": place,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "WANDB_ERROR_REPORTING": "false",
        "WANDB_SILENT": "true",
        "TRACKIO_DIR": f"{place}/trackio",
        "HF_HUB_OFFLINE": "1",
        "GRADIO_ANALYTICS_ENABLED": "False",
    }
    try:
        done = subprocess.run(
            [*inside, python, str(ROOT / "benchmarks" / "tools.py"), tool, what, place, url, str(count)],
            cwd=place,
            env=kept | quiet,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"{tool} {what}: {error}") from error
    lines = [text for text in done.stdout.splitlines() if text.startswith("figures ")]
    if done.returncode or not lines:
        raise RuntimeError(f"{tool} {what}: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(lines[0].removeprefix("figures "))
    return found
