"""Runs in groups: the statistics are those of the runs, and each group's filter finds its runs."""

from __future__ import annotations

import math
import random
import statistics
from collections import defaultdict
from typing import Any

import pytest

from .conftest import API, NATIVE, Tracker

Row = dict[str, Any]


def log(client: Tracker, run_id: str, params: Row, metrics: Row) -> None:
    fields = {
        "run_id": run_id,
        "params": [{"key": k, "value": str(v)} for k, v in params.items()],
        "metrics": [{"key": k, "value": v, "timestamp": 1, "step": 0} for k, v in metrics.items()],
    }
    client.ok(API + "runs/log-batch", fields)


def fill(client: Tracker, count: int = 60) -> list[Row]:
    rng = random.Random(5)
    rows = []
    other = client.new_experiment("other")
    for i in range(count):
        row: Row = {"run": client.new_run(other if i % 4 == 0 else "0"), "params": {}, "loss": None}
        if rng.random() < 0.8:
            row["params"]["opt"] = rng.choice(("sgd", "adam", "it's"))
        if rng.random() < 0.8:
            row["params"]["lr"] = rng.choice((0.1, 0.01, 1e-3, 1e-4, "auto"))
        if rng.random() < 0.8:
            row["loss"] = rng.choice((rng.random(), rng.random(), "NaN", "Infinity"))
        log(client, row["run"], row["params"], {} if row["loss"] is None else {"loss": row["loss"]})
        rows.append(row)
    return rows


def groups(client: Tracker, *by: Row, **fields: Any) -> Any:
    ids = [e["experiment_id"] for e in client.ok(API + "experiments/search", {"max_results": 100})["experiments"]]
    return client.ok(NATIVE + "runs/groups", {"experiment_ids": ids, "by": list(by), **fields})


def found_by(client: Tracker, text: str) -> set[str]:
    ids = [e["experiment_id"] for e in client.ok(API + "experiments/search", {"max_results": 100})["experiments"]]
    answer = client.ok(API + "runs/search", {"experiment_ids": ids, "filter": text, "max_results": 1000})
    return {run["info"]["run_id"] for run in answer.get("runs", [])}


def test_groups_by_a_param_describe_their_metrics(client: Tracker) -> None:
    rows = fill(client)
    answer = groups(client, {"column": "params.opt"}, columns=["metrics.loss"], sort="key")
    expected: dict[str | None, list[Row]] = defaultdict(list)
    for row in rows:
        expected[row["params"].get("opt")].append(row)
    labels = [group["labels"][0].get("text") if "labels" in group else None for group in answer["groups"]]
    assert labels == ["adam", "it's", "sgd", None]
    assert (answer["runs"], answer["total"]) == (60, 4)
    for label, group in zip(labels, answer["groups"], strict=True):
        own = expected[label]
        values = [float(row["loss"]) for row in own if row["loss"] not in (None, "NaN")]
        column = group["columns"]["metrics.loss"]
        assert group["runs"] == len(own)
        assert column["count"] == len(values)
        assert column["nan"] == sum(row["loss"] == "NaN" for row in own)
        assert float(column["min"]) == min(values)
        assert float(column["max"]) == max(values)
        assert float(column["median"]) == pytest.approx(statistics.median(values))
        assert float(column["mean"]) == pytest.approx(statistics.fmean(values))
        assert found_by(client, group["filter"]) == {row["run"] for row in own}


def test_the_deviation_is_that_of_the_sample(client: Tracker) -> None:
    for value in (1.0, 2.0, 4.0):
        log(client, client.new_run(), {"a": 1}, {"m": value})
    log(client, client.new_run(), {"a": 2}, {"m": 5.0})
    answer = groups(client, {"column": "params.a"}, columns=["metrics.m"], sort="key")
    one, two = (group["columns"]["metrics.m"] for group in answer["groups"])
    assert one["sd"] == pytest.approx(statistics.stdev((1.0, 2.0, 4.0)))
    assert "sd" not in two


@pytest.mark.parametrize("scale", ["equal", "quantile", "log"])
@pytest.mark.parametrize("column", ["params.lr", "metrics.loss"])
def test_bins_share_the_runs_out(client: Tracker, column: str, scale: str) -> None:
    rows = fill(client)
    answer = groups(client, {"column": column, "bins": 3, "scale": scale}, {"column": "attributes.status"})
    assert sum(group["runs"] for group in answer["groups"]) == len(rows)
    seen: set[str] = set()
    for group in answer["groups"]:
        own = found_by(client, group["filter"])
        assert len(own) == group["runs"]
        assert not own & seen
        seen |= own
    assert seen == {row["run"] for row in rows}


def test_groups_come_in_the_order_asked(client: Tracker) -> None:
    for label, values in (("a", (1, 2, 3)), ("b", (9,)), ("c", (5, 5))):
        for value in values:
            log(client, client.new_run(), {"p": label}, {"m": value})
    log(client, client.new_run(), {"p": "none"}, {})

    def order(**fields: Any) -> list[str]:
        answer = groups(client, {"column": "params.p"}, columns=["metrics.m"], **fields)
        return [group["labels"][0]["text"] for group in answer["groups"]]

    assert order() == ["a", "c", "b", "none"]
    assert order(descending=False) == ["b", "none", "c", "a"]
    assert order(sort="key", descending=True) == ["none", "c", "b", "a"]
    assert order(sort="metrics.m mean") == ["b", "c", "a", "none"]
    assert order(sort="metrics.m min", descending=False) == ["a", "c", "b", "none"]
    assert order(limit=2, offset=1) == ["c", "b"]


def test_a_filter_narrows_and_summaries_count(client: Tracker) -> None:
    run = client.new_run()
    points = [{"key": "m", "value": v, "timestamp": 1, "step": s} for s, v in enumerate((3, 1, 2))]
    client.ok(API + "runs/log-batch", {"run_id": run, "metrics": points})
    log(client, client.new_run(), {}, {"m": 100})
    answer = groups(
        client, {"column": "attributes.status"}, columns=["metrics.m.min", "metrics.m.mean"], filter="metrics.m < 50"
    )
    (group,) = answer["groups"]
    assert (group["runs"], group["labels"][0]["text"]) == (1, "RUNNING")
    assert group["columns"]["metrics.m.min"]["max"] == 1
    assert group["columns"]["metrics.m.mean"]["mean"] == 2
    assert groups(client, {"column": "params.p"}, filter="metrics.m > 1e9") == {"runs": 0, "total": 0}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "one to 3 keys"),
        ({"by": [{"column": "params.a"}] * 4}, "one to 3 keys"),
        ({"by": [{"column": "metrics.loss"}]}, "how many bins"),
        ({"by": [{"column": "params.a"}], "columns": ["dataset.name"]}, "dataset.name is no number"),
        ({"by": [{"column": "nonsense.x"}]}, "Invalid column 'nonsense.x'"),
        ({"by": [{"column": "params.a", "bins": 1}]}, "'bins'"),
        ({"by": [{"column": "params.a"}], "sort": "loss"}, "'sort'"),
        ({"by": [{"column": "params.a"}], "limit": 0}, "'limit'"),
        ({"by": [{"column": "params.a"}], "columns": ["params.b"] * 51}, "At most 50"),
    ],
)
def test_what_cannot_be_grouped_is_explained(client: Tracker, fields: Row, words: str) -> None:
    log(client, client.new_run(), {"a": 1}, {"loss": 1})
    answer = client.post(NATIVE + "runs/groups", {"experiment_ids": ["0"], **fields})
    assert answer.status == 400
    assert words in answer.json()["message"]


def test_groups_by_the_datasets_that_runs_read(client: Tracker) -> None:
    read: dict[str | None, set[str]] = {"iris, wine": set(), "wine": set(), None: set()}
    for text, wanted in list(read.items()) * 2:
        run_id = client.new_run()
        wanted.add(run_id)
        for name in reversed(text.split(", ") if text else []):
            dataset = {"name": name, "digest": name, "source_type": "local", "source": name}
            tags = [{"key": "mlflow.data.context", "value": "training"}]
            client.ok(API + "runs/log-inputs", {"run_id": run_id, "datasets": [{"dataset": dataset, "tags": tags}]})
        log(client, run_id, {}, {"loss": float(len(read))})
    answer = groups(client, {"column": "dataset.name"}, columns=["metrics.loss"], sort="key")
    assert [(g["labels"][0].get("text"), g["runs"]) for g in answer["groups"]] == [
        ("iris, wine", 2),
        ("wine", 2),
        (None, 2),
    ]
    for group in answer["groups"]:
        assert group["columns"]["metrics.loss"]["count"] == 2
        assert found_by(client, group["filter"]) == read[group["labels"][0].get("text")]
    narrowed = groups(client, {"column": "dataset.name"}, {"column": "dataset.context"}, filter="dataset.name = 'iris'")
    assert [[label["text"] for label in group["labels"]] for group in narrowed["groups"]] == [
        ["iris, wine", "training"]
    ]


def test_numbers_at_the_edge_of_floats_do_not_overflow(client: Tracker) -> None:
    for value in (1.7e308, 1.6e308, -1.7e308):
        log(client, client.new_run(), {"a": 1}, {"m": value})
    answer = groups(client, {"column": "metrics.m", "bins": 4}, columns=["metrics.m"])
    assert sum(group["runs"] for group in answer["groups"]) == 3
    assert all(math.isfinite(float(group["labels"][0]["low"])) for group in answer["groups"])
