"""Datasets and model links, on both databases."""

from __future__ import annotations

import pytest

from clew.entities.dataset import Dataset, DatasetInput
from clew.entities.run import ModelInput, ModelOutput
from clew.errors import Conflict, NotFound
from clew.storage import experiments, inputs, runs
from clew.storage.store import Store


@pytest.fixture
def run(store: Store) -> str:
    return store.write(lambda tx: runs.create_run(tx, experiment_id="0")).info.run_id


def used(name: str, digest: str = "1", source: str = "s", **tags: str) -> DatasetInput:
    return DatasetInput(dataset=Dataset(name=name, digest=digest, source_type="local", source=source), tags=tags)


def test_inputs_are_read_back_in_order(store: Store, run: str) -> None:
    given = [used("b", **{"mlflow.data.context": "train"}), used("a", color="red"), used("b", "2")]
    store.write(lambda tx: inputs.log_inputs(tx, run, given, ["m-2", "m-1"]))
    found = store.read(lambda tx: runs.get_run(tx, run)).inputs
    assert found.dataset_inputs == tuple(given)
    assert found.model_inputs == (ModelInput("m-2"), ModelInput("m-1"))


def test_a_dataset_is_its_name_and_digest(store: Store, run: str) -> None:
    for source in ("first", "second"):
        store.write(lambda tx, source=source: inputs.log_inputs(tx, run, [used("a", source=source, **{source: "x"})]))
    (found,) = store.read(lambda tx: runs.get_run(tx, run)).inputs.dataset_inputs
    assert found.dataset.source == "first"
    assert found.tags == {"first": "x", "second": "x"}


def test_outputs(store: Store, run: str) -> None:
    store.write(lambda tx: inputs.log_outputs(tx, run, [ModelOutput("m-1", 3), ModelOutput("m-2", 0)]))
    store.write(lambda tx: inputs.log_outputs(tx, run, [ModelOutput("m-1", 4)]))
    found = store.read(lambda tx: runs.get_run(tx, run)).outputs.model_outputs
    assert found == (ModelOutput("m-1", 4), ModelOutput("m-2", 0))


def test_refusals(store: Store, run: str) -> None:
    with pytest.raises(NotFound):
        store.write(lambda tx: inputs.log_inputs(tx, "nope", [used("a")]))
    store.write(lambda tx: runs.delete_run(tx, run))
    with pytest.raises(Conflict):
        store.write(lambda tx: inputs.log_outputs(tx, run, [ModelOutput("m-1")]))


def test_distinct_datasets_of_experiments(store: Store, run: str) -> None:
    other = store.write(lambda tx: experiments.create_experiment(tx, "other"))
    elsewhere, trashed = (
        store.write(lambda tx, e=e: runs.create_run(tx, experiment_id=e)).info.run_id for e in (other, "0")
    )
    train = {"mlflow.data.context": "train"}
    for target in (run, elsewhere):
        store.write(lambda tx, target=target: inputs.log_inputs(tx, target, [used("a", **train), used("b")]))
    store.write(lambda tx: inputs.log_inputs(tx, trashed, [used("gone")]))
    store.write(lambda tx: runs.delete_run(tx, trashed))
    found = store.read(lambda tx: inputs.search_datasets(tx, ["0"]))
    assert [(d.experiment_id, d.name, d.digest, d.context) for d in found] == [
        ("0", "a", "1", "train"),
        ("0", "b", "1", None),
    ]
    assert len(store.read(lambda tx: inputs.search_datasets(tx, ["0", other]))) == 4
