"""Compaction changes where points lie and nothing else, on both databases."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.entities.run import RunStatus
from clew.errors import TooManyRequests
from clew.storage import compact, compactor, engine, metrics, runs, series
from clew.storage.metrics import PointColumns
from clew.storage.store import Store

VALUES = st.one_of(st.floats(), st.sampled_from([math.nan, math.inf, -0.0, 0.1]))
BATCH = st.tuples(
    st.integers(0, 1),  # run
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(-3, 40), st.integers(0, 3), VALUES, st.integers(-1, 1)),
        min_size=1,
        max_size=40,
    ),
)


def new_run(store: Store) -> str:
    return store.write(lambda tx: runs.create_run(tx, experiment_id="0")).info.run_id


def log(store: Store, run: str, rows: list[tuple[int, int, int, float, int]]) -> None:
    keys, steps, times, values, contexts = (list(column) for column in zip(*rows, strict=True))
    columns = PointColumns(
        ["a", "b", "c"],
        np.array(keys, np.int32),
        np.array(steps, np.int64),
        np.array(times, np.int64),
        np.array(values, np.float64),
        [("m", "d", "x", -1), ("", "", "", 2)],
        np.array(contexts, np.int32),
    )
    store.write(lambda tx: metrics.log_points(tx, run, columns))


def everything(store: Store, run: str) -> list[Any]:
    """All that a reader can see of a run's metrics, as comparable texts."""

    def read(tx: Any) -> list[Any]:
        histories = [[repr(m) for m in metrics.history(tx, run, key)] for key in "abc"]
        whole = series.series(tx, [run], list("abc"), max_points=None)
        parts = series.series(tx, [run], list("abc"), within=series.Range(start_step=3, end_step=9))
        few = series.series(tx, [run], list("abc"), max_points=10)
        return [histories, *(repr([(s.key, s.steps, s.times, s.values) for s in x]) for x in (whole, parts, few))]

    return store.read(read)


def rows_of(store: Store, table: str) -> int:
    return store.read(lambda tx: tx.one(f"SELECT count(*) FROM {table}"))[0]


def fill(store: Store, run: str, key: str, first: int, n: int, values: Any = None) -> None:
    steps = np.arange(first, first + n)
    numbers = np.sqrt(steps) if values is None else values
    columns = PointColumns([key], np.zeros(n, np.int32), steps, 1_700_000_000_000 + 100 * steps, numbers)
    store.write(lambda tx: metrics.log_points(tx, run, columns))


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thresholds so low that a few points go all the way."""
    monkeypatch.setattr(compact, "CHUNK_LEAST", 8)
    monkeypatch.setattr(compact, "CHUNK_MOST", 16)
    monkeypatch.setattr(compact, "MERGE_BLOCKS", 3)
    monkeypatch.setattr(compact, "WINDOW_POINTS", 50)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(batches=st.lists(BATCH, min_size=1, max_size=12), rounds=st.lists(st.booleans(), min_size=1, max_size=4))
def test_readers_see_the_same_before_and_after(
    store: Store, small_chunks: None, batches: list[tuple[int, list[Any]]], rounds: list[bool]
) -> None:
    pair = [new_run(store) for _ in range(2)]
    share = -(-len(batches) // len(rounds))
    for index, whole in enumerate(rounds):
        for which, rows in batches[index * share : (index + 1) * share]:
            log(store, pair[which], rows)
        before = [everything(store, run) for run in pair]
        store.compact(everything=whole)
        assert [everything(store, run) for run in pair] == before
        assert rows_of(store, "metric_log") == 0


def test_many_small_windows_become_few_rows(store: Store) -> None:
    run = new_run(store)
    for index in range(100):
        fill(store, run, "m", index * 4, 4)
        store.compact()
    assert rows_of(store, "metric_block") < 16
    assert rows_of(store, "metric_chunk") == 0
    assert len(store.read(lambda tx: metrics.history(tx, run, "m"))) == 400


def test_a_long_series_gets_full_chunks(store: Store) -> None:
    run = new_run(store)
    for index in range(20):
        fill(store, run, "m", index * 8000, 8000)
        fill(store, run, "rare", index, 1)
        store.compact()
    store.compact(everything=True)
    sizes = store.read(lambda tx: tx.all("SELECT lo, n, flags FROM metric_chunk ORDER BY lo"))
    assert [row[:2] for row in sizes] == [(0, 65_536), (65_536, 65_536), (131_072, 28_928)]
    assert rows_of(store, "metric_block") == 1
    assert len(store.read(lambda tx: metrics.history(tx, run, "rare"))) == 20


def test_an_ended_run_is_merged_without_waiting_for_more(store: Store) -> None:
    run = new_run(store)
    for index in range(3):
        fill(store, run, "m", index * 600, 600)
        store.compact()
    assert rows_of(store, "metric_block") == 3
    store.write(lambda tx: runs.update_run(tx, run, status=RunStatus.FINISHED, end_ms=1))
    store.compact()
    assert (rows_of(store, "metric_block"), rows_of(store, "metric_chunk")) == (0, 1)


def test_a_late_repeat_of_the_whole_series_adds_nothing(store: Store) -> None:
    run = new_run(store)
    for _ in range(3):
        fill(store, run, "m", 0, 5000)
        store.compact(everything=True)
    assert len(store.read(lambda tx: metrics.history(tx, run, "m"))) == 5000
    assert store.read(lambda tx: tx.one("SELECT sum(n) FROM metric_chunk"))[0] == 5000


def test_an_outdated_plan_changes_nothing(store: Store) -> None:
    run = new_run(store)
    fill(store, run, "m", 0, 2000)
    window = store.read(lambda tx: compact.read_window(tx, compact.newest_row(tx)))
    assert window is not None
    plan = compact.plan_window(window)
    store.compact()
    before = everything(store, run), rows_of(store, "metric_block")
    with pytest.raises(compact.PlanOutdated):
        store.write(lambda tx: compact.exchange(tx, plan))
    assert (everything(store, run), rows_of(store, "metric_block")) == before


def test_two_stores_on_one_database_compact_without_harm(store: Store) -> None:
    run = new_run(store)
    other = Store.open(store.url, background=False)
    try:
        for index in range(6):
            fill(store if index % 2 else other, run, "m", index * 700, 700)
            (other if index % 2 else store).compact(everything=index > 3)
    finally:
        other.close()
    store.compact(everything=True)
    assert [m.step for m in store.read(lambda tx: metrics.history(tx, run, "m"))] == list(range(4200))


@pytest.mark.parametrize(("dtype", "goal"), [(np.float32, 5.5), (np.float64, 9.5)])
def test_bytes_per_point(store: Store, dtype: type, goal: float) -> None:
    run, n = new_run(store), 300_000
    rng = np.random.default_rng(3)
    values = (2.0 + rng.normal(size=n)).astype(dtype).astype(np.float64)
    for start in range(0, n, 50_000):
        fill(store, run, "loss", start, 50_000, values[start : start + 50_000])
    store.compact(everything=True)
    kept, size = store.read(lambda tx: tx.one("SELECT sum(n), sum(length(body)) FROM metric_chunk"))
    assert kept == n
    assert rows_of(store, "metric_block") == rows_of(store, "metric_log") == 0
    assert size / n <= goal


def test_a_background_store_compacts_by_itself(store_url: str) -> None:
    opened = Store.open(store_url)
    try:
        run = new_run(opened)
        fill(opened, run, "m", 0, 300_000)
        for _ in range(600):
            if rows_of(opened, "metric_log") == 0 and rows_of(opened, "metric_chunk") + rows_of(opened, "metric_block"):
                break
            opened.read(lambda tx: metrics.history(tx, run, "m", limit=1))
        assert rows_of(opened, "metric_log") == 0
    finally:
        opened.close()


def wait_for(condition: Any) -> bool:
    """Whether ``condition`` came true within 20 s."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.postgres
def test_a_server_that_does_not_compact_sees_how_far_the_other_is(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "MAX_UNCOMPACTED", 1000)
    monkeypatch.setattr(compactor, "MAX_UNCOMPACTED", 1000)
    monkeypatch.setattr(compactor, "PAUSE_S", 0.05)
    elected = Store.open(postgres_url, background=False)
    elected.compact()
    other = Store.open(postgres_url)
    try:
        run = new_run(other)
        for start in range(0, 1200, 400):
            fill(other, run, "m", start, 400)
        with pytest.raises(TooManyRequests):
            fill(other, run, "m", 1200, 400)
        elected.compact()

        def accepted() -> bool:
            try:
                fill(other, run, "m", 1200, 400)
            except TooManyRequests:
                return False
            return True

        assert wait_for(accepted)
    finally:
        other.close()
        elected.close()


@pytest.mark.postgres
def test_an_election_ends_with_its_connection(postgres_url: str) -> None:
    stores = [Store.open(postgres_url, background=False) for _ in range(2)]
    try:
        run = new_run(stores[0])
        for store in stores:
            store.compact()
        stores[0].read(
            lambda tx: tx.all(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        for store in stores[::-1]:  # the second one takes over
            fill(store, run, "m", 0, 10)
            store.compact()
            assert rows_of(store, "metric_log") == (store is stores[0])
            assert rows_of(store, "metric_block") == 1
    finally:
        for store in stores:
            store.close()


def test_compaction_goes_on_after_an_unforeseen_fault(
    store_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(compactor, "RETRY_S", 0.05)
    monkeypatch.setattr(compactor, "PAUSE_S", 0.05)
    faults = [RuntimeError("unforeseen")]
    plan_window = compact.plan_window

    def faulty(window: compact.Window) -> compact.Plan:
        if faults:
            raise faults.pop()
        return plan_window(window)

    monkeypatch.setattr(compact, "plan_window", faulty)
    opened = Store.open(store_url)
    try:
        fill(opened, new_run(opened), "m", 0, 10)
        assert wait_for(lambda: rows_of(opened, "metric_log") == 0)
        assert "unforeseen" in caplog.text
    finally:
        opened.close()
