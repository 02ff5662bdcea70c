"""Group commit: a failing job beside good ones, answers after the disk, pressure, lost transactions."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from clew.errors import Conflict, NotFound, TooManyRequests, Unavailable
from clew.server import replay, tracking
from clew.storage import committer, engine, experiments, ingest, keys, metrics, runs
from clew.storage.store import Store
from clew.wire.mlflow import LogModel

ID = "0123456789abcdef0123456789abcdef"
MODEL = '{"artifact_path": "m", "flavors": {}, "utc_time_created": "", "run_id": ""}'


@pytest.fixture
def run(store: Store) -> str:
    return store.write(lambda tx: runs.create_run(tx, experiment_id="0", run_id=ID)).info.run_id


class Group:
    """Jobs that are sure to be committed together: they queue up behind one that waits."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._hold = threading.Event()
        self._left = threading.Semaphore(0)
        self.results: dict[int, tuple[Any, BaseException | None]] = {}
        self._count = 1
        store.submit(lambda tx: self._hold.wait(60) and None, self._done(0))

    def add(self, job: Any) -> None:
        self._store.submit(job, self._done(self._count))
        self._count += 1

    def finish(self) -> list[tuple[Any, BaseException | None]]:
        self._hold.set()
        for _ in range(self._count):
            assert self._left.acquire(timeout=60)
        return [self.results[index] for index in range(1, self._count)]

    def _done(self, index: int) -> Any:
        def done(value: Any, error: BaseException | None) -> None:
            self.results[index] = value, error
            self._left.release()

        return done


def test_a_failing_job_takes_nobody_along(store: Store, run: str) -> None:
    def half(tx: Any) -> None:
        experiments.create_experiment(tx, "half")
        runs.set_tags(tx, run, {"half": "done"})
        metrics.log_point(tx, run, "half", 1, 1, 1.0)
        raise ValueError("in the middle")

    group = Group(store)
    group.add(lambda tx: metrics.log_point(tx, run, "good", 1, 1, 1.0))
    group.add(half)
    group.add(lambda tx: runs.log_params(tx, run, [("p", "1")]))
    group.add(lambda tx: runs.log_params(tx, run, [("p", "2"), ("q", "1")]))
    group.add(lambda tx: metrics.log_point(tx, "nope", "good", 1, 1, 1.0))
    group.add(lambda tx: experiments.create_experiment(tx, "whole"))
    group.add(lambda tx: metrics.log_point(tx, run, "good", 2, 2, 2.0))
    errors = [type(error).__name__ for _, error in group.finish()]
    assert errors == ["NoneType", "ValueError", "NoneType", "Conflict", "NotFound", "NoneType", "NoneType"]
    found = store.read(lambda tx: runs.get_run(tx, run))
    assert found.data.params == {"p": "1"}
    assert found.data.metrics == {"good": 2.0}
    assert "half" not in found.data.tags
    assert [m.step for m in store.read(lambda tx: metrics.history(tx, run, "good"))] == [1, 2]
    assert store.read(lambda tx: metrics.history(tx, run, "half")) == []
    assert store.read(lambda tx: experiments.find_experiment(tx, "half")) is None
    assert store.read(lambda tx: experiments.find_experiment(tx, "whole")) is not None


def test_a_group_is_one_log_row(store: Store, run: str) -> None:
    group = Group(store)
    for step in range(40):
        group.add(lambda tx, step=step: metrics.log_point(tx, run, "m", step, step, 0.5))
    assert all(error is None for _, error in group.finish())
    assert store.read(lambda tx: tx.all("SELECT n FROM metric_log")) == [(40,)]


def test_what_an_undone_job_made_is_not_remembered(store: Store, run: str) -> None:
    def fails(tx: Any) -> None:
        runs.create_run(tx, experiment_id="0", run_id="gone")
        metrics.log_point(tx, run, "key of a failed job", 0, 0, 1.0)
        raise ValueError

    group = Group(store)
    group.add(fails)
    group.add(lambda tx: metrics.log_point(tx, run, "key of a failed job", 1, 1, 2.0))
    group.add(lambda tx: metrics.log_point(tx, "gone", "m", 1, 1, 2.0))
    _, good, gone = group.finish()
    assert good[1] is None
    assert isinstance(gone[1], NotFound)
    found = store.read(lambda tx: metrics.history(tx, run, "key of a failed job"))
    assert [m.step for m in found] == [1]


def test_a_job_sees_what_jobs_before_it_wrote(store: Store, run: str) -> None:
    group = Group(store)
    group.add(lambda tx: runs.delete_run(tx, run))
    group.add(lambda tx: metrics.log_point(tx, run, "m", 0, 0, 1.0))
    group.add(lambda tx: runs.restore_run(tx, run))
    group.add(lambda tx: metrics.log_point(tx, run, "m", 1, 1, 1.0))
    assert [type(error).__name__ for _, error in group.finish()] == ["NoneType", "Conflict", "NoneType", "NoneType"]


def test_the_answer_comes_after_the_write_is_readable(store: Store, run: str) -> None:
    seen: list[Any] = []
    finished = threading.Event()

    def done(value: Any, error: BaseException | None) -> None:
        seen.append((value, error, store.read(lambda tx: ingest.cursor(tx, "w"))))
        finished.set()

    store.submit(lambda tx: ingest.advance(tx, "w", run, 3, "") or "result", done)
    assert finished.wait(60)
    assert seen == [("result", None, (3, ""))]


def test_a_faulty_callback_does_not_stop_the_store(store: Store, run: str, caplog: pytest.LogCaptureFixture) -> None:
    def done(value: Any, error: BaseException | None) -> None:
        raise RuntimeError("loop closed")

    store.submit(lambda tx: None, done)
    store.write(lambda tx: metrics.log_point(tx, run, "m", 0, 0, 1.0))
    assert "callback" in caplog.text


def test_too_many_waiting_points_are_refused(store: Store, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MAX_UNCOMPACTED", 10)
    for step in range(11):
        store.write(lambda tx, step=step: metrics.log_point(tx, run, "m", step, step, 1.0))
    with pytest.raises(TooManyRequests):
        store.write(lambda tx: metrics.log_point(tx, run, "m", 99, 99, 1.0))
    store.compact()
    store.write(lambda tx: metrics.log_point(tx, run, "m", 99, 99, 1.0))
    assert len(store.read(lambda tx: metrics.history(tx, run, "m"))) == 12


def test_a_broken_statement_is_the_jobs_own_fault(store: Store, run: str) -> None:
    group = Group(store)
    group.add(lambda tx: metrics.log_point(tx, run, "m", 0, 0, 1.0))
    group.add(lambda tx: tx.all("SELECT nonsense FROM nowhere"))
    group.add(lambda tx: tx.run("INSERT INTO run (run_id) VALUES (:run)", run="x"))
    group.add(lambda tx: metrics.log_point(tx, run, "m", 1, 1, 1.0))
    good, bad, worse, fine = group.finish()
    assert (good[1], fine[1]) == (None, None)
    assert bad[1] is not None
    assert worse[1] is not None
    assert len(store.read(lambda tx: metrics.history(tx, run, "m"))) == 2


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(Unavailable, match="closed"):
        store.read(lambda tx: None)
    with pytest.raises(Unavailable, match="closed"):
        store.write(lambda tx: None)


def test_closing_writes_what_waits(store: Store, run: str) -> None:
    group = Group(store)
    group.add(lambda tx: runs.set_tags(tx, run, {"last": "word"}))
    threading.Timer(0.05, group.finish).start()
    store.close()
    again = Store.open(store.url, background=False)
    try:
        assert again.read(lambda tx: runs.get_run(tx, run)).data.tags["last"] == "word"
    finally:
        again.close()


def test_readers_see_one_state_throughout(store: Store, run: str) -> None:
    def read(tx: Any) -> tuple[Any, Any]:
        before = runs.get_run(tx, run).data.tags.get("k")
        store.write(lambda wtx: runs.set_tags(wtx, run, {"k": "new"}))
        return before, runs.get_run(tx, run).data.tags.get("k")

    assert store.read(read) == (None, None)
    assert store.read(lambda tx: runs.get_run(tx, run)).data.tags["k"] == "new"


def test_two_stores_on_one_database_see_each_other(store: Store, run: str) -> None:
    other = Store.open(store.url, background=False)
    try:
        other.write(lambda tx: metrics.log_point(tx, run, "m", 0, 0, 1.0))
        store.write(lambda tx: runs.delete_run(tx, run))
        with pytest.raises(Conflict):
            other.write(lambda tx: metrics.log_point(tx, run, "m", 1, 1, 1.0))
        store.write(lambda tx: runs.restore_run(tx, run))
        other.write(lambda tx: metrics.log_point(tx, run, "m", 1, 1, 1.0))
    finally:
        other.close()
    assert len(store.read(lambda tx: metrics.history(tx, run, "m"))) == 2


@pytest.mark.postgres
def test_deadlocks_are_repeated(postgres_url: str) -> None:
    stores = [Store.open(postgres_url, background=False) for _ in range(2)]
    try:
        names = [stores[0].write(lambda tx: runs.create_run(tx, experiment_id="0")).info.run_id for _ in range(2)]
        meeting = threading.Barrier(2)
        tries = [0, 0]

        def job(which: int) -> Any:
            def write(tx: Any) -> None:
                tries[which] += 1
                order = names if which else names[::-1]
                tx.run("UPDATE run SET user_id = :u WHERE run_id = :r", u=str(which), r=order[0])
                if tries[which] == 1:
                    meeting.wait(30)
                tx.run("UPDATE run SET user_id = :u WHERE run_id = :r", u=str(which), r=order[1])

            return write

        threads = [threading.Thread(target=stores[which].write, args=(job(which),)) for which in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        users = {stores[0].read(lambda tx, name=name: runs.get_run(tx, name)).info.user_id for name in names}
        assert len(users) == 1
        assert sum(tries) > 2
    finally:
        for opened in stores:
            opened.close()


@pytest.mark.postgres
def test_a_lost_connection_is_made_again(postgres_url: str) -> None:
    opened = Store.open(postgres_url, background=False)
    try:
        run = opened.write(lambda tx: runs.create_run(tx, experiment_id="0")).info.run_id
        opened.read(lambda tx: None)
        killer = Store.open(postgres_url, background=False)
        killer.read(
            lambda tx: tx.all(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        killer.close()
        opened.write(lambda tx: metrics.log_point(tx, run, "m", 0, 0, 1.0))
        assert len(opened.read(lambda tx: metrics.history(tx, run, "m"))) == 1
    finally:
        opened.close()


class Rival:
    """A write of another server that is finished but for its commit, until ``release``."""

    def __init__(self, store: Store, job: Any) -> None:
        self._written, self._go = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=store.write, args=(self._held(job),))
        self._thread.start()
        assert self._written.wait(60)

    def _held(self, job: Any) -> Any:
        def write(tx: Any) -> None:
            job(tx)
            self._written.set()
            self._go.wait(60)

        return write

    def release(self) -> None:
        self._go.set()
        self._thread.join(60)


@pytest.mark.postgres
@pytest.mark.parametrize("what", ["run", "param", "experiment", "writer", "model"])
def test_what_two_servers_make_at_once_is_made_once(postgres_url: str, what: str) -> None:
    stores = [Store.open(postgres_url, background=False) for _ in range(2)]
    try:
        if what in ("param", "model"):
            stores[0].write(lambda tx: runs.create_run(tx, experiment_id="0", run_id=ID))
            stores[0].write(lambda tx: keys.key_ids(tx, 0, keys.PARAM, ["p"]))

        def counted(tx: Any) -> int:
            seq, _ = ingest.cursor(tx, "w")
            ingest.advance(tx, "w", ID, seq + 1, "")
            return seq

        job = {
            "run": lambda tx: runs.create_run(tx, experiment_id="0", run_id=ID).info.run_id,
            "param": lambda tx: runs.log_params(tx, ID, [("p", "1")]),
            "experiment": lambda tx: replay.experiment_named(tx, "same"),
            "writer": counted,
            "model": tracking.log_model(Any, LogModel(run_id=ID, model_json=MODEL)),
        }[what]
        rival = Rival(stores[0], job)
        results: list[Any] = []
        second = threading.Thread(target=lambda: results.append(stores[1].write(job)))
        second.start()
        second.join(0.3)
        assert not results
        rival.release()
        second.join(60)
        assert len(results) == 1
        if what == "writer":
            assert results == [1]
            assert stores[0].read(lambda tx: ingest.cursor(tx, "w"))[0] == 2
        if what == "model":
            tags = stores[0].read(lambda tx: runs.get_run(tx, ID)).data.tags
            assert len(json.loads(tags[tracking.MODEL_HISTORY_TAG])) == 2
        if what == "experiment":
            assert stores[0].read(lambda tx: experiments.get_experiment(tx, results[0])).name == "same"
    finally:
        for opened in stores:
            opened.close()


@pytest.mark.postgres
def test_a_store_that_stays_busy_says_so(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committer, "MAX_TRIES", 1)
    opened = Store.open(postgres_url, background=False)
    try:

        def always(tx: Any) -> None:
            tx.run("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$")

        with pytest.raises(Unavailable, match="busy with other writers"):
            opened.write(always)
    finally:
        opened.close()
