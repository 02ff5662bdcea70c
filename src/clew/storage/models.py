"""Logged models: make, read, finish, trash; their params, tags and metrics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from clew import ids
from clew.entities.metric import Metric
from clew.entities.model import LoggedModel, LoggedModelStatus
from clew.errors import Conflict, NotFound
from clew.storage.engine import Row, Tx, WriteTx
from clew.storage.experiments import number_of
from clew.storage.hydrate import metric_value
from clew.storage.status import model_status, model_status_number

_FIELDS: Final = (
    "mn, model_id, experiment_id, name, artifact_location, created_ms, updated_ms, status, model_type,"
    " source_run_id, status_message"
)


def create_model(
    tx: WriteTx,
    *,
    experiment_id: str,
    model_id: str | None = None,
    name: str | None = None,
    model_type: str = "",
    source_run_id: str = "",
    params: Mapping[str, str] = {},
    tags: Mapping[str, str] = {},
) -> LoggedModel:
    """A new pending model; the model itself when ``model_id`` exists already.

    Raises:
        NotFound: no such experiment.
        Conflict: the experiment is in the trash.
    """
    if model_id is not None and tx.one("SELECT 1 FROM logged_model WHERE model_id = :id", id=model_id):
        return get_model(tx, model_id)
    number, location = _experiment(tx, experiment_id)
    model_id = model_id or ids.new_model_id()
    now = tx.place.clock()
    tx.run(
        "INSERT INTO logged_model (model_id, experiment_id, name, artifact_location, created_ms, updated_ms, status,"
        " model_type, source_run_id, status_message)"
        " VALUES (:model_id, :experiment_id, :name, :location, :now, :now, 1, :model_type, :source_run_id, '')",
        model_id=model_id,
        experiment_id=number,
        name=name or ids.new_name(),
        location=f"{location.rstrip('/')}/models/{model_id}/artifacts",
        now=now,
        model_type=model_type,
        source_run_id=source_run_id,
    )
    log_model_params(tx, model_id, params)
    _put_tags(tx, _number(tx, model_id), tags)
    return get_model(tx, model_id)


def get_model(tx: Tx, model_id: str) -> LoggedModel:
    """The model with params, tags and metrics.

    Raises:
        NotFound: there is none, or it was deleted.
    """
    return load_models(tx, [_number(tx, model_id)])[0]


def load_models(tx: Tx, numbers: Sequence[int]) -> list[LoggedModel]:
    """The models of these numbers (``logged_model.mn``), in their order; missing ones are left out.

    Cost: four statements.
    """
    wanted = list(numbers)
    rows = {
        r[0]: r
        for r in tx.all(f"SELECT {_FIELDS} FROM logged_model WHERE {tx.dialect.any_of('mn', 'mns')}", mns=wanted)
    }
    params, tags = _texts(tx, wanted, "logged_model_param"), _texts(tx, wanted, "logged_model_tag")
    metrics = _metrics(tx, [row[1] for row in rows.values()])
    return [_model(rows[n], params[n], tags[n], metrics[rows[n][1]]) for n in wanted if n in rows]


def locations_of_run(tx: Tx, run_id: str) -> dict[str, str]:
    """By name, where the models that came from a run have their files; of several of one name the newest.

    A run has the models that it linked as outputs, and those that name it as their source.
    """
    rows = tx.all(
        "SELECT name, artifact_location FROM logged_model WHERE deleted_ms IS NULL AND (source_run_id = :run_id"
        " OR model_id IN (SELECT l.model_id FROM run_model l JOIN run r ON r.rn = l.rn"
        " WHERE r.run_id = :run_id AND l.direction = 1)) ORDER BY created_ms, mn",
        run_id=run_id,
    )
    return dict(rows)


def finalize_model(tx: WriteTx, model_id: str, status: LoggedModelStatus) -> LoggedModel:
    """The model with its upload's outcome.

    Raises:
        NotFound: there is none, or it was deleted.
    """
    number = _number(tx, model_id)
    _touch(tx, number)
    tx.run("UPDATE logged_model SET status = :status WHERE mn = :mn", status=model_status_number(status), mn=number)
    return get_model(tx, model_id)


def delete_model(tx: WriteTx, model_id: str) -> None:
    """Hide the model from every read.

    Raises:
        NotFound: there is none, or it was deleted.
    """
    number = _number(tx, model_id)
    tx.run("UPDATE logged_model SET deleted_ms = :now WHERE mn = :mn", now=tx.place.clock(), mn=number)


def set_model_tags(tx: WriteTx, model_id: str, tags: Mapping[str, str]) -> LoggedModel:
    """The model with these tags set.

    Raises:
        NotFound: there is none, or it was deleted.
    """
    number = _number(tx, model_id)
    _put_tags(tx, number, tags)
    _touch(tx, number)
    return get_model(tx, model_id)


def delete_model_tag(tx: WriteTx, model_id: str, key: str) -> None:
    """Remove a tag.

    Raises:
        NotFound: there is no such model or tag.
    """
    number = _number(tx, model_id)
    if not tx.run("DELETE FROM logged_model_tag WHERE mn = :mn AND key = :key", mn=number, key=key):
        raise NotFound(f"No tag with key '{key}' found for logged model with ID '{model_id}'.")
    _touch(tx, number)


def log_model_params(tx: WriteTx, model_id: str, params: Mapping[str, str]) -> None:
    """Write params once; the same value again is a success.

    Raises:
        NotFound: there is no such model.
        Conflict: a value would change.
    """
    if not params:
        return
    number = _number(tx, model_id)
    stored: dict[str, str] = dict(tx.all("SELECT key, value FROM logged_model_param WHERE mn = :mn", mn=number))
    for key, value in params.items():
        if stored.get(key, value) != value:
            raise Conflict(
                f"Changing param values is not allowed. Param with key='{key}' was already logged with"
                f" value='{stored[key]}' for model ID='{model_id}'. Attempted logging new value '{value}'."
            )
    fresh = [{"mn": number, "key": k, "value": v} for k, v in params.items() if k not in stored]
    if fresh:
        tx.many("INSERT INTO logged_model_param (mn, key, value) VALUES (:mn, :key, :value)", fresh)


def _number(tx: Tx, model_id: str) -> int:
    row = tx.one("SELECT mn FROM logged_model WHERE model_id = :id AND deleted_ms IS NULL", id=model_id)
    if row is None:
        raise NotFound(f"Logged model with ID '{model_id}' not found.")
    return int(row[0])


def _touch(tx: WriteTx, number: int) -> None:
    tx.run("UPDATE logged_model SET updated_ms = :now WHERE mn = :mn", now=tx.place.clock(), mn=number)


def _put_tags(tx: WriteTx, number: int, tags: Mapping[str, str]) -> None:
    if tags:
        tx.many(
            "INSERT INTO logged_model_tag (mn, key, value) VALUES (:mn, :key, :value)"
            " ON CONFLICT (mn, key) DO UPDATE SET value = excluded.value",
            [{"mn": number, "key": key, "value": value} for key, value in tags.items()],
        )


def _experiment(tx: Tx, experiment_id: str) -> tuple[int, str]:
    row = tx.one(
        "SELECT id, artifact_location, deleted FROM experiment WHERE id = :id", id=number_of(experiment_id or "0")
    )
    if row is None:
        raise NotFound(f"No Experiment with id={experiment_id} exists")
    if row[2]:
        raise Conflict(f"The experiment {row[0]} must be in the 'active' state. Current state is deleted.")
    return row[0], row[1]


def _texts(tx: Tx, numbers: list[int], table: str) -> defaultdict[int, dict[str, str]]:
    found: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for number, key, value in tx.all(
        f"SELECT mn, key, value FROM {table} WHERE {tx.dialect.any_of('mn', 'mns')} ORDER BY mn, key", mns=numbers
    ):
        found[number][key] = value
    return found


def _metrics(tx: Tx, model_ids: list[str]) -> defaultdict[str, list[Metric]]:
    found: defaultdict[str, list[Metric]] = defaultdict(list)
    for model_id, key, name, digest, run_id, value, is_nan, step, ts in tx.all(
        "SELECT model_id, key, dataset_name, dataset_digest, run_id, value, is_nan, step, ts FROM logged_model_metric"
        f" WHERE {tx.dialect.any_of('model_id', 'models')}"
        " ORDER BY model_id, key, dataset_name, dataset_digest, run_id",
        models=model_ids,
    ):
        found[model_id].append(
            Metric(
                key=key,
                value=metric_value(value, is_nan),
                timestamp=ts,
                step=step,
                model_id=model_id,
                dataset_name=name or None,
                dataset_digest=digest or None,
                run_id=run_id or None,
            )
        )
    return found


def _model(row: Row, params: dict[str, str], tags: dict[str, str], metrics: list[Metric]) -> LoggedModel:
    _, model_id, experiment_id, name, location, created, updated, status, model_type, source_run_id, message = row
    return LoggedModel(
        model_id=model_id,
        experiment_id=str(experiment_id),
        name=name,
        artifact_location=location,
        creation_timestamp=created,
        last_updated_timestamp=updated,
        model_type=model_type,
        source_run_id=source_run_id,
        status=model_status(status),
        status_message=message,
        tags=tags,
        params=params,
        metrics=tuple(metrics),
    )
