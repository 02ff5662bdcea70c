"""Names as numbers: key ids of an experiment, run numbers, context ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from clew.errors import Conflict, NotFound
from clew.storage.engine import Tx, WriteTx
from clew.storage.memory import Context, Memory, RunRef

METRIC: Final = 0
PARAM: Final = 1
TAG: Final = 2


def find_run(tx: Tx, run_id: str) -> RunRef | None:
    """The run's number and state, or None."""
    memory = tx.memory
    if memory is not None:
        known = memory.runs.get(run_id)
        if known is not None:
            return known
    row = tx.one("SELECT rn, run_id, experiment_id, deleted FROM run WHERE run_id = :run_id", run_id=run_id)
    if row is None:
        return None
    ref = RunRef(*row)
    if memory is not None:
        _remember(tx, memory, ref)
    return ref


def _remember(tx: Tx, memory: Memory, ref: RunRef) -> None:
    memory.runs[ref.run_id] = ref
    memory.grow(1)
    if isinstance(tx, WriteTx):
        tx.homes.setdefault(ref.rn, ref.experiment_id)


def remember_runs(tx: WriteTx, run_ids: Iterable[str]) -> None:
    """Read the numbers and states of runs that will be looked up, all at once; ids that are none are left out."""
    known = tx.memory.runs
    unknown = [run_id for run_id in run_ids if run_id not in known and run_id.isascii() and run_id.isalnum()]
    if len(unknown) < 2:
        return
    rows = tx.all(
        f"SELECT rn, run_id, experiment_id, deleted FROM run WHERE {tx.dialect.any_of('run_id', 'run_ids')}",
        run_ids=unknown,
    )
    for row in rows:
        _remember(tx, tx.memory, RunRef(*row))


def get_run_ref(tx: Tx, run_id: str) -> RunRef:
    """The run's number and state.

    Raises:
        NotFound: no run has this id.
    """
    ref = find_run(tx, run_id)
    if ref is None:
        raise NotFound(f"Run with id={run_id} not found")
    return ref


def active_run(tx: Tx, run_id: str) -> RunRef:
    """The run's number, for a write to it.

    Raises:
        NotFound: no run has this id.
        Conflict: the run is in the trash.
    """
    ref = find_run(tx, run_id)
    if ref is None:
        raise NotFound(f"Run with id={run_id} not found")
    if ref.deleted:
        raise Conflict(f"The run {run_id} must be in the 'active' state. Current state is deleted.")
    return ref


def forget_run(tx: Tx, run_id: str) -> None:
    """Drop what is remembered of a run that is about to change its stage."""
    if tx.memory is not None:
        tx.memory.runs.pop(run_id, None)


def find_key(tx: Tx, experiment_id: int, kind: int, name: str) -> int | None:
    """The key's id, or None where no run of the experiment used it."""
    row = tx.one(
        "SELECT id FROM key WHERE experiment_id = :experiment_id AND kind = :kind AND name = :name",
        experiment_id=experiment_id,
        kind=kind,
        name=name,
    )
    return row[0] if row else None


def metric_names(tx: Tx, experiments: Sequence[int], names: Sequence[str]) -> set[str]:
    """Which of these names are metrics of at least one of the experiments."""
    if not names:
        return set()
    rows = tx.all(
        f"SELECT DISTINCT name FROM key WHERE {tx.dialect.any_of('experiment_id', 'experiments')}"
        f" AND kind = {METRIC} AND {tx.dialect.any_of('name', 'names')}",
        experiments=list(experiments),
        names=list(names),
    )
    return {row[0] for row in rows}


def key_ids(tx: WriteTx, experiment_id: int, kind: int, names: Sequence[str]) -> list[int]:
    """The ids of these keys, in their order; new names get one."""
    known = tx.memory.keys.get((experiment_id, kind))
    if known is None:
        known = tx.memory.keys[experiment_id, kind] = {}
    try:
        return [known[name] for name in names]
    except KeyError:
        pass
    missing = list(dict.fromkeys(name for name in names if name not in known))
    found = {name: _read_or_make(tx, experiment_id, kind, name) for name in missing}
    ids = [known[name] if name in known else found[name] for name in names]
    known.update(found)
    tx.memory.grow(len(found))
    return ids


def _read_or_make(tx: WriteTx, experiment_id: int, kind: int, name: str) -> int:
    key = find_key(tx, experiment_id, kind, name)
    if key is not None:
        return key
    row = tx.one(
        "INSERT INTO key (experiment_id, kind, name) VALUES (:experiment_id, :kind, :name)"
        " ON CONFLICT (experiment_id, kind, name) DO NOTHING RETURNING id",
        experiment_id=experiment_id,
        kind=kind,
        name=name,
    )
    if row is not None:
        return int(row[0])
    key = find_key(tx, experiment_id, kind, name)  # another server made it meanwhile
    if key is None:
        raise NotFound(f"key {name!r} vanished while it was made")
    return key


def context_id(tx: WriteTx, context: Context) -> int:
    """The number of what a point is bound to; new ones get one, and nothing at all is 0."""
    if context == ("", "", "", -1):
        return 0
    known = tx.memory.contexts.get(context)
    if known is not None:
        return known
    model_id, dataset_name, dataset_digest, rank = context
    row = tx.one(
        "INSERT INTO metric_ctx (model_id, dataset_name, dataset_digest, rank)"
        " VALUES (:model_id, :dataset_name, :dataset_digest, :rank)"
        " ON CONFLICT (model_id, dataset_name, dataset_digest, rank) DO UPDATE SET rank = excluded.rank RETURNING id",
        model_id=model_id,
        dataset_name=dataset_name,
        dataset_digest=dataset_digest,
        rank=rank,
    )
    if row is None:
        raise NotFound("a metric context vanished while it was made")
    made = int(row[0])
    tx.memory.contexts[context] = made
    tx.memory.grow(1)
    return made
