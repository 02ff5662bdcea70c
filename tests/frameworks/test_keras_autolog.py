"""Autologging of Keras 3, on its torch backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

import clew
from clew.entities.run import Run, RunStatus
from clew.errors import InvalidValue, NotSupported

Runs = Callable[[], list[Run]]

pytestmark = [
    pytest.mark.frameworks,
    # Keras on the torch backend converts tensors in a way that numpy has deprecated.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

X = np.random.default_rng(0).random((64, 4), dtype="float32")
Y = X.sum(1)


def model_of(**compiled: Any) -> Any:
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [keras.layers.Input((4,)), keras.layers.Dense(3, "relu"), keras.layers.Dropout(0.2), keras.layers.Dense(1)]
    )
    model.compile(**{"optimizer": keras.optimizers.Adam(0.01), "loss": "mse", "metrics": ["mae"], **compiled})
    return model


def history(run: Run, key: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in clew.ClewClient().get_metric_history(run.info.run_id, key)]


def test_a_training_is_recorded(runs: Runs) -> None:
    clew.autolog()
    model = model_of()
    mine: list[Any] = [keras.callbacks.TerminateOnNaN()]
    told = model.fit(X, Y, batch_size=16, epochs=3, validation_split=0.25, verbose=0, callbacks=mine)
    assert len(mine) == 1
    (run,) = runs()
    assert run.info.status == RunStatus.FINISHED
    assert run.data.tags["mlflow.autologging"] == "keras"
    expected = {
        "epochs": "3",
        "batch_size": "16",
        "validation_split": "0.25",
        "shuffle": "True",
        "class_weight": "None",
    }
    expected |= {"optimizer_beta_1": "0.9", "steps_per_epoch": "None", "initial_epoch": "0"}
    assert {key: run.data.params.get(key) for key in expected} == expected
    assert float(run.data.params["optimizer_learning_rate"]) == pytest.approx(0.01)
    assert set(run.data.metrics) == {"loss", "mae", "val_loss", "val_mae"}
    for key, values in told.history.items():
        assert history(run, key) == [(step, pytest.approx(value)) for step, value in enumerate(values)]
    assert "dense" in clew.artifacts.load_text(f"runs:/{run.info.run_id}/model_summary.txt")
    (dataset,) = run.inputs.dataset_inputs
    assert dataset.dataset.profile is not None
    (output,) = run.outputs.model_outputs
    loaded = clew.pyfunc.load_model(f"models:/{output.model_id}", trust="safe")
    assert np.array_equal(loaded.predict(X), model.predict(X, verbose=0))
    assert clew.get_logged_model(output.model_id).params["epochs"] == "3"


def test_steps_and_schedules(runs: Runs) -> None:
    clew.keras.autolog(log_every_epoch=False, log_every_n_steps=2, log_models=False, log_datasets=False)
    model_of().fit(X, Y, batch_size=16, epochs=2, verbose=0)
    clew.keras.autolog(log_models=False, registered_model_name="never")
    slower = keras.optimizers.schedules.ExponentialDecay(0.1, 4, 0.5)
    model_of(optimizer=keras.optimizers.SGD(slower)).fit(
        X, Y, batch_size=16, epochs=2, verbose=0, validation_data=(X[:9], Y[:9])
    )
    by_step, by_epoch = runs()
    assert [step for step, _ in history(by_step, "loss")] == [2, 4, 6, 8]
    assert by_step.inputs.dataset_inputs == ()
    assert [step for step, _ in history(by_epoch, "learning_rate")] == [0, 1]
    assert history(by_epoch, "learning_rate")[1][1] < history(by_epoch, "learning_rate")[0][1]
    assert [one.tags["mlflow.data.context"] for one in by_epoch.inputs.dataset_inputs] == ["train", "eval"]
    clew.keras.autolog(log_every_n_epoch=2, log_models=False)
    model_of().fit(X, Y, epochs=5, verbose=0)
    assert [step for step, _ in history(runs()[-1], "loss")] == [1, 3]
    with pytest.raises(TypeError, match="unexpected keyword"):
        model_of().fit(X, Y, epoch=3)
    assert len(runs()) == 3
    with pytest.raises(InvalidValue, match="log_every_epoch"):
        clew.keras.autolog(log_every_n_steps=2)
    with pytest.raises(NotSupported, match="save_exported_model"):
        clew.keras.autolog(save_exported_model=True)


def test_early_stopping(runs: Runs) -> None:
    clew.keras.autolog(registered_model_name="stopped")
    stopping = keras.callbacks.EarlyStopping("loss", patience=2, min_delta=100.0, restore_best_weights=True)
    model_of().fit(X, Y, epochs=9, verbose=0, callbacks=stopping)
    (run,) = runs()
    wanted = {"monitor": "loss", "patience": "2", "restore_best_weights": "True"}
    assert {key: run.data.params[key] for key in wanted} == wanted
    assert (run.data.metrics["stopped_epoch"], run.data.metrics["restored_epoch"]) == (2, 0)
    assert run.data.metrics["best_score"] == pytest.approx(stopping.best)
    assert np.array_equal(clew.keras.load_model("models:/stopped/1").predict(X[:2], verbose=0).shape, (2, 1))


@pytest.mark.parametrize("form", ["list", "keras"])
def test_callbacks_by_position_and_of_keras_own_kind(form: str, runs: Runs) -> None:
    clew.keras.autolog(log_models=False)
    model = model_of()
    mine: Any = [] if form == "list" else keras.callbacks.CallbackList([], model=model, epochs=1, verbose=0, steps=4)
    if form == "list":
        model.fit(X, Y, 16, 1, 0, mine)
        assert mine == []
    else:
        model.fit(X, Y, 16, 1, 0, callbacks=mine)
        assert not any(hasattr(one, "clew_run") for one in mine.callbacks)
    assert [step for step, _ in history(runs()[0], "loss")] == [0]


def test_a_second_fit_in_the_user_s_run_is_its_child(runs: Runs) -> None:
    clew.keras.autolog(log_models=False)
    model = model_of()
    with clew.start_run() as mine:
        model.fit(X, Y, epochs=1, verbose=0)
        model.fit(X, Y, epochs=2, verbose=0)
    outer, inner = runs()
    assert outer.info.run_id == mine.info.run_id
    assert inner.data.tags["mlflow.parentRunId"] == mine.info.run_id
    assert (outer.data.params["epochs"], inner.data.params["epochs"]) == ("1", "2")
