"""Rows of what is deleted for good, taken out in transactions of bounded size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from clew.storage.engine import Tx, WriteTx
from clew.storage.experiments import ensure_default
from clew.storage.trash import Item

BLOBS: Final = 64  # blocks and chunks that one transaction deletes: up to 40 MB
PAGES: Final = 1000  # that one transaction gives back to the file system: 8 MB
_STARRED: Final = {"run": 0, "experiment": 1, "model": 2}  # star.kind
_OF_RUN: Final = ("metric_block", "metric_chunk", "latest_metric", "param", "tag", "run_input", "run_model")


def is_purged(tx: Tx, run_id: str) -> bool:
    """Whether the run existed and was deleted for good."""
    return tx.one("SELECT 1 FROM purged_run WHERE run_id = :run_id", run_id=run_id) is not None


def count_points(tx: Tx, rns: Sequence[int]) -> int:
    """Points of these runs in blocks and chunks; repeats that lie in several of them count each time."""
    total = 0
    for table in ("metric_block", "metric_chunk"):
        sql = f"SELECT coalesce(sum(n), 0) FROM {table} WHERE {tx.dialect.any_of('rn', 'rns')}"
        total += int((tx.one(sql, rns=list(rns)) or (0,))[0])
    return total


def shared_locations(tx: Tx, locations: Sequence[str]) -> set[str]:
    """Those of the artifact locations that a run which stays has, too: a copy may point to its original's files.

    Cost: one pass over all runs.
    """
    sql = f"SELECT DISTINCT artifact_uri FROM run WHERE {tx.dialect.any_of('artifact_uri', 'places')} AND deleted <> 3"
    return {place for (place,) in tx.all(sql, places=list(locations))}


def erase_points(tx: WriteTx, rns: Sequence[int]) -> int:
    """How many blocks and chunks of marked runs were deleted, 64 of each at most; 0 when none is left."""
    gone = 0
    for table, keys in (("metric_block", "rn, lo"), ("metric_chunk", "rn, key, lo")):
        gone += tx.run(
            f"DELETE FROM {table} WHERE ({keys}) IN"
            f" (SELECT {keys} FROM {table} WHERE {tx.dialect.any_of('rn', 'rns')} LIMIT :most)",
            rns=list(rns),
            most=BLOBS,
        )
    return gone


def erase(tx: WriteTx, items: Sequence[Item]) -> None:
    """Delete all rows of these marked things. What is still in the metric log goes with its compaction."""
    tx.memory.clear()
    for kind, number in _STARRED.items():
        tx.run(
            f"DELETE FROM star WHERE kind = :kind AND {tx.dialect.any_of('entity', 'ids')}",
            kind=number,
            ids=[item.id for item in items if item.kind == kind],
        )
    runs = [item for item in items if item.kind == "run"]
    if runs:
        _erase_runs(tx, runs)
    for item in items:
        if item.kind == "model":
            _erase_model(tx, item)
        elif item.kind == "experiment":
            _erase_experiment(tx, item)


def give_back(tx: WriteTx) -> bool:
    """Return free pages of a SQLite file to the file system; whether there may be more.

    Only files made with ``auto_vacuum = INCREMENTAL`` can; older ones keep the pages for what comes.
    """
    if tx.dialect.name != "sqlite" or tx.all("PRAGMA auto_vacuum")[0][0] != 2:
        return False
    tx.all(f"PRAGMA incremental_vacuum({PAGES})")
    return bool(tx.all("PRAGMA freelist_count")[0][0])


def _erase_runs(tx: WriteTx, runs: Sequence[Item]) -> None:
    rns = [run.number for run in runs]
    mine = tx.dialect.any_of("rn", "rns")
    # First of all, so that a compactor or writer on another server that got hold of the run earlier has ended,
    # and what it left is seen by the statements that follow; a later one finds no run.
    tx.run(f"DELETE FROM run WHERE {mine} AND deleted = 3", rns=rns)
    tx.many(
        "INSERT INTO purged_run (run_id, purged_ms) VALUES (:run_id, :now) ON CONFLICT (run_id) DO NOTHING",
        [{"run_id": run.id, "now": tx.place.clock()} for run in runs],
    )
    tx.run(f"DELETE FROM run_input_tag WHERE input_id IN (SELECT id FROM run_input WHERE {mine})", rns=rns)
    used = [d for (d,) in tx.all(f"SELECT DISTINCT dataset_id FROM run_input WHERE {mine}", rns=rns)]
    for table in _OF_RUN:
        tx.run(f"DELETE FROM {table} WHERE {mine}", rns=rns)
    writers = f"SELECT writer_id FROM ingest_stream WHERE {mine}"
    tx.run(f"DELETE FROM ingest_names WHERE writer_id IN ({writers})", rns=rns)
    tx.run(f"DELETE FROM ingest_stream WHERE {mine}", rns=rns)
    ids = [run.id for run in runs]
    tx.run(f"DELETE FROM logged_model_metric WHERE {tx.dialect.any_of('run_id', 'ids')}", ids=ids)
    _erase_unused_datasets(tx, used)
    experiments = {run.experiment_id for run in runs}
    tx.run(  # a column index learns from this that runs are gone
        f"UPDATE experiment SET change = :change WHERE {tx.dialect.any_of('id', 'ids')}",
        change=tx.change(),
        ids=sorted(experiments),
    )
    tx.reshaped.update(experiments)
    tx.touched.difference_update(rns)


def _erase_unused_datasets(tx: WriteTx, datasets: Sequence[int]) -> None:
    chosen = tx.dialect.any_of("id", "ids")
    # Locked first: whoever is linking a run to one of them is then seen, or makes the dataset anew.
    tx.all(f"SELECT id FROM dataset WHERE {chosen} ORDER BY id{tx.dialect.shared_lock}", ids=list(datasets))
    tx.run(
        f"DELETE FROM dataset WHERE {chosen}"
        " AND NOT EXISTS (SELECT 1 FROM run_input i WHERE i.dataset_id = dataset.id)",
        ids=list(datasets),
    )


def _erase_model(tx: WriteTx, item: Item) -> None:
    tx.run("DELETE FROM logged_model WHERE mn = :mn", mn=item.number)
    for table in ("logged_model_param", "logged_model_tag"):
        tx.run(f"DELETE FROM {table} WHERE mn = :mn", mn=item.number)
    tx.run("DELETE FROM logged_model_metric WHERE model_id = :id", id=item.id)
    tx.run("DELETE FROM run_model WHERE model_id = :id", id=item.id)


def _erase_experiment(tx: WriteTx, item: Item) -> None:
    gone = tx.run(
        "DELETE FROM experiment WHERE id = :id AND deleted = 3"
        " AND NOT EXISTS (SELECT 1 FROM run r WHERE r.experiment_id = experiment.id)",
        id=item.number,
    )
    if not gone:
        return
    for table in ("experiment_tag", "dataset", "saved_view"):
        tx.run(f"DELETE FROM {table} WHERE experiment_id = :id", id=item.number)
    tx.reshaped.add(item.number)
    if item.number == 0:
        ensure_default(tx)  # its keys stay: other servers remember them under this number
    else:
        tx.run("DELETE FROM key WHERE experiment_id = :id", id=item.number)
