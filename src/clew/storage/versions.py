"""Versions of registered models: make, read, describe, move between stages, tag, delete."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from clew.entities.registry import ModelStage, ModelVersion, VersionStatus
from clew.errors import InvalidValue, NotFound
from clew.storage import models, moverequests, moves, outbox
from clew.storage.engine import Row, Tx, WriteTx

STAGES: Final = (ModelStage.NONE, ModelStage.STAGING, ModelStage.PRODUCTION, ModelStage.ARCHIVED)
"""By the number that is stored."""
STATUSES: Final = (VersionStatus.PENDING, VersionStatus.FAILED, VersionStatus.READY)
_ACTIVE: Final = (ModelStage.STAGING, ModelStage.PRODUCTION)
_VERSIONS_TAG: Final = "mlflow.modelVersions"
_FIELDS: Final = (
    "v.vn, v.gn, g.name, v.version, v.created_ms, v.updated_ms, v.stage, v.status, v.status_message, v.description,"
    " v.user_id, v.source, v.run_id, v.run_link, v.model_id"
)
_FROM: Final = "FROM model_version v JOIN registered_model g ON g.gn = v.gn"


class NewVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What a version is made of.

    source: as given. storage: where its files lie. run_id, model_id: "" for none.
    """

    source: str
    storage: str
    run_id: str = ""
    model_id: str = ""
    run_link: str = ""
    description: str = ""
    tags: Mapping[str, str] = {}


def create_version(tx: WriteTx, name: str, new: NewVersion, *, who: str) -> ModelVersion:
    """The next version of a model; numbers are never given twice.

    Raises:
        NotFound: there is no model of this name.
    """
    now = tx.place.clock()
    rows = tx.all(
        "UPDATE registered_model SET last_version = last_version + 1, updated_ms = :now WHERE name = :name"
        " RETURNING gn, last_version",
        now=now,
        name=name,
    )
    if not rows:
        raise NotFound(f"Registered Model with name={name} not found")
    model, version = rows[0]
    (row,) = tx.all(
        "INSERT INTO model_version (gn, version, status, description, user_id, source, storage, run_id, run_link,"
        " model_id, created_ms, updated_ms) VALUES (:gn, :version, :ready, :description, :who, :source, :storage,"
        " :run_id, :run_link, :model_id, :now, :now) RETURNING vn",
        gn=model,
        version=version,
        ready=STATUSES.index(VersionStatus.READY),
        description=new.description,
        who=who,
        source=new.source,
        storage=new.storage,
        run_id=new.run_id,
        run_link=new.run_link,
        model_id=new.model_id,
        now=now,
    )
    _put_tags(tx, int(row[0]), new.tags)
    moves.note(tx, model, "version", who=who, version=version, after=str(version))
    told = {
        "name": name,
        "version": str(version),
        "source": new.source,
        "run_id": new.run_id or None,
        "tags": dict(new.tags),
        "description": new.description or None,
    }
    outbox.emit(tx, "model_version.created", told)
    if new.model_id:
        _tell_logged_model(tx, new.model_id, name, version)
    return get_version(tx, name, version)


def get_version(tx: Tx, name: str, version: int) -> ModelVersion:
    """The version with its tags and aliases, and the params and metrics of its logged model.

    Raises:
        NotFound: there is no such model or version.
    """
    found = load_versions(tx, [version_number(tx, name, version)])[0]
    if not found.model_id:
        return found
    try:
        logged = models.get_model(tx, found.model_id)
    except NotFound:
        return found
    return msgspec.structs.replace(found, params=logged.params, metrics=logged.metrics)


def storage_of(tx: Tx, name: str, version: int) -> str:
    """Where the version's files lie.

    Raises:
        NotFound: there is no such model or version.
    """
    row = tx.one("SELECT storage FROM model_version WHERE vn = :vn", vn=version_number(tx, name, version))
    return str(row[0]) if row else ""


def load_versions(tx: Tx, numbers: Sequence[int]) -> list[ModelVersion]:
    """The versions of these numbers (``model_version.vn``), in their order; missing ones are left out.

    Cost: three statements.
    """
    wanted = list(numbers)
    rows = tx.all(f"SELECT {_FIELDS} {_FROM} WHERE {tx.dialect.any_of('v.vn', 'vns')}", vns=wanted)
    tags: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for number, key, value in tx.all(
        f"SELECT vn, key, value FROM model_version_tag WHERE {tx.dialect.any_of('vn', 'vns')} ORDER BY vn, key",
        vns=wanted,
    ):
        tags[number][key] = value
    aliases: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    for model, version, alias in tx.all(
        f"SELECT gn, version, alias FROM model_alias WHERE {tx.dialect.any_of('gn', 'gns')} ORDER BY gn, alias",
        gns=sorted({row[1] for row in rows}),
    ):
        aliases[model, version].append(alias)
    found = {row[0]: _version(row, tags[row[0]], aliases[row[1], row[3]]) for row in rows}
    return [found[number] for number in wanted if number in found]


def latest(tx: Tx, models: Sequence[int], stages: Sequence[ModelStage] = STAGES) -> dict[int, list[ModelVersion]]:
    """By model number, the highest version in each of the stages, in the order of their numbers."""
    rows = tx.all(
        "SELECT v.gn, v.vn FROM model_version v JOIN (SELECT gn, stage, max(version) AS version FROM model_version"
        f" WHERE {tx.dialect.any_of('gn', 'gns')} AND {tx.dialect.any_of('stage', 'stages')} GROUP BY gn, stage) AS top"
        " ON top.gn = v.gn AND top.version = v.version ORDER BY v.gn, v.version",
        gns=list(models),
        stages=[STAGES.index(stage) for stage in stages],
    )
    loaded = load_versions(tx, [vn for _, vn in rows])
    found: defaultdict[int, list[ModelVersion]] = defaultdict(list)
    for (model, _), version in zip(rows, loaded, strict=True):
        found[model].append(version)
    return dict(found)


def describe_version(tx: WriteTx, name: str, version: int, description: str) -> ModelVersion:
    """Give the version another description.

    Raises:
        NotFound: there is no such model or version.
    """
    number = version_number(tx, name, version)
    tx.run("UPDATE model_version SET description = :text WHERE vn = :vn", text=description, vn=number)
    _touch(tx, [number])
    return get_version(tx, name, version)


def move_version(
    tx: WriteTx, name: str, version: int, stage: ModelStage, *, archive_existing: bool, who: str, reason: str = ""
) -> ModelVersion:
    """Put the version into a stage.

    archive_existing: move the other versions of that stage to Archived.

    Raises:
        NotFound: there is no such model or version.
        InvalidValue: others cannot be archived when the stage is None or Archived.
    """
    if archive_existing and stage not in _ACTIVE:
        raise InvalidValue(
            f"Model version transition cannot archive existing model versions because '{stage}' is not an active"
            f" stage. Active stages are {', '.join(_ACTIVE)}."
        )
    number = version_number(tx, name, version)
    (model, before), *_ = tx.all("SELECT gn, stage FROM model_version WHERE vn = :vn", vn=number)
    others = []
    if archive_existing:
        others = tx.all(
            "SELECT vn, version FROM model_version WHERE gn = :gn AND stage = :stage AND vn <> :vn ORDER BY vn",
            gn=model,
            stage=STAGES.index(stage),
            vn=number,
        )
    for other, other_version in others:
        _set_stage(tx, other, ModelStage.ARCHIVED)
        _note_stage(tx, model, name, other_version, (stage, ModelStage.ARCHIVED), who, reason)
    _set_stage(tx, number, stage)
    _touch(tx, [number, *(other for other, _ in others)])
    if STAGES[before] is not stage:
        _note_stage(tx, model, name, version, (STAGES[before], stage), who, reason)
    return get_version(tx, name, version)


def delete_version(tx: WriteTx, name: str, version: int, *, who: str) -> None:
    """Delete the version and the aliases on it.

    Raises:
        NotFound: there is no such model or version.
    """
    number = version_number(tx, name, version)
    (model, model_id), *_ = tx.all("SELECT gn, model_id FROM model_version WHERE vn = :vn", vn=number)
    _touch(tx, [number])  # first, so that no alias is set on it meanwhile, by another server
    for (alias,) in tx.all(
        "SELECT alias FROM model_alias WHERE gn = :gn AND version = :version ORDER BY alias", gn=model, version=version
    ):
        tx.run("DELETE FROM model_alias WHERE gn = :gn AND alias = :alias", gn=model, alias=alias)
        moves.note(tx, model, "alias", who=who, version=version, alias=alias, before=str(version))
        outbox.emit(tx, "model_version_alias.deleted", {"name": name, "alias": alias})
    moverequests.void(tx, model, version, who=who)
    tx.run("DELETE FROM model_version_tag WHERE vn = :vn", vn=number)
    tx.run("DELETE FROM model_version WHERE vn = :vn", vn=number)
    moves.note(tx, model, "version", who=who, version=version, before=str(version))
    outbox.emit(tx, "model_version.deleted", {"name": name, "version": str(version), "user": who})
    if model_id:
        _tell_logged_model(tx, model_id, name, version, gone=True)


def forget_all(tx: WriteTx, model: int, name: str) -> None:
    """Delete all versions of a model that goes away."""
    for version, model_id in tx.all("SELECT version, model_id FROM model_version WHERE gn = :gn", gn=model):
        if model_id:
            _tell_logged_model(tx, model_id, name, version, gone=True)
    tx.run("DELETE FROM model_version_tag WHERE vn IN (SELECT vn FROM model_version WHERE gn = :gn)", gn=model)
    tx.run("DELETE FROM model_version WHERE gn = :gn", gn=model)


def set_tag(tx: WriteTx, name: str, version: int, key: str, value: str) -> None:
    """Set a tag.

    Raises:
        NotFound: there is no such model or version.
    """
    _put_tags(tx, version_number(tx, name, version), {key: value})
    told = {"name": name, "version": str(version), "key": key, "value": value}
    outbox.emit(tx, "model_version_tag.set", told)


def delete_tag(tx: WriteTx, name: str, version: int, key: str) -> None:
    """Remove a tag, if it is there.

    Raises:
        NotFound: there is no such model or version.
    """
    number = version_number(tx, name, version)
    if tx.run("DELETE FROM model_version_tag WHERE vn = :vn AND key = :key", vn=number, key=key):
        outbox.emit(tx, "model_version_tag.deleted", {"name": name, "version": str(version), "key": key})


def version_number(tx: Tx, name: str, version: int) -> int:
    """The number (``model_version.vn``) of a version.

    Raises:
        NotFound: there is no such model or version.
    """
    row = tx.one(f"SELECT v.vn {_FROM} WHERE g.name = :name AND v.version = :version", name=name, version=version)
    if row is None:
        raise NotFound(f"Model Version (name={name}, version={version}) not found")
    return int(row[0])


def lock_version(tx: WriteTx, name: str, version: int) -> None:
    """Make other servers wait with a change or deletion of the version until our transaction ends.

    Raises:
        NotFound: there is no such model or version, or it was deleted just now.
    """
    number = version_number(tx, name, version)
    if not tx.run("UPDATE model_version SET updated_ms = updated_ms WHERE vn = :vn", vn=number):
        raise NotFound(f"Model Version (name={name}, version={version}) not found")


def _note_stage(
    tx: WriteTx, model: int, name: str, version: int, way: tuple[ModelStage, ModelStage], who: str, reason: str
) -> None:
    """Keep, and tell, that a version went from one stage to another."""
    before, after = way
    moves.note(tx, model, "stage", who=who, version=version, before=before, after=after, reason=reason)
    told = {"name": name, "version": str(version), "from": before.value, "to": after.value}
    outbox.emit(tx, "model_version_stage.set", told | {"user": who, "reason": reason})


def _set_stage(tx: WriteTx, number: int, stage: ModelStage) -> None:
    tx.run("UPDATE model_version SET stage = :stage WHERE vn = :vn", stage=STAGES.index(stage), vn=number)


def _touch(tx: WriteTx, numbers: Sequence[int]) -> None:
    """Versions that changed, and with them their model."""
    now = tx.place.clock()
    chosen = tx.dialect.any_of("vn", "vns")
    tx.run(f"UPDATE model_version SET updated_ms = :now WHERE {chosen}", now=now, vns=list(numbers))
    tx.run(
        f"UPDATE registered_model SET updated_ms = :now WHERE gn IN (SELECT gn FROM model_version WHERE {chosen})",
        now=now,
        vns=list(numbers),
    )


def _put_tags(tx: WriteTx, number: int, tags: Mapping[str, str]) -> None:
    if tags:
        tx.many(
            "INSERT INTO model_version_tag (vn, key, value) VALUES (:vn, :key, :value)"
            " ON CONFLICT (vn, key) DO UPDATE SET value = excluded.value",
            [{"vn": number, "key": key, "value": value} for key, value in tags.items()],
        )


def _tell_logged_model(tx: WriteTx, model_id: str, name: str, version: int, *, gone: bool = False) -> None:
    """Keep the logged model's own list of its versions, as MLflow's pages read it."""
    try:
        logged = models.get_model(tx, model_id)
    except NotFound:
        return
    try:
        known = json.loads(logged.tags.get(_VERSIONS_TAG, "[]"))
    except ValueError:
        known = []
    entry = {"name": name, "version": str(version)}
    kept = [one for one in known if isinstance(one, dict) and one != entry] if isinstance(known, list) else []
    models.set_model_tags(tx, model_id, {_VERSIONS_TAG: json.dumps(kept if gone else [*kept, entry])})


def _version(row: Row, tags: dict[str, str], aliases: list[str]) -> ModelVersion:
    _, _, name, version, created, updated, stage, status, message, description, user, source, run, link, model = row
    return ModelVersion(
        name=name,
        version=str(version),
        creation_timestamp=created,
        last_updated_timestamp=updated,
        current_stage=STAGES[stage].value,
        status=STATUSES[status],
        status_message=message,
        description=description,
        user_id=user,
        source=source,
        run_id=run,
        run_link=link,
        model_id=model,
        tags=tags,
        aliases=tuple(aliases),
    )
