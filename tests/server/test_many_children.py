"""A search of 10,000 trials: its children are found, drawn and explained like a few."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import pytest

from clew.storage import metrics, runs
from clew.storage.engine import WriteTx
from clew.storage.store import Store

from .conftest import API, NATIVE, Tracker

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

TRIALS = 10_000
AT_ONCE = 1000
COLUMNS = ["params.lr", "params.depth", "metrics.value", "metrics.value.min", "tags.trial.state"]


def loss_of(lr: float, depth: int) -> float:
    return (lr - 0.3) ** 2 + depth / 100


def write_trials(tx: WriteTx, parent: str, first: int) -> list[str]:
    """The ids of so many children, each with two params and three points of ``value``."""
    chance = random.Random(first)
    ids = []
    for number in range(first, first + AT_ONCE):
        tags = {"mlflow.parentRunId": parent, "trial.number": str(number), "trial.state": "COMPLETE"}
        run_id = runs.create_run(tx, experiment_id="0", run_name=f"trial-{number}", tags=tags).info.run_id
        lr, depth = chance.random(), chance.randrange(1, 9)
        runs.log_params(tx, run_id, [("lr", str(lr)), ("depth", str(depth))])
        for step in range(3):
            metrics.log_point(tx, run_id, "value", step, 1000 + step, loss_of(lr, depth) + (2 - step))
        ids.append(run_id)
    return ids


@pytest.fixture
def search(store: Store, client: Tracker) -> tuple[str, list[str]]:
    """The parent's id, and its children's."""
    parent = client.new_run(run_name="study")
    children: list[str] = []
    for first in range(0, TRIALS, AT_ONCE):
        children += store.write(partial(write_trials, parent=parent, first=first))
    return parent, children


def pages(client: Tracker, path: str, asked: dict[str, Any]) -> list[Any]:
    found, token = [], ""
    while True:
        page = client.ok(path, {**asked, "page_token": token} if token else asked)
        found.append(page)
        token = page.get("next_page_token", "")
        if not token:
            return found


def test_ten_thousand_children_of_a_run_answer(search: tuple[str, list[str]], client: Tracker) -> None:
    parent, children = search
    chosen = {"experiment_ids": ["0"], "filter": f"tags.`mlflow.parentRunId` = '{parent}'"}

    best = client.ok(API + "runs/search", {**chosen, "order_by": ["metrics.value ASC"], "max_results": 3})["runs"]
    assert len({run["info"]["run_id"] for run in best}) == 3
    by_page = pages(client, API + "runs/search", {**chosen, "max_results": 5000})
    assert {run["info"]["run_id"] for page in by_page for run in page["runs"]} == set(children)

    drawn = pages(client, NATIVE + "runs/query", {**chosen, "columns": COLUMNS, "max_results": 500})
    assert {page["total"] for page in drawn} == {TRIALS}
    rows = [row for page in drawn for row in zip(*(page["columns"][name] for name in COLUMNS), strict=True)]
    assert len(rows) == TRIALS
    for lr, depth, value, least, state in rows:
        assert value == least == pytest.approx(loss_of(float(lr), int(depth)))
        assert state == "COMPLETE"

    told = client.ok(NATIVE + "importance", {**chosen, "metric": "value"})
    assert {p["param"]: p["runs"] for p in told["params"]} == {"lr": TRIALS, "depth": TRIALS}
    assert told["params"][0]["param"] == "lr"

    stats = client.ok(NATIVE + "columns/stats", {**chosen, "columns": ["params.lr", "metrics.value"]})
    assert [column["count"] for column in stats["columns"]] == [TRIALS, TRIALS]

    curves = client.ok(NATIVE + "series", {"run_ids": children[:1000], "keys": ["value"]})["series"]
    assert len(curves) == 1000
    assert {curve["total"] for curve in curves} == {3}
