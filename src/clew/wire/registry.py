# ruff: noqa: RUF012 - these are Structs, which copy their list defaults; the base lies in another module
"""Messages of the model registry: MLflow's, field for field, and Clew's of its history."""

from __future__ import annotations

from clew.entities.registry import VersionStatus
from clew.wire.mlflow import Int64, KeyValue, Message, Metric, Pair


class ModelParam(Message, kw_only=True):
    """A param of the logged model that a version was made of."""

    name: str | None = None
    value: str | None = None


class ModelVersion(Message, kw_only=True):
    """A version in an answer."""

    name: str | None = None
    version: str | None = None
    creation_timestamp: Int64 | None = None
    last_updated_timestamp: Int64 | None = None
    user_id: str | None = None
    current_stage: str | None = None
    description: str | None = None
    source: str | None = None
    run_id: str | None = None
    status: VersionStatus | None = None
    status_message: str | None = None
    tags: list[Pair] = []
    run_link: str | None = None
    aliases: list[str] = []
    model_id: str | None = None
    model_params: list[ModelParam] = []
    model_metrics: list[Metric] = []


class Alias(Message, kw_only=True):
    """An alias and the version that it means."""

    alias: str | None = None
    version: str | None = None


class RegisteredModel(Message, kw_only=True):
    """A registered model in an answer."""

    name: str | None = None
    creation_timestamp: Int64 | None = None
    last_updated_timestamp: Int64 | None = None
    user_id: str | None = None
    description: str | None = None
    latest_versions: list[ModelVersion] = []
    tags: list[Pair] = []
    aliases: list[Alias] = []


class RegisteredModelResponse(Message, kw_only=True):
    """One registered model."""

    registered_model: RegisteredModel | None = None


class ModelVersionResponse(Message, kw_only=True):
    """One version."""

    model_version: ModelVersion | None = None


class CreateRegisteredModel(Message, kw_only=True):
    """registered-models/create."""

    name: str
    tags: list[KeyValue] = []
    description: str | None = None


class RenameRegisteredModel(Message, kw_only=True):
    """registered-models/rename."""

    name: str
    new_name: str


class UpdateRegisteredModel(Message, kw_only=True):
    """registered-models/update."""

    name: str
    description: str | None = None


class RegisteredModelByName(Message, kw_only=True):
    """registered-models/get and delete."""

    name: str


class SearchRegisteredModels(Message, kw_only=True):
    """registered-models/search; ``max_results`` absent means 100."""

    filter: str | None = None
    max_results: Int64 | None = None
    order_by: list[str] = []
    page_token: str | None = None


class SearchRegisteredModelsResponse(Message, kw_only=True):
    """A page of registered models."""

    registered_models: list[RegisteredModel] = []
    next_page_token: str | None = None


class GetLatestVersions(Message, kw_only=True):
    """registered-models/get-latest-versions; no stages means all of them."""

    name: str
    stages: list[str] = []


class ModelVersionsResponse(Message, kw_only=True):
    """Versions."""

    model_versions: list[ModelVersion] = []


class SetRegisteredModelTag(Message, kw_only=True):
    """registered-models/set-tag."""

    name: str
    key: str
    value: str = ""


class DeleteRegisteredModelTag(Message, kw_only=True):
    """registered-models/delete-tag."""

    name: str
    key: str


class SetAlias(Message, kw_only=True):
    """registered-models/alias: POST. reason: Clew's own; kept in the history."""

    name: str
    alias: str
    version: str
    reason: str | None = None


class AliasByName(Message, kw_only=True):
    """registered-models/alias: GET and DELETE. reason: Clew's own, of a DELETE; kept in the history."""

    name: str
    alias: str
    reason: str | None = None


class CreateModelVersion(Message, kw_only=True):
    """model-versions/create."""

    name: str
    source: str
    run_id: str | None = None
    tags: list[KeyValue] = []
    run_link: str | None = None
    description: str | None = None
    model_id: str | None = None


class ModelVersionByNumber(Message, kw_only=True):
    """model-versions/get, delete and get-download-uri."""

    name: str
    version: str


class UpdateModelVersion(Message, kw_only=True):
    """model-versions/update."""

    name: str
    version: str
    description: str | None = None


class TransitionStage(Message, kw_only=True):
    """model-versions/transition-stage. reason: Clew's own; kept in the history."""

    name: str
    version: str
    stage: str
    archive_existing_versions: bool = False
    reason: str | None = None


class SearchModelVersions(Message, kw_only=True):
    """model-versions/search; ``max_results`` absent means 200,000."""

    filter: str | None = None
    max_results: Int64 | None = None
    order_by: list[str] = []
    page_token: str | None = None


class SearchModelVersionsResponse(Message, kw_only=True):
    """A page of versions."""

    model_versions: list[ModelVersion] = []
    next_page_token: str | None = None


class DownloadUriResponse(Message, kw_only=True):
    """Where a version's files lie."""

    artifact_uri: str | None = None


class SetModelVersionTag(Message, kw_only=True):
    """model-versions/set-tag."""

    name: str
    version: str
    key: str
    value: str = ""


class DeleteModelVersionTag(Message, kw_only=True):
    """model-versions/delete-tag."""

    name: str
    version: str
    key: str


class ModelHistory(Message, kw_only=True):
    """models/{name}/history. before: only moves with a smaller id. max_results: default 100, at most 1000."""

    name: str
    before: Int64 | None = None
    max_results: Int64 | None = None


class Move(Message, kw_only=True):
    """One step of a model's history; see ``entities.registry.ModelMove``."""

    id: Int64 = 0
    timestamp: Int64 = 0
    kind: str = ""
    version: str = ""
    alias: str = ""
    before: str = ""
    after: str = ""
    user: str = ""
    reason: str = ""


class ModelHistoryResponse(Message, kw_only=True):
    """The newest moves first. more: whether there are older ones."""

    moves: list[Move] = []
    more: bool | None = None


class ModelStateAt(Message, kw_only=True):
    """models/{name}/at. time: ms since 1970-01-01 UTC, default now."""

    name: str
    time: Int64 | None = None


class VersionStage(Message, kw_only=True):
    """The stage of a version."""

    version: str = ""
    stage: str = ""


class ModelStateResponse(Message, kw_only=True):
    """Where aliases and versions stood."""

    timestamp: Int64 = 0
    aliases: list[Alias] = []
    stages: list[VersionStage] = []
