"""Logged models, on both databases."""

from __future__ import annotations

import math

import pytest

from clew.entities.model import LoggedModelStatus
from clew.errors import Conflict, NotFound
from clew.storage import experiments, metrics, models, runs
from clew.storage.store import Store


def made(store: Store, **given):
    return store.write(lambda tx: models.create_model(tx, **{"experiment_id": "0", **given}))


def test_a_new_model(store: Store) -> None:
    model = made(store, name="net", model_type="agent", source_run_id="r", params={"p": "1"}, tags={"t": "2"})
    assert store.read(lambda tx: models.get_model(tx, model.model_id)) == model
    assert (model.name, model.model_type, model.source_run_id) == ("net", "agent", "r")
    assert (model.params, model.tags, model.status) == ({"p": "1"}, {"t": "2"}, LoggedModelStatus.PENDING)
    assert model.model_id.startswith("m-")
    assert model.artifact_location == f"mlflow-artifacts:/0/models/{model.model_id}/artifacts"


def test_creating_again_returns_the_model(store: Store) -> None:
    first = made(store, model_id="m-1", name="a")
    assert made(store, model_id="m-1", name="b") == first
    assert made(store).name


def test_finishing(store: Store) -> None:
    model = made(store)
    done = store.write(lambda tx: models.finalize_model(tx, model.model_id, LoggedModelStatus.READY))
    assert done.status is LoggedModelStatus.READY


def test_tags_and_params(store: Store) -> None:
    model_id = made(store, params={"p": "1"}, tags={"a": "1"}).model_id
    store.write(lambda tx: models.set_model_tags(tx, model_id, {"a": "2", "b": "3"}))
    store.write(lambda tx: models.delete_model_tag(tx, model_id, "b"))
    store.write(lambda tx: models.log_model_params(tx, model_id, {"p": "1", "q": "2"}))
    found = store.read(lambda tx: models.get_model(tx, model_id))
    assert (found.tags, found.params) == ({"a": "2"}, {"p": "1", "q": "2"})
    with pytest.raises(NotFound):
        store.write(lambda tx: models.delete_model_tag(tx, model_id, "b"))
    with pytest.raises(Conflict, match="Changing param values"):
        store.write(lambda tx: models.log_model_params(tx, model_id, {"p": "9"}))


def test_deleted_and_unknown_models_are_not_found(store: Store) -> None:
    model_id = made(store).model_id
    store.write(lambda tx: models.delete_model(tx, model_id))
    for absent in (model_id, "x"):
        with pytest.raises(NotFound, match=f"Logged model with ID '{absent}' not found."):
            store.read(lambda tx, absent=absent: models.get_model(tx, absent))


def test_no_models_in_a_missing_or_deleted_experiment(store: Store) -> None:
    with pytest.raises(NotFound):
        made(store, experiment_id="9")
    experiment = store.write(lambda tx: experiments.create_experiment(tx, "e"))
    store.write(lambda tx: experiments.delete_experiment(tx, experiment))
    with pytest.raises(Conflict):
        made(store, experiment_id=experiment)


def test_a_bound_metric_is_the_runs_and_the_models(store: Store) -> None:
    run = store.write(lambda tx: runs.create_run(tx, experiment_id="0")).info.run_id
    model_id = made(store).model_id
    bound = (model_id, "data", "d1", -1)
    for step, value in ((2, 0.5), (1, 9.0), (3, math.nan)):
        store.write(lambda tx, s=step, v=value: metrics.log_point(tx, run, "acc", s, s, v, bound))
    store.write(lambda tx: metrics.log_point(tx, run, "acc", 9, 9, 1.0))
    (metric,) = store.read(lambda tx: models.get_model(tx, model_id)).metrics
    assert (metric.key, metric.step, metric.dataset_name, metric.run_id) == ("acc", 3, "data", run)
    assert math.isnan(metric.value)
    (latest,) = store.read(lambda tx: runs.get_run(tx, run)).data.latest
    assert (latest.step, latest.model_id) == (9, None)
    assert [m.model_id for m in store.read(lambda tx: metrics.history(tx, run, "acc"))] == [model_id] * 3 + [None]
