"""The flow from data to a served model, run as users run it, on a server and on an embedded store."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from clew import ClewClient
from interop.conftest import ROOT

EXAMPLE = ROOT / "examples" / "end_to_end.py"
NAME = "diabetes_progression"


def run(environ: dict[str, str], folder: Path, *arguments: str) -> str:
    """What the flow says."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments],
        cwd=folder,
        env=environ | {"PYTHONPATH": os.environ.get("PYTHONPATH", "")},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def check(environ: dict[str, str], said: str, trials: int) -> None:
    """A search with its children, two versions and a table are left behind; served and local answers are one."""
    client = ClewClient(environ["CLEW_TRACKING_URI"])
    experiment = client.get_experiment_by_name("examples/end to end")
    assert experiment is not None
    search, *_ = client.search_runs([experiment.experiment_id], "tags.mlflow.runName = 'xgboost_models'")
    children = client.search_runs(
        [experiment.experiment_id], f"tags.mlflow.parentRunId = '{search.info.run_id}'", order_by=["metrics.auc DESC"]
    )
    assert len(children) == trials
    assert all(re.fullmatch(r"trial-\d+", child.info.run_name) for child in children)
    assert all({"max_depth", "learning_rate"} <= child.data.params.keys() for child in children)
    assert all(child.info.status == "FINISHED" for child in [search, *children])
    loose = client.search_runs([experiment.experiment_id], "tags.mlflow.parentRunId IS NULL")
    assert {run.info.run_name for run in loose} == {"untuned_random_forest", "xgboost_models", "scored"}

    champion = client.get_model_version_by_alias(NAME, "champion")
    assert champion.current_stage == "Production"
    assert champion.run_id == children[0].info.run_id
    served = re.findall(r"^ *(\d\.\d+) +(\d\.\d+)$", said, re.MULTILINE)
    assert len(served) == 5
    assert all(one == other for one, other in served)


@pytest.mark.slow
def test_the_flow_with_optuna(environ: dict[str, str], tmp_path: Path) -> None:
    check(environ, run(environ, tmp_path, "--trials", "4"), 4)


@pytest.mark.spark
def test_the_flow_on_spark(environ: dict[str, str], tmp_path: Path) -> None:
    said = run(environ, tmp_path, "--trials", "4", "--engine", "spark")
    assert "Spark scored 265 rows" in said
    check(environ, said, 4)
