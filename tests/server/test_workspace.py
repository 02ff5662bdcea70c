"""What people keep: saved views, short links, stars."""

from __future__ import annotations

from typing import Any

import pytest

from clew.artifacts.local import LocalStore
from clew.errors import EditConflict
from clew.server.app import App
from clew.server.context import Site
from clew.wire import codec

from .conftest import API, NATIVE, Tracker

VIEWS = NATIVE + "views"


def kept(client: Tracker, name: str = "mine", **fields: Any) -> Any:
    asked = {"experiment_id": "0", "name": name, "body": {"columns": ["m"]}, **fields}
    return client.ok(VIEWS, asked)["view"]


def listed(client: Tracker, **query: Any) -> list[str]:
    answer = client.get(VIEWS, experiment_id="0", **query)
    assert answer.status == 200, answer.text
    return [view["name"] for view in answer.json().get("views", [])]


def test_a_view_is_kept_changed_and_removed(client: Tracker) -> None:
    body = {"columns": ["params.lr"], "deep": [{"x": None, "y": 1.5}], "text": "ü \u0000"}
    view = kept(client, body=body)
    at = f"{VIEWS}/{view['view_id']}"
    assert (view["body"], view["revision"], view["scope"]) == (body, 1, "shared")
    assert client.get(at).json()["view"] == view
    changed = client.send("PATCH", at, {"revision": 1, "name": "ours", "body": {}}).json()["view"]
    assert (changed["name"], changed["revision"], changed["body"]) == ("ours", 2, {})
    assert listed(client) == ["ours"]
    assert client.send("DELETE", at, {}).status == 200
    assert (client.get(at).status, client.send("DELETE", at, {}).status, listed(client)) == (404, 404, [])


def test_the_second_of_two_changes_is_refused_with_both(client: Tracker) -> None:
    view = kept(client)
    at = f"{VIEWS}/{view['view_id']}"
    client.send("PATCH", at, {"revision": 1, "name": "first"})
    answer = client.send("PATCH", at, {"revision": 1, "name": "second"})
    assert (answer.status, answer.json()["error_code"]) == (409, "RESOURCE_CONFLICT")
    error = codec.error_from(answer.status, answer.body)
    assert isinstance(error, EditConflict)
    assert (error.stored["name"], error.stored["revision"]) == ("first", 2)
    assert error.offered == {"name": "second", "revision": 1}
    assert client.get(at).json()["view"]["name"] == "first"


def test_private_views_are_listed_for_their_owner_and_one_view_is_preferred(client: Tracker) -> None:
    kept(client, "a", scope="private", owner="ann")
    second = kept(client, "b", preferred=True)
    third = kept(client, "c", preferred=True)
    assert listed(client) == ["b", "c"]
    assert listed(client, owner="ann") == ["a", "b", "c"]
    assert client.get(f"{VIEWS}/{second['view_id']}").json()["view"].get("preferred") is False
    at = f"{VIEWS}/{third['view_id']}"
    assert client.send("PATCH", at, {"revision": 1, "preferred": False}).json()["view"]["preferred"] is False


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"body": {"x": "y" * 300_000}}, "at most 256 kB"),
        ({"body": {"x": "\ud800"}}, "surrogate"),
        ({"name": ""}, "required parameter 'name'"),
        ({"name": "n" * 251}, "250 characters"),
        ({"body": 3}, "parameter 'body'"),
    ],
)
def test_views_that_cannot_be_kept(lite: Tracker, fields: dict[str, object], words: str) -> None:
    answer = lite.post(VIEWS, {"experiment_id": "0", "name": "x", "body": {}, **fields})
    assert answer.status == 400
    assert words in answer.message


def test_views_need_their_experiment(lite: Tracker) -> None:
    assert lite.post(VIEWS, {"experiment_id": "999", "name": "x", "body": {}}).status == 404
    assert lite.get(VIEWS, experiment_id="999").status == 404
    assert lite.get(VIEWS + "/x").status == 404
    assert lite.get(VIEWS + "/" + "9" * 40).status == 404


def test_a_short_link_leads_to_its_page(client: Tracker) -> None:
    path = "/experiments/0/runs?q=" + "x" * 5000 + "&sort=-m.val%2Facc"
    made = client.ok(NATIVE + "links", {"path": path})
    assert made["path"] == f"/l/{made['link_id']}"
    assert len(made["link_id"]) == 8
    assert client.ok(NATIVE + "links", {"path": path}) == made
    assert client.ok(NATIVE + "links", {"path": "/models"})["link_id"] != made["link_id"]
    answer = client.get(made["path"])
    assert (answer.status, answer.headers["location"]) == (302, path)
    missing = client.get("/l/aaaaaaaa")
    assert (missing.status, "check that the whole address" in missing.text) == (404, True)
    assert client.post(made["path"], {}).status == 404
    assert client.get("/l/short").status == 404


def test_links_stay_below_the_prefix(lite: Tracker, tmp_path: Any) -> None:
    below = Tracker(App(Site(lite.app.site.store, LocalStore(str(tmp_path))), static_prefix="/clew"))
    made = below.ok("/clew" + NATIVE + "links", {"path": "/models"})
    assert below.get("/clew" + made["path"]).headers["location"] == "/clew/models"
    below.close()


@pytest.mark.parametrize(
    "path",
    [
        *("//evil.example/x", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "experiments"),
        *("/x\r\nset-cookie: a=b", "/a b", "/ü", "/\\\\evil", "/l/aaaaaaaa", "/api/2.0/mlflow/runs/get", "/\t/evil"),
        "/" + "x" * 70_000,
    ],
)
def test_links_lead_nowhere_else(lite: Tracker, path: str) -> None:
    assert lite.post(NATIVE + "links", {"path": path}).status == 400


def test_stars_are_given_taken_and_shown_in_answers(client: Tracker) -> None:
    run_id, other = client.new_run(), client.new_run()
    model = client.ok(API + "logged-models", {"experiment_id": "0", "name": "m"})["model"]["info"]["model_id"]
    for kind, name in (("run", run_id), ("experiment", "0"), ("model", model), ("run", run_id)):
        client.ok(NATIVE + "stars", {"kind": kind, "id": name})
    stars = client.get(NATIVE + "stars").json()["stars"]
    assert {(s["kind"], s["id"]) for s in stars} == {("run", run_id), ("experiment", "0"), ("model", model)}
    assert [s["id"] for s in client.get(NATIVE + "stars", kind="model").json()["stars"]] == [model]
    rows = client.ok(NATIVE + "runs/query", {"experiment_ids": ["0"]})["runs"]
    assert {r["run_id"]: r.get("starred") for r in rows} == {run_id: True, other: None}
    assert client.ok(NATIVE + "experiments/query", {})["experiments"][0]["starred"] is True
    for _ in range(2):
        assert client.send("DELETE", f"{NATIVE}stars/run/{run_id}", {}).status == 200
    assert client.get(NATIVE + "stars", kind="run").json() == {}
    assert client.post(NATIVE + "stars", {"kind": "run", "id": "f" * 32}).status == 404
    assert client.post(NATIVE + "stars", {"kind": "planet", "id": "x"}).status == 400


@pytest.mark.parametrize("begin", ['{"a":', "["])
def test_bodies_are_as_deep_as_any_reader_can_read(lite: Tracker, begin: str) -> None:
    def body(depth: int) -> bytes:
        inner = begin * (depth - 1) + "1" + {"[": "]"}.get(begin, "}") * (depth - 1)
        return f'{{"experiment_id":"0","name":"deep","body":{{"a":{inner}}}}}'.encode()

    json = {"content-type": "application/json"}
    assert lite.request("POST", VIEWS, body(100), json).status == 200
    for depth in (101, 500, 900, 980):
        answer = lite.request("POST", VIEWS, body(depth), json)
        assert (answer.status, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
