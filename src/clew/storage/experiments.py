"""Experiments: make, find, rename, trash, restore, tag, and what the experiments page counts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from clew.entities.experiment import Experiment, ExperimentActivity
from clew.errors import AlreadyExists, ClewError, Conflict, InvalidValue, NotFound
from clew.storage.engine import Row, Tx, WriteTx

DEFAULT_NAME: Final = "Default"
_FIELDS: Final = "id, name, artifact_location, deleted, created_ms, updated_ms"
_MAX_ID: Final = 2**31 - 1
_DAY_MS: Final = 86_400_000
_MAX_DIGITS: Final = 1000  # Python refuses to read numbers of several thousand digits


class NotActive(Conflict):
    """The experiment is in the trash; MLflow answers a rename of one with its INVALID_STATE."""

    code = "INVALID_STATE"


class Column(msgspec.Struct, frozen=True):
    """A key that runs of an experiment have.

    runs: how many of the runs looked at have it. distinct: different values among them (params and datasets only).
    """

    name: str
    runs: int
    distinct: int | None = None


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of an experiment's newest runs, by kind, most used first.

    datasets: ``name`` alone, where runs read any.
    """

    params: tuple[Column, ...] = ()
    metrics: tuple[Column, ...] = ()
    tags: tuple[Column, ...] = ()
    datasets: tuple[Column, ...] = ()


def ensure_default(tx: WriteTx) -> None:
    """Make experiment ``0`` where it is missing."""
    if tx.one("SELECT 1 FROM experiment WHERE id = 0") is None:
        _insert(tx, DEFAULT_NAME, None, experiment_id=0)


def number_of(experiment_id: str) -> int:
    """The experiment id as a number; -1 for one that cannot exist.

    Raises:
        InvalidValue: not a decimal integer.
    """
    if not re.fullmatch(r"[+-]?[0-9]+", experiment_id):
        raise InvalidValue(f"Invalid experiment ID '{experiment_id}'. Experiment ID must be a valid integer.")
    if len(experiment_id) > _MAX_DIGITS:
        return -1
    number = int(experiment_id)
    return number if 0 <= number <= _MAX_ID else -1


def create_experiment(
    tx: WriteTx, name: str, *, artifact_location: str | None = None, tags: Mapping[str, str] = {}
) -> str:
    """The id of a new experiment.

    Raises:
        AlreadyExists: the name is taken, be it by one in the trash.
    """
    row = tx.one("SELECT deleted FROM experiment WHERE name = :name", name=name)
    if row is not None:
        raise _taken(name, row[0])
    number = _insert(tx, name, artifact_location)
    for key, value in tags.items():
        _put_tag(tx, number, key, value)
    return str(number)


def get_experiment(tx: Tx, experiment_id: str) -> Experiment:
    """The experiment, be it in the trash.

    Raises:
        InvalidValue: the id is no integer.
        NotFound: there is none.
    """
    number = number_of(experiment_id)
    row = tx.one(f"SELECT {_FIELDS} FROM experiment WHERE id = :id", id=number)
    if row is None:
        raise _missing(experiment_id)
    return read_experiments(tx, [row])[0]


def find_experiment(tx: Tx, name: str) -> Experiment | None:
    """The experiment of this name, be it in the trash, or None."""
    row = tx.one(f"SELECT {_FIELDS} FROM experiment WHERE name = :name", name=name)
    return read_experiments(tx, [row])[0] if row else None


def load_experiments(tx: Tx, numbers: Sequence[int]) -> list[Experiment]:
    """The experiments of these numbers, in their order; missing ones are left out.

    Cost: two statements.
    """
    rows = tx.all(f"SELECT {_FIELDS} FROM experiment WHERE {tx.dialect.any_of('id', 'ids')}", ids=list(numbers))
    found = {e.experiment_id: e for e in read_experiments(tx, rows)}
    return [found[str(n)] for n in numbers if str(n) in found]


def read_experiments(tx: Tx, rows: Sequence[Row]) -> list[Experiment]:
    """Rows of ``experiment`` with their tags, as entities."""
    tags: dict[int, dict[str, str]] = {row[0]: {} for row in rows}
    for number, key, value in tx.all(
        f"SELECT experiment_id, key, value FROM experiment_tag WHERE {tx.dialect.any_of('experiment_id', 'ids')}"
        " ORDER BY experiment_id, key",
        ids=list(tags),
    ):
        tags[number][key] = value
    return [
        Experiment(
            experiment_id=str(number),
            name=name,
            artifact_location=location,
            lifecycle_stage="deleted" if deleted else "active",
            creation_time=created_ms,
            last_update_time=updated_ms,
            tags=tags[number],
        )
        for number, name, location, deleted, created_ms, updated_ms in rows
    ]


def rename_experiment(tx: WriteTx, experiment_id: str, name: str) -> None:
    """Give the experiment another name.

    Raises:
        NotFound: there is none.
        NotActive: it is in the trash.
        AlreadyExists: the name is another's.
    """
    number, deleted = _state(tx, experiment_id)
    if deleted:
        raise NotActive("Cannot rename a non-active experiment.")
    row = tx.one("SELECT id, deleted FROM experiment WHERE name = :name", name=name)
    if row is not None and row[0] != number:
        raise _taken(name, row[1])
    tx.run(
        "UPDATE experiment SET name = :name, updated_ms = :now, change = :change WHERE id = :id",
        name=name,
        now=tx.place.clock(),
        change=tx.change(),
        id=number,
    )
    tx.reshaped.add(number)


def delete_experiment(tx: WriteTx, experiment_id: str) -> None:
    """Put the experiment and its active runs in the trash.

    Raises:
        NotFound: there is none, or it is in the trash already.
    """
    number, deleted = _state(tx, experiment_id)
    if deleted:
        raise _missing(experiment_id, "active")
    _set_stage(tx, number, deleted=1)
    tx.run(
        "UPDATE run SET deleted = 2, deleted_ms = :now, change = :change WHERE experiment_id = :id AND deleted = 0",
        now=tx.place.clock(),
        change=tx.change(),
        id=number,
    )


def restore_experiment(tx: WriteTx, experiment_id: str) -> None:
    """Take the experiment out of the trash, with exactly the runs that its deletion put there.

    Raises:
        NotFound: there is none, or it is not in the trash.
        Conflict: it is being deleted for good.
    """
    number, deleted = _state(tx, experiment_id)
    if not deleted:
        raise _missing(experiment_id, "deleted")
    if deleted == 3:
        raise Conflict(f"The experiment {experiment_id} is being deleted for good; it cannot be restored any more.")
    _set_stage(tx, number, deleted=0)
    tx.run(
        "UPDATE run SET deleted = 0, deleted_ms = NULL, change = :change WHERE experiment_id = :id AND deleted = 2",
        change=tx.change(),
        id=number,
    )


def set_experiment_tag(tx: WriteTx, experiment_id: str, key: str, value: str) -> None:
    """Set a tag; it does not count as an update of the experiment, as in MLflow.

    Raises:
        NotFound: there is no such experiment.
        Conflict: it is in the trash.
    """
    _put_tag(tx, _active(tx, experiment_id), key, value)


def delete_experiment_tag(tx: WriteTx, experiment_id: str, key: str) -> None:
    """Remove a tag.

    Raises:
        NotFound: there is no such experiment or tag.
        Conflict: it is in the trash.
    """
    number = _active(tx, experiment_id)
    if not tx.run("DELETE FROM experiment_tag WHERE experiment_id = :id AND key = :key", id=number, key=key):
        raise NotFound(f"No tag with name: {key} in experiment with id {experiment_id}")
    _touch(tx, number)


def activity(tx: Tx, experiment_ids: Sequence[str]) -> list[ExperimentActivity]:
    """Run counts and the latest start or end of these experiments, in their order.

    Cost: one statement; it reads one row per run.
    """
    numbers = [number_of(i) for i in experiment_ids]
    found = {
        row[0]: row
        for row in tx.all(
            "SELECT experiment_id, count(*), count(*) FILTER (WHERE status = 1), count(*) FILTER (WHERE status = 4),"
            " max(start_ms), max(end_ms) FROM run"
            f" WHERE {tx.dialect.any_of('experiment_id', 'ids')} AND deleted = 0 GROUP BY experiment_id",
            ids=numbers,
        )
    }
    return [_activity(i, found.get(n)) for i, n in zip(experiment_ids, numbers, strict=True)]


def daily_runs(tx: Tx, experiment_ids: Sequence[str], since_ms: int, days: int) -> dict[str, list[int]]:
    """How many active runs of these experiments started on each day from ``since_ms`` on; only those with any.

    Cost: one statement; it reads the runs of these days by their start.
    """
    found: dict[str, list[int]] = {}
    for number, day, runs in tx.all(
        f"SELECT experiment_id, (start_ms - :since) / {_DAY_MS}, count(*) FROM run"
        f" WHERE {tx.dialect.any_of('experiment_id', 'ids')} AND deleted = 0"
        f" AND start_ms >= :since AND start_ms < :until GROUP BY 1, 2",
        ids=[number_of(i) for i in experiment_ids],
        since=since_ms,
        until=since_ms + days * _DAY_MS,
    ):
        found.setdefault(str(number), [0] * days)[day] = runs
    return found


def columns(tx: Tx, experiment_id: str, newest: int = 1000) -> Columns:
    """The keys that the experiment's newest active runs have.

    newest: how many runs are looked at.
    """
    rns = [
        rn
        for (rn,) in tx.all(
            "SELECT rn FROM run WHERE experiment_id = :id AND deleted = 0"
            " ORDER BY start_ms DESC, rn DESC LIMIT :newest",
            id=number_of(experiment_id),
            newest=newest,
        )
    ]

    def counted(table: str, value: str) -> tuple[Column, ...]:
        rows = tx.all(
            f"SELECT k.name, count(*), {value} FROM {table} v JOIN key k ON k.id = v.key"
            f" WHERE {tx.dialect.any_of('v.rn', 'rns')} GROUP BY k.name ORDER BY count(*) DESC, k.name",
            rns=rns,
        )
        return tuple(Column(*row) for row in rows)

    return Columns(
        params=counted("param", "count(DISTINCT v.value)"),
        metrics=counted("latest_metric", "NULL"),
        tags=counted("tag", "NULL"),
        datasets=_datasets(tx, rns),
    )


def _datasets(tx: Tx, rns: Sequence[int]) -> tuple[Column, ...]:
    runs, names = tx.all(
        "SELECT count(DISTINCT i.rn), count(DISTINCT d.name) FROM run_input i JOIN dataset d ON d.id = i.dataset_id"
        f" WHERE {tx.dialect.any_of('i.rn', 'rns')}",
        rns=rns,
    )[0]
    return (Column("name", runs, names),) if runs else ()


def _insert(tx: WriteTx, name: str, artifact_location: str | None, experiment_id: int | None = None) -> int:
    now = tx.place.clock()
    values: dict[str, Any] = {"name": name, "location": artifact_location or "", "now": now, "change": tx.change()}
    fields, marks = "name, artifact_location, created_ms, updated_ms, change", ":name, :location, :now, :now, :change"
    if experiment_id is not None:
        fields, marks = f"id, {fields}", f":id, {marks}"
        values["id"] = experiment_id
    row = tx.one(
        f"INSERT INTO experiment ({fields}) VALUES ({marks}) ON CONFLICT (name) DO NOTHING RETURNING id", **values
    )
    if row is None:
        if experiment_id == 0:
            return 0  # another server made the default experiment meanwhile
        raise _taken(name, 0)
    number = int(row[0])
    tx.reshaped.add(number)
    if not artifact_location:
        location = f"{tx.place.artifact_root.rstrip('/')}/{number}"
        tx.run("UPDATE experiment SET artifact_location = :location WHERE id = :id", location=location, id=number)
    return number


def _put_tag(tx: WriteTx, number: int, key: str, value: str) -> None:
    tx.run(
        "INSERT INTO experiment_tag (experiment_id, key, value) VALUES (:id, :key, :value)"
        " ON CONFLICT (experiment_id, key) DO UPDATE SET value = excluded.value",
        id=number,
        key=key,
        value=value,
    )
    _touch(tx, number)


def _touch(tx: WriteTx, number: int) -> None:
    tx.run("UPDATE experiment SET change = :change WHERE id = :id", change=tx.change(), id=number)
    tx.reshaped.add(number)


def _set_stage(tx: WriteTx, number: int, deleted: int) -> None:
    tx.memory.clear()  # the stage of every run of it changes
    tx.run(
        "UPDATE experiment SET deleted = :deleted, deleted_ms = :deleted_ms, updated_ms = :now, change = :change"
        " WHERE id = :id",
        deleted=deleted,
        deleted_ms=tx.place.clock() if deleted else None,
        now=tx.place.clock(),
        change=tx.change(),
        id=number,
    )
    tx.reshaped.add(number)


def _state(tx: Tx, experiment_id: str) -> tuple[int, int]:
    row = tx.one("SELECT id, deleted FROM experiment WHERE id = :id", id=number_of(experiment_id))
    if row is None:
        raise _missing(experiment_id)
    return row[0], row[1]


def _active(tx: Tx, experiment_id: str) -> int:
    number, deleted = _state(tx, experiment_id)
    if deleted:
        raise Conflict(f"The experiment {experiment_id} must be in the 'active' state. Current state is deleted.")
    return number


def _missing(experiment_id: str, stage: str = "") -> ClewError:
    return NotFound(f"No {stage + ' ' if stage else ''}Experiment with id={experiment_id} exists".replace("  ", " "))


def _taken(name: str, deleted: int) -> ClewError:
    hint = " It is in the trash; restore it, or delete it for good." if deleted else ""
    return AlreadyExists(f"Experiment(name={name}) already exists.{hint}")


def _activity(experiment_id: str, row: Row | None) -> ExperimentActivity:
    if row is None:
        return ExperimentActivity(experiment_id=experiment_id)
    _, runs, running, failed, started, ended = row
    return ExperimentActivity(
        experiment_id=experiment_id,
        runs=runs,
        running=running,
        failed=failed,
        last_activity=max(started, ended or started),
    )
