"""The quick-start example, run as users run it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split

import clew
from clew.entities.experiment import Experiment
from clew.entities.run import Run, RunStatus

EXAMPLE = Path(__file__).parents[2] / "examples" / "quickstart_autolog.py"


def start(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLE), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def found(output: str) -> Run:
    line = re.search(r"^run +([0-9a-f]{32})", output, re.MULTILINE)
    assert line is not None, output
    return clew.get_run(line[1])


def test_the_run_holds_all_that_the_notebook_shows(experiment: Experiment, store_uri: str) -> None:
    output = start("--tracking-uri", store_uri)
    run = found(output)
    assert run.info.status == RunStatus.FINISHED
    assert len(run.data.params) >= 17
    assert run.data.params["n_estimators"] == "100"
    assert run.data.params["max_depth"] == "6"
    names = ("score", "r2_score", "mean_squared_error", "mean_absolute_error", "root_mean_squared_error")
    assert {f"training_{name}" for name in names} <= set(run.data.metrics)
    assert "mean_squared_error_x_test" in run.data.metrics
    assert run.data.tags["estimator_name"] == "RandomForestRegressor"
    assert run.data.tags["estimator_class"] == "sklearn.ensemble._forest.RandomForestRegressor"
    assert run.data.tags["mlflow.source.name"] == str(EXAMPLE)
    train = run.inputs.dataset_inputs[0]
    assert train.tags["mlflow.data.context"] == "train"
    (model,) = run.outputs.model_outputs
    assert f"models:/{model.model_id}" in output
    x_train, x_test, y_train, _ = train_test_split(*load_diabetes(return_X_y=True, as_frame=True), random_state=0)
    same = RandomForestRegressor(n_estimators=100, max_depth=6, max_features=3, random_state=0).fit(x_train, y_train)
    loaded = clew.pyfunc.load_model(f"models:/{model.model_id}")
    assert np.array_equal(loaded.predict(x_test), same.predict(x_test))


@pytest.mark.slow
def test_running_it_twice_makes_two_runs(experiment: Experiment, store_uri: str) -> None:
    os.environ["CLEW_EXPERIMENT_NAME"] = experiment.name
    try:
        first, second = (found(start("--tracking-uri", store_uri)) for _ in range(2))
    finally:
        del os.environ["CLEW_EXPERIMENT_NAME"]
    runs = clew.search_runs([experiment.experiment_id], output_format="list")
    assert isinstance(runs, list)
    assert {run.info.run_id for run in runs} == {first.info.run_id, second.info.run_id}


def test_it_reads_the_wine_table(experiment: Experiment, store_uri: str, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = [f"{a:.3f};{b:.3f};{int(5 + 2 * a)}" for a, b in random.random((60, 2))]
    header = '"fixed acidity";"pH";"alcohol";"quality"\n'
    (tmp_path / "wine.csv").write_text(header + "\n".join(f"1.0;{row}" for row in rows) + "\n")
    run = found(start("--tracking-uri", store_uri, "--wine", str(tmp_path / "wine.csv")))
    assert "fixed_acidity" in str(run.inputs.dataset_inputs[0].dataset.schema)
