"""A run is the same before and after it went to another experiment, on both databases."""

from __future__ import annotations

import threading
from contextlib import closing
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.entities.dataset import Dataset, DatasetInput
from clew.entities.run import ModelOutput
from clew.errors import Conflict, NotFound
from clew.ids import new_id
from clew.storage import compact, experiments, inputs, metrics, models, runs, search, series
from clew.storage.columns.index import ColumnIndex
from clew.storage.engine import Tx
from clew.storage.metrics import PointColumns
from clew.storage.store import Store
from clew.storage.transfer import copy_run, move_run

KEYS = ["a", "b", "c"]
POINTS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(-3, 60),
        st.integers(0, 3),
        st.one_of(st.floats(), st.just(float("nan"))),
        st.integers(-1, 1),
    ),
    min_size=1,
    max_size=40,
)
# who gets the points (the run or its neighbour), then how far the store compacts
STEP = st.tuples(st.integers(0, 1), POINTS, st.sampled_from(["no", "some", "all"]))


def log(store: Store, run_id: str, rows: list[tuple[int, int, int, float, int]]) -> None:
    keys, steps, times, values, contexts = (list(column) for column in zip(*rows, strict=True))
    columns = PointColumns(
        KEYS,
        np.array(keys, np.int32),
        np.array(steps, np.int64),
        np.array(times, np.int64),
        np.array(values, np.float64),
        [("m", "d", "x", -1), ("", "", "", 2)],
        np.array(contexts, np.int32),
    )
    store.write(lambda tx: metrics.log_points(tx, run_id, columns))


def everything(store: Store, run_id: str) -> Any:
    """All that can be read of a run but where it is and who it is, as comparable texts."""

    def read(tx: Tx) -> Any:
        run = runs.get_run(tx, run_id)
        keys = sorted(run.data.metrics)
        info = run.info
        return [
            (info.run_name, info.user_id, info.status, info.start_time, info.end_time, info.lifecycle_stage),
            *(repr(part) for part in (run.data, run.inputs, run.outputs)),
            *([repr(m) for m in metrics.history(tx, run_id, key)] for key in keys),
            *(
                [
                    (s.key, s.total, s.steps.tolist(), s.times.tolist(), repr(s.values.tolist()))
                    for s in series.series(tx, [run_id], keys, max_points=most)
                ]
                for most in (None, 10)
            ),
        ]

    return store.read(read)


def furnished_run(store: Store, experiment_id: str = "0") -> str:
    """A run with some of everything."""

    def job(tx: Any) -> str:
        run_id = runs.create_run(tx, experiment_id=experiment_id, start_ms=7, tags={"t": "x", "u": ""}).info.run_id
        runs.log_params(tx, run_id, [("lr", "0.1"), ("opt", "sgd"), ("t", "same name as a tag")])
        data = Dataset(name="d", digest="x", source_type="s", source="{}", schema="sch", profile=None)
        inputs.log_inputs(
            tx, run_id, [DatasetInput(dataset=data, tags={inputs.CONTEXT_TAG: "train", "k": "v"})], ["m-1"]
        )
        model = models.create_model(tx, experiment_id=experiment_id, name="model", source_run_id=run_id)
        inputs.log_outputs(tx, run_id, [ModelOutput(model.model_id, 3)])
        return run_id

    return store.write(job)


def new_experiment(store: Store, name: str) -> str:
    return store.write(lambda tx: experiments.create_experiment(tx, name))


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compact, "CHUNK_LEAST", 8)
    monkeypatch.setattr(compact, "CHUNK_MOST", 16)
    monkeypatch.setattr(compact, "MERGE_BLOCKS", 3)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=st.lists(STEP, min_size=1, max_size=6), busy=st.booleans(), whole=st.booleans())
def test_a_run_is_the_same_after_a_move_and_a_copy(
    store: Store, small_chunks: None, steps: list[Any], busy: bool, whole: bool
) -> None:
    target = new_experiment(store, new_id())
    if busy:  # its key ids are in another order there
        log(store, store.write(lambda tx: runs.create_run(tx, experiment_id=target)).info.run_id, [(2, 1, 1, 1.0, -1)])
    pair = [furnished_run(store), furnished_run(store)]
    for which, rows, compaction in steps:
        log(store, pair[which], rows)
        if compaction != "no":
            store.compact(everything=compaction == "all")
    before = [everything(store, run_id) for run_id in pair]
    copied = new_id()
    store.write(lambda tx: copy_run(tx, pair[0], target, new_id=copied, artifact_uri="u"))
    beside = new_id()
    store.write(lambda tx: copy_run(tx, pair[0], "0", new_id=beside, artifact_uri="u"))
    store.write(lambda tx: move_run(tx, pair[0], target))
    for _ in range(2):
        assert [everything(store, run_id) for run_id in pair] == before
        assert everything(store, copied) == before[0]
        assert everything(store, beside) == before[0]
        store.compact(everything=whole)
    log(store, pair[0], [(0, 1000, 1, 5.0, -1)])
    store.write(lambda tx: move_run(tx, pair[0], "0"))
    store.compact(everything=True)
    last = store.read(lambda tx: metrics.history(tx, pair[0], "a"))
    assert max(m.step for m in last) == 1000
    assert everything(store, copied) == before[0]
    keys_elsewhere = (
        "SELECT count(*) FROM {0} v JOIN run r ON r.rn = v.rn JOIN key k ON k.id = v.key"
        " WHERE k.experiment_id <> r.experiment_id"
    )
    for table in ("latest_metric", "param", "tag", "metric_chunk"):
        assert store.read(lambda tx, t=table: tx.one(keys_elsewhere.format(t))) == (0,)


def test_search_and_models_and_datasets_find_the_run_where_it_is(store: Store) -> None:
    target = new_experiment(store, "target")
    run_id = furnished_run(store)
    log(store, run_id, [(0, 1, 1, 0.5, -1)])
    before = store.read(lambda tx: runs.get_run(tx, run_id)).info
    store.write(lambda tx: move_run(tx, run_id, target))
    text = "metrics.a = 0.5 AND params.lr = 0.1 AND tags.t = 'x' AND dataset.name = 'd'"

    def found(tx: Tx, experiment_id: str) -> list[int]:
        return [
            len(search.search_runs(tx, [experiment_id], text).items),
            len(search.search_models(tx, [experiment_id]).items),
            len(inputs.search_datasets(tx, [experiment_id])),
        ]

    assert store.read(lambda tx: found(tx, "0")) == [0, 0, 0]
    assert store.read(lambda tx: found(tx, target)) == [1, 1, 1]
    after = store.read(lambda tx: runs.get_run(tx, run_id)).info
    assert (after.experiment_id, after.artifact_uri, after.run_id) == (target, before.artifact_uri, run_id)


def test_the_column_index_follows_a_run_to_and_fro(store_url: str) -> None:
    with closing(Store.open(store_url, background=False, columns=ColumnIndex(min_runs=0))) as store:
        homes = ["0", new_experiment(store, "target")]
        stays = [store.write(partial(runs.create_run, experiment_id=home)).info.run_id for home in homes]
        run_id = furnished_run(store)
        log(store, run_id, [(0, 1, 1, 0.5, -1)])

        def found(tx: Tx) -> list[int]:
            texts = ("", "metrics.a = 0.5 AND params.lr = 0.1 AND tags.t = 'x'")
            return [len(search.search_runs(tx, [home], text).items) for home in homes for text in texts]

        assert store.read(found) == [2, 1, 1, 0]
        for home in (homes[1], homes[0], homes[1]):
            store.write(partial(move_run, run_id=run_id, experiment_id=home))
            store.write(partial(runs.set_tags, run_id=stays[0], tags={"seen": home}))
            assert store.read(found) == ([2, 1, 1, 0] if home == "0" else [1, 0, 2, 1])
            log(store, run_id, [(1, 1, 1, 0.5, -1)])


def test_points_of_the_same_group_commit_go_along(store: Store) -> None:
    """Jobs that log before and after a move inside one transaction; and one whose failure undoes its move."""
    target = new_experiment(store, "target")
    other = new_experiment(store, "other")
    run_id = store.write(lambda tx: runs.create_run(tx, experiment_id="0")).info.run_id

    def failing(tx: Any) -> None:
        move_run(tx, run_id, other)
        raise Conflict("on purpose")

    started, jobs = threading.Event(), []
    results: list[Any] = []

    def first(tx: Any) -> None:
        started.wait(10)
        metrics.log_point(tx, run_id, "m", 0, 0, 0.0)

    jobs.append(first)
    for step in range(1, 9):
        jobs.append(lambda tx, s=step: metrics.log_point(tx, run_id, "m", s, s, float(s)))
        if step == 3:
            jobs.append(lambda tx: move_run(tx, run_id, target))
        if step == 6:
            jobs.append(failing)
    for job in jobs:
        store.submit(job, lambda _, error: results.append(error))
    started.set()
    store.write(lambda tx: None)
    assert [str(e) for e in results if e is not None] == ["on purpose"]
    for _ in range(2):
        history = store.read(lambda tx: metrics.history(tx, run_id, "m"))
        assert [m.step for m in history] == list(range(9))
        run = store.read(lambda tx: runs.get_run(tx, run_id))
        assert (run.info.experiment_id, run.data.metrics) == (target, {"m": 8.0})
        store.compact(everything=True)


def test_nothing_is_lost_while_somebody_logs_and_compacts(store_url: str) -> None:
    """Two servers where the database allows it: one moves the run to and fro, the other logs to it."""
    here = Store.open(store_url, background=True)
    there = here if store_url.startswith("sqlite") else Store.open(store_url, background=True)
    try:
        homes = [new_experiment(here, "first"), new_experiment(here, "second")]
        run_id = here.write(lambda tx: runs.create_run(tx, experiment_id=homes[0])).info.run_id
        done = threading.Event()
        sent = 0

        def writer() -> None:
            nonlocal sent
            while not done.is_set() and sent < 400:
                rows = [(k, sent, 1, float(sent), -1) for k in range(3)]
                log(there, run_id, rows)
                there.write(partial(runs.set_tags, run_id=run_id, tags={f"tag{sent % 5}": str(sent)}))
                sent += 1

        thread = threading.Thread(target=writer)
        thread.start()
        copies = []
        for turn in range(8):
            here.write(lambda tx, t=turn: move_run(tx, run_id, homes[t % 2 - 1]))
            copies.append(new_id())
            here.write(lambda tx: copy_run(tx, run_id, homes[0], new_id=copies[-1], artifact_uri="u"))
            if turn % 5 == 0:
                here.compact(everything=True)
        done.set()
        thread.join()
        for key in KEYS:
            steps = [m.step for m in here.read(lambda tx, k=key: metrics.history(tx, run_id, k))]
            assert steps == list(range(sent))
        run = here.read(lambda tx: runs.get_run(tx, run_id))
        assert run.data.metrics == dict.fromkeys(KEYS, float(sent - 1))
        assert {k for k in run.data.tags if k.startswith("tag")} == {f"tag{i}" for i in range(min(5, sent))}
        for copied in copies:  # each is the run at one moment
            steps = [m.step for m in here.read(lambda tx, c=copied: metrics.history(tx, c, "a"))]
            last = here.read(lambda tx, c=copied: runs.get_run(tx, c)).data.latest
            assert steps == list(range(len(steps)))
            assert [m.step for m in last] == [len(steps) - 1] * (3 if steps else 0)
    finally:
        here.close()
        if there is not here:
            there.close()


def test_what_cannot_be_moved_stays(store: Store) -> None:
    run_id = furnished_run(store)
    before = everything(store, run_id)
    gone = new_experiment(store, "gone")
    store.write(lambda tx: experiments.delete_experiment(tx, gone))
    with pytest.raises(Conflict, match="active"):
        store.write(lambda tx: move_run(tx, run_id, gone))
    with pytest.raises(NotFound, match="No Experiment with id=999"):
        store.write(lambda tx: move_run(tx, run_id, "999"))
    with pytest.raises(NotFound, match="not found"):
        store.write(lambda tx: copy_run(tx, "f" * 32, "0", new_id=new_id(), artifact_uri="u"))
    assert everything(store, run_id) == before
    store.write(lambda tx: runs.delete_run(tx, run_id))
    with pytest.raises(Conflict, match="active"):
        store.write(lambda tx: move_run(tx, run_id, "0"))
