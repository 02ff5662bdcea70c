"""Entities survive the journey into messages and back."""

from __future__ import annotations

import math

from clew.entities.dataset import Dataset, DatasetInput, DatasetSummary
from clew.entities.experiment import Experiment
from clew.entities.file import FileInfo
from clew.entities.metric import Metric
from clew.entities.model import LoggedModel, LoggedModelStatus
from clew.entities.run import ModelInput, ModelOutput, Run, RunData, RunInfo, RunInputs, RunOutputs, RunStatus
from clew.wire import codec, convert
from clew.wire.mlflow import ExperimentResponse, LoggedModelResponse, RunResponse
from clew.wire.routes import ROUTES

POINT = Metric(key="m", value=math.inf, timestamp=5, step=-1, model_id="m-1", dataset_name="d", dataset_digest="x")
RUN = Run(
    info=RunInfo(
        run_id="a" * 32,
        experiment_id="3",
        run_name="n",
        user_id="u",
        status=RunStatus.FAILED,
        start_time=1,
        end_time=2,
        lifecycle_stage="deleted",
        artifact_uri="mlflow-artifacts:/3/a",
    ),
    data=RunData(metrics={"m": math.inf}, params={"p": ""}, tags={"t": "ü"}, latest=(POINT,)),
    inputs=RunInputs(
        dataset_inputs=(
            DatasetInput(
                dataset=Dataset(name="d", digest="x", source_type="local", source="{}", schema="s", profile=None),
                tags={"mlflow.data.context": "train"},
            ),
        ),
        model_inputs=(ModelInput("m-2"),),
    ),
    outputs=RunOutputs(model_outputs=(ModelOutput("m-3", 4),)),
)


def test_runs() -> None:
    body = codec.encode_response(RunResponse(run=convert.run_message(RUN)))
    back = codec.decode_response(ROUTES["get_run"], body)
    assert isinstance(back, RunResponse)
    assert back.run is not None
    assert convert.run_entity(back.run) == RUN


def test_experiments() -> None:
    experiment = Experiment(
        experiment_id="7", name="n", artifact_location="l", creation_time=1, last_update_time=2, tags={"a": "b"}
    )
    body = codec.encode_response(ExperimentResponse(experiment=convert.experiment_message(experiment)))
    back = codec.decode_response(ROUTES["get_experiment"], body)
    assert isinstance(back, ExperimentResponse)
    assert back.experiment is not None
    assert convert.experiment_entity(back.experiment) == experiment


def test_models() -> None:
    model = LoggedModel(
        model_id="m-1",
        experiment_id="7",
        name="n",
        artifact_location="l",
        creation_timestamp=1,
        last_updated_timestamp=2,
        model_type="t",
        source_run_id="r",
        status=LoggedModelStatus.FAILED,
        status_message="why",
        tags={"a": "b"},
        params={"c": "d"},
        metrics=(POINT,),
    )
    body = codec.encode_response(LoggedModelResponse(model=convert.model_message(model)))
    back = codec.decode_response(ROUTES["get_logged_model"], body)
    assert isinstance(back, LoggedModelResponse)
    assert back.model is not None
    assert convert.model_entity(back.model) == model


def test_small_parts() -> None:
    for info in (FileInfo(path="d", is_dir=True), FileInfo(path="f", is_dir=False, file_size=0)):
        assert convert.file_entity(convert.file_message(info)) == info
    summary = DatasetSummary(experiment_id="1", name="n", digest="d", context="c")
    assert convert.dataset_summary_entity(convert.dataset_summary_message(summary)) == summary
    assert convert.mapping_of(convert.key_values({"a": "b"})) == {"a": "b"}
    assert convert.mapping_of(convert.pairs({"a": ""})) == {"a": ""}
