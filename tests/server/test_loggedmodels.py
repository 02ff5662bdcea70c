"""Logged models: from PENDING to READY, searched, tagged, deleted."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import API, Tracker

MODELS = API + "logged-models"


def new_model(client: Tracker, **fields: Any) -> str:
    return str(client.ok(MODELS, {"experiment_id": "0", **fields})["model"]["info"]["model_id"])


def test_life_of_a_model(client: Tracker) -> None:
    fields = {
        "name": "net",
        "model_type": "agent",
        "params": [{"key": "k", "value": "1"}],
        "tags": [{"key": "t", "value": "2"}],
    }
    model_id = new_model(client, **fields)
    model = client.get(f"{MODELS}/{model_id}").json()["model"]
    info = model["info"]
    assert info["artifact_uri"] == f"mlflow-artifacts:/0/models/{model_id}/artifacts"
    assert (info["status"], info["model_type"], info["source_run_id"]) == ("LOGGED_MODEL_PENDING", "agent", "")
    assert info["tags"] == fields["tags"]
    assert model["data"]["params"] == fields["params"]
    # the id in the path is enough; MLflow wants it in the body too
    ready = client.send("PATCH", f"{MODELS}/{model_id}", {"status": "LOGGED_MODEL_READY"})
    assert ready.json()["model"]["info"]["status"] == "LOGGED_MODEL_READY"
    patch = {"tags": [{"key": "t", "value": "3"}, {"key": "a/b", "value": ""}]}
    assert client.send("PATCH", f"{MODELS}/{model_id}/tags", patch).status == 200
    assert client.request("DELETE", f"{MODELS}/{model_id}/tags/t").status == 200
    assert client.request("DELETE", f"{MODELS}/{model_id}/tags/t").status == 404
    assert client.request("DELETE", f"{MODELS}/{model_id}/tags/a%2Fb").status == 200
    client.ok(f"{MODELS}/{model_id}/params", {"params": [{"key": "k2", "value": "x"}]})
    model = client.get(f"{MODELS}/{model_id}").json()["model"]
    assert "tags" not in model["info"]
    assert len(model["data"]["params"]) == 2
    assert client.request("DELETE", f"{MODELS}/{model_id}").json() == {}
    answer = client.get(f"{MODELS}/{model_id}")
    assert (answer.status, answer.message) == (404, f"Logged model with ID '{model_id}' not found.")


def test_search(client: Tracker) -> None:
    first, second = new_model(client, name="a"), new_model(client, name="b")
    client.send("PATCH", f"{MODELS}/{second}", {"status": 2})
    path = f"{MODELS}/search"
    by_name = {"experiment_ids": ["0"], "order_by": [{"field_name": "name", "ascending": "FALSE"}]}
    assert ids(client.ok(path, by_name)) == [second, first]
    assert ids(client.ok(path, {"experiment_ids": ["0"], "filter": "name = 'a'"})) == [first]
    assert ids(client.ok(path, {"experiment_ids": ["0"], "filter": "status = 'READY'"})) == [second]
    assert client.ok(path, {"experiment_ids": ["0"], "filter": "name = 'file'"}) == {}
    page = client.ok(path, by_name | {"max_results": 1})
    assert ids(page) == [second]
    assert ids(client.ok(path, by_name | {"max_results": 1, "page_token": page["next_page_token"]})) == [first]


def ids(answer: dict[str, Any]) -> list[str]:
    return [m["info"]["model_id"] for m in answer["models"]]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"name": "x"}, "Missing value for required parameter 'experiment_id'"),
        ({"experiment_id": "0", "name": "a/b"}, "Invalid model name (a/b)"),
        ({"experiment_id": "0", "name": "a.b"}, "Invalid model name (a.b)"),
        ({"experiment_id": "0", "name": "n" * 501}, "exceeds the maximum length of 500"),
    ],
)
def test_bad_models_are_refused(lite: Tracker, fields: dict[str, Any], text: str) -> None:
    answer = lite.post(MODELS, fields)
    assert answer.status == 400
    assert text in answer.message


def test_bad_searches_and_states_are_refused(lite: Tracker) -> None:
    bogus = {"experiment_ids": ["0"], "order_by": [{"field_name": "bogus"}]}
    answer = lite.post(f"{MODELS}/search", bogus)
    assert (answer.status, "bogus" in answer.message) == (400, True)
    nameless = lite.post(f"{MODELS}/search", {"experiment_ids": ["0"], "order_by": [{}]})
    assert "Missing value for required parameter 'order_by[0].field_name'" in nameless.message
    assert lite.post(f"{MODELS}/search", {"experiment_ids": ["0"], "max_results": 0}).status == 400
    answer = lite.send("PATCH", f"{MODELS}/{new_model(lite)}", {"status": "NONSENSE"})
    assert answer.message == "Missing value for required parameter 'status'."
    assert lite.post(MODELS, {"experiment_id": "99"}).status == 404
