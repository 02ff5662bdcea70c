"""What runs hold: suggestions, column statistics, importance."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from clew.server import importance
from clew.storage import suggest

from .conftest import API, NATIVE, Tracker


def log(client: Tracker, run_id: str, params: Mapping[str, Any] = {}, metrics: Mapping[str, Any] = {}) -> None:
    fields = {
        "run_id": run_id,
        "params": [{"key": k, "value": str(v)} for k, v in params.items()],
        "metrics": [{"key": k, "value": v, "timestamp": 1, "step": 0} for k, v in metrics.items()],
    }
    client.ok(API + "runs/log-batch", fields)


def suggested(client: Tracker, **query: Any) -> Any:
    answer = client.get(NATIVE + "suggest", **query)
    assert answer.status == 200, answer.text
    return answer.json()


def stats(client: Tracker, *columns: str, **fields: Any) -> Any:
    asked = {"experiment_ids": ["0"], "columns": list(columns), **fields}
    return client.ok(NATIVE + "columns/stats", asked)


def test_suggested_keys_fit_the_text_best_first(client: Tracker) -> None:
    other = client.new_experiment("other")
    log(client, client.new_run(), metrics={"loss": 3, "val/loss": 1, "glosses": 1, "acc": 1})
    log(client, client.new_run(), metrics={"loss": "NaN", "val/loss": -2, "loss_all": 5})
    log(client, client.new_run(other), metrics={"loss": 100})
    found = suggested(client, experiment_ids="0", kind="metric", q="LOSS")
    assert [k["key"] for k in found["keys"]] == ["loss", "loss_all", "val/loss", "glosses"]
    assert found["keys"][0] == {"key": "loss", "runs": 2, "min": 3.0, "max": 3.0}  # NaN is no number
    assert found["keys"][2] == {"key": "val/loss", "runs": 2, "min": -2.0, "max": 1.0}
    both = suggested(client, experiment_ids=["0", other], kind="metric", q="loss", limit=1)
    assert both == {"keys": [{"key": "loss", "runs": 3, "min": 3.0, "max": 100.0}]}
    assert suggested(client, experiment_ids="0", kind="metric", q="none") == {}


def test_suggested_params_tell_their_values(client: Tracker) -> None:
    for lr, opt in (("0.1", "sgd"), ("1e-3", "adam"), ("0.1", "adam")):
        log(client, client.new_run(), params={"lr": lr, "opt": opt})
    found = {k["key"]: k for k in suggested(client, experiment_ids="0", kind="param")["keys"]}
    assert (found["lr"]["numeric"], found["lr"]["min"], found["lr"]["max"], found["lr"]["distinct"]) == (
        *(True, 0.001, 0.1),
        2,
    )
    assert found["opt"]["numeric"] is False
    assert "min" not in found["opt"]
    assert found["opt"]["top"] == [{"value": "adam", "runs": 2}, {"value": "sgd", "runs": 1}]
    tags = suggested(client, experiment_ids="0", kind="tag", q="runName")["keys"]
    assert (tags[0]["key"], tags[0]["runs"], tags[0]["distinct"]) == ("mlflow.runName", 3, 3)


def test_suggestions_leave_out_the_trash_and_say_when_they_sample(
    client: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [client.new_run(start_time=i) for i in range(4)]
    for i, run_id in enumerate(runs):
        log(client, run_id, metrics={"m": i})
    client.ok(API + "runs/delete", {"run_id": runs[3]})
    whole = suggested(client, experiment_ids="0")
    assert whole == {"keys": [{"key": "m", "runs": 3, "min": 0.0, "max": 2.0}]}
    monkeypatch.setattr(suggest, "EXACT_RUNS", 2)
    assert suggested(client, experiment_ids="0") == {
        "keys": [{"key": "m", "runs": 2, "min": 1.0, "max": 2.0}],
        "sampled_runs": 2,
    }


def test_statistics_of_what_a_filter_leaves(client: Tracker) -> None:
    for i in range(10):
        log(client, client.new_run(), params={"lr": 10.0**-i, "opt": "ab"[i % 2]}, metrics={"m": i, "n": i})
    log(client, client.new_run(), metrics={"m": "NaN"})
    log(client, client.new_run(), metrics={"m": "Infinity"})
    client.new_run()
    found = stats(client, "metrics.m", "params.lr", "params.opt", "tags.x", bins=3)
    assert found["runs"] == 13
    m, lr, opt, x = found["columns"]
    assert (m["count"], m["missing"], m["nan"], m["infinite"], m["distinct"]) == (12, 1, 1, 1, 12)
    assert (m["min"], m["max"], m["median"]) == (0, 9, 4.5)
    assert m["mean"] == pytest.approx(4.5)
    assert m["histogram"] == {"edges": [0.0, 3.0, 6.0, 9.0], "counts": [3, 3, 4], "log": False}
    assert {q["q"]: q["value"] for q in m["quantiles"]}[0.25] == pytest.approx(2.25)
    assert (lr["numeric"], lr["min"], lr["max"], lr["missing"]) == (True, 1e-9, 1.0, 3)
    assert (opt["numeric"], opt["top"]) == (False, [{"value": "a", "runs": 5}, {"value": "b", "runs": 5}])
    assert x == {"column": "tags.x", "count": 0, "missing": 13, "distinct": 0, "numeric": False}
    assert stats(client, "metrics.m", filter="start_time > -7d")["runs"] == 0  # they began in 1970
    few = stats(client, "metrics.m", "attributes.status", filter="metrics.n >= 8")
    assert few["runs"] == 2
    assert few["columns"][0]["min"] == 8
    assert few["columns"][1]["top"] == [{"value": "RUNNING", "runs": 2}]


def test_logarithmic_bins_where_all_is_positive(client: Tracker) -> None:
    for value in (1, 10, 100, 1000):
        log(client, client.new_run(), metrics={"m": value, "n": value - 1})
    m, n = stats(client, "metrics.m", "metrics.n", bins=3, log=True)["columns"]
    assert m["histogram"]["edges"] == pytest.approx([1, 10, 100, 1000])
    assert (sum(m["histogram"]["counts"]), m["histogram"]["log"]) == (4, True)
    assert n["histogram"]["log"] is False


def test_the_largest_numbers_have_statistics(client: Tracker) -> None:
    for value in (-1.7e308, 1.7e308, 1.7e308):
        log(client, client.new_run(), metrics={"m": value})
    (m,) = stats(client, "metrics.m", bins=2)["columns"]
    assert m["mean"] == pytest.approx(1.7e308 / 3)
    assert m["histogram"]["counts"] == [1, 2]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"columns": ["lr"]}, "Invalid column 'lr'"),
        ({"columns": ["attributes.x"]}, "Invalid column 'attributes.x'"),
        ({"columns": ["dataset.name"]}, "Invalid column 'dataset.name'"),
        ({"bins": 0}, "1 to 200"),
        ({"columns": ["params.a"] * 201}, "At most 200 columns"),
        ({"filter": "metrics.m >"}, "expected a value"),
    ],
)
def test_bad_questions_about_columns(lite: Tracker, fields: dict[str, object], words: str) -> None:
    answer = lite.post(NATIVE + "columns/stats", {"experiment_ids": ["0"], **fields})
    assert answer.status == 400
    assert words in answer.message


def study(client: Tracker, runs: int = 60) -> None:
    """The metric falls with lr, hardly depends on opt, and not at all on seed."""
    draw = random.Random(1)
    for i in range(runs):
        lr, opt = 10 ** draw.uniform(-4, -1), draw.choice(["sgd", "adam"])
        value = -math.log10(lr) + (0.2 if opt == "adam" else 0.0)
        params = {"lr": lr, "opt": opt, "seed": draw.randrange(1000), "same": 1}
        log(client, client.new_run(), params=params, metrics={"m": value if i else "NaN"})


def test_importance_finds_what_the_metric_depends_on(client: Tracker) -> None:
    study(client)
    asked = {"experiment_ids": ["0"], "metric": "m"}
    found = client.ok(NATIVE + "importance", asked)
    assert (found["runs"], found["method"]) == (59, "forest")
    ranked = {p["param"]: p for p in found["params"]}
    assert found["params"][0]["param"] == "lr"
    assert ranked["lr"]["correlation"] < -0.9
    assert "correlation" not in ranked["opt"]
    assert ranked["lr"]["importance"] > 0.6 > ranked["opt"]["importance"]
    assert (ranked["same"]["importance"], ranked["same"]["distinct"]) == (0.0, 1)
    assert sum(p["importance"] for p in found["params"]) == pytest.approx(1)
    assert client.ok(NATIVE + "importance", asked) == found
    few = client.ok(NATIVE + "importance", {**asked, "params": ["opt", "lr"]})
    assert [p["param"] for p in few["params"]] == ["lr", "opt"]


def test_importance_takes_the_datasets_for_a_param(client: Tracker) -> None:
    for i in range(40):
        run, data = client.new_run(), ("clean", "raw")[i % 2]
        log(client, run, params={"lr": i // 2 % 5}, metrics={"m": 100 * (data == "clean") + i // 2 % 5})
        dataset = {"name": data, "digest": data, "source_type": "local", "source": "x"}
        client.ok(API + "runs/log-inputs", {"run_id": run, "datasets": [{"dataset": dataset}]})
    asked = {"experiment_ids": ["0"], "metric": "m"}
    first = client.ok(NATIVE + "importance", asked)["params"][0]
    assert (first["param"], first["kind"], first["runs"], first["distinct"]) == ("dataset.name", "dataset", 40, 2)
    named = client.ok(NATIVE + "importance", {**asked, "params": ["lr"]})["params"]
    assert [p["param"] for p in named] == ["lr"]


def test_importance_without_scikit_learn_is_correlation_and_says_so(
    client: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    study(client, 20)
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    found = client.ok(NATIVE + "importance", {"experiment_ids": ["0"], "metric": "m"})
    assert found["method"] == "correlation"
    assert "pip install 'clew[sklearn]'" in found["message"]
    assert found["params"][0]["param"] == "lr"
    assert "importance" not in found["params"][0]


def test_importance_says_when_there_is_too_little(client: Tracker) -> None:
    for i in range(9):
        log(client, client.new_run(), params={"p": i}, metrics={"m": 1})
    asked = {"experiment_ids": ["0"], "metric": "m"}
    found = client.ok(NATIVE + "importance", asked)
    assert found["message"] == "Importance needs at least 10 runs with a finite value of 'm'; 9 match."
    log(client, client.new_run(), params={"p": 1}, metrics={"m": 1})
    assert "'m' is 1 in all 10 runs" in client.ok(NATIVE + "importance", asked)["message"]
    log(client, client.new_run(), params={"q": 1}, metrics={"m": 2})
    one = client.ok(NATIVE + "importance", {**asked, "params": ["none"]})
    assert "all of these have one value" in one["message"]


def test_spearman_is_that_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    import numpy as np

    draw = np.random.default_rng(3)
    a, b = draw.integers(0, 5, 50).astype(float), draw.normal(size=50)
    b[3] = np.nan
    kept = ~np.isnan(b)
    assert importance.spearman(a, b) == pytest.approx(stats.spearmanr(a[kept], b[kept]).statistic)


def test_summaries_count_in_statistics_and_importance(client: Tracker) -> None:
    for i in range(20):
        run = client.new_run()
        log(client, run, params={"lr": i})
        points = [{"key": "m", "value": v, "timestamp": 1, "step": s} for s, v in enumerate((i, 50, 7))]
        client.ok(API + "runs/log-batch", {"run_id": run, "metrics": points})
    least, mean = stats(client, "metrics.m.min", "metrics.m.mean")["columns"]
    assert (least["min"], least["max"]) == (0, 7)
    assert mean["max"] == pytest.approx((19 + 50 + 7) / 3)
    ask = {"experiment_ids": ["0"], "metric": "m", "params": ["lr"]}
    assert "values that differ" in client.ok(NATIVE + "importance", ask)["message"]
    (lr,) = client.ok(NATIVE + "importance", {**ask, "summary": "mean"})["params"]
    assert lr["correlation"] == pytest.approx(1)
