"""Runs: make, read, end, trash, restore; their params and tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from clew import ids
from clew.entities.run import Run, RunInfo, RunStatus
from clew.errors import AlreadyExists, Conflict, InvalidValue, NotFound
from clew.query.number import parse_number
from clew.storage import life
from clew.storage.engine import Tx, WriteTx
from clew.storage.experiments import number_of
from clew.storage.hydrate import hydrate
from clew.storage.keys import PARAM, TAG, active_run, find_key, find_run, forget_run, get_run_ref, key_ids
from clew.storage.memory import RunRef
from clew.storage.purge import is_purged
from clew.storage.status import status_number

__all__ = [
    "ParamConflict",
    "create_run",
    "delete_run",
    "delete_tag",
    "experiment_for_run",
    "get_run",
    "hydrate",
    "lock_run",
    "log_params",
    "parse_number",
    "restore_run",
    "set_beginning",
    "set_tags",
    "update_run",
]

NAME_TAG: Final = "mlflow.runName"


class ParamConflict(msgspec.Struct, frozen=True, kw_only=True):
    """A param that was logged again with another value; ``kept`` is what stays."""

    key: str
    kept: str
    offered: str
    message: str


def create_run(
    tx: WriteTx,
    *,
    experiment_id: str,
    run_id: str | None = None,
    run_name: str | None = None,
    user_id: str = "",
    start_ms: int = 0,
    tags: Mapping[str, str] = {},
) -> Run:
    """A new running run; the run itself when ``run_id`` is one of this experiment already.

    Its name is ``run_name``, else the tag ``mlflow.runName``, else a generated one; the tag always follows it.

    Raises:
        NotFound: no such experiment.
        Conflict: the experiment is in the trash, or the run was deleted for good.
        InvalidValue: name and tag differ.
        AlreadyExists: the id is a run of another experiment.
    """
    experiment, location = experiment_for_run(tx, experiment_id)
    if run_id is not None:
        known = find_run(tx, run_id)
        if known is not None:
            if known.experiment_id != experiment:
                raise AlreadyExists(f"Run with id={run_id} already exists in experiment {known.experiment_id}")
            return hydrate(tx, [known.rn])[0]
        if is_purged(tx, run_id):
            raise Conflict(f"The run {run_id} was deleted for good; start one with another id.")
    run_id = run_id or ids.new_id()
    name = _name_for(run_name, tags)
    row = tx.one(
        "INSERT INTO run (run_id, experiment_id, name, status, user_id, start_ms, artifact_uri, change)"
        " VALUES (:run_id, :experiment_id, :name, 1, :user_id, :start_ms, :artifact_uri, :change) RETURNING rn",
        run_id=run_id,
        experiment_id=experiment,
        name=name,
        user_id=user_id,
        start_ms=start_ms,
        artifact_uri=f"{location.rstrip('/')}/{run_id}/artifacts",
        change=tx.change(),
    )
    if row is None:
        raise NotFound(f"Run with id={run_id} vanished while it was made")
    ref = RunRef(int(row[0]), run_id, experiment, 0)
    tx.memory.runs[run_id] = ref
    _put_tags(tx, ref, {**tags, NAME_TAG: name})
    return hydrate(tx, [ref.rn])[0]


def get_run(tx: Tx, run_id: str) -> Run:
    """The run with all its data, be it in the trash.

    Raises:
        NotFound: no run has this id.
    """
    return hydrate(tx, [get_run_ref(tx, run_id).rn])[0]


def lock_run(tx: WriteTx, run_id: str) -> None:
    """Make other servers wait with this until our transaction ends; for what is read, changed and written back."""
    tx.run("UPDATE run SET change = change WHERE run_id = :run_id", run_id=run_id)


def update_run(
    tx: WriteTx, run_id: str, *, status: RunStatus | None = None, end_ms: int | None = None, name: str | None = None
) -> RunInfo:
    """The run's new state; what is None stays. A new name is also the tag ``mlflow.runName``.

    Raises:
        NotFound: no run has this id.
        Conflict: the run is in the trash.
    """
    ref = active_run(tx, run_id)
    values: dict[str, Any] = {}
    if status is not None:
        life.settle(tx, ref, keep_reason=status is RunStatus.KILLED)
        values["status"] = status_number(status)
        if status.ended:
            tx.ended.add(ref.rn)
    if end_ms is not None:
        values["end_ms"] = end_ms
    if name:
        _put_tags(tx, ref, {NAME_TAG: name})
    if values:
        fields = ", ".join(f"{field} = :{field}" for field in values)
        tx.run(f"UPDATE run SET {fields} WHERE rn = :rn", rn=ref.rn, **values)
        tx.touched.add(ref.rn)
    return hydrate(tx, [ref.rn])[0].info


def set_beginning(tx: WriteTx, run_id: str, start_ms: int, user_id: str | None = None) -> None:
    """When the run began, and by whom; without a user that stays.

    Raises:
        NotFound: no run has this id.
        Conflict: the run is in the trash.
    """
    ref = active_run(tx, run_id)
    sql = "UPDATE run SET start_ms = :start_ms, user_id = COALESCE(:user_id, user_id) WHERE rn = :rn"
    tx.run(sql, start_ms=start_ms, user_id=user_id or None, rn=ref.rn)
    tx.touched.add(ref.rn)


def delete_run(tx: WriteTx, run_id: str) -> bool:
    """Put the run in the trash; False where it is there already.

    Raises:
        NotFound: no run has this id.
    """
    ref = get_run_ref(tx, run_id)
    forget_run(tx, run_id)
    sql = "UPDATE run SET deleted = 1, deleted_ms = :now WHERE rn = :rn AND deleted = 0"
    if tx.run(sql, now=tx.place.clock(), rn=ref.rn):
        tx.touched.add(ref.rn)
        return True
    tx.run("UPDATE run SET deleted = 1 WHERE rn = :rn AND deleted = 2", rn=ref.rn)  # it stays when its experiment goes
    return False


def restore_run(tx: WriteTx, run_id: str) -> bool:
    """Take the run out of the trash; False where it is not in there.

    Raises:
        NotFound: no run has this id.
        Conflict: the run or its experiment is being deleted for good.
    """
    ref = get_run_ref(tx, run_id)
    forget_run(tx, run_id)
    # Locked, so that a server that deletes the experiment for good waits, and then lets it be.
    sql = f"SELECT deleted FROM experiment WHERE id = :id{tx.dialect.shared_lock}"
    stage = tx.one(sql, id=ref.experiment_id)
    if stage is None or stage[0] == 3 or tx.one("SELECT 1 FROM run WHERE rn = :rn AND deleted = 3", rn=ref.rn):
        raise Conflict(f"The run {run_id} is being deleted for good; it cannot be restored any more.")
    sql = "UPDATE run SET deleted = 0, deleted_ms = NULL WHERE rn = :rn AND deleted IN (1, 2)"
    if not tx.run(sql, rn=ref.rn):
        return False
    tx.touched.add(ref.rn)
    return True


def log_params(
    tx: WriteTx, run_id: str, params: Sequence[tuple[str, str]], *, keep_first: bool = False
) -> list[ParamConflict]:
    """Write params once; the same value again is a success.

    keep_first: keep the stored value where another one comes, and report it (journals, decision 13).

    Raises:
        NotFound: no run has this id.
        Conflict: the run is in the trash; or a value would change, and ``keep_first`` is false.
    """
    ref = active_run(tx, run_id)
    if not params:
        return []
    keys = key_ids(tx, ref.experiment_id, PARAM, [key for key, _ in params])
    stored = _stored_params(tx, ref.rn, keys)
    fresh: dict[int, str] = {}
    conflicts = []
    for key, (name, value) in zip(keys, params, strict=True):
        kept = stored.get(key, fresh.get(key))
        if kept is None:
            fresh[key] = value
        elif kept != value:
            conflicts.append(_conflict(run_id, name, kept, value))
    if conflicts and not keep_first:
        raise Conflict(conflicts[0].message)
    if fresh:
        tx.many(
            "INSERT INTO param (rn, key, value, number) VALUES (:rn, :key, :value, :number)",
            [{"rn": ref.rn, "key": k, "value": fresh[k], "number": parse_number(fresh[k])} for k in sorted(fresh)],
        )
        tx.touched.add(ref.rn)
    return conflicts


def set_tags(tx: WriteTx, run_id: str, tags: Mapping[str, str]) -> None:
    """Set tags; ``mlflow.runName`` renames the run too.

    Raises:
        NotFound: no run has this id.
        Conflict: the run is in the trash.
    """
    _put_tags(tx, active_run(tx, run_id), tags)


def delete_tag(tx: WriteTx, run_id: str, key: str) -> None:
    """Remove a tag.

    Raises:
        NotFound: no such run, or it has no such tag.
        Conflict: the run is in the trash.
    """
    ref = active_run(tx, run_id)
    number = find_key(tx, ref.experiment_id, TAG, key)
    if number is None or not tx.run("DELETE FROM tag WHERE rn = :rn AND key = :key", rn=ref.rn, key=number):
        raise NotFound(f"No tag with name: {key} in run with id {run_id}")
    tx.touched.add(ref.rn)


def _put_tags(tx: WriteTx, ref: RunRef, tags: Mapping[str, str]) -> None:
    if not tags.get(NAME_TAG, "a name"):  # a run keeps its name, as in MLflow
        tags = {key: value for key, value in tags.items() if key != NAME_TAG}
    if not tags:
        return
    tx.homes.setdefault(ref.rn, ref.experiment_id)
    keys = key_ids(tx, ref.experiment_id, TAG, list(tags))
    tx.many(
        "INSERT INTO tag (rn, key, value) VALUES (:rn, :key, :value)"
        " ON CONFLICT (rn, key) DO UPDATE SET value = excluded.value",
        sorted(
            ({"rn": ref.rn, "key": k, "value": v} for k, v in zip(keys, tags.values(), strict=True)),
            key=lambda row: row["key"],
        ),
    )
    if NAME_TAG in tags:
        tx.run("UPDATE run SET name = :name WHERE rn = :rn", name=tags[NAME_TAG], rn=ref.rn)
    tx.touched.add(ref.rn)


def _stored_params(tx: WriteTx, rn: int, keys: list[int]) -> dict[int, str]:
    if len(keys) == 1:
        row = tx.one("SELECT value FROM param WHERE rn = :rn AND key = :key", rn=rn, key=keys[0])
        return {keys[0]: row[0]} if row else {}
    sql = f"SELECT key, value FROM param WHERE rn = :rn AND {tx.dialect.any_of('key', 'keys')}"
    return dict(tx.all(sql, rn=rn, keys=keys))


def _conflict(run_id: str, key: str, kept: str, offered: str) -> ParamConflict:
    message = (
        f"Changing param values is not allowed. Param with key='{key}' was already logged with value='{kept}'"
        f" for run ID='{run_id}'. Attempted logging new value '{offered}'."
    )
    return ParamConflict(key=key, kept=kept, offered=offered, message=message)


def experiment_for_run(tx: WriteTx, experiment_id: str) -> tuple[int, str]:
    """Number and artifact location of the experiment that a run is to go into.

    Raises:
        NotFound: no such experiment.
        Conflict: it is in the trash.
    """
    # Locked, so that a server that deletes the experiment waits for the run, and deletes it too.
    row = tx.one(
        f"SELECT id, artifact_location, deleted FROM experiment WHERE id = :id{tx.dialect.shared_lock}",
        id=number_of(experiment_id or "0"),
    )
    if row is None:
        raise NotFound(f"No Experiment with id={experiment_id} exists")
    number, location, deleted = row
    if deleted:
        raise Conflict(f"The experiment {number} must be in the 'active' state. Current state is deleted.")
    return number, location


def _name_for(run_name: str | None, tags: Mapping[str, str]) -> str:
    tagged = tags.get(NAME_TAG)
    if run_name and tagged and run_name != tagged:
        raise InvalidValue(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values"
            f" (run_name='{run_name}', mlflow.runName='{tagged}')."
        )
    return run_name or tagged or ids.new_name()
