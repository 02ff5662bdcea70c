"""Runs on their way to another experiment: moved, or copied under a new id.

Keys and datasets are numbered per experiment, so whatever names them is rewritten. Readers see the same run before
and after. A move leaves id, artifacts and log as they are; a writer that goes on logging meets the run where it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from clew.entities.dataset import Dataset
from clew.errors import NotFound
from clew.storage import chunks, compact
from clew.storage.chunks import Block, Points
from clew.storage.engine import TryAgain, WriteTx
from clew.storage.inputs import dataset_id
from clew.storage.keys import METRIC, PARAM, TAG, active_run, forget_run, key_ids
from clew.storage.memory import RunRef
from clew.storage.points import RUN_COUNT, find_runs, pack_runs
from clew.storage.runs import experiment_for_run, lock_run

_VALUE_COLUMNS: Final = {
    "latest_metric": ("value is_nan step ts ctx first_value first_nan first_step first_ts min_value max_value".split()),
    "param": ["value", "number"],
    "tag": ["value"],
}
_CHUNK_COLUMNS: Final = ("n", "step_min", "step_max", "ts_min", "ts_max", "flags")
# A key's twin: the same kind and name in the experiment :target.
_TWIN: Final = "key k JOIN key n ON n.experiment_id = :target AND n.kind = k.kind AND n.name = k.name"

Keys = Mapping[int, int]
"""Ids of metric keys, from the source's to the target's."""


class _Loose(NamedTuple):
    """A run's points that are in no chunk, with the rows that hold them. others: what else these log rows hold."""

    points: Points
    blocks: list[tuple[int, int]]
    log: list[int]
    others: list[tuple[bytes, Points]]


def move_run(tx: WriteTx, run_id: str, experiment_id: str) -> None:
    """Move a run into another experiment, with the logged models that it made; where it is already, nothing happens.

    Raises:
        NotFound: there is no such run or experiment.
        Conflict: one of them is in the trash.
    """
    target, _ = experiment_for_run(tx, experiment_id)
    ref = _locked(tx, run_id)
    if ref.experiment_id == target:
        return
    keys = _map_keys(tx, ref, target, tx.points.keys_of(ref.rn))
    tx.points.rename_keys(ref.rn, keys)
    _move_points(tx, ref.rn, keys)
    for table in _VALUE_COLUMNS:
        tx.run(
            f"UPDATE {table} SET key = (SELECT n.id FROM {_TWIN} WHERE k.id = {table}.key) WHERE rn = :rn",
            target=target,
            rn=ref.rn,
        )
    for input_id, _, dataset in _inputs(tx, ref.rn):
        tx.run(
            "UPDATE run_input SET dataset_id = :dataset WHERE id = :id",
            dataset=dataset_id(tx, target, dataset),
            id=input_id,
        )
    tx.run(
        "UPDATE logged_model SET experiment_id = :target WHERE experiment_id = :source AND source_run_id = :run_id",
        target=target,
        source=ref.experiment_id,
        run_id=run_id,
    )
    tx.run("UPDATE run SET experiment_id = :target WHERE rn = :rn", target=target, rn=ref.rn)
    # Whoever follows the source by the changes of its runs would else never hear that this one left.
    tx.run("UPDATE experiment SET change = :change WHERE id = :id", change=tx.change(), id=ref.experiment_id)
    forget_run(tx, run_id)
    tx.homes = {**tx.homes, ref.rn: target}  # a new mapping, so that undoing the job undoes this
    tx.touched.add(ref.rn)
    tx.reshaped.update((ref.experiment_id, target))


def copy_run(tx: WriteTx, run_id: str, experiment_id: str, *, new_id: str, artifact_uri: str) -> None:
    """Copy a run into an experiment, its own one too; the models that it read and made are linked, not copied.

    new_id: 32 hex digits that no run has. artifact_uri: where the copy's files lie.

    Raises:
        NotFound: there is no such run or experiment.
        Conflict: one of them is in the trash.
    """
    target, _ = experiment_for_run(tx, experiment_id)
    ref = _locked(tx, run_id)
    keys = _map_keys(tx, ref, target, ())
    rn = _copy_row(tx, ref, target, new_id, artifact_uri)
    for table, columns in _VALUE_COLUMNS.items():
        names = ", ".join(columns)
        tx.run(
            f"INSERT INTO {table} (rn, key, {names}) SELECT :new, n.id, {', '.join('v.' + c for c in columns)}"
            f" FROM {table} v, {_TWIN} WHERE k.id = v.key AND v.rn = :rn",
            new=rn,
            target=target,
            rn=ref.rn,
        )
    _copy_points(tx, ref.rn, rn, keys)
    _copy_links(tx, ref.rn, rn, target)
    tx.touched.add(rn)


def _locked(tx: WriteTx, run_id: str) -> RunRef:
    """The run, which other servers cannot write to until we are done; so what is read of it fits together."""
    lock_run(tx, run_id)
    forget_run(tx, run_id)
    return active_run(tx, run_id)


def _map_keys(tx: WriteTx, ref: RunRef, target: int, buffered: Sequence[int]) -> Keys:
    """Make all keys of the run in the target; the metrics' ids there.

    buffered: ids of keys of points that are not written yet.
    """
    rows = tx.all(
        "SELECT id, kind, name FROM key WHERE id IN (SELECT key FROM latest_metric WHERE rn = :rn"
        " UNION SELECT key FROM param WHERE rn = :rn UNION SELECT key FROM tag WHERE rn = :rn)"
        f" OR {tx.dialect.any_of('id', 'buffered')} ORDER BY id",
        rn=ref.rn,
        buffered=list(buffered),
    )
    found: dict[int, int] = {}
    for kind in (METRIC, PARAM, TAG):
        own = [(key, name) for key, number, name in rows if number == kind]
        made = key_ids(tx, target, kind, [name for _, name in own])
        if kind == METRIC:
            found = {key: new for (key, _), new in zip(own, made, strict=True)}
    return found


def _move_points(tx: WriteTx, rn: int, keys: Keys) -> None:
    for key, lo in tx.all("SELECT key, lo FROM metric_chunk WHERE rn = :rn ORDER BY key, lo", rn=rn):
        row = tx.one("SELECT body FROM metric_chunk WHERE rn = :rn AND key = :key AND lo = :lo", rn=rn, key=key, lo=lo)
        changed = row is not None and tx.run(
            "UPDATE metric_chunk SET key = :new, body = :body WHERE rn = :rn AND key = :key AND lo = :lo",
            rn=rn,
            key=key,
            lo=lo,
            new=keys[key],
            body=chunks.with_keys(row[0], keys),
        )
        if not changed:
            raise TryAgain("a compactor of another server took the run's points away")
    loose = _loose_points(tx, rn)
    if not len(loose.points):
        return
    plan = compact.arrange(tx, rn, _renamed(loose.points, keys))
    plan = msgspec.structs.replace(plan, old_blocks=loose.blocks, old_log=loose.log)
    try:
        compact.exchange(tx, plan)
    except compact.PlanOutdated as error:
        raise TryAgain(error.message) from None
    for packed, points in loose.others:
        tx.run(
            "INSERT INTO metric_log (n, runs, body) VALUES (:n, :runs, :body)",
            n=len(points),
            runs=packed,
            body=chunks.encode_log(points),
        )


def _copy_points(tx: WriteTx, source: int, rn: int, keys: Keys) -> None:
    # Points travel from the log over blocks to chunks, and a compactor may be at it; in this order none is missed.
    loose = _loose_points(tx, source)
    for key, lo in tx.all("SELECT key, lo FROM metric_chunk WHERE rn = :rn ORDER BY key, lo", rn=source):
        row = tx.one(
            f"SELECT {', '.join(_CHUNK_COLUMNS)}, body FROM metric_chunk WHERE rn = :rn AND key = :key AND lo = :lo",
            rn=source,
            key=key,
            lo=lo,
        )
        if row is None:
            raise TryAgain("a compactor of another server took the run's points away")
        *numbers, body = row
        fields = dict(zip(_CHUNK_COLUMNS, numbers, strict=True))
        body = chunks.with_keys(body, keys)
        compact.insert_chunks(tx, [compact.NewChunk(rn=rn, key=keys[key], lo=lo, body=body, **fields)])
    if len(loose.points):
        compact.exchange(tx, compact.arrange(tx, rn, _renamed(loose.points, keys)))


def _loose_points(tx: WriteTx, rn: int) -> _Loose:
    parts: list[Points] = []
    log: list[int] = []
    others: list[tuple[bytes, Points]] = []
    for row_id, packed, body in tx.all(
        f"SELECT id, runs, body FROM metric_log WHERE {tx.dialect.contains('runs', 'rn')} ORDER BY id",
        rn=RUN_COUNT.pack(rn, 0)[:8],
    ):
        spans = find_runs(packed, np.array([rn]))
        if not spans:  # the bytes of its number may stand across others
            continue
        ((_, span),) = spans
        points = chunks.decode_log(body)
        inside = np.zeros(len(points), np.bool_)
        inside[span] = True
        parts.append(points.take(inside))
        log.append(row_id)
        if not inside.all():
            rest = [(other, count) for other, count in RUN_COUNT.iter_unpack(packed) if other != rn]
            others.append((pack_runs(*zip(*rest, strict=True)), points.take(~inside)))
    blocks = []
    for lo, body in tx.all("SELECT lo, body FROM metric_block WHERE rn = :rn ORDER BY lo", rn=rn):
        parts.append(Block(body).points())
        blocks.append((rn, lo))
    return _Loose(chunks.concat(parts), blocks, log, others)


def _renamed(points: Points, keys: Keys) -> Points:
    return msgspec.structs.replace(points, keys=chunks.rename(points.keys, keys))


def _copy_row(tx: WriteTx, ref: RunRef, target: int, new_id: str, artifact_uri: str) -> int:
    # Without a heartbeat: the copy of a running run has no writer that could fall silent.
    rows = tx.all(
        "INSERT INTO run (run_id, experiment_id, name, status, user_id, start_ms, end_ms, artifact_uri, change)"
        " SELECT :new_id, :target, name, status, user_id, start_ms, end_ms, :artifact_uri, :change FROM run"
        " WHERE rn = :rn RETURNING rn",
        new_id=new_id,
        target=target,
        artifact_uri=artifact_uri,
        change=tx.change(),
        rn=ref.rn,
    )
    if not rows:
        raise NotFound(f"Run with id={ref.run_id} vanished while it was copied")
    return int(rows[0][0])


def _copy_links(tx: WriteTx, source: int, rn: int, target: int) -> None:
    for input_id, context, dataset in _inputs(tx, source):
        rows = tx.all(
            "INSERT INTO run_input (rn, dataset_id, context) VALUES (:rn, :dataset, :context) RETURNING id",
            rn=rn,
            dataset=dataset_id(tx, target, dataset),
            context=context,
        )
        tx.run(
            "INSERT INTO run_input_tag (input_id, key, value)"
            " SELECT :new, key, value FROM run_input_tag WHERE input_id = :old",
            new=rows[0][0],
            old=input_id,
        )
    for model_id, direction, step in tx.all(
        "SELECT model_id, direction, step FROM run_model WHERE rn = :rn ORDER BY id", rn=source
    ):
        tx.run(
            "INSERT INTO run_model (rn, model_id, direction, step) VALUES (:rn, :model_id, :direction, :step)",
            rn=rn,
            model_id=model_id,
            direction=direction,
            step=step,
        )


def _inputs(tx: WriteTx, rn: int) -> list[tuple[int, str | None, Dataset]]:
    rows = tx.all(
        "SELECT i.id, i.context, d.name, d.digest, d.source_type, d.source, d.schema, d.profile"
        " FROM run_input i JOIN dataset d ON d.id = i.dataset_id WHERE i.rn = :rn ORDER BY i.id",
        rn=rn,
    )
    return [
        (
            input_id,
            context,
            Dataset(name=name, digest=digest, source_type=kind, source=source, schema=schema, profile=profile),
        )
        for input_id, context, name, digest, kind, source, schema, profile in rows
    ]
