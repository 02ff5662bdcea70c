"""Registered models: make, find, rename, describe, tag, delete; their aliases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from clew.entities.registry import ModelVersion, RegisteredModel
from clew.errors import AlreadyExists, InvalidValue, NotFound
from clew.storage import moverequests, moves, outbox, versions
from clew.storage.engine import Row, Tx, WriteTx

_FIELDS: Final = "gn, name, description, user_id, created_ms, updated_ms"


def create_model(
    tx: WriteTx, name: str, *, who: str, description: str = "", tags: Mapping[str, str] = {}
) -> RegisteredModel:
    """A new registered model. who: the name of its maker.

    Raises:
        AlreadyExists: the name is taken.
    """
    if find_model(tx, name) is not None:
        raise _taken(name)
    now = tx.place.clock()
    rows = tx.all(
        "INSERT INTO registered_model (name, description, user_id, created_ms, updated_ms)"
        " VALUES (:name, :description, :who, :now, :now) RETURNING gn",
        name=name,
        description=description,
        who=who,
        now=now,
    )
    number = int(rows[0][0])
    put_tags(tx, number, tags)
    moves.note(tx, number, "model", who=who, after=name)
    outbox.emit(tx, "registered_model.created", {"name": name, "tags": dict(tags), "description": description})
    return get_model(tx, name)


def find_model(tx: Tx, name: str) -> int | None:
    """The model's number, or None."""
    row = tx.one("SELECT gn FROM registered_model WHERE name = :name", name=name)
    return int(row[0]) if row else None


def model_number(tx: Tx, name: str) -> int:
    """The model's number.

    Raises:
        NotFound: there is none of this name.
    """
    number = find_model(tx, name)
    if number is None:
        raise NotFound(f"Registered Model with name={name} not found")
    return number


def get_model(tx: Tx, name: str) -> RegisteredModel:
    """The model with its tags, aliases and latest versions.

    Raises:
        NotFound: there is none of this name.
    """
    return load_models(tx, [model_number(tx, name)])[0]


def load_models(tx: Tx, numbers: Sequence[int]) -> list[RegisteredModel]:
    """The models of these numbers, in their order; missing ones are left out.

    Cost: some statements, however many models.
    """
    wanted = list(numbers)
    rows = tx.all(f"SELECT {_FIELDS} FROM registered_model WHERE {tx.dialect.any_of('gn', 'gns')}", gns=wanted)
    tags: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for number, key, value in tx.all(
        f"SELECT gn, key, value FROM registered_model_tag WHERE {tx.dialect.any_of('gn', 'gns')} ORDER BY gn, key",
        gns=wanted,
    ):
        tags[number][key] = value
    aliases: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for number, alias, version in tx.all(
        f"SELECT gn, alias, version FROM model_alias WHERE {tx.dialect.any_of('gn', 'gns')} ORDER BY gn, alias",
        gns=wanted,
    ):
        aliases[number][alias] = str(version)
    latest = versions.latest(tx, wanted)
    found = {row[0]: _model(row, tags[row[0]], aliases[row[0]], latest.get(row[0], ())) for row in rows}
    return [found[number] for number in wanted if number in found]


def rename_model(tx: WriteTx, name: str, new_name: str, *, who: str) -> RegisteredModel:
    """Give the model another name; versions, tags, aliases and history stay with it.

    Raises:
        NotFound: there is none of this name.
        AlreadyExists: the new name is another's.
    """
    number = model_number(tx, name)
    holder = find_model(tx, new_name)
    if holder not in (None, number):
        raise _taken(new_name)
    tx.run("UPDATE registered_model SET name = :name WHERE gn = :gn", name=new_name, gn=number)
    touch(tx, number)
    moves.note(tx, number, "model", who=who, before=name, after=new_name)
    return get_model(tx, new_name)


def describe_model(tx: WriteTx, name: str, description: str) -> RegisteredModel:
    """Give the model another description.

    Raises:
        NotFound: there is none of this name.
    """
    number = model_number(tx, name)
    tx.run("UPDATE registered_model SET description = :text WHERE gn = :gn", text=description, gn=number)
    touch(tx, number)
    return get_model(tx, name)


def delete_model(tx: WriteTx, name: str, *, who: str) -> None:
    """Delete the model with all its versions; its history stays.

    Raises:
        NotFound: there is none of this name.
    """
    number = model_number(tx, name)
    versions.forget_all(tx, number, name)
    moverequests.forget(tx, number)
    for table in ("model_alias", "registered_model_tag", "registered_model"):
        tx.run(f"DELETE FROM {table} WHERE gn = :gn", gn=number)
    moves.note(tx, number, "model", who=who, before=name)


def set_tag(tx: WriteTx, name: str, key: str, value: str) -> None:
    """Set a tag.

    Raises:
        NotFound: there is no model of this name.
    """
    put_tags(tx, model_number(tx, name), {key: value})


def delete_tag(tx: WriteTx, name: str, key: str) -> None:
    """Remove a tag, if it is there.

    Raises:
        NotFound: there is no model of this name.
    """
    tx.run("DELETE FROM registered_model_tag WHERE gn = :gn AND key = :key", gn=model_number(tx, name), key=key)


def set_alias(tx: WriteTx, name: str, alias: str, version: int, *, who: str, reason: str = "") -> None:
    """Let the alias mean a version, whatever it meant before.

    Raises:
        NotFound: there is no such model or version.
    """
    number = model_number(tx, name)
    versions.lock_version(tx, name, version)
    before = find_alias(tx, number, alias)
    tx.run(
        "INSERT INTO model_alias (gn, alias, version) VALUES (:gn, :alias, :version)"
        " ON CONFLICT (gn, alias) DO UPDATE SET version = excluded.version",
        gn=number,
        alias=alias,
        version=version,
    )
    if before != version:
        moves.note(
            tx,
            number,
            "alias",
            who=who,
            version=version,
            alias=alias,
            before="" if before is None else str(before),
            after=str(version),
            reason=reason,
        )
        outbox.emit(tx, "model_version_alias.created", {"name": name, "alias": alias, "version": str(version)})


def delete_alias(tx: WriteTx, name: str, alias: str, *, who: str, reason: str = "") -> None:
    """Take the alias away, if it is there.

    Raises:
        NotFound: there is no model of this name.
    """
    number = model_number(tx, name)
    before = find_alias(tx, number, alias)
    if before is not None:
        tx.run("DELETE FROM model_alias WHERE gn = :gn AND alias = :alias", gn=number, alias=alias)
        moves.note(tx, number, "alias", who=who, version=before, alias=alias, before=str(before), reason=reason)
        outbox.emit(tx, "model_version_alias.deleted", {"name": name, "alias": alias})


def get_by_alias(tx: Tx, name: str, alias: str) -> ModelVersion:
    """The version that an alias means.

    Raises:
        NotFound: there is no model of this name.
        InvalidValue: it has no such alias, which is MLflow's code for that.
    """
    number = model_number(tx, name)
    version = find_alias(tx, number, alias)
    if version is None:
        raise InvalidValue(f"Registered model alias {alias} not found.")
    return versions.get_version(tx, name, version)


def find_alias(tx: Tx, number: int, alias: str) -> int | None:
    """The version that an alias of a model means, or None."""
    row = tx.one("SELECT version FROM model_alias WHERE gn = :gn AND alias = :alias", gn=number, alias=alias)
    return int(row[0]) if row else None


def touch(tx: WriteTx, number: int) -> None:
    """Note that the model or one of its versions changed."""
    tx.run("UPDATE registered_model SET updated_ms = :now WHERE gn = :gn", now=tx.place.clock(), gn=number)


def put_tags(tx: WriteTx, number: int, tags: Mapping[str, str]) -> None:
    """Set tags of a model."""
    if tags:
        tx.many(
            "INSERT INTO registered_model_tag (gn, key, value) VALUES (:gn, :key, :value)"
            " ON CONFLICT (gn, key) DO UPDATE SET value = excluded.value",
            [{"gn": number, "key": key, "value": value} for key, value in tags.items()],
        )


def _taken(name: str) -> AlreadyExists:
    return AlreadyExists(f"Registered Model (name={name}) already exists.")


def _model(row: Row, tags: dict[str, str], aliases: dict[str, str], latest: Sequence[ModelVersion]) -> RegisteredModel:
    _, name, description, user_id, created_ms, updated_ms = row
    return RegisteredModel(
        name=name,
        creation_timestamp=created_ms,
        last_updated_timestamp=updated_ms,
        description=description,
        user_id=user_id,
        latest_versions=tuple(latest),
        tags=tags,
        aliases=aliases,
    )
