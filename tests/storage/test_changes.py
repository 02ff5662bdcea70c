"""Commits are told to listeners, across servers, and found again by position."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from clew.errors import Conflict
from clew.storage import changes, experiments, runs
from clew.storage.changes import Change
from clew.storage.engine import WriteTx
from clew.storage.store import Store
from hosts import eventually

Heard = queue.SimpleQueue[Change | None]


def listening(store: Store) -> Heard:
    """What a store's listener hears; on PostgreSQL its connection stands."""
    heard: Heard = queue.SimpleQueue()
    store.listen(heard.put)
    store.name_runs(True)
    if store.dialect_name == "postgresql":
        assert heard.get(timeout=10) is None
    return heard


def new_run(store: Store, experiment_id: str = "0") -> str:
    return store.write(lambda tx: runs.create_run(tx, experiment_id=experiment_id)).info.run_id


def test_a_commit_names_what_it_touched(store: Store) -> None:
    heard = listening(store)
    number = store.write(lambda tx: experiments.create_experiment(tx, "new"))
    made = heard.get(timeout=10)
    run_id = new_run(store, number)
    ran = heard.get(timeout=10)
    store.write(lambda tx: experiments.delete_experiment(tx, number))
    gone = heard.get(timeout=10)
    assert made is not None
    assert ran is not None
    assert gone is not None
    assert (made.experiments, made.runs) == ([int(number)], {})
    assert (ran.experiments, ran.runs) == ([], {int(number): [run_id]})
    assert gone.experiments == [int(number)]
    assert made.rev <= ran.rev <= gone.rev


def test_what_touches_nothing_is_not_told(store: Store) -> None:
    heard = listening(store)
    store.write(lambda tx: None)
    run_id = new_run(store)
    heard.get(timeout=10)
    with pytest.raises(Conflict):
        store.write(lambda tx: _refuse(tx, run_id))
    new_run(store)
    told = heard.get(timeout=10)
    assert told is not None
    assert told.runs is not None
    assert run_id not in (told.runs[0] or ())


def _refuse(tx: WriteTx, run_id: str) -> None:
    raise Conflict(run_id)


def test_every_run_that_changed_later_is_found(store: Store) -> None:
    ids = [new_run(store) for _ in range(5)]
    before = store.read(lambda tx: tx.change())
    assert not store.read(lambda tx: changes.changed_runs(tx, 0, before)).ids
    store.write(lambda tx: runs.set_tags(tx, ids[1], {"a": "1"}))
    store.write(lambda tx: runs.log_params(tx, ids[3], [("p", "1")]))
    found = store.read(lambda tx: changes.changed_runs(tx, 0, before))
    assert found.ids == [ids[3], ids[1]]
    assert not found.more
    assert store.read(lambda tx: changes.changed_runs(tx, 0, 0, most=3)).more
    assert not store.read(lambda tx: changes.changed_runs(tx, 0, found.rev)).ids
    assert store.read(lambda tx: changes.changed_experiments(tx, before)).ids == ["0"]


@pytest.mark.postgres
def test_a_transaction_that_commits_late_is_not_missed(postgres_url: str) -> None:
    """Its number is lower than one that was seen before it."""
    store, other = Store.open(postgres_url, background=False), Store.open(postgres_url, background=False)
    ids = [new_run(store), new_run(store)]
    numbered, go_on = threading.Event(), threading.Event()

    def slowly(tx: WriteTx) -> None:
        tx.change()
        numbered.set()
        assert go_on.wait(10)
        runs.set_tags(tx, ids[0], {"late": "1"})

    done: queue.SimpleQueue[object] = queue.SimpleQueue()
    store.submit(slowly, lambda value, error: done.put(error))
    assert numbered.wait(10)
    other.write(lambda tx: runs.set_tags(tx, ids[1], {"early": "1"}))
    seen = other.read(lambda tx: changes.changed_runs(tx, 0, 0))
    go_on.set()
    assert done.get(timeout=10) is None
    assert ids[0] in other.read(lambda tx: changes.changed_runs(tx, 0, seen.rev)).ids
    store.close()
    other.close()


@pytest.mark.postgres
def test_another_server_s_commit_is_heard(postgres_url: str) -> None:
    store, other = Store.open(postgres_url, background=False), Store.open(postgres_url, background=False)
    heard = listening(other)
    run_id = new_run(store)
    told = heard.get(timeout=10)
    assert told is not None
    assert told.runs == {0: [run_id]}
    store.close()
    other.close()


@pytest.mark.postgres
def test_more_than_a_notification_can_name_is_told_without_names(postgres_url: str) -> None:
    store = Store.open(postgres_url, background=False)
    heard = listening(store)
    store.write(lambda tx: [runs.create_run(tx, experiment_id="0") for _ in range(300)])
    told = heard.get(timeout=10)
    assert told is not None
    assert told.runs == {0: None}
    store.write(lambda tx: [experiments.create_experiment(tx, f"e{n}") for n in range(2000)])
    assert heard.get(timeout=10) is None
    store.close()


@pytest.mark.postgres
def test_a_lost_connection_is_made_again_and_says_so(postgres_url: str) -> None:
    store = Store.open(postgres_url, background=False)
    heard = listening(store)
    of_it = "query = 'LISTEN clew' AND datname = current_database()"
    store.read(lambda tx: tx.all(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {of_it}"))
    assert heard.get(timeout=10) is None
    run_id = new_run(store)
    told = heard.get(timeout=10)
    assert told is not None
    assert told.runs == {0: [run_id]}
    store.close()


@pytest.mark.postgres
def test_a_run_made_while_another_server_deletes_its_experiment_is_deleted_too(postgres_url: str) -> None:
    store, other = Store.open(postgres_url, background=False), Store.open(postgres_url, background=False)
    number = store.write(lambda tx: experiments.create_experiment(tx, "short-lived"))
    made, go_on = threading.Event(), threading.Event()
    ids: list[str] = []

    def slowly(tx: WriteTx) -> None:
        ids.append(runs.create_run(tx, experiment_id=number).info.run_id)
        made.set()
        assert go_on.wait(10)

    in_background(lambda: store.write(slowly))
    assert made.wait(10)
    deleted = in_background(lambda: other.write(lambda tx: experiments.delete_experiment(tx, number)))
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    eventually(lambda: not deleted.is_alive() or store.read(lambda tx: tx.all(waiting)))
    go_on.set()
    deleted.join(10)
    eventually(lambda: store.read(lambda tx: runs.get_run(tx, ids[0])).info.lifecycle_stage == "deleted")
    with pytest.raises(Conflict):
        new_run(other, number)
    store.close()
    other.close()


def in_background(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_runs_are_not_named_where_nobody_asks(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 's.db'}", background=False)
    heard: Heard = queue.SimpleQueue()
    store.listen(heard.put)
    new_run(store)
    told = heard.get(timeout=10)
    assert told is not None
    assert told.runs is None
    store.close()
