"""What every integration promises, on every framework: training, numbers and errors stay the user's."""

from __future__ import annotations

import importlib
import inspect
import logging
import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import clew
from clew.entities.run import Run, RunStatus
from clew.integrations import guard, recorder, trials
from frameworks.trainings import TRAININGS, Training, owners_of

Runs = Callable[[], list[Run]]

pytestmark = [
    pytest.mark.frameworks,
    # The frameworks' own; what Clew says, it logs, and that is looked at below.
    pytest.mark.filterwarnings("ignore"),
]


def nothing() -> None:
    """What the user's code does in a training without an accident."""


@pytest.fixture(params=TRAININGS)
def training(request: pytest.FixtureRequest) -> Training:
    return TRAININGS[request.param]


@pytest.fixture
def train(training: Training, tmp_path: Path) -> Callable[[], list[Any]]:
    """Trains from the beginning, each time the same."""
    return lambda: training.ready(tmp_path, 0, nothing)()


def autolog(training: Training, **options: Any) -> None:
    """Switch on the autologging of one framework."""
    getattr(clew, training.flavor).autolog(**options)


def same(left: list[Any], right: list[Any]) -> bool:
    return len(left) == len(right) and all(
        np.array_equal(a, b, equal_nan=True) for a, b in zip(left, right, strict=True)
    )


def shape_of(found: list[Run]) -> Counter[Any]:
    """What runs hold, without the numbers."""
    return Counter(
        (
            "mlflow.parentRunId" in run.data.tags,
            run.info.status,
            frozenset(run.data.params),
            frozenset(run.data.metrics),
            len(run.inputs.dataset_inputs),
            len(run.outputs.model_outputs),
            run.data.tags.get("autolog.error"),
        )
        for run in found
    )


def outermost(runs: Runs) -> list[Run]:
    return [run for run in runs() if "mlflow.parentRunId" not in run.data.tags]


def test_the_numbers_are_the_same_bit_for_bit_and_so_are_the_next_random_ones(
    training: Training, train: Callable[[], list[Any]], runs: Runs
) -> None:
    def numbers() -> list[Any]:
        random.seed(1)
        np.random.seed(1)
        torch.manual_seed(1)
        return [*train(), random.random(), np.random.random(), float(torch.rand(1))]

    plain = numbers()
    clew.autolog(log_input_examples=True)
    assert same(plain, numbers())
    (run,) = outermost(runs)
    assert run.info.status == RunStatus.FINISHED
    assert "autolog.error" not in run.data.tags
    assert run.data.tags["mlflow.autologging"] == training.flavor
    assert run.data.params
    assert run.data.metrics
    assert bool(run.outputs.model_outputs) == training.models
    assert bool(run.inputs.dataset_inputs) == training.datasets
    assert clew.active_run() is None


def broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError("ours")


WRITES = ("params", "metrics", "dataset", "artifact", "file", "text")


def test_our_faults_cost_the_record_alone(
    training: Training,
    train: Callable[[], list[Any]],
    runs: Runs,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    plain = train()
    clew.autolog(log_models=False)
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING, "clew.autolog"):
        for name in WRITES:
            patch.setattr(recorder.Recorder, name, broken)
        assert same(plain, train())
    assert [run.info.status for run in outermost(runs)] == [RunStatus.FINISHED]
    assert "ours" in outermost(runs)[0].data.tags["autolog.error"]
    told = [record.message for record in caplog.records if record.name == "clew.autolog"]
    assert told
    assert len(told) == len(set(told))  # each kind once
    with monkeypatch.context() as patch:
        patch.setattr(recorder.runs, "start_run", broken)
        patch.setattr(trials.runs, "start_run", broken)
        patch.setattr(trials.runs, "start_agreed", broken)
        assert same(plain, train())
    assert len(outermost(runs)) == 1
    assert clew.active_run() is None


class Mine(Exception):
    """The user's."""


def caught_from(training: Training, folder: Path, error: BaseException) -> tuple[Any, ...]:
    """How a failure of the user's code comes out of the training."""

    def fail() -> None:
        raise error

    def work() -> tuple[Any, ...]:
        try:
            training.ready(folder, 0, fail)()
        except BaseException as caught:  # noqa: BLE001 - that is what is looked at
            return type(caught), str(caught), caught is error, type(caught.__context__), type(caught.__cause__)
        return ()

    with ThreadPoolExecutor(1) as thread:  # CatBoost leaves an exception behind as the one that its thread is handling
        return thread.submit(work).result()


def test_the_users_error_comes_out_as_without_us_and_the_run_failed(
    training: Training, runs: Runs, tmp_path: Path
) -> None:
    plain = caught_from(training, tmp_path, Mine("mine"))
    assert plain
    clew.autolog()
    assert caught_from(training, tmp_path, Mine("mine")) == plain
    (run,) = outermost(runs)
    assert run.info.status == RunStatus.FAILED
    assert run.data.tags["clew.failed_reason"]
    assert "autolog.error" not in run.data.tags
    assert run.data.params
    assert run.outputs.model_outputs == ()
    assert clew.active_run() is None


def test_threads_have_runs_of_their_own_and_each_is_whole(training: Training, runs: Runs, tmp_path: Path) -> None:
    autolog(training, **({"log_models": False} if training.models else {}))
    training.ready(tmp_path / "alone", 0, nothing)()
    alone = shape_of(runs())
    works = [training.ready(tmp_path / str(number), number, nothing) for number in range(4)]
    faults: list[BaseException] = []

    def run(work: Callable[[], list[Any]]) -> None:
        try:
            work()
        except BaseException as fault:  # noqa: BLE001 - reported below
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    found = runs()
    assert len(outermost(runs)) == 5
    assert shape_of(found) == Counter({shape: count * 5 for shape, count in alone.items()})
    children = Counter(run.data.tags.get("mlflow.parentRunId") for run in found)
    assert {children[run.info.run_id] for run in outermost(runs)} == {len(found) // 5 - 1}
    assert len({frozenset(run.data.params.items()) for run in outermost(runs)}) >= 4


def test_undo_is_complete(training: Training, train: Callable[[], list[Any]], runs: Runs) -> None:
    train()  # imports what is imported late
    owners = owners_of(training)
    before = [dict(vars(owner)) for owner in owners]
    autolog(training)
    patched = [
        (old[name], value)
        for owner, old in zip(owners, before, strict=True)
        for name, value in vars(owner).items()
        if name in old and old[name] is not value
    ]
    assert patched
    for original, wrapper in patched:
        if inspect.isfunction(original):
            assert inspect.signature(wrapper) == inspect.signature(original)
            assert (wrapper.__qualname__, wrapper.__doc__) == (original.__qualname__, original.__doc__)
    train()
    made = len(runs())
    autolog(training, disable=True)
    changed = [
        (owner.__name__, name)
        for owner, old in zip(owners, before, strict=True)
        for name in {*old, *vars(owner)} - {"__slotnames__"}  # which pickle leaves on a class
        if old.get(name) is not vars(owner).get(name) and not inspect.ismodule(vars(owner).get(name))
    ]
    assert changed == []
    train()
    assert len(runs()) == made > 0


def test_silent_holds_for_the_framework_that_was_told_so(
    training: Training,
    train: Callable[[], list[Any]],
    runs: Runs,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    autolog(training, silent=True)
    clew.autolog()  # which speaks, of all others
    with caplog.at_level(logging.INFO, "clew"):
        train()
    assert not [record.message for record in caplog.records if record.name.startswith("clew")]
    monkeypatch.setattr(recorder.Recorder, "params", broken)
    with caplog.at_level(logging.DEBUG, "clew.autolog"):
        train()
    assert not [record for record in caplog.records if record.name == "clew.autolog"]
    assert "ours" in outermost(runs)[-1].data.tags["autolog.error"]
    guard.reported().clear()
    autolog(training, silent=False)
    clew.autolog(silent=True)
    with caplog.at_level(logging.WARNING, "clew.autolog"):
        train()
    assert "ours" in caplog.text


def test_versions_that_are_too_old_can_be_left_alone(
    training: Training, train: Callable[[], list[Any]], runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.import_module(training.package), "__version__", "0.1.0")
    clew.autolog(log_models=False, disable_for_unsupported_versions=True)
    train()
    assert runs() == []
    clew.autolog(log_models=False)
    train()
    assert len(outermost(runs)) == 1


def test_what_is_logged_and_where_can_be_chosen(training: Training, train: Callable[[], list[Any]], runs: Runs) -> None:
    clew.autolog(log_models=False, log_datasets=False, extra_tags={"team": "blue"})
    train()
    (run,) = outermost(runs)
    assert run.data.tags["team"] == "blue"
    assert run.outputs.model_outputs == ()
    assert run.inputs.dataset_inputs == ()
    clew.autolog(exclusive=True)
    with clew.start_run() as mine:
        train()
    assert clew.get_run(mine.info.run_id).data.params == {}
    assert len(runs()) == len([run, mine]) + len([r for r in runs() if "mlflow.parentRunId" in r.data.tags])
    with clew.start_run() as mine:
        clew.autolog(log_models=False)
        train()
        active = clew.active_run()
        assert active is not None
        assert active.info.run_id == mine.info.run_id
    joined = clew.get_run(mine.info.run_id)
    assert set(run.data.params) <= set(joined.data.params)
    assert "mlflow.autologging" not in joined.data.tags
    clew.autolog(exclude_flavors=[training.flavor])
    made = len(runs())
    train()
    assert len(runs()) == made


def test_models_become_versions(training: Training, train: Callable[[], list[Any]], runs: Runs) -> None:
    if not training.models:
        assert "registered_model_name" not in inspect.signature(getattr(clew, training.flavor).autolog).parameters
        return
    autolog(training, registered_model_name=f"by {training.flavor}", log_model_signatures=False)
    train()
    (version,) = clew.search_model_versions(filter_string=f"name = 'by {training.flavor}'", max_results=1)
    assert version.run_id == outermost(runs)[0].info.run_id
    model = clew.models.get_model_info(f"models:/by {training.flavor}/{version.version}")
    assert model.signature is None
