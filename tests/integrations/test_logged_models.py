"""Models logged by hand and found again by their URIs."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import clew
from clew.client import models
from clew.client.link import Link
from clew.client.session import session
from clew.entities.experiment import Experiment
from clew.entities.model import LoggedModelStatus
from clew.errors import Corrupt, Denied, InvalidValue, NotFound, NotSupported, Unavailable

DATA = np.array([[1.0, 2.0], [3.0, 5.0], [4.0, 1.0]])
MODEL = LinearRegression().fit(DATA, [1.0, 2.0, 3.0])


def pickled() -> Any:
    return make_pipeline(FunctionTransformer(lambda x: x), LinearRegression()).fit(DATA, [1.0, 2.0, 3.0])


def place_of(model_id: str) -> Path:
    """Where the embedded store keeps a model's files."""
    root = clew.ClewClient().get_logged_model(model_id).artifact_location
    store = Path(session.link.uri.removeprefix("sqlite:///")).parent / "artifacts"
    return store / root.removeprefix("mlflow-artifacts:/")


def test_a_model_is_an_output_of_the_active_run(experiment: Experiment) -> None:
    with clew.start_run() as run:
        info = clew.sklearn.log_model(MODEL, "my model", params={"a": 1}, tags={"b": "c"}, model_type="demo", step=3)
    logged = clew.ClewClient().get_logged_model(str(info.model_id))
    assert (logged.name, logged.status, logged.source_run_id) == (
        "my model",
        LoggedModelStatus.READY,
        run.info.run_id,
    )
    assert logged.params == {"a": "1"}
    assert logged.tags["b"] == "c"
    assert logged.model_type == "demo"
    output = clew.get_run(run.info.run_id).outputs.model_outputs[0]
    assert (output.model_id, output.step) == (info.model_id, 3)
    assert info.run_id == run.info.run_id
    assert info.model_uri == f"models:/{info.model_id}"


def test_without_a_run_the_model_goes_to_the_experiment(experiment: Experiment) -> None:
    info = clew.sklearn.log_model(MODEL, name="model")
    logged = clew.ClewClient().get_logged_model(str(info.model_id))
    assert logged.experiment_id == experiment.experiment_id
    assert logged.source_run_id == ""
    assert clew.active_run() is None


def test_every_uri_leads_to_the_model(experiment: Experiment, tmp_path: Path) -> None:
    with clew.start_run() as run:
        info = clew.sklearn.log_model(MODEL, "model", input_example=DATA)
    clew.sklearn.save_model(MODEL, str(tmp_path / "saved"))
    uris = [
        info.model_uri,
        f"runs:/{run.info.run_id}/model",
        str(info.artifact_path),
        str(tmp_path / "saved"),
        (tmp_path / "saved").as_uri(),
    ]
    for uri in uris:
        assert np.array_equal(clew.pyfunc.load_model(uri).predict(DATA), MODEL.predict(DATA)), uri
        assert np.array_equal(clew.sklearn.load_model(uri).coef_, MODEL.coef_), uri
        assert clew.models.get_model_info(uri).flavors["sklearn"]["pickled_model"] == "model.skops"


def test_files_are_kept_only_where_asked(experiment: Experiment, tmp_path: Path) -> None:
    info = clew.sklearn.log_model(MODEL, "model")
    model = clew.pyfunc.load_model(info.model_uri)
    scratch = Path(model._folder)
    assert (scratch / "MLmodel").exists()
    del model
    assert not scratch.exists()
    clew.sklearn.load_model(info.model_uri, dst_path=str(tmp_path))
    assert list(tmp_path.rglob("MLmodel"))


def test_of_several_models_with_one_name_the_newest_is_taken_and_said(
    experiment: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    with clew.start_run() as run:
        clew.sklearn.log_model(MODEL, "model")
        other = LinearRegression().fit(DATA, [3.0, 2.0, 9.0])
        clew.sklearn.log_model(other, "model")
    loaded = clew.sklearn.load_model(f"runs:/{run.info.run_id}/model")
    assert np.array_equal(loaded.coef_, other.coef_)
    assert "2 models named 'model'" in caplog.text


def test_ones_own_pickled_model_loads_and_a_copy_of_it_does_not(experiment: Experiment, tmp_path: Path) -> None:
    info = clew.sklearn.log_model(pickled(), "model")
    assert clew.sklearn.load_model(info.model_uri, dst_path=str(tmp_path)).predict(DATA).shape == (3,)
    copy = str(next(tmp_path.rglob("MLmodel")).parent)
    with pytest.raises(Denied, match="trust='pickle'"):
        clew.sklearn.load_model(copy)
    with pytest.raises(Denied):
        clew.sklearn.load_model(info.model_uri, trust="safe")
    assert clew.sklearn.load_model(copy, trust="pickle").predict(DATA).shape == (3,)


def test_a_model_that_was_changed_in_the_store_is_not_loaded(experiment: Experiment) -> None:
    info = clew.sklearn.log_model(pickled(), "model")
    place = place_of(str(info.model_id))
    (place / "model.pkl").write_bytes(pickle.dumps(MODEL))
    with pytest.raises(Corrupt, match=r"model\.pkl"):
        clew.sklearn.load_model(info.model_uri)
    # With its sums made to fit, the store still knows the old ones.
    manifest = models.read_mlmodel(str(place))
    assert manifest.metadata is not None
    from clew.packaging.manifest import file_sums, write_mlmodel

    manifest.metadata["clew"]["files"] = file_sums(str(place))
    write_mlmodel(str(place), manifest)
    with pytest.raises(Corrupt, match="those in the store"):
        clew.sklearn.load_model(info.model_uri)


def test_a_failed_upload_is_noted(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(clew.ClewClient, "upload_uri", broken)
    with pytest.raises(OSError, match="disk full"):
        clew.sklearn.log_model(MODEL, "model")
    (logged,) = clew.ClewClient().search_logged_models([experiment.experiment_id])
    assert logged.status == LoggedModelStatus.FAILED
    with pytest.raises(NotFound, match="no complete files"):
        clew.sklearn.load_model(logged.model_uri)


def test_while_the_server_is_away_the_model_goes_with_the_run(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clew.start_run() as run:
        with monkeypatch.context() as patch:
            patch.setattr(Link, "attempt", lambda *_: None)
            info = clew.sklearn.log_model(MODEL, "model")
        assert info.model_id is None
        assert info.model_uri == f"runs:/{run.info.run_id}/model"
    assert np.array_equal(clew.sklearn.load_model(info.model_uri).coef_, MODEL.coef_)
    monkeypatch.setattr(Link, "attempt", lambda *_: None)
    with pytest.raises(Unavailable, match="start a run first"):
        clew.sklearn.log_model(MODEL, "model")


def test_faults_of_the_caller_are_named(experiment: Experiment) -> None:
    with pytest.raises(InvalidValue, match="without"):
        clew.sklearn.log_model(MODEL, "a/b")
    with pytest.raises(NotFound, match="wine"):
        clew.pyfunc.load_model("models:/wine/Production")
    with pytest.raises(InvalidValue, match="which version"):
        clew.pyfunc.load_model("models:/wine")
    with pytest.raises(NotSupported, match="no model URI"):
        clew.pyfunc.load_model("gs://bucket/model")
    with pytest.raises(NotFound):
        clew.pyfunc.load_model("models:/m-" + "0" * 32)
    with pytest.raises(NotFound):
        clew.pyfunc.load_model(os.path.join("no", "such", "folder"))
    with pytest.raises(InvalidValue, match="trust"):
        clew.pyfunc.load_model("x", trust="all")  # type: ignore[arg-type]


def test_default_requirements_are_pinned() -> None:
    lines = clew.sklearn.get_default_pip_requirements(include_cloudpickle=True)
    assert [line.partition("==")[0] for line in lines] == ["cloudpickle", "numpy", "pandas", "scikit-learn", "scipy"]
    assert clew.sklearn.get_default_conda_env()["dependencies"][-1]["pip"]


def test_a_model_of_ones_own_goes_from_the_run_to_its_alias(experiment: Experiment, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("low high")
    with clew.start_run() as run:
        clew.log_artifact(str(tmp_path / "names.txt"), "lists")

    class Named(clew.pyfunc.PythonModel):
        def load_context(self, context: Any) -> None:
            with open(context.artifacts["names"]) as file:
                self.names = file.read().split()

        def predict(self, context: Any, model_input: Any) -> Any:  # type: ignore[override]
            return [self.names[int(value)] for value in model_input["level"]]

    frame = pd.DataFrame({"level": [0, 1]})
    with clew.start_run():
        info = clew.pyfunc.log_model(
            "named",
            python_model=Named(),
            artifacts={"names": f"runs:/{run.info.run_id}/lists/names.txt"},
            input_example=frame,
            registered_model_name="named levels",
        )
    assert info.registered_model_version == 1
    client = clew.ClewClient()
    client.set_registered_model_alias("named levels", "champion", 1)
    # It may run code without being told so, since it lies in the store it was logged to, unchanged.
    assert clew.pyfunc.load_model("models:/named levels@champion").predict(frame) == ["low", "high"]
    with pytest.raises(Denied):
        clew.pyfunc.load_model("models:/named levels/1", trust="safe")
