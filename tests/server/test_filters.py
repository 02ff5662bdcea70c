"""``filter/parse`` on both databases: verdict, parts and completions out of what is stored."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import API, NATIVE, Tracker

PARSE = NATIVE + "filter/parse"


def parsed(client: Tracker, text: str, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.ok(PARSE, {"filter": text, **more})
    return answer


def offered(client: Tracker, text: str, entity: str = "runs", home: str = "0") -> list[str]:
    answer = parsed(client, text, entity=entity, cursor=len(text), experiment_ids=[home])
    return [one["text"] for one in answer.get("completions", [])]


def test_a_right_filter_is_told_apart(lite: Tracker) -> None:
    answer = parsed(lite, "metrics.acc.at(3) > 0.5 OR NOT params.x IN ('y')")
    assert answer["ok"] is True
    metric = {"kind": "metric", "name": "acc", "type": "number", "summary": "at", "argument": 3}
    param = {"kind": "parameter", "name": "x", "type": "mixed"}
    assert answer["tree"] == {
        "or": [
            {"field": metric, "op": ">", "value": 0.5},
            {"not": {"field": param, "op": "IN", "values": ["y"]}},
        ]
    }
    assert answer["spans"][0] == {"start": 0, "stop": 14, "kind": "key"}
    assert "faults" not in answer
    assert parsed(lite, "metrics.a < -inf")["tree"]["value"] == "-Infinity"
    assert "tree" not in parsed(lite, "")


def test_every_fault_is_told(lite: Tracker) -> None:
    answer = parsed(lite, "metrics.acc >")
    assert (answer["ok"], answer["position"], answer["expected"]) == (False, 13, "a value")
    answer = parsed(lite, "metrics.acc > 'x' AND status = 'FINISHED' AND foo = 1")
    assert [(one["start"], one["stop"]) for one in answer["faults"]] == [(14, 17), (46, 49)]
    assert answer["message"] == answer["faults"][0]["message"]
    assert parsed(lite, "metrics.acc > 1", entity="experiments")["ok"] is False
    assert lite.post(PARSE, {"filter": "", "experiment_ids": ["x"]}).status == 400


def test_completions_come_from_what_is_stored(client: Tracker) -> None:
    run_id = client.new_run()
    client.log(run_id, "val/acc", (0, 1.0))
    client.log(run_id, "a.max", (0, 1.0))
    client.ok(API + "runs/log-parameter", {"run_id": run_id, "key": "opt", "value": "adam"})
    client.ok(API + "runs/set-tag", {"run_id": run_id, "key": "team", "value": "vision"})
    dataset = {"name": "cifar", "digest": "1", "source_type": "x", "source": "y"}
    client.ok(API + "runs/log-inputs", {"run_id": run_id, "datasets": [{"dataset": dataset}]})
    client.ok(API + "experiments/set-experiment-tag", {"experiment_id": "0", "key": "k", "value": "v"})
    assert offered(client, "acc") == ["metrics.`val/acc`"]
    assert "'adam'" in offered(client, "params.opt = ")
    assert "'vision'" in offered(client, "tags.team ~ 'vis")
    assert offered(client, "dataset.name = ") == ["'cifar'"]
    assert offered(client, "dataset.context = ") == []
    assert "'FINISHED'" in offered(client, "status = ")
    assert "'Default'" in offered(client, "name = ", "experiments")
    assert offered(client, "tags.", "experiments") == ["tags.k"]
    assert offered(client, "tags.k = ", "experiments") == ["'v'"]
    assert "'0'" in offered(client, "experiment_id = ", "experiments")
    assert offered(client, "params.", home="77") == []
    assert parsed(client, "metrics.a.max < 1", experiment_ids=["0"])["tree"]["field"]["name"] == "a.max"
    assert parsed(client, "metrics.a.max < 1", experiment_ids=["77"])["tree"]["field"]["name"] == "a"


def test_completions_of_logged_models(client: Tracker) -> None:
    made = {"experiment_id": "0", "name": "net", "model_type": "cnn", "params": [{"key": "depth", "value": "9"}]}
    client.ok(API + "logged-models", made)
    assert offered(client, "params.", "models") == ["params.depth"]
    assert offered(client, "params.depth = ", "models") == ["'9'"]
    assert offered(client, "metrics.", "models") == []
    assert offered(client, "model_type = ", "models") == ["'cnn'"]
    assert offered(client, "status = 'R", "models") == ["'READY'"]


def test_completions_of_what_is_registered(client: Tracker) -> None:
    run_id = client.new_run()
    tags = [{"key": "team", "value": "search"}]
    client.ok(API + "registered-models/create", {"name": "ranker", "tags": tags})
    client.ok(API + "registered-models/create", {"name": "reader", "tags": tags})
    version = {"name": "ranker", "source": f"runs:/{run_id}/model", "run_id": run_id}
    client.ok(API + "model-versions/create", {**version, "tags": [{"key": "data", "value": "v7"}]})
    assert offered(client, "tags.", "registered_models") == ["tags.team"]
    answer = parsed(client, "tags.team = ", entity="registered_models", cursor=12)
    assert [(one["text"], one["detail"]) for one in answer["completions"]] == [("'search'", "2")]
    assert offered(client, "name = 'ra", "registered_models") == ["'ranker'"]
    assert "current_stage" not in offered(client, "", "registered_models")
    assert offered(client, "tags.", "model_versions") == ["tags.data"]
    assert offered(client, "tags.data = ", "model_versions") == ["'v7'"]
    assert offered(client, "name = ", "model_versions") == ["'ranker'"]
    assert offered(client, "run_id = ", "model_versions") == [f"'{run_id}'"]
    assert offered(client, "stage = 'Pro", "model_versions") == ["'Production'"]
    assert offered(client, "description = ", "model_versions") == []
    assert parsed(client, "metrics.x > 1", entity="model_versions")["ok"] is False


@pytest.mark.parametrize("text", ["'", "metrics.`", "a" * 20_000, "(" * 300, "x AND " * 300])
def test_no_text_is_too_odd(lite: Tracker, text: str) -> None:
    assert parsed(lite, text, cursor=2)["ok"] is text.startswith("a")
