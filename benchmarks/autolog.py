"""What autologging adds to an epoch and to a whole training, in the environment of ``make frameworks``."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from benchmarks.processes import ROOT, clew_server
from benchmarks.result import Result

PYTHON = ROOT / ".venv-frameworks" / "bin" / "python"
FRAMEWORKS = {"keras": "Keras", "lightning": "Lightning"}
ROUNDS = 6


def run(*, full: bool) -> list[Result]:
    """Epochs with autologging beside epochs without, in turns, in one process per framework.

    Raises:
        RuntimeError: the frameworks' environment is missing, or a training failed.
    """
    if not PYTHON.exists():
        raise RuntimeError("The frameworks are not installed; run: make frameworks")
    results = []
    with tempfile.TemporaryDirectory() as place, clew_server(Path(place)) as server:
        for framework, title in FRAMEWORKS.items():
            found = _measured(framework, place, server.url, ROUNDS * (2 if full else 1))
            results += [
                Result(
                    name=f"an epoch of {title} with autologging, more than without",
                    value=(found["outside_with"] - found["outside_without"]) / found["epoch_without"] * 100,
                    unit="%",
                    goal=2,
                    note=f"outside of the batches {found['outside_without'] * 1000:,.1f} ms without and"
                    f" {found['outside_with'] * 1000:,.1f} with; whole epochs: {found['epoch_without'] * 1000:,.0f} ms"
                    f" and {found['epoch_with'] * 1000:,.0f}",
                ),
                Result(
                    name=f"what {title} autologging adds to a training besides, the model kept included",
                    value=found["fixed"],
                    unit="s",
                    note="the run's begin and end, summary, data, signature, model",
                ),
            ]
    return results


def _measured(framework: str, place: str, url: str, rounds: int) -> dict[str, float]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLEW_", "MLFLOW_"))}
    own = {"CLEW_SPOOL": f"{place}/spool", "KERAS_BACKEND": "torch", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    script = str(Path(__file__).with_name("trainings.py"))
    done = subprocess.run(
        [str(PYTHON), "-W", "ignore", script, framework, place, url, str(rounds)],
        env=kept | own,
        cwd=place,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{framework}: {done.stderr[-2000:]}")
    line = next(line for line in done.stdout.splitlines() if line.startswith("figures "))
    figures: dict[str, float] = json.loads(line.removeprefix("figures "))
    return figures
