"""Metrics for charts: few points, every spike, any axis, many runs."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from .conftest import API, NATIVE, Tracker

SERIES = NATIVE + "series"


def test_series_are_sampled_and_cut(client: Tracker) -> None:
    run_id = client.new_run()
    client.log(run_id, "m", *((s, float(s % 7)) for s in range(1000)))
    client.ok(API + "runs/log-metric", {"run_id": run_id, "key": "n", "value": "Infinity", "timestamp": 1})
    found = client.ok(SERIES, {"run_ids": [run_id], "keys": ["m", "n", "none"], "max_points": 100})["series"]
    assert [s["key"] for s in found] == ["m", "n"]
    assert len(found[0]["steps"]) == len(found[0]["times"]) == len(found[0]["values"]) <= 100
    assert (max(found[0]["values"]), min(found[0]["values"]), found[0]["total"]) == (6.0, 0.0, 1000)
    assert found[1]["values"] == ["Infinity"]
    part = {"run_ids": [run_id], "keys": ["m"], "start_step": 10, "end_step": 12}
    assert client.ok(SERIES, part)["series"][0]["steps"] == [10, 11, 12]
    assert client.ok(SERIES, {"run_ids": ["0" * 32], "keys": ["m"]}) == {}


@pytest.mark.parametrize("compacted", [False, True])
def test_a_spike_and_a_nan_are_seen_at_every_zoom(client: Tracker, compacted: bool) -> None:
    run_id = client.new_run()
    points = [(s, 1.0) for s in range(900)]
    points[617], points[300] = (617, 50.0), (300, float("nan"))
    metrics = [{"key": "m", "value": "NaN" if v != v else v, "timestamp": 10 * s, "step": s} for s, v in points]
    client.ok(API + "runs/log-batch", {"run_id": run_id, "metrics": metrics})
    if compacted:
        client.app.site.store.compact(everything=True)
    for x in ("step", "time", "relative"):
        for last in (899, 700, 620):
            asked = {"run_ids": [run_id], "keys": ["m"], "max_points": 20, "x": x, "end_step": last}
            (one,) = client.ok(SERIES, asked)["series"]
            assert 50.0 in one["values"]
            assert "NaN" in one["values"]
            assert (len(one["values"]) <= 20, one["total"]) == (True, last + 1)


def test_ranges_of_time_and_of_time_since_the_start(client: Tracker) -> None:
    run_id = client.new_run(start_time=1000)
    for time, step in ((1500, 2), (1100, 5), (1300, 1)):
        metric = {"run_id": run_id, "key": "m", "value": step, "timestamp": time, "step": step}
        client.ok(API + "runs/log-metric", metric)
    asked = {"run_ids": [run_id], "keys": ["m"]}
    by_time = client.ok(SERIES, {**asked, "x": "time", "start_time": 1200})["series"][0]
    assert (by_time["times"], by_time["steps"]) == ([1300, 1500], [1, 2])
    relative = client.ok(SERIES, {**asked, "x": "relative", "end_time": 300})["series"][0]
    assert (relative["times"], relative["steps"], relative["total"]) == ([100, 300], [5, 1], 2)
    assert client.ok(SERIES, {**asked, "x": "relative", "start_time": 501}) == {}


def test_packed_answers_hold_the_same_points(client: Tracker) -> None:
    run_id = client.new_run()
    client.log(run_id, "m", (1, 0.5), (2, 1e300), (3, -2.0))
    client.ok(API + "runs/log-metric", {"run_id": run_id, "key": "m", "value": "NaN", "timestamp": 1, "step": 4})
    (one,) = client.ok(SERIES, {"run_ids": [run_id], "keys": ["m"], "format": "packed"})["series"]
    assert np.frombuffer(base64.b64decode(one["x"]), "<f8").tolist() == [1, 2, 3, 4]
    values = np.frombuffer(base64.b64decode(one["packed"]), "<f4")
    assert values[0] == 0.5
    assert values[1] == np.finfo(np.float32).max  # too large for float32, and yet finite
    assert np.isnan(values[3])


def test_many_runs_of_several_experiments_come_in_the_order_asked(client: Tracker) -> None:
    other = client.new_experiment("other")
    runs = [client.new_run(other if i % 2 else "0") for i in range(40)]
    for i, run_id in enumerate(runs):
        client.log(run_id, "m", (1, float(i)))
    found = client.ok(SERIES, {"run_ids": [*runs, runs[0]], "keys": ["m"]})["series"]
    assert [(s["run_id"], s["values"]) for s in found] == [(r, [float(i)]) for i, r in enumerate(runs)]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"run_ids": ["0"] * 1001}, "at most 1000 run_ids"),
        ({"keys": ["m"] * 101}, "at most 100 keys"),
        ({"max_points": 0}, "1 to 100000"),
        ({"run_ids": ["0"] * 100, "keys": ["m"] * 100}, "ask for fewer points (400)"),
    ],
)
def test_too_much_is_refused_with_the_limit(lite: Tracker, fields: dict[str, object], words: str) -> None:
    answer = lite.post(SERIES, {"run_ids": ["0"], "keys": ["m"], **fields})
    assert answer.status == 400
    assert words in answer.message
