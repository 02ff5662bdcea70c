"""The model registry's calls: one function per route, named after it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from clew.entities import names
from clew.entities.approval import MoveRequest, Target
from clew.entities.registry import ModelVersion, RegisteredModel, read_stage
from clew.errors import Denied, InvalidValue
from clew.server import actor, modelsources
from clew.server.context import Site
from clew.server.refusal import Refused
from clew.storage import approvals, audit, moves, registry, registrysearch, versions
from clew.storage.engine import Tx, WriteTx
from clew.wire import mlflow, registered
from clew.wire import registry as wire
from clew.wire.mlflow import Empty

Job = Callable[[WriteTx], mlflow.Message | Refused]

MAX_NAME = 256
MAX_ALIAS = 255
MAX_TAG_VALUE = 100_000
MAX_TEXT = 5000  # descriptions and reasons
_DEFAULT_MODELS, _MOST_MODELS = 100, 1000
_DEFAULT_VERSIONS, _MOST_VERSIONS = 200_000, 200_000
_DEFAULT_MOVES, _MOST_MOVES = 100, 1000
_ALIAS = re.compile(r"[\w\-]+")
_VERSION_LIKE = re.compile(r"v\d+", re.IGNORECASE)


# -- registered models ----------------------------------------------------------------------


def create_registered_model(_site: Site, request: wire.CreateRegisteredModel) -> Job:
    """A new model without versions."""
    name, tags = _check_name(request.name), _tags(request.tags)
    description, who = _text("description", request.description), actor.asking().user

    def job(tx: WriteTx) -> wire.RegisteredModelResponse:
        return _model(registry.create_model(tx, name, who=who, description=description, tags=tags))

    return job


def rename_registered_model(_site: Site, request: wire.RenameRegisteredModel) -> Job:
    """Another name; everything else stays."""
    new_name, who = _check_name(request.new_name), actor.asking().user
    return lambda tx: _model(registry.rename_model(tx, request.name, new_name, who=who))


def update_registered_model(_site: Site, request: wire.UpdateRegisteredModel) -> Job:
    """Another description."""
    description = _text("description", request.description)
    return lambda tx: _model(registry.describe_model(tx, request.name, description))


def delete_registered_model(_site: Site, request: wire.RegisteredModelByName) -> Job:
    """Away with all versions."""
    who = actor.asking()

    def job(tx: WriteTx) -> Empty:
        registry.delete_model(tx, request.name, who=who.user)
        audit.record(tx, who, "delete", "registered model", request.name)
        return Empty()

    return job


def get_registered_model(tx: Tx, request: wire.RegisteredModelByName) -> wire.RegisteredModelResponse:
    """A model by name."""
    return _model(registry.get_model(tx, request.name))


def search_registered_models(tx: Tx, request: wire.SearchRegisteredModels) -> wire.SearchRegisteredModelsResponse:
    """A page of models."""
    page = registrysearch.search_models(
        tx,
        filter=request.filter or "",
        order_by=request.order_by,
        max_results=_most(request.max_results, _DEFAULT_MODELS, _MOST_MODELS),
        page_token=request.page_token or None,
    )
    return wire.SearchRegisteredModelsResponse(
        registered_models=[registered.model_message(m) for m in page.items], next_page_token=page.token
    )


def get_latest_versions(tx: Tx, request: wire.GetLatestVersions) -> wire.ModelVersionsResponse:
    """The highest version in each stage."""
    number = registry.model_number(tx, request.name)
    stages = [read_stage(stage) for stage in request.stages] or list(versions.STAGES)
    latest = versions.latest(tx, [number], stages).get(number, [])
    return wire.ModelVersionsResponse(model_versions=[registered.version_message(v) for v in latest])


def set_registered_model_tag(_site: Site, request: wire.SetRegisteredModelTag) -> Job:
    """Set or overwrite a tag."""
    _check_tag(request.key, request.value)
    return _silent(lambda tx: registry.set_tag(tx, request.name, request.key, request.value))


def delete_registered_model_tag(_site: Site, request: wire.DeleteRegisteredModelTag) -> Job:
    """Remove a tag, if it is there."""
    return _silent(lambda tx: registry.delete_tag(tx, request.name, request.key))


def set_registered_model_alias(_site: Site, request: wire.SetAlias) -> Job:
    """Let an alias mean a version; or ask others to approve that, where a rule wants it."""
    alias, version = check_alias(request.alias), read_version(request.version)
    who, reason, target = actor.asking().user, _text("reason", request.reason), Target(alias=alias)

    def job(tx: WriteTx) -> Empty | Refused:
        asked = approvals.request_move(tx, request.name, version, target, who=who, reason=reason)
        if asked is not None:
            return _waits(asked)
        registry.set_alias(tx, request.name, alias, version, who=who, reason=reason)
        return Empty()

    return job


def delete_registered_model_alias(_site: Site, request: wire.AliasByName) -> Job:
    """Take an alias away, if it is there."""
    who, reason = actor.asking().user, _text("reason", request.reason)
    return _silent(lambda tx: registry.delete_alias(tx, request.name, request.alias, who=who, reason=reason))


def get_model_version_by_alias(tx: Tx, request: wire.AliasByName) -> wire.ModelVersionResponse:
    """The version that an alias means."""
    return _one(registry.get_by_alias(tx, request.name, request.alias))


# -- versions -------------------------------------------------------------------------------


def create_model_version(_site: Site, request: wire.CreateModelVersion) -> Job:
    """The next version of a model."""
    tags, description = _tags(request.tags), _text("description", request.description)
    modelsources.check(request.source)
    who = actor.asking().user

    def job(tx: WriteTx) -> wire.ModelVersionResponse:
        registry.model_number(tx, request.name)
        found = modelsources.resolve(tx, request.source, request.run_id or "", request.model_id or "")
        new = versions.NewVersion(
            source=request.source,
            storage=found.storage,
            run_id=found.run_id,
            model_id=found.model_id,
            run_link=request.run_link or "",
            description=description,
            tags=tags,
        )
        return _one(versions.create_version(tx, request.name, new, who=who))

    return job


def get_model_version(tx: Tx, request: wire.ModelVersionByNumber) -> wire.ModelVersionResponse:
    """A version by number."""
    return _one(versions.get_version(tx, request.name, read_version(request.version)))


def update_model_version(_site: Site, request: wire.UpdateModelVersion) -> Job:
    """Another description."""
    version, description = read_version(request.version), _text("description", request.description)
    return lambda tx: _one(versions.describe_version(tx, request.name, version, description))


def transition_model_version_stage(_site: Site, request: wire.TransitionStage) -> Job:
    """Move a version into a stage; or ask others to approve that, where a rule wants it."""
    version, stage = read_version(request.version), read_stage(request.stage)
    who, reason = actor.asking().user, _text("reason", request.reason)
    archive = request.archive_existing_versions

    def job(tx: WriteTx) -> wire.ModelVersionResponse | Refused:
        target = Target(stage=stage.value)
        asked = approvals.request_move(tx, request.name, version, target, archive=archive, who=who, reason=reason)
        if asked is not None:
            return _waits(asked)
        moved = versions.move_version(
            tx, request.name, version, stage, archive_existing=archive, who=who, reason=reason
        )
        return _one(moved)

    return job


def delete_model_version(_site: Site, request: wire.ModelVersionByNumber) -> Job:
    """Delete a version and the aliases on it."""
    version, who = read_version(request.version), actor.asking()

    def job(tx: WriteTx) -> Empty:
        versions.delete_version(tx, request.name, version, who=who.user)
        audit.record(tx, who, "delete", "model version", f"{request.name}/{version}")
        return Empty()

    return job


def search_model_versions(tx: Tx, request: wire.SearchModelVersions) -> wire.SearchModelVersionsResponse:
    """A page of versions."""
    page = registrysearch.search_versions(
        tx,
        filter=request.filter or "",
        order_by=request.order_by,
        max_results=_most(request.max_results, _DEFAULT_VERSIONS, _MOST_VERSIONS),
        page_token=request.page_token or None,
    )
    return wire.SearchModelVersionsResponse(
        model_versions=[registered.version_message(v) for v in page.items], next_page_token=page.token
    )


def get_model_version_download_uri(tx: Tx, request: wire.ModelVersionByNumber) -> wire.DownloadUriResponse:
    """Where a version's files lie."""
    return wire.DownloadUriResponse(artifact_uri=versions.storage_of(tx, request.name, read_version(request.version)))


def set_model_version_tag(_site: Site, request: wire.SetModelVersionTag) -> Job:
    """Set or overwrite a tag."""
    _check_tag(request.key, request.value)
    version = read_version(request.version)
    return _silent(lambda tx: versions.set_tag(tx, request.name, version, request.key, request.value))


def delete_model_version_tag(_site: Site, request: wire.DeleteModelVersionTag) -> Job:
    """Remove a tag, if it is there."""
    version = read_version(request.version)
    return _silent(lambda tx: versions.delete_tag(tx, request.name, version, request.key))


# -- history --------------------------------------------------------------------------------


def model_history(tx: Tx, request: wire.ModelHistory) -> wire.ModelHistoryResponse:
    """What was moved, by whom, when and why; the newest first."""
    number = registry.model_number(tx, request.name)
    most = _most(request.max_results, _DEFAULT_MOVES, _MOST_MOVES)
    found = moves.moves(tx, number, limit=most + 1, before=request.before)
    return wire.ModelHistoryResponse(
        moves=[registered.move_message(move) for move in found[:most]], more=len(found) > most
    )


def model_state_at(tx: Tx, request: wire.ModelStateAt) -> wire.ModelStateResponse:
    """Where aliases and versions stood at a time."""
    number = registry.model_number(tx, request.name)
    time_ms = tx.place.clock() if request.time is None else request.time
    return registered.state_message(moves.state_at(tx, number, time_ms))


# -- checks ---------------------------------------------------------------------------------


def _check_name(name: str) -> str:
    if "/" in name or ":" in name:
        raise InvalidValue(f"Invalid model name '{name}'. Names cannot contain '/' or ':'.")
    names.check_length("name", name, MAX_NAME)
    return name


def check_alias(alias: str) -> str:
    """The alias.

    Raises:
        InvalidValue: it is reserved, or has characters that no alias may have.
    """
    names.check_length("alias", alias, MAX_ALIAS)
    if alias.lower() == "latest":
        raise InvalidValue("'latest' alias name (case insensitive) is reserved.")
    if _VERSION_LIKE.fullmatch(alias):
        raise InvalidValue(f"Version alias name '{alias}' is reserved: 'v' and a number would read as a version.")
    if not _ALIAS.fullmatch(alias):
        raise InvalidValue(
            f"Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-)."
        )
    return alias


def _check_tag(key: str, value: str) -> None:
    names.check_key(key, "key")
    names.check_length("value", value, MAX_TAG_VALUE)


def _tags(given: list[mlflow.KeyValue]) -> dict[str, str]:
    for tag in given:
        _check_tag(tag.key, tag.value)
    return {tag.key: tag.value for tag in given}


def _text(field: str, given: str | None) -> str:
    text = given or ""
    names.check_length(field, text, MAX_TEXT)
    return text


def read_version(text: str) -> int:
    """The number of a version, out of its text.

    Raises:
        InvalidValue: it is none.
    """
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise InvalidValue(f"Parameter 'version' must be an integer, got '{text}'.")
    return int(text)


def _most(given: int | None, default: int, most: int) -> int:
    wanted = default if given is None else given
    if not 1 <= wanted <= most:
        raise InvalidValue(
            f"Invalid value {wanted} for parameter 'max_results' supplied. It must be between 1 and {most}"
        )
    return wanted


def _waits(asked: MoveRequest) -> Refused:
    """The answer to a move that was asked for and not made: 403, which MLflow's clients do not repeat."""
    others = "somebody else approves it" if asked.needed == 1 else f"{asked.needed} others approve it"
    return Refused(
        Denied(
            f"Moving version {asked.version} of {asked.name!r} to {asked.target.words} needs approval and was not done."
            f" Request {asked.id} waits until {others}, on the model's page, by `clew models approve {asked.id}` or"
            f" ClewClient.approve_move({asked.id})."
        )
    )


def _silent(work: Callable[[WriteTx], None]) -> Job:
    def job(tx: WriteTx) -> Empty:
        work(tx)
        return Empty()

    return job


def _model(model: RegisteredModel) -> wire.RegisteredModelResponse:
    return wire.RegisteredModelResponse(registered_model=registered.model_message(model))


def _one(version: ModelVersion) -> wire.ModelVersionResponse:
    return wire.ModelVersionResponse(model_version=registered.version_message(version))


WRITES: tuple[Callable[..., Any], ...] = (
    create_registered_model,
    rename_registered_model,
    update_registered_model,
    delete_registered_model,
    set_registered_model_tag,
    delete_registered_model_tag,
    set_registered_model_alias,
    delete_registered_model_alias,
    create_model_version,
    update_model_version,
    transition_model_version_stage,
    delete_model_version,
    set_model_version_tag,
    delete_model_version_tag,
)
READS: tuple[Callable[..., Any], ...] = (
    get_registered_model,
    get_latest_versions,
    get_model_version_by_alias,
    get_model_version,
    get_model_version_download_uri,
)
SEARCHES: tuple[Callable[..., Any], ...] = (
    search_registered_models,
    search_model_versions,
    model_history,
    model_state_at,
)
CALLS: tuple[Callable[..., Any], ...] = ()
