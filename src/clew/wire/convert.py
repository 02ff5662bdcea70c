"""Entities to messages and back.

Messages are MLflow's shapes (lists of pairs, everything optional); entities are ours (mappings,
everything present).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clew.entities.dataset import Dataset, DatasetInput, DatasetSummary
from clew.entities.experiment import Experiment
from clew.entities.file import FileInfo
from clew.entities.metric import Metric
from clew.entities.model import LoggedModel, LoggedModelStatus
from clew.entities.run import ModelInput, ModelOutput, Run, RunData, RunInfo, RunInputs, RunOutputs, RunStatus, Stage
from clew.wire import mlflow
from clew.wire.floats import wire_number


def pairs(mapping: Mapping[str, str]) -> list[mlflow.Pair]:
    """A mapping as the list that MLflow's answers have."""
    return [mlflow.Pair(key=k, value=v) for k, v in mapping.items()]


def key_values(mapping: Mapping[str, str]) -> list[mlflow.KeyValue]:
    """A mapping as the list that MLflow's requests have."""
    return [mlflow.KeyValue(key=k, value=v) for k, v in mapping.items()]


def mapping_of(items: Iterable[mlflow.KeyValue] | Iterable[mlflow.Pair]) -> dict[str, str]:
    """A list of pairs as a mapping; the last of equal keys wins."""
    return {item.key or "": item.value or "" for item in items}


def experiment_message(experiment: Experiment) -> mlflow.Experiment:
    """An experiment for an answer."""
    return mlflow.Experiment(
        experiment_id=experiment.experiment_id,
        name=experiment.name,
        artifact_location=experiment.artifact_location,
        lifecycle_stage=experiment.lifecycle_stage,
        last_update_time=experiment.last_update_time,
        creation_time=experiment.creation_time,
        tags=pairs(experiment.tags),
    )


def experiment_entity(message: mlflow.Experiment) -> Experiment:
    """An experiment out of an answer."""
    return Experiment(
        experiment_id=message.experiment_id or "",
        name=message.name or "",
        artifact_location=message.artifact_location or "",
        lifecycle_stage=_stage(message.lifecycle_stage),
        creation_time=message.creation_time or 0,
        last_update_time=message.last_update_time or 0,
        tags=mapping_of(message.tags),
    )


def metric_message(metric: Metric) -> mlflow.Metric:
    """A metric point for an answer."""
    return mlflow.Metric(
        key=metric.key,
        value=wire_number(metric.value),
        timestamp=metric.timestamp,
        step=metric.step,
        dataset_name=metric.dataset_name,
        dataset_digest=metric.dataset_digest,
        model_id=metric.model_id,
        run_id=metric.run_id,
    )


def metric_entity(message: mlflow.Metric | mlflow.MetricPoint) -> Metric:
    """A metric point out of an answer or request."""
    return Metric(
        key=message.key or "",
        value=0.0 if message.value is None else message.value,
        timestamp=message.timestamp or 0,
        step=message.step or 0,
        model_id=message.model_id or None,
        dataset_name=message.dataset_name or None,
        dataset_digest=message.dataset_digest or None,
        run_id=message.run_id or None,
    )


def run_info_message(info: RunInfo) -> mlflow.RunInfo:
    """A run's information for an answer."""
    return mlflow.RunInfo(
        run_id=info.run_id,
        run_uuid=info.run_id,
        run_name=info.run_name,
        experiment_id=info.experiment_id,
        user_id=info.user_id,
        status=info.status,
        start_time=info.start_time,
        end_time=info.end_time,
        artifact_uri=info.artifact_uri,
        lifecycle_stage=info.lifecycle_stage,
    )


def run_info_entity(message: mlflow.RunInfo) -> RunInfo:
    """A run's information out of an answer."""
    return RunInfo(
        run_id=message.run_id or message.run_uuid or "",
        experiment_id=message.experiment_id or "",
        run_name=message.run_name or "",
        user_id=message.user_id or "",
        status=message.status or RunStatus.RUNNING,
        start_time=message.start_time or 0,
        end_time=message.end_time,
        lifecycle_stage=_stage(message.lifecycle_stage),
        artifact_uri=message.artifact_uri or "",
    )


def run_message(run: Run) -> mlflow.Run:
    """A run for an answer."""
    return mlflow.Run(
        info=run_info_message(run.info),
        data=mlflow.RunData(
            metrics=[metric_message(m) for m in run.data.latest],
            params=pairs(run.data.params),
            tags=pairs(run.data.tags),
        ),
        inputs=mlflow.RunInputs(
            dataset_inputs=[dataset_input_message(d) for d in run.inputs.dataset_inputs],
            model_inputs=[mlflow.ModelInput(model_id=m.model_id) for m in run.inputs.model_inputs],
        ),
        outputs=mlflow.RunOutputs(
            model_outputs=[mlflow.ModelOutput(model_id=m.model_id, step=m.step) for m in run.outputs.model_outputs]
        ),
    )


def run_entity(message: mlflow.Run) -> Run:
    """A run out of an answer."""
    data = message.data or mlflow.RunData()
    inputs = message.inputs or mlflow.RunInputs()
    outputs = message.outputs or mlflow.RunOutputs()
    latest = tuple(metric_entity(m) for m in data.metrics)
    return Run(
        info=run_info_entity(message.info or mlflow.RunInfo()),
        data=RunData(
            metrics={m.key: m.value for m in latest},
            params=mapping_of(data.params),
            tags=mapping_of(data.tags),
            latest=latest,
        ),
        inputs=RunInputs(
            dataset_inputs=tuple(dataset_input_entity(d) for d in inputs.dataset_inputs),
            model_inputs=tuple(ModelInput(m.model_id) for m in inputs.model_inputs),
        ),
        outputs=RunOutputs(model_outputs=tuple(ModelOutput(m.model_id, m.step) for m in outputs.model_outputs)),
    )


def dataset_input_message(item: DatasetInput) -> mlflow.DatasetInput:
    """A dataset input for a request or an answer."""
    data = item.dataset
    return mlflow.DatasetInput(
        dataset=mlflow.Dataset(
            name=data.name,
            digest=data.digest,
            source_type=data.source_type,
            source=data.source,
            schema=data.schema,
            profile=data.profile,
        ),
        tags=key_values(item.tags),
    )


def dataset_input_entity(message: mlflow.DatasetInput) -> DatasetInput:
    """A dataset input out of a request or an answer."""
    data = message.dataset
    return DatasetInput(
        dataset=Dataset(
            name=data.name or "",
            digest=data.digest or "",
            source_type=data.source_type or "",
            source=data.source or "",
            schema=data.schema,
            profile=data.profile,
        ),
        tags=mapping_of(message.tags),
    )


def dataset_summary_message(summary: DatasetSummary) -> mlflow.DatasetSummary:
    """A dataset summary for an answer."""
    return mlflow.DatasetSummary(
        experiment_id=summary.experiment_id, name=summary.name, digest=summary.digest, context=summary.context
    )


def dataset_summary_entity(message: mlflow.DatasetSummary) -> DatasetSummary:
    """A dataset summary out of an answer."""
    return DatasetSummary(
        experiment_id=message.experiment_id or "",
        name=message.name or "",
        digest=message.digest or "",
        context=message.context or None,
    )


def model_output_entity(message: mlflow.ModelOutput) -> ModelOutput:
    """A model output out of a request."""
    return ModelOutput(message.model_id, message.step)


def file_message(info: FileInfo) -> mlflow.FileInfo:
    """A file for an answer."""
    return mlflow.FileInfo(path=info.path, is_dir=info.is_dir, file_size=info.file_size)


def file_entity(message: mlflow.FileInfo) -> FileInfo:
    """A file out of an answer."""
    return FileInfo(path=message.path or "", is_dir=bool(message.is_dir), file_size=message.file_size)


def model_message(model: LoggedModel) -> mlflow.LoggedModel:
    """A logged model for an answer."""
    return mlflow.LoggedModel(
        info=mlflow.LoggedModelInfo(
            model_id=model.model_id,
            experiment_id=model.experiment_id,
            name=model.name,
            creation_timestamp_ms=model.creation_timestamp,
            last_updated_timestamp_ms=model.last_updated_timestamp,
            artifact_uri=model.artifact_location,
            status=model.status,
            model_type=model.model_type,
            source_run_id=model.source_run_id,
            status_message=model.status_message or None,
            tags=pairs(model.tags),
        ),
        data=mlflow.LoggedModelData(params=pairs(model.params), metrics=[metric_message(m) for m in model.metrics]),
    )


def model_entity(message: mlflow.LoggedModel) -> LoggedModel:
    """A logged model out of an answer."""
    info = message.info or mlflow.LoggedModelInfo()
    data = message.data or mlflow.LoggedModelData()
    return LoggedModel(
        model_id=info.model_id or "",
        experiment_id=info.experiment_id or "",
        name=info.name or "",
        artifact_location=info.artifact_uri or "",
        creation_timestamp=info.creation_timestamp_ms or 0,
        last_updated_timestamp=info.last_updated_timestamp_ms or 0,
        model_type=info.model_type or "",
        source_run_id=info.source_run_id or "",
        status=info.status or LoggedModelStatus.PENDING,
        status_message=info.status_message or "",
        tags=mapping_of(info.tags),
        params=mapping_of(data.params),
        metrics=tuple(metric_entity(m) for m in data.metrics),
    )


def _stage(text: str | None) -> Stage:
    return "deleted" if text == "deleted" else "active"
