"""Experiments, on both databases."""

from __future__ import annotations

import pytest

from clew.errors import AlreadyExists, ClewError, Conflict, InvalidValue, NotFound
from clew.storage import experiments, metrics, runs
from clew.storage.store import Store


def made(store: Store, name: str = "e") -> str:
    return store.write(lambda tx: experiments.create_experiment(tx, name))


def stage(store: Store, run_id: str) -> str:
    return store.read(lambda tx: runs.get_run(tx, run_id)).info.lifecycle_stage


def test_the_default_experiment_is_there(store: Store) -> None:
    found = store.read(lambda tx: experiments.get_experiment(tx, "0"))
    assert (found.name, found.artifact_location) == ("Default", "mlflow-artifacts:/0")


def test_what_is_created_is_read_back(store: Store) -> None:
    new = store.write(
        lambda tx: experiments.create_experiment(
            tx, "vision/ü", artifact_location="s3://b/x", tags={"team": "a\nb", "e": ""}
        )
    )
    found = store.read(lambda tx: experiments.get_experiment(tx, new))
    assert (found.name, found.artifact_location, found.lifecycle_stage) == ("vision/ü", "s3://b/x", "active")
    assert found.tags == {"team": "a\nb", "e": ""}
    assert found.creation_time == found.last_update_time > 0
    assert store.read(lambda tx: experiments.find_experiment(tx, "vision/ü")) == found
    assert store.read(lambda tx: experiments.find_experiment(tx, "none")) is None


def test_ids_are_decimal_texts_from_one(store: Store) -> None:
    assert [made(store, name) for name in "abc"] == ["1", "2", "3"]


@pytest.mark.parametrize("trash", [False, True])
def test_a_name_is_taken_even_in_the_trash(store: Store, trash: bool) -> None:
    old = made(store)
    if trash:
        store.write(lambda tx: experiments.delete_experiment(tx, old))
    with pytest.raises(AlreadyExists, match="already exists"):
        made(store)


@pytest.mark.parametrize("odd", ["abc", "", "1.5", "1 "])
def test_ids_that_are_no_integers_are_refused(store: Store, odd: str) -> None:
    with pytest.raises(InvalidValue, match="must be a valid integer"):
        store.read(lambda tx: experiments.get_experiment(tx, odd))


@pytest.mark.parametrize("absent", ["9", "-1", "99999999999999999999"])
def test_absent_experiments_are_named(store: Store, absent: str) -> None:
    with pytest.raises(NotFound, match=f"No Experiment with id={absent} exists"):
        store.read(lambda tx: experiments.get_experiment(tx, absent))


def test_renaming(store: Store) -> None:
    one, _two = made(store, "one"), made(store, "two")
    store.write(lambda tx: experiments.rename_experiment(tx, one, "uno"))
    assert store.read(lambda tx: experiments.get_experiment(tx, one)).name == "uno"
    store.write(lambda tx: experiments.rename_experiment(tx, one, "uno"))
    with pytest.raises(AlreadyExists):
        store.write(lambda tx: experiments.rename_experiment(tx, one, "two"))
    store.write(lambda tx: experiments.delete_experiment(tx, one))
    with pytest.raises(ClewError, match="Cannot rename a non-active experiment") as caught:
        store.write(lambda tx: experiments.rename_experiment(tx, one, "x"))
    assert caught.value.code == "INVALID_STATE"


def test_restoring_brings_back_exactly_the_runs_that_the_deletion_took(store: Store) -> None:
    experiment = made(store)
    before, taken = (
        store.write(lambda tx: runs.create_run(tx, experiment_id=experiment)).info.run_id for _ in range(2)
    )
    store.write(lambda tx: runs.delete_run(tx, before))
    store.write(lambda tx: experiments.delete_experiment(tx, experiment))
    assert (stage(store, before), stage(store, taken)) == ("deleted", "deleted")
    assert store.read(lambda tx: experiments.get_experiment(tx, experiment)).lifecycle_stage == "deleted"
    store.write(lambda tx: experiments.restore_experiment(tx, experiment))
    assert (stage(store, before), stage(store, taken)) == ("deleted", "active")


def test_deleting_twice_and_restoring_an_active_one_find_nothing(store: Store) -> None:
    experiment = made(store)
    with pytest.raises(NotFound):
        store.write(lambda tx: experiments.restore_experiment(tx, experiment))
    store.write(lambda tx: experiments.delete_experiment(tx, experiment))
    with pytest.raises(NotFound):
        store.write(lambda tx: experiments.delete_experiment(tx, experiment))


def test_a_deleted_experiment_takes_no_runs_tags_or_points(store: Store) -> None:
    experiment = made(store)
    run = store.write(lambda tx: runs.create_run(tx, experiment_id=experiment)).info.run_id
    store.write(lambda tx: metrics.log_point(tx, run, "m", 0, 0, 1.0))
    store.write(lambda tx: experiments.delete_experiment(tx, experiment))
    for write in (
        lambda tx: runs.create_run(tx, experiment_id=experiment),
        lambda tx: experiments.set_experiment_tag(tx, experiment, "a", "b"),
        lambda tx: metrics.log_point(tx, run, "m", 1, 1, 1.0),
    ):
        with pytest.raises(Conflict, match="must be in the 'active' state"):
            store.write(write)


def test_tags_are_set_replaced_and_removed(store: Store) -> None:
    experiment = made(store)
    before = store.read(lambda tx: experiments.get_experiment(tx, experiment)).last_update_time
    for value in ("1", "2"):
        store.write(lambda tx, value=value: experiments.set_experiment_tag(tx, experiment, "k", value))
    found = store.read(lambda tx: experiments.get_experiment(tx, experiment))
    assert (found.tags, found.last_update_time) == ({"k": "2"}, before)
    store.write(lambda tx: experiments.delete_experiment_tag(tx, experiment, "k"))
    with pytest.raises(NotFound, match=f"No tag with name: k in experiment with id {experiment}"):
        store.write(lambda tx: experiments.delete_experiment_tag(tx, experiment, "k"))


def test_activity_counts_active_runs(store: Store) -> None:
    experiment = made(store)

    def fill(tx):
        for start, status in ((5, None), (7, runs.RunStatus.FAILED), (6, runs.RunStatus.FINISHED)):
            run = runs.create_run(tx, experiment_id=experiment, start_ms=start).info.run_id
            if status:
                runs.update_run(tx, run, status=status, end_ms=start + 10)
        runs.delete_run(tx, runs.create_run(tx, experiment_id=experiment, start_ms=99).info.run_id)

    store.write(fill)
    (empty, found) = store.read(lambda tx: experiments.activity(tx, ["0", experiment]))
    assert (empty.runs, empty.last_activity) == (0, None)
    assert (found.runs, found.running, found.failed, found.last_activity) == (3, 1, 1, 17)


def test_columns_count_keys_of_the_newest_runs(store: Store) -> None:
    experiment = made(store)

    def fill(tx):
        for index in range(4):
            run = runs.create_run(tx, experiment_id=experiment, start_ms=index).info.run_id
            runs.log_params(tx, run, [("lr", str(index % 2)), (f"only{index}", "x")])
            metrics.log_point(tx, run, "loss", 0, 0, 1.0)

    store.write(fill)
    found = store.read(lambda tx: experiments.columns(tx, experiment, newest=3))
    assert [(c.name, c.runs, c.distinct) for c in found.params] == [
        ("lr", 3, 2),
        ("only1", 1, 1),
        ("only2", 1, 1),
        ("only3", 1, 1),
    ]
    assert [(c.name, c.runs) for c in found.metrics] == [("loss", 3)]
    assert [(c.name, c.runs) for c in found.tags] == [("mlflow.runName", 3)]
