"""Callbacks for frameworks that are not in CI, on stand-ins with the parts that they touch."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import clew
from clew.contrib import fastai, ray
from clew.entities.run import Run, RunStatus
from clew.errors import MissingPackage

Runs = Callable[[], list[Run]]


def stand_in(monkeypatch: pytest.MonkeyPatch, name: str, **names: Any) -> None:
    module = ModuleType(name)
    vars(module).update(names)
    parts = name.split(".")
    for depth in range(1, len(parts)):
        monkeypatch.setitem(sys.modules, ".".join(parts[:depth]), ModuleType(parts[0]))
    monkeypatch.setitem(sys.modules, name, module)


def test_a_training_of_fastai(monkeypatch: pytest.MonkeyPatch, runs: Runs) -> None:
    class Callback:
        learn: Any = None

    stand_in(monkeypatch, "fastai.callback.core", Callback=Callback)
    recorder = SimpleNamespace(metric_names=["epoch", "train_loss", "valid_loss", "time"], values=[])
    learn = SimpleNamespace(
        n_epoch=2, epoch=0, opt_func=max, loss_func=SimpleNamespace(), dls=SimpleNamespace(bs=8), recorder=recorder
    )
    learn.opt = SimpleNamespace(hypers=[{"lr": 0.1, "mom": 0.9}])
    with clew.start_run():
        callback = fastai.callback()
        callback.learn = learn
        callback.before_fit()
        for epoch in range(2):
            learn.epoch = epoch
            recorder.values.append([1.0 - epoch / 2, 0.5, None])
            callback.after_epoch()
        searching = fastai.callback()
        searching.learn = SimpleNamespace(**vars(learn), lr_finder=1)
        searching.before_fit()
        searching.after_epoch()
    (run,) = runs()
    wanted = {
        "epochs": "2",
        "opt_func": "max",
        "loss_func": "SimpleNamespace",
        "batch_size": "8",
        "lr": "0.1",
        "mom": "0.9",
    }
    assert run.data.params == wanted
    assert run.data.metrics == {"train_loss": 0.5, "valid_loss": 0.5}


def test_a_search_by_ray(monkeypatch: pytest.MonkeyPatch, runs: Runs) -> None:
    stand_in(monkeypatch, "ray.tune.logger", LoggerCallback=object)
    with clew.start_run() as parent:
        callback = ray.logger_callback()
        for number in range(2):
            trial = SimpleNamespace(trial_id=f"t{number}", config={"lr": number, "net": {"width": 3}})
            callback.log_trial_start(trial)
            for step in (1, 2):
                result = {"loss": 1 / step, "training_iteration": step, "config": trial.config, "node": "x"}
                callback.log_trial_result(step, trial, result)
            callback.log_trial_end(trial, failed=number == 1)
    children = [run for run in runs() if run.info.run_id != parent.info.run_id]
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}
    assert sorted(run.data.params["lr"] for run in children) == ["0", "1"]
    for run in children:
        assert run.data.params["net/width"] == "3"
        assert run.data.metrics == {"loss": 0.5, "training_iteration": 2}
        assert run.info.status == (RunStatus.FAILED if run.data.params["lr"] == "1" else RunStatus.FINISHED)


@pytest.mark.parametrize("make", [fastai.callback, ray.logger_callback])
def test_a_missing_framework_is_named(make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("fastai", "ray"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingPackage, match="pip install"):
        make()
