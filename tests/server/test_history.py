"""Metric history calls: order, paging, and the sampling rule for charts."""

from __future__ import annotations

import pytest

from clew.server.history import sample_steps

from .conftest import API, Tracker

HISTORY = API + "metrics/get-history"
BULK = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"
INTERVAL = API + "metrics/get-history-bulk-interval"


def test_history_is_sorted_by_time_step_value(client: Tracker) -> None:
    run_id = client.new_run()
    points = [(3, 0, 1.0), (1, 5, 2.0), (1, 5, "NaN"), (1, 4, 9.0), (2, -1, 0.5)]
    metrics = [{"key": "m", "timestamp": t, "step": s, "value": v} for t, s, v in points]
    client.ok(API + "runs/log-batch", {"run_id": run_id, "metrics": metrics})
    found = client.get(HISTORY, run_uuid=run_id, metric_key="m").json()["metrics"]
    assert [(m["timestamp"], m["step"], m["value"]) for m in found] == [
        (1, 4, 9.0),
        (1, 5, "NaN"),
        (1, 5, 2.0),
        (2, -1, 0.5),
        (3, 0, 1.0),
    ]


def test_history_pages(client: Tracker) -> None:
    run_id = client.new_run()
    client.log(run_id, "m", *((s, float(s)) for s in range(5)))
    steps, token = [], ""
    for size in (2, 2, 1):
        page = client.get(HISTORY, run_id=run_id, metric_key="m", max_results=2, page_token=token).json()
        assert len(page["metrics"]) == size
        steps += [m["step"] for m in page["metrics"]]
        token = page.get("next_page_token", "")
    assert (steps, token) == ([0, 1, 2, 3, 4], "")
    exact = client.get(HISTORY, run_id=run_id, metric_key="m", max_results=5).json()
    assert "next_page_token" not in exact


def test_history_of_nothing_is_empty(client: Tracker) -> None:
    assert client.get(HISTORY, run_id=client.new_run(), metric_key="none").json() == {}
    assert client.get(HISTORY, run_id="0" * 32, metric_key="m").json() == {}


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"run_id": "x"}, "Missing value for required parameter 'metric_key'"),
        ({"metric_key": "x"}, "Missing value for required parameter 'run_id'"),
        ({"run_id": "x", "metric_key": "m", "max_results": 0}, "Invalid value 0 for parameter 'max_results'"),
        ({"run_id": "x", "metric_key": "m", "max_results": "y"}, "Invalid value \"y\" for parameter 'max_results'"),
        ({"run_id": "x", "metric_key": "m", "page_token": "%%"}, "Invalid page token, could not base64-decode"),
    ],
)
def test_bad_history_requests(lite: Tracker, query: dict[str, object], text: str) -> None:
    answer = lite.get(HISTORY, **query)
    assert answer.status == 400
    assert text in answer.message


def test_bulk_history(client: Tracker) -> None:
    runs = sorted(client.new_run() for _ in range(2))
    for run_id in runs:
        client.log(run_id, "m", (1, 1.0), (2, 2.0))
    found = client.get(BULK, run_id=[runs[1], runs[0], "0" * 32], metric_key="m", max_results=3).json()["metrics"]
    assert [(m["run_id"], m["step"]) for m in found] == [(runs[0], 1), (runs[0], 2), (runs[1], 1)]
    assert "at least one run_id" in client.get(BULK, metric_key="m").message
    assert "must specify a metric_key" in client.get(BULK, run_id="x").message
    many = client.get(BULK, run_id=[str(i) for i in range(101)], metric_key="m").message
    assert "more than 100 run_ids. Received 101 run_ids." in many


def test_interval_keeps_the_ends_of_each_run_in_all(client: Tracker) -> None:
    short, long = client.new_run(), client.new_run()
    client.log(short, "m", *((s, 0.0) for s in range(10)))
    client.log(long, "m", *((s, 0.0) for s in range(20)))
    found = client.get(INTERVAL, run_ids=[short, long], metric_key="m", max_results=5).json()["metrics"]
    steps = {run_id: [m["step"] for m in found if m["run_id"] == run_id] for run_id in (short, long)}
    assert steps == {short: [0, 4, 8, 9], long: [0, 4, 8, 9, 12, 16, 19]}
    inside = client.get(INTERVAL, run_ids=[short], metric_key="m", start_step=0, end_step=4, max_results=5).json()
    assert [m["step"] for m in inside["metrics"]] == [0, 1, 2, 3, 4]


def test_interval_bounds_rows_where_steps_repeat(client: Tracker) -> None:
    run_id = client.new_run()
    metrics = [{"key": "m", "value": float(i), "timestamp": i, "step": 1} for i in range(100)]
    client.ok(API + "runs/log-batch", {"run_id": run_id, "metrics": metrics})
    found = client.get(INTERVAL, run_ids=[run_id], metric_key="m", max_results=10).json()["metrics"]
    assert len(found) == 10
    assert (found[0]["value"], found[-1]["value"]) == (0.0, 99.0)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"metric_key": "m"}, "Missing value for required parameter 'run_ids'"),
        ({"run_ids": "x"}, "Missing value for required parameter 'metric_key'"),
        ({"run_ids": [str(i) for i in range(101)], "metric_key": "m"}, "at most 100 run_ids. Received 101 run_ids."),
        ({"run_ids": "x", "metric_key": "m", "max_results": 2501}, "max_results must be between 1 and 2500."),
        ({"run_ids": "x", "metric_key": "m", "start_step": 1}, "both must be specified"),
        (
            {"run_ids": "x", "metric_key": "m", "start_step": 1, "end_step": 0},
            "end_step must be greater than start_step. Found start_step=1 and end_step=0.",
        ),
    ],
)
def test_bad_interval_requests(lite: Tracker, query: dict[str, object], text: str) -> None:
    assert text in lite.get(INTERVAL, **query).message


def test_sampling_rule() -> None:
    assert sorted(sample_steps(range(10), 0, 9, 5)) == [0, 2, 4, 6, 8, 9]
    assert sorted(sample_steps(range(10), 0, 4, 5)) == [0, 1, 2, 3, 4]
    assert sample_steps([], 0, 9, 5) == set()
    assert sample_steps([-1, 3], 0, 3, 5) == {3}  # a negative first step lies outside the default range
