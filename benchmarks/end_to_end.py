"""The flow from data to a served model: the same script by Clew and by MLflow, each with its own server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from benchmarks.processes import PEER_PYTHON, clew_server, free_port, has_peer, mlflow_server
from benchmarks.result import Result

FLOW = Path(__file__).with_name("end_to_end_flow.py")


def run(*, full: bool) -> list[Result]:
    trials = 32 if full else 8
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with clew_server(_new(folder / "clew")) as server:
            ours = _stages(sys.executable, "clew", server.url, trials, folder / "clew")
        theirs: dict[str, float] = {}
        if has_peer():
            with mlflow_server(_new(folder / "mlflow")) as server:
                theirs = _stages(str(PEER_PYTHON), "mlflow", server.url, trials, folder / "mlflow")
    mlflows = dict(zip(ours, theirs.values(), strict=True)) if theirs else {}
    whole = sum(theirs.values())
    return [
        Result(
            name="from data to a served model, whole",
            value=sum(ours.values()),
            unit="s",
            goal=whole / 2 if whole else None,
            peer=whole or None,
            note=f"≤ ½ × MLflow; Optuna, {trials} trials, two at a time",
        ),
        *(Result(name=f"… {name}", value=value, unit="s", peer=mlflows.get(name)) for name, value in ours.items()),
    ]


def _stages(python: str, library: str, uri: str, trials: int, folder: Path) -> dict[str, float]:
    # MLflow's environment lacks XGBoost and Optuna; it takes them from this one.
    more = [] if python == sys.executable else [sysconfig.get_path("purelib")]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLEW_", "MLFLOW_"))}
    done = subprocess.run(
        [python, "-W", "ignore", str(FLOW), library, uri, str(trials), *more],
        cwd=folder,
        env=kept | {"SERVE_PORT": str(free_port()), "CLEW_SPOOL": str(folder / "spool")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder
