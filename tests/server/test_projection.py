"""runs/query: the asked columns, and nothing else is read."""

from __future__ import annotations

import math
from typing import Any

import pytest

from clew.server import native

from .conftest import API, NATIVE, Tracker


def columns(client: Tracker, *names: str, **fields: Any) -> dict[str, list[Any]]:
    asked = {"experiment_ids": ["0"], "order_by": ["start_time"], "columns": list(names), **fields}
    found: dict[str, list[Any]] = client.ok(NATIVE + "runs/query", asked)["columns"]
    return found


def test_summaries_attributes_and_keys_are_columns(client: Tracker) -> None:
    first = client.new_run(start_time=1000, run_name="a", user_id="u")
    second = client.new_run(start_time=2000, run_name="b")
    client.log(first, "loss", (0, 4.0), (1, 1.0), (2, 3.0), (3, math.nan))
    client.log(second, "loss", (0, -1.0))
    client.log(second, "loss.min", (0, 77.0))
    client.log(second, "odd/key: x y", (0, 5.0))
    client.ok(API + "runs/log-parameter", {"run_id": first, "key": "lr", "value": "0.1"})
    client.ok(API + "runs/update", {"run_id": first, "status": "FINISHED", "end_time": 5000})
    found = columns(
        client,
        *("metrics.loss", "metrics.loss.max", "metrics.loss.mean", "metrics.loss.at(1)", "metrics.loss.last(2)"),
        *("metrics.loss.first", "metrics.loss.nans", "metrics.loss.last", "metrics.loss.min", 'metrics."loss".min'),
        *("metrics.odd/key: x y", "params.lr", "tags.mlflow.runName", "attributes.status", "attributes.duration"),
    )
    assert found == {
        "metrics.loss": ["NaN", -1.0],
        "metrics.loss.max": [4.0, -1.0],
        "metrics.loss.mean": [pytest.approx(8 / 3), -1.0],
        "metrics.loss.at(1)": [1.0, None],
        "metrics.loss.last(2)": [3.0, -1.0],
        "metrics.loss.first": [4.0, -1.0],
        "metrics.loss.nans": [1.0, 0.0],
        "metrics.loss.last": ["NaN", -1.0],
        "metrics.loss.min": [None, 77.0],
        'metrics."loss".min': [1.0, -1.0],
        "metrics.odd/key: x y": [None, 5.0],
        "params.lr": ["0.1", None],
        "tags.mlflow.runName": ["a", "b"],
        "attributes.status": ["FINISHED", "RUNNING"],
        "attributes.duration": [4000, None],
    }


def test_keys_of_several_experiments_share_a_column(client: Tracker) -> None:
    other = client.new_experiment("other")
    for i, experiment in enumerate(("0", other)):
        client.log(client.new_run(experiment, start_time=i + 1), "m", (0, i))
    assert columns(client, "metrics.m", "metrics.m.max", experiment_ids=["0", other]) == {
        "metrics.m": [0, 1],
        "metrics.m.max": [0, 1],
    }


def test_nothing_is_read_that_is_not_shown(client: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    client.log(client.new_run(), "m", (0, 1.0))
    monkeypatch.delattr(native.runs, "hydrate")
    assert columns(client, "metrics.m") == {"metrics.m": [1.0]}


@pytest.mark.parametrize(
    "name", ["loss", "colour.x", "attributes.colour", "dataset.size", "metrics.", "metrics.m.last(0)"]
)
def test_a_column_of_no_such_form_is_refused(lite: Tracker, name: str) -> None:
    answer = lite.post(NATIVE + "runs/query", {"experiment_ids": ["0"], "columns": [name]})
    assert (answer.status, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def read(client: Tracker, run_id: str, *datasets: tuple[str, str, str]) -> None:
    inputs = [
        {
            "dataset": {"name": name, "digest": digest, "source_type": "local", "source": "x"},
            "tags": [{"key": "mlflow.data.context", "value": context}],
        }
        for name, digest, context in datasets
    ]
    client.ok(API + "runs/log-inputs", {"run_id": run_id, "datasets": inputs})


def test_the_datasets_of_a_run_are_one_text(client: Tracker) -> None:
    read(
        client, client.new_run(start_time=1), ("wine", "d2", "train"), ("cheese", "d1", "eval"), ("wine", "d3", "eval")
    )
    client.new_run(start_time=2)
    assert columns(client, "dataset.name", "datasets.digest", "dataset.context") == {
        "dataset.name": ["cheese, wine", None],
        "datasets.digest": ["d1, d2, d3", None],
        "dataset.context": ["eval, train", None],
    }
