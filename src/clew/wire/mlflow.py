"""MLflow's tracking messages, field for field.

A field without a default is required: a request that lacks it (or gives an empty text) is
answered "Missing value for required parameter". None means absent and never travels, nor do
empty lists. Names, defaults and enums are MLflow's (``docs/rest.md``). Times are milliseconds
since 1970-01-01 UTC.

A float that is not finite travels as the text "NaN", "Infinity" or "-Infinity": put it into a
message through ``floats.wire_number``; decoding gives the float back.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from clew.entities.model import LoggedModelStatus
from clew.entities.run import RunStatus, ViewType

Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]


class Message(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Base of all messages: absent values are left out."""


class Empty(Message):
    """``{}``: the answer of calls that have nothing to say."""


# --- shared parts ---------------------------------------------------------------------------


class KeyValue(Message, kw_only=True, omit_defaults=False):
    """A param or tag; ``value`` absent means the empty text, which answers show."""

    key: str
    value: str = ""


class Pair(Message, kw_only=True):
    """A param or tag in an answer, where an empty value is still shown."""

    key: str | None = None
    value: str | None = None


class MetricPoint(Message, kw_only=True, gc=False):
    """One metric value in a request."""

    key: str
    value: float
    timestamp: Int64
    step: Int64 = 0
    dataset_name: str | None = None
    dataset_digest: str | None = None
    model_id: str | None = None
    run_id: str | None = None


class Metric(Message, kw_only=True, gc=False):
    """One metric value in an answer."""

    key: str | None = None
    value: float | None = None
    timestamp: Int64 | None = None
    step: Int64 | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None
    model_id: str | None = None
    run_id: str | None = None


class Experiment(Message, kw_only=True):
    """An experiment in an answer."""

    experiment_id: str | None = None
    name: str | None = None
    artifact_location: str | None = None
    lifecycle_stage: str | None = None
    last_update_time: Int64 | None = None
    creation_time: Int64 | None = None
    tags: list[Pair] = []


class RunInfo(Message, kw_only=True):
    """Who, where, when of a run; ``run_uuid`` repeats ``run_id``."""

    run_id: str | None = None
    run_uuid: str | None = None
    run_name: str | None = None
    experiment_id: str | None = None
    user_id: str | None = None
    status: RunStatus | None = None
    start_time: Int64 | None = None
    end_time: Int64 | None = None
    artifact_uri: str | None = None
    lifecycle_stage: str | None = None


class RunData(Message, kw_only=True):
    """Latest metrics, params and tags of a run."""

    metrics: list[Metric] = []
    params: list[Pair] = []
    tags: list[Pair] = []


class Dataset(Message, kw_only=True):
    """A dataset; identity is (name, digest) inside an experiment."""

    name: str | None = None
    digest: str | None = None
    source_type: str | None = None
    source: str | None = None
    schema: str | None = None
    profile: str | None = None


class DatasetInput(Message, kw_only=True):
    """One use of a dataset by a run."""

    dataset: Dataset
    tags: list[KeyValue] = []


class ModelInput(Message, kw_only=True):
    """A logged model that a run read."""

    model_id: str


class ModelOutput(Message, kw_only=True):
    """A logged model that a run produced."""

    model_id: str
    step: Int64


class RunInputs(Message, kw_only=True):
    """What a run read."""

    dataset_inputs: list[DatasetInput] = []
    model_inputs: list[ModelInput] = []


class RunOutputs(Message, kw_only=True):
    """What a run produced."""

    model_outputs: list[ModelOutput] = []


class Run(Message, kw_only=True):
    """A run in an answer."""

    info: RunInfo | None = None
    data: RunData | None = None
    inputs: RunInputs | None = None
    outputs: RunOutputs | None = None


class FileInfo(Message, kw_only=True):
    """A file or folder of a listing; folders have no size."""

    path: str | None = None
    is_dir: bool | None = None
    file_size: Int64 | None = None


class DatasetSummary(Message, kw_only=True):
    """A distinct dataset with its context."""

    experiment_id: str | None = None
    name: str | None = None
    digest: str | None = None
    context: str | None = None


class Registration(Message, kw_only=True):
    """A registered version made of a logged model."""

    name: str | None = None
    version: str | None = None


class LoggedModelInfo(Message, kw_only=True):
    """Who, where, when of a logged model."""

    model_id: str | None = None
    experiment_id: str | None = None
    name: str | None = None
    creation_timestamp_ms: Int64 | None = None
    last_updated_timestamp_ms: Int64 | None = None
    artifact_uri: str | None = None
    status: LoggedModelStatus | None = None
    creator_id: Int64 | None = None
    model_type: str | None = None
    source_run_id: str | None = None
    status_message: str | None = None
    tags: list[Pair] = []
    registrations: list[Registration] = []


class LoggedModelData(Message, kw_only=True):
    """Params and metrics of a logged model."""

    params: list[Pair] = []
    metrics: list[Metric] = []


class LoggedModel(Message, kw_only=True):
    """A logged model in an answer."""

    info: LoggedModelInfo | None = None
    data: LoggedModelData | None = None


# --- experiments ----------------------------------------------------------------------------


class CreateExperiment(Message, kw_only=True):
    """experiments/create."""

    name: str
    artifact_location: str | None = None
    tags: list[KeyValue] = []


class CreateExperimentResponse(Message, kw_only=True):
    """The new experiment's id."""

    experiment_id: str | None = None


class ExperimentById(Message, kw_only=True):
    """experiments/get, delete and restore."""

    experiment_id: str


class ExperimentByName(Message, kw_only=True):
    """experiments/get-by-name."""

    experiment_name: str


class ExperimentResponse(Message, kw_only=True):
    """One experiment."""

    experiment: Experiment | None = None


class SearchExperiments(Message, kw_only=True):
    """experiments/search; ``max_results`` absent means 1000."""

    max_results: Int64 | None = None
    page_token: str | None = None
    filter: str | None = None
    order_by: list[str] = []
    view_type: ViewType | None = None


class SearchExperimentsResponse(Message, kw_only=True):
    """A page of experiments."""

    experiments: list[Experiment] = []
    next_page_token: str | None = None


class UpdateExperiment(Message, kw_only=True):
    """experiments/update: rename."""

    experiment_id: str
    new_name: str


class SetExperimentTag(Message, kw_only=True):
    """experiments/set-experiment-tag."""

    experiment_id: str
    key: str
    value: str = ""


class DeleteExperimentTag(Message, kw_only=True):
    """experiments/delete-experiment-tag."""

    experiment_id: str
    key: str


# --- runs -----------------------------------------------------------------------------------


class Twin(Message, kw_only=True):
    """A request where ``run_uuid`` stands in for an absent ``run_id``; one of them is required."""

    run_id: str = ""
    run_uuid: str | None = None


class CreateRun(Message, kw_only=True):
    """runs/create."""

    experiment_id: str | None = None
    user_id: str | None = None
    run_name: str | None = None
    start_time: Int64 | None = None
    tags: list[KeyValue] = []


class RunResponse(Message, kw_only=True):
    """One run."""

    run: Run | None = None


class GetRun(Twin):
    """runs/get."""


class UpdateRun(Twin, kw_only=True):
    """runs/update; only what is present is changed."""

    status: RunStatus | None = None
    end_time: Int64 | None = None
    run_name: str | None = None


class UpdateRunResponse(Message, kw_only=True):
    """The run's information after the update."""

    run_info: RunInfo | None = None


class RunById(Message, kw_only=True):
    """runs/delete and restore."""

    run_id: str


class LogMetric(Twin, kw_only=True):
    """runs/log-metric."""

    key: str
    value: float
    timestamp: Int64
    step: Int64 = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LogParameter(Twin, kw_only=True):
    """runs/log-parameter."""

    key: str
    value: str = ""


class SetTag(Twin, kw_only=True):
    """runs/set-tag."""

    key: str
    value: str = ""


class DeleteTag(Message, kw_only=True):
    """runs/delete-tag."""

    run_id: str
    key: str


class LogBatch(Message, kw_only=True):
    """runs/log-batch; at most 1000 metrics, 100 params, 100 tags, 1000 together."""

    run_id: str
    metrics: list[MetricPoint] = []
    params: list[KeyValue] = []
    tags: list[KeyValue] = []


class LogModel(Message, kw_only=True):
    """runs/log-model: the model's description as a JSON text."""

    run_id: str
    model_json: str


class LogInputs(Message, kw_only=True):
    """runs/log-inputs."""

    run_id: str
    datasets: list[DatasetInput] = []
    models: list[ModelInput] = []


class LogOutputs(Message, kw_only=True):
    """runs/outputs."""

    run_id: str
    models: list[ModelOutput]


class SearchRuns(Message, kw_only=True):
    """runs/search; ``max_results`` absent means 1000."""

    experiment_ids: list[str] = []
    filter: str | None = None
    run_view_type: ViewType | None = None
    max_results: Int64 | None = None
    order_by: list[str] = []
    page_token: str | None = None


class SearchRunsResponse(Message, kw_only=True):
    """A page of runs."""

    runs: list[Run] = []
    next_page_token: str | None = None


# --- metric history, datasets, artifacts ------------------------------------------------------


class GetMetricHistory(Twin, kw_only=True):
    """metrics/get-history; ``max_results`` absent means everything."""

    metric_key: str
    page_token: str | None = None
    max_results: Int64 | None = None


class MetricHistoryResponse(Message, kw_only=True):
    """Points ordered by (timestamp, step, value)."""

    metrics: list[Metric] = []
    next_page_token: str | None = None


class GetMetricHistoryBulk(Message, kw_only=True):
    """metrics/get-history-bulk; ``run_id`` repeats, 1 to 100 of them."""

    run_id: list[str] = []
    metric_key: str | None = None
    max_results: Int64 | None = None


class GetMetricHistoryBulkInterval(Message, kw_only=True):
    """metrics/get-history-bulk-interval; ``run_ids`` repeats, 1 to 100 of them."""

    run_ids: list[str] = []
    metric_key: str
    start_step: Int64 | None = None
    end_step: Int64 | None = None
    max_results: Int64 | None = None


class BulkHistoryResponse(Message, kw_only=True):
    """Points of several runs, each with its ``run_id``."""

    metrics: list[Metric] = []


class SearchDatasets(Message, kw_only=True):
    """experiments/search-datasets; 1 to 20 experiments."""

    experiment_ids: list[str] = []


class SearchDatasetsResponse(Message, kw_only=True):
    """Distinct datasets."""

    dataset_summaries: list[DatasetSummary] = []


class ListArtifacts(Twin, kw_only=True):
    """artifacts/list."""

    path: str | None = None
    page_token: str | None = None


class ListArtifactsResponse(Message, kw_only=True):
    """Files whose ``path`` is relative to ``root_uri``."""

    root_uri: str | None = None
    files: list[FileInfo] = []
    next_page_token: str | None = None


# --- logged models ----------------------------------------------------------------------------


class CreateLoggedModel(Message, kw_only=True):
    """logged-models: a new model in the state PENDING."""

    experiment_id: str
    name: str | None = None
    model_type: str | None = None
    source_run_id: str | None = None
    params: list[KeyValue] = []
    tags: list[KeyValue] = []


class LoggedModelById(Message, kw_only=True):
    """logged-models/{model_id}: get and delete."""

    model_id: str


class LoggedModelResponse(Message, kw_only=True):
    """One logged model."""

    model: LoggedModel | None = None


class FinalizeLoggedModel(Message, kw_only=True):
    """logged-models/{model_id}: the upload ended, well or not."""

    model_id: str
    status: LoggedModelStatus


class LoggedModelOrder(Message, kw_only=True):
    """One ordering; ``metrics.x`` may be tied to a dataset."""

    field_name: str
    ascending: bool = True
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LoggedModelDataset(Message, kw_only=True):
    """A dataset that narrows metric comparisons."""

    dataset_name: str
    dataset_digest: str | None = None


class SearchLoggedModels(Message, kw_only=True):
    """logged-models/search; ``max_results`` absent means 100."""

    experiment_ids: list[str] = []
    filter: str | None = None
    datasets: list[LoggedModelDataset] = []
    max_results: Int64 | None = None
    order_by: list[LoggedModelOrder] = []
    page_token: str | None = None


class SearchLoggedModelsResponse(Message, kw_only=True):
    """A page of logged models."""

    models: list[LoggedModel] = []
    next_page_token: str | None = None


class SetLoggedModelTags(Message, kw_only=True):
    """logged-models/{model_id}/tags."""

    model_id: str
    tags: list[KeyValue] = []


class DeleteLoggedModelTag(Message, kw_only=True):
    """logged-models/{model_id}/tags/{tag_key}."""

    model_id: str
    tag_key: str


class LogLoggedModelParams(Message, kw_only=True):
    """logged-models/{model_id}/params."""

    model_id: str
    params: list[KeyValue] = []


class ListLoggedModelArtifacts(Message, kw_only=True):
    """logged-models/{model_id}/artifacts/directories."""

    model_id: str
    artifact_directory_path: str | None = None
    page_token: str | None = None
