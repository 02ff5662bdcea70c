"""Names that scripts for MLflow import from everywhere."""

from __future__ import annotations

import numpy as np
import pytest

import clew as mlflow
from clew.errors import InvalidValue, NotFound


def test_classes_have_mlflow_s_names_and_order_of_arguments(store: str) -> None:
    from clew.client import MlflowClient
    from clew.entities import DatasetInput, InputTag, LoggedModelOutput, Metric, Param, RunTag, ViewType

    client = MlflowClient()
    run = client.create_run("0")
    run_id = run.info.run_id
    client.log_batch(run_id, [Metric("m", 1.5, 1_600_000_000_000, 3)], [Param("p", "v")], [RunTag("t", "w")])
    dataset = mlflow.entities.Dataset("d", "1", "local", "{}")
    client.log_inputs(run_id, [DatasetInput(dataset, [InputTag("k", "v")])])
    client.log_outputs(run_id, [LoggedModelOutput("m-" + "0" * 32, 2)])
    got = client.get_run(run_id)
    assert (got.data.metrics, got.data.params, got.data.tags["t"]) == ({"m": 1.5}, {"p": "v"}, "w")
    assert got.inputs.dataset_inputs[0].tags == {"k": "v"}
    assert len(client.search_runs(["0"], run_view_type=ViewType.ALL)) == 1


def test_errors_are_caught_by_mlflow_s_names(store: str) -> None:
    with pytest.raises(mlflow.exceptions.MlflowException) as caught:
        mlflow.get_run("0" * 32)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert isinstance(caught.value, NotFound)


def test_switches_and_reports_are_harmless(
    store: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow.config.enable_async_logging()
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1.0, synchronous=False)
        mlflow.flush_async_logging()
        assert mlflow.get_run(run.info.run_id).data.metrics == {"m": 1.0}
    mlflow.login()
    monkeypatch.setenv("CLEW_TOKEN", "very secret")
    monkeypatch.setenv("MLFLOW_NOTE", "seen")
    mlflow.doctor()
    said = capsys.readouterr().out
    assert "very secret" not in said
    assert "MLFLOW_NOTE: seen" in said
    mlflow.doctor(mask_envs=True)
    assert "MLFLOW_NOTE: ***" in capsys.readouterr().out
    assert mlflow.get_registry_uri() == mlflow.get_tracking_uri() == store
    mlflow.set_registry_uri("http://127.0.0.1:1")
    assert mlflow.get_registry_uri() == mlflow.MlflowClient().registry_uri == "http://127.0.0.1:1"


def test_what_is_absent_on_purpose_says_why() -> None:
    said = r"Clew (has no workspaces|records no traces|has no model registry|runs no MLflow projects)"
    for name in ("set_workspace", "trace", "run"):
        assert not hasattr(mlflow, name)
        with pytest.raises(AttributeError, match=said):
            getattr(mlflow, name)
    with pytest.raises(InvalidValue):
        mlflow.set_active_model()


def test_classes_are_imported_from_where_scripts_look_for_them() -> None:
    from clew.data.http_dataset_source import HTTPDatasetSource
    from clew.data.pandas_dataset import PandasDataset
    from clew.tracking.client import MlflowClient
    from clew.types.schema import ColSpec, DataType, Schema, TensorSpec

    from clew.models.signature import ModelSignature, infer_signature

    assert (PandasDataset, HTTPDatasetSource) == (mlflow.data.PandasDataset, mlflow.data.HTTPDatasetSource)
    assert MlflowClient is mlflow.MlflowClient
    columns = Schema([ColSpec("double", "a"), ColSpec(DataType.long, "b", required=False)])
    assert infer_signature({"a": 1.5, "b": 2}).inputs != columns
    assert ModelSignature(columns, Schema([ColSpec(DataType.string)])).inputs == columns
    assert [column.type for column in columns.columns] == ["double", "long"]
    tensor = Schema([TensorSpec(np.dtype(np.uint8), [-1, 28, 28])])
    assert tensor == Schema((TensorSpec("uint8", (-1, 28, 28)),))
    assert tensor.to_json() == mlflow.models.infer_signature(np.zeros((2, 28, 28), np.uint8)).inputs.to_json()


def test_entities_become_dictionaries_as_in_mlflow(store: str) -> None:
    from clew.entities import RunStatus

    with mlflow.start_run(run_name="brave") as run:
        mlflow.log_metric("loss", 0.5, step=3)
        mlflow.log_param("lr", 0.1)
    client = mlflow.MlflowClient()
    found = client.get_run(run.info.run_id)
    assert dict(found.info)["run_name"] == found.to_dictionary()["info"]["run_name"] == "brave"
    assert found.to_dictionary()["data"]["params"] == found.data.to_dictionary()["params"] == {"lr": "0.1"}
    assert found.to_dictionary()["inputs"] == {"dataset_inputs": [], "model_inputs": []}
    (point,) = client.get_metric_history(run.info.run_id, "loss")
    assert [dict(point)[name] for name in ("key", "value", "step")] == ["loss", 0.5, 3]
    assert dict(client.get_experiment("0"))["name"] == "Default"
    assert RunStatus.to_string(RunStatus.from_string(found.info.status)) == "FINISHED"
    assert RunStatus.is_terminated(found.info.status)
