"""Runs with their params and tags, on both databases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.entities.run import Run, RunStatus
from clew.errors import AlreadyExists, Conflict, InvalidValue, NotFound
from clew.storage import experiments, life, runs
from clew.storage.store import Store

ID = "0123456789abcdef0123456789abcdef"


def made(store: Store, **given) -> Run:
    return store.write(lambda tx: runs.create_run(tx, **{"experiment_id": "0", **given}))


def read(store: Store, run_id: str) -> Run:
    return store.read(lambda tx: runs.get_run(tx, run_id))


def test_a_new_run(store: Store) -> None:
    run = made(store, run_id=ID, run_name="first", user_id="ann", start_ms=5, tags={"b": "2", "a": "ü\n"})
    assert read(store, ID) == run
    info = run.info
    assert (info.run_id, info.run_name, info.user_id, info.start_time) == (ID, "first", "ann", 5)
    assert (info.status, info.end_time, info.lifecycle_stage) == (RunStatus.RUNNING, None, "active")
    assert info.artifact_uri == f"mlflow-artifacts:/0/{ID}/artifacts"
    assert run.data.tags == {"a": "ü\n", "b": "2", "mlflow.runName": "first"}


def test_a_run_gets_an_id_and_a_name(store: Store) -> None:
    one, two = made(store), made(store)
    assert one.info.run_id != two.info.run_id
    assert one.info.run_name
    assert one.data.tags == {"mlflow.runName": one.info.run_name}


def test_the_name_comes_from_the_tag(store: Store) -> None:
    assert made(store, tags={"mlflow.runName": "tagged"}).info.run_name == "tagged"
    assert made(store, run_name="x", tags={"mlflow.runName": "x"}).info.run_name == "x"
    with pytest.raises(InvalidValue, match="tag are specified, but with different values"):
        made(store, run_name="x", tags={"mlflow.runName": "y"})


def test_creating_again_returns_the_run(store: Store) -> None:
    first = made(store, run_id=ID, run_name="n", start_ms=1)
    assert made(store, run_id=ID, run_name="other", start_ms=2) == first
    other = store.write(lambda tx: experiments.create_experiment(tx, "other"))
    with pytest.raises(AlreadyExists):
        made(store, experiment_id=other, run_id=ID)


def test_unknown_runs_and_experiments_are_named(store: Store) -> None:
    with pytest.raises(NotFound, match="Run with id=nope not found"):
        read(store, "nope")
    with pytest.raises(NotFound, match="No Experiment with id=77 exists"):
        made(store, experiment_id="77")


def test_update_changes_what_is_given(store: Store) -> None:
    made(store, run_id=ID, run_name="a")
    info = store.write(lambda tx: runs.update_run(tx, ID, status=RunStatus.FINISHED, end_ms=9))
    assert (info.status, info.end_time, info.run_name) == (RunStatus.FINISHED, 9, "a")
    info = store.write(lambda tx: runs.update_run(tx, ID, name="b"))
    assert (info.status, info.end_time, info.run_name) == (RunStatus.FINISHED, 9, "b")
    assert read(store, ID).data.tags == {"mlflow.runName": "b"}


def test_the_name_tag_renames(store: Store) -> None:
    made(store, run_id=ID)
    store.write(lambda tx: runs.set_tags(tx, ID, {"mlflow.runName": "tagged"}))
    assert read(store, ID).info.run_name == "tagged"


def test_trash_and_restore_are_idempotent(store: Store) -> None:
    made(store, run_id=ID)
    for _ in range(2):
        store.write(lambda tx: runs.delete_run(tx, ID))
    assert read(store, ID).info.lifecycle_stage == "deleted"
    for write in (
        lambda tx: runs.update_run(tx, ID, name="x"),
        lambda tx: runs.set_tags(tx, ID, {"a": "b"}),
        lambda tx: runs.delete_tag(tx, ID, "a"),
        lambda tx: runs.log_params(tx, ID, [("a", "b")]),
    ):
        with pytest.raises(Conflict, match=f"The run {ID} must be in the 'active' state. Current state is deleted."):
            store.write(write)
    for _ in range(2):
        store.write(lambda tx: runs.restore_run(tx, ID))
    assert read(store, ID).info.lifecycle_stage == "active"
    for write in (runs.delete_run, runs.restore_run):
        with pytest.raises(NotFound):
            store.write(lambda tx, write=write: write(tx, "nope"))


def test_params_are_written_once(store: Store) -> None:
    made(store, run_id=ID)
    store.write(lambda tx: runs.log_params(tx, ID, [("b", ""), ("a", "1")]))
    assert store.write(lambda tx: runs.log_params(tx, ID, [("a", "1")])) == []
    with pytest.raises(Conflict) as caught:
        store.write(lambda tx: runs.log_params(tx, ID, [("new", "x"), ("a", "2")]))
    assert caught.value.message == (
        f"Changing param values is not allowed. Param with key='a' was already logged with value='1' for run ID='{ID}'."
        " Attempted logging new value '2'."
    )
    assert read(store, ID).data.params == {"a": "1", "b": ""}


def test_journals_keep_the_first_value(store: Store) -> None:
    made(store, run_id=ID)
    store.write(lambda tx: runs.log_params(tx, ID, [("a", "1")]))
    batch = [("a", "2"), ("c", "3"), ("c", "4"), ("c", "3")]
    conflicts = store.write(lambda tx: runs.log_params(tx, ID, batch, keep_first=True))
    assert [(c.key, c.kept, c.offered) for c in conflicts] == [("a", "1", "2"), ("c", "3", "4")]
    assert read(store, ID).data.params == {"a": "1", "c": "3"}


def test_a_key_twice_in_one_call(store: Store) -> None:
    made(store, run_id=ID)
    with pytest.raises(Conflict, match="Changing param values"):
        store.write(lambda tx: runs.log_params(tx, ID, [("a", "1"), ("a", "2")]))
    assert store.write(lambda tx: runs.log_params(tx, ID, [("a", "1"), ("a", "1")])) == []


def test_tags_are_replaced_and_removed(store: Store) -> None:
    made(store, run_id=ID, run_name="n")
    store.write(lambda tx: runs.set_tags(tx, ID, {"k": "1", "z": "0"}))
    store.write(lambda tx: runs.set_tags(tx, ID, {"k": "2"}))
    assert read(store, ID).data.tags == {"k": "2", "mlflow.runName": "n", "z": "0"}
    store.write(lambda tx: runs.delete_tag(tx, ID, "k"))
    for absent in ("k", "never"):
        with pytest.raises(NotFound, match=f"No tag with name: {absent} in run with id {ID}"):
            store.write(lambda tx, absent=absent: runs.delete_tag(tx, ID, absent))


def test_hydrate_keeps_the_order_asked_for(store: Store) -> None:
    def fill(tx):
        for index in range(5):
            run = runs.create_run(tx, experiment_id="0", run_id=f"{index:032x}").info.run_id
            runs.log_params(tx, run, [("p", str(index))])

    store.write(fill)
    rns = [rn for (rn,) in store.read(lambda tx: tx.all("SELECT rn FROM run ORDER BY run_id"))]
    asked = [rns[3], rns[0], 10**9, rns[4]]
    found = store.read(lambda tx: runs.hydrate(tx, asked))
    assert [run.data.params["p"] for run in found] == ["3", "0", "4"]
    assert store.read(lambda tx: runs.hydrate(tx, [])) == []


def test_hydrate_takes_the_same_statements_for_any_number_of_runs(store: Store) -> None:
    rns = [store.write(lambda tx: runs.create_run(tx, experiment_id="0")) and n for n in range(1, 6)]

    def counted(tx, numbers: list[int]) -> int:
        texts = []
        original = tx._session.all
        tx._session.all = lambda sql, params: texts.append(sql) or original(sql, params)
        try:
            runs.hydrate(tx, numbers)
        finally:
            del tx._session.all
        return len(texts)

    assert store.read(lambda tx: counted(tx, rns[:1])) == store.read(lambda tx: counted(tx, rns)) <= 7


def test_silent_runs_are_reaped_and_others_left(store: Store) -> None:
    silent, alive, never, ended = (f"{index:032x}" for index in range(4))

    def fill(tx):
        for run in (silent, alive, never, ended):
            runs.create_run(tx, experiment_id="0", run_id=run, start_ms=1)
        for run, ms in ((silent, 100), (silent, 90), (alive, 200), (ended, 100)):
            life.heartbeat(tx, run, ms)
        runs.update_run(tx, ended, status=RunStatus.FINISHED, end_ms=100)

    store.write(fill)
    assert store.write(lambda tx: life.reap_silent(tx, 150)) == [silent]
    run = read(store, silent)
    assert (run.info.status, run.info.end_time) == (RunStatus.KILLED, 100)
    assert "no sign of life" in run.data.tags[life.REASON_TAG]
    assert {read(store, other).info.status for other in (alive, never)} == {RunStatus.RUNNING}
    assert read(store, ended).info.status is RunStatus.FINISHED
    assert store.write(lambda tx: life.reap_silent(tx, 150)) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *[("1", 1.0), ("-2.50", -2.5), ("+.5", 0.5), ("3.", 3.0), ("1e-3", 0.001), ("1E+2", 100.0), ("007", 7.0)],
        *[
            (odd, None)
            for odd in ("", " 1", "1 ", "nan", "inf", "1_000", "0x10", "1e", ".", "e5", "1e999", "１", "--1")
        ],
    ],
)
def test_numbers_in_params(text: str, number: float | None) -> None:
    assert runs.parse_number(text) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_is_read_as_itself(value: float) -> None:
    assert runs.parse_number(repr(value)) == value


def test_changes_are_numbered_upwards(store: Store) -> None:
    def numbers() -> dict[str, int]:
        return dict(store.read(lambda tx: tx.all("SELECT run_id, change FROM run")))

    made(store, run_id="a")
    made(store, run_id="b")
    before = numbers()
    store.write(lambda tx: runs.set_tags(tx, "a", {"k": "v"}))
    after = numbers()
    assert before["a"] < before["b"] == after["b"] < after["a"]
