"""Which model metrics are bound to, in threads too; and checkpoints as models."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import clew
from clew.errors import InvalidValue

pytestmark = pytest.mark.usefixtures("store")


def test_the_active_model_is_of_one_thread_and_the_one_before_comes_back() -> None:
    seen: list[str | None] = []
    with clew.set_active_model(name="outer") as outer:
        with clew.set_active_model(name="inner") as inner:
            assert clew.get_active_model_id() == inner.model_id
        assert clew.get_active_model_id() == outer.model_id
        thread = threading.Thread(target=lambda: seen.append(clew.get_active_model_id()))
        thread.start()
        thread.join()
    assert (seen, clew.get_active_model_id()) == ([None], None)


def test_every_way_of_logging_a_metric_binds_it_and_links_the_model_once() -> None:
    with clew.start_run() as run, clew.set_active_model(name="m") as model:
        for step in range(3):
            clew.log_metric("a", float(step), step=step)
        clew.log_metrics({"b": 1.0})
        clew.ClewClient().log_batch(run.info.run_id, [clew.entities.Metric("c", 2.0, 1, 0)])
    assert {m.key: m.value for m in clew.get_logged_model(model.model_id).metrics} == {"a": 2.0, "b": 1.0, "c": 2.0}
    inputs = clew.get_run(run.info.run_id).inputs.model_inputs
    assert [i.model_id for i in inputs] == [model.model_id]


def test_checkpoints_become_models_and_are_kept_or_replaced(tmp_path: Path) -> None:
    for name in ("step 1.pt", "step-2"):
        (tmp_path / "c" / name).mkdir(parents=True)
    first = clew.import_checkpoints(tmp_path / "c", model_prefix="run ")
    assert [m.name for m in first] == ["run step 1_pt", "run step-2"]
    assert first[0].tags["clew.checkpoint"] == str(tmp_path / "c" / "step 1.pt")
    ids = [m.model_id for m in first]
    assert [m.model_id for m in clew.import_checkpoints(tmp_path / "c", model_prefix="run ")] == ids
    again = clew.import_checkpoints(tmp_path / "c", model_prefix="run ", overwrite_checkpoints=True)
    assert not set(ids) & {m.model_id for m in again}
    with pytest.raises(InvalidValue, match="no folder"):
        clew.import_checkpoints(tmp_path / "none")


def test_a_logged_model_is_the_last_one() -> None:
    from sklearn.linear_model import LinearRegression

    info = clew.sklearn.log_model(LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0]), name="lr")
    last = clew.last_logged_model()
    assert last is not None
    assert (last.model_id, last.status.name) == (info.model_id, "READY")
