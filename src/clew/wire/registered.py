"""Entities of the model registry to messages and back."""

from __future__ import annotations

import msgspec

from clew.entities.registry import ModelMove, ModelVersion, RegisteredModel, RegistryState, VersionStatus
from clew.wire import registry
from clew.wire.convert import mapping_of, metric_entity, metric_message, pairs


def version_message(version: ModelVersion) -> registry.ModelVersion:
    """A version for an answer."""
    return registry.ModelVersion(
        name=version.name,
        version=version.version,
        creation_timestamp=version.creation_timestamp,
        last_updated_timestamp=version.last_updated_timestamp,
        user_id=version.user_id,
        current_stage=version.current_stage,
        description=version.description,
        source=version.source,
        run_id=version.run_id,
        status=version.status,
        status_message=version.status_message or None,
        tags=pairs(version.tags),
        run_link=version.run_link,
        aliases=list(version.aliases),
        model_id=version.model_id or None,
        model_params=[registry.ModelParam(name=k, value=v) for k, v in version.params.items()],
        model_metrics=[metric_message(m) for m in version.metrics],
    )


def version_entity(message: registry.ModelVersion) -> ModelVersion:
    """A version out of an answer."""
    return ModelVersion(
        name=message.name or "",
        version=message.version or "",
        creation_timestamp=message.creation_timestamp or 0,
        last_updated_timestamp=message.last_updated_timestamp or 0,
        current_stage=message.current_stage or "None",
        status=message.status or VersionStatus.READY,
        status_message=message.status_message or "",
        description=message.description or "",
        user_id=message.user_id or "",
        source=message.source or "",
        run_id=message.run_id or "",
        run_link=message.run_link or "",
        model_id=message.model_id or "",
        tags=mapping_of(message.tags),
        aliases=tuple(message.aliases),
        params={p.name or "": p.value or "" for p in message.model_params},
        metrics=tuple(metric_entity(m) for m in message.model_metrics),
    )


def model_message(model: RegisteredModel) -> registry.RegisteredModel:
    """A registered model for an answer."""
    return registry.RegisteredModel(
        name=model.name,
        creation_timestamp=model.creation_timestamp,
        last_updated_timestamp=model.last_updated_timestamp,
        user_id=model.user_id,
        description=model.description,
        latest_versions=[version_message(v) for v in model.latest_versions],
        tags=pairs(model.tags),
        aliases=[registry.Alias(alias=alias, version=version) for alias, version in model.aliases.items()],
    )


def model_entity(message: registry.RegisteredModel) -> RegisteredModel:
    """A registered model out of an answer."""
    return RegisteredModel(
        name=message.name or "",
        creation_timestamp=message.creation_timestamp or 0,
        last_updated_timestamp=message.last_updated_timestamp or 0,
        description=message.description or "",
        user_id=message.user_id or "",
        latest_versions=tuple(version_entity(v) for v in message.latest_versions),
        tags=mapping_of(message.tags),
        aliases={a.alias or "": a.version or "" for a in message.aliases},
    )


def move_message(move: ModelMove) -> registry.Move:
    """A step of a history for an answer."""
    return registry.Move(**msgspec.structs.asdict(move))


def move_entity(message: registry.Move) -> ModelMove:
    """A step of a history out of an answer."""
    return ModelMove(**msgspec.structs.asdict(message))


def state_message(state: RegistryState) -> registry.ModelStateResponse:
    """A state for an answer."""
    return registry.ModelStateResponse(
        timestamp=state.timestamp,
        aliases=[registry.Alias(alias=alias, version=version) for alias, version in state.aliases.items()],
        stages=[registry.VersionStage(version=version, stage=stage) for version, stage in state.stages.items()],
    )


def state_entity(message: registry.ModelStateResponse) -> RegistryState:
    """A state out of an answer."""
    return RegistryState(
        timestamp=message.timestamp,
        aliases={a.alias or "": a.version or "" for a in message.aliases},
        stages={s.version: s.stage for s in message.stages},
    )
