"""The model registry: registered models, their numbered versions, and the moves of stages and aliases."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from clew.entities.metric import Metric
from clew.errors import InvalidValue


class ModelStage(StrEnum):
    """Where a version stands on its way to production; the texts are MLflow's."""

    NONE = "None"
    STAGING = "Staging"
    PRODUCTION = "Production"
    ARCHIVED = "Archived"


class VersionStatus(StrEnum):
    """Whether a version can be used; the texts are MLflow's."""

    PENDING = "PENDING_REGISTRATION"
    FAILED = "FAILED_REGISTRATION"
    READY = "READY"


_STAGES = {stage.value.lower(): stage for stage in ModelStage}


def read_stage(text: str) -> ModelStage:
    """The stage that a text in any case names.

    Raises:
        InvalidValue: none.
    """
    stage = _STAGES.get(text.lower())
    if stage is None:
        stages = ", ".join(stage.value for stage in ModelStage)
        raise InvalidValue(f"Invalid Model Version stage: {text}. Value must be one of {stages}.")
    return stage


class ModelVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a registered model.

    version: its number as a text, as on the wire.
    creation_timestamp, last_updated_timestamp: milliseconds since 1970-01-01 UTC.
    source: what was registered, as given. run_id, model_id: the run and logged model it came from, "" for none.
    params, metrics: of the logged model; only where one version is asked for.
    """

    name: str
    version: str
    creation_timestamp: int = 0
    last_updated_timestamp: int = 0
    current_stage: str = ModelStage.NONE.value
    status: VersionStatus = VersionStatus.READY
    status_message: str = ""
    description: str = ""
    user_id: str = ""
    source: str = ""
    run_id: str = ""
    run_link: str = ""
    model_id: str = ""
    tags: dict[str, str] = {}
    aliases: tuple[str, ...] = ()
    params: dict[str, str] = {}
    metrics: tuple[Metric, ...] = ()


class RegisteredModel(msgspec.Struct, frozen=True, kw_only=True):
    """A named model.

    latest_versions: the highest version in each stage that has any. aliases: alias -> version number as a text.
    creation_timestamp, last_updated_timestamp: milliseconds since 1970-01-01 UTC.
    """

    name: str
    creation_timestamp: int = 0
    last_updated_timestamp: int = 0
    description: str = ""
    user_id: str = ""
    latest_versions: tuple[ModelVersion, ...] = ()
    tags: dict[str, str] = {}
    aliases: dict[str, str] = {}


MoveKind = Literal["model", "version", "stage", "alias", "rule", "request", "approval", "rejection", "withdrawal"]


class ModelMove(msgspec.Struct, frozen=True, kw_only=True):
    """One step in a registered model's history.

    kind: model (made, renamed), version (made, deleted), stage or alias (moved); rule (set, deleted), request,
        approval, rejection, withdrawal, where moves need the consent of others: those moved nothing.
    version: the number as a text, "" where the model as a whole was changed.
    before, after: stages, version numbers or names; "" for none. user: as the caller named itself.
    """

    id: int
    timestamp: int
    kind: str
    version: str = ""
    alias: str = ""
    before: str = ""
    after: str = ""
    user: str = ""
    reason: str = ""


class RegistryState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a model's aliases and versions stood at a time.

    aliases: alias -> version number. stages: version number -> stage; versions that did not exist are left out.
    """

    timestamp: int
    aliases: dict[str, str] = {}
    stages: dict[str, str] = {}
