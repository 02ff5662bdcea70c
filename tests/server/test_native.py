"""The native API: what the UI and our own client call."""

from __future__ import annotations

import os
import time

import pytest

from clew import __version__
from clew.ids import new_id

from .conftest import API, NATIVE, Tracker


def test_info_tells_clew_from_mlflow(client: Tracker) -> None:
    info = client.get(NATIVE + "info").json()
    assert info["name"] == "clew"
    assert (info["version"], info["mlflow_version"], info["pid"]) == (__version__, "3.17.2", os.getpid())
    assert info["store"] == client.app.site.store.dialect_name
    assert info["on_demand"] is False
    # the address of a PostgreSQL store may hold a password
    assert ("store_uri" in info) == (info["store"] == "sqlite")


def test_start_run_is_idempotent_and_makes_experiments(client: Tracker) -> None:
    fields = {
        "run_id": new_id(),
        "experiment_name": "made/by/name",
        "run_name": "r",
        "user_id": "ann",
        "start_time": 5,
        "tags": [{"key": "t", "value": "1"}],
    }
    first = client.ok(NATIVE + "runs/start", fields)["run"]
    assert client.ok(NATIVE + "runs/start", fields)["run"] == first
    found = client.get(API + "experiments/get-by-name", experiment_name="made/by/name").json()["experiment"]
    assert first["info"]["experiment_id"] == found["experiment_id"]
    assert (first["info"]["run_name"], first["info"]["start_time"]) == ("r", 5)


def test_start_run_refuses_deleted_experiments_and_bad_ids(client: Tracker) -> None:
    number = client.new_experiment("gone")
    client.ok(API + "experiments/delete", {"experiment_id": number})
    answer = client.post(NATIVE + "runs/start", {"run_id": new_id(), "experiment_name": "gone"})
    assert (answer.status, "must be in the 'active' state" in answer.message) == (400, True)
    for bad in ("x", "A" * 32, "../" + "a" * 29):
        assert "32 hex digits" in client.post(NATIVE + "runs/start", {"run_id": bad}).message
    run_id = client.new_run()
    other = client.new_experiment("other")
    taken = client.post(NATIVE + "runs/start", {"run_id": run_id, "experiment_id": other})
    assert taken.json()["error_code"] == "RESOURCE_ALREADY_EXISTS"


def test_query_runs_gives_columns(client: Tracker) -> None:
    first, second, third = (client.new_run(start_time=i) for i in (1, 2, 3))
    client.ok(API + "runs/log-parameter", {"run_id": first, "key": "lr", "value": "0.1"})
    client.log(first, "acc", (1, 0.9))
    client.ok(API + "runs/log-metric", {"run_id": second, "key": "acc", "value": "NaN", "timestamp": 1})
    found = client.ok(
        NATIVE + "runs/query",
        {"experiment_ids": ["0"], "columns": ["params.lr", "metrics.acc", "tags.x"], "order_by": ["start_time ASC"]},
    )
    assert found["total"] == 3
    assert [r["run_id"] for r in found["runs"]] == [first, second, third]
    assert found["columns"] == {
        "params.lr": ["0.1", None, None],
        "metrics.acc": [0.9, "NaN", None],
        "tags.x": [None, None, None],
    }
    assert set(found["runs"][0]) == {
        *("run_id", "experiment_id", "run_name", "user_id", "status", "start_time", "lifecycle_stage")
    }
    page = client.ok(NATIVE + "runs/query", {"experiment_ids": ["0"], "max_results": 2})
    assert (page["total"], len(page["runs"])) == (3, 2)
    rest = {"experiment_ids": ["0"], "max_results": 2, "page_token": page["next_page_token"]}
    assert len(client.ok(NATIVE + "runs/query", rest)["runs"]) == 1
    none = client.ok(NATIVE + "runs/query", {"experiment_ids": ["0"], "filter": "params.lr = 'x'"})
    assert none == {"total": 0, "rev": page["rev"]}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"columns": ["lr"]}, "Invalid column 'lr'"),
        ({"columns": ["params."]}, "Invalid column 'params.'"),
        ({"columns": ["models.x"]}, "Invalid column 'models.x'"),
        ({"max_results": 501}, "at most 500"),
    ],
)
def test_bad_run_queries(lite: Tracker, fields: dict[str, object], text: str) -> None:
    answer = lite.post(NATIVE + "runs/query", {"experiment_ids": ["0"], **fields})
    assert answer.status == 400
    assert text in answer.message


def test_query_experiments_counts_runs(client: Tracker) -> None:
    number = client.new_experiment("counted")
    runs = [client.new_run(number, start_time=1000 + i) for i in range(3)]
    client.ok(API + "runs/update", {"run_id": runs[0], "status": "FAILED", "end_time": 5000})
    found = client.ok(NATIVE + "experiments/query", {"filter": "name = 'counted'"})
    (row,) = found["experiments"]
    assert (row["runs"], row["running"], row["failed"], row["last_activity"]) == (3, 2, 1, 5000)
    assert found["total"] == 1
    page = client.ok(NATIVE + "experiments/query", {"max_results": 1})
    assert (page["total"], len(page["experiments"])) == (2, 1)
    assert page["next_page_token"]


def test_query_experiments_tells_busy_days_and_the_best_value_of_the_goal(client: Tracker) -> None:
    day, now = 86_400_000, int(time.time() * 1000)
    goal = [
        {"key": "mlflow.experiment.primaryMetric.name", "value": "val/acc"},
        {"key": "mlflow.experiment.primaryMetric.greaterIsBetter", "value": "True"},
    ]
    number = client.ok(API + "experiments/create", {"name": "goal", "tags": goal})["experiment_id"]
    for age, value in ((0, 0.5), (0, 0.9), (3, "NaN"), (40, 0.1)):
        run_id = client.new_run(number, start_time=now - age * day - 60_000)
        client.log(run_id, "val/acc", (1, value))
    client.new_experiment("idle")
    rows = {row["name"]: row for row in client.ok(NATIVE + "experiments/query", {"activity": True})["experiments"]}
    assert (rows["goal"]["best"], sum(rows["goal"]["daily_runs"]), rows["goal"]["daily_runs"][-1]) == (0.9, 3, 2)
    assert rows["goal"]["daily_runs"][-4] == 1
    assert not {"best", "daily_runs"} & set(rows["idle"])
    plain = client.ok(NATIVE + "experiments/query", {"filter": "name = 'goal'"})["experiments"][0]
    assert not {"best", "daily_runs"} & set(plain)


def test_columns_of_an_experiment(client: Tracker) -> None:
    number = client.new_experiment("columns")
    for value in ("1", "2", "2"):
        run_id = client.new_run(number)
        client.ok(API + "runs/log-parameter", {"run_id": run_id, "key": "p", "value": value})
        client.log(run_id, "m", (1, 1.0))
    assert "datasets" not in client.get(f"{NATIVE}experiments/{number}/columns").json()
    for name in ("wine", "iris"):
        dataset = {"name": name, "digest": "d", "source_type": "local", "source": name}
        client.ok(API + "runs/log-inputs", {"run_id": run_id, "datasets": [{"dataset": dataset}]})
    found = client.get(f"{NATIVE}experiments/{number}/columns").json()
    assert found["datasets"] == [{"key": "name", "runs": 1, "distinct": 2}]
    assert found["params"] == [{"key": "p", "runs": 3, "distinct": 2}]
    assert found["metrics"] == [{"key": "m", "runs": 3}]
    assert found["tags"] == [{"key": "mlflow.runName", "runs": 3}]
    assert client.get(f"{NATIVE}experiments/999/columns").status == 404


def test_retiring_needs_an_on_demand_host_and_its_own_socket(lite: Tracker) -> None:
    answer = lite.post(NATIVE + "host/retire", {})
    assert (answer.status, "Unix socket" in answer.text) == (403, True)
    lite.address = None
    answer = lite.post(NATIVE + "host/retire", {})
    assert answer.status == 501
    retired: list[bool] = []
    lite.app.site.on_demand, lite.app.site.retire = True, lambda: retired.append(True)
    assert lite.ok(NATIVE + "host/retire", {}) == {}
    assert retired == [True]


def test_the_api_describes_itself(lite: Tracker) -> None:
    found = lite.get(NATIVE + "openapi.json").json()
    assert (found["openapi"], found["info"]["version"]) == ("3.1.0", __version__)
    assert set(found["paths"]["/api/2.0/mlflow/experiments/search"]) == {"get", "post"}
