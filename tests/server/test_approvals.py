"""Moves in the registry that need other users' consent or a gate, and what becomes of requests."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clew.artifacts.local import LocalStore
from clew.server.app import App
from clew.server.context import Site
from clew.storage.store import Store

from .conftest import API, NATIVE, Answer, Tracker

NAME = "wine"
ALIAS = {"alias": "champion"}


def call(client: Tracker, who: str, method: str, path: str, fields: dict[str, Any]) -> Answer:
    headers = {"content-type": "application/json"} | ({"x-clew-user": who} if who else {})
    return client.request(method, path, json.dumps(fields).encode(), headers)


def rule(client: Tracker, **fields: Any) -> Answer:
    return call(client, "ana", "POST", f"{NATIVE}models/{NAME}/rules", fields)


def version(client: Tracker, auc: float = 0.95, **fields: Any) -> str:
    """A version made of a run with the metric auc."""
    run_id = client.new_run()
    client.log(run_id, "auc", (0, auc))
    client.post(API + "registered-models/create", {"name": NAME})
    body = {"name": NAME, "source": "s3://bucket/m", "run_id": run_id} | fields
    return str(client.ok(API + "model-versions/create", body)["model_version"]["version"])


def point(client: Tracker, who: str, number: str, **fields: Any) -> Answer:
    return call(
        client, who, "POST", API + "registered-models/alias", {"name": NAME, "version": number} | ALIAS | fields
    )


def stage(client: Tracker, who: str, number: str, name: str = "Production", **fields: Any) -> Answer:
    body = {"name": NAME, "version": number, "stage": name} | fields
    return call(client, who, "POST", API + "model-versions/transition-stage", body)


def decide(client: Tracker, who: str, verb: str, request_id: Any, note: str = "") -> Answer:
    return call(client, who, "POST", f"{NATIVE}move-requests/{request_id}/{verb}", {"note": note})


def requests(client: Tracker, **query: Any) -> list[Any]:
    return client.get(NATIVE + "move-requests", **query).json().get("requests", [])


def champion(client: Tracker) -> str | None:
    model = client.get(API + "registered-models/get", name=NAME).json()["registered_model"]
    return {a["alias"]: a["version"] for a in model.get("aliases", ())}.get("champion")


def told(client: Tracker) -> list[tuple[str, ...]]:
    moves = client.get(f"{NATIVE}models/{NAME}/history").json()["moves"]
    fields = ("kind", "user", "version", "alias", "before", "after", "reason")
    return [tuple(move.get(field, "") for field in fields) for move in moves]


def test_a_guarded_alias_moves_when_somebody_else_approves(client: Tracker) -> None:
    number = version(client)
    assert rule(client, **ALIAS).json()["rules"][0] | {"timestamp": 0} == {
        **ALIAS,
        "approvals": 1,
        "user": "ana",
        "timestamp": 0,
    }
    refused = point(client, "ana", number, reason="better on the holdout")
    assert (refused.status, refused.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert "Request 1 waits until somebody else approves it" in refused.message
    assert champion(client) is None
    (asked,) = requests(client, name=NAME, state="pending")
    assert (asked["user"], asked["version"], asked["alias"], asked["reason"]) == (
        *("ana", number, "champion", "better on the holdout"),
    )
    assert point(client, "ana", number).status == 403
    assert len(requests(client)) == 1  # asked again, it waits once
    approved = decide(client, "bo", "approve", asked["id"], "agreed").json()["request"]
    assert (approved["state"], approved["closed_by"], approved["note"]) == ("approved", "bo", "agreed")
    assert champion(client) == number
    assert told(client)[:4] == [
        ("alias", "ana", number, "champion", "", number, "better on the holdout"),
        ("approval", "bo", number, "champion", "", number, "agreed"),
        ("request", "ana", number, "champion", "", number, "better on the holdout"),
        ("rule", "ana", "", "champion", "", "1 approval", ""),
    ]
    assert point(client, "ana", number).status == 200  # nothing moves any more
    assert requests(client, state="pending") == []


def test_a_guarded_stage_and_what_is_archived_with_it(client: Tracker) -> None:
    first, second = version(client), version(client)
    assert stage(client, "ana", first).status == 200
    rule(client, stage="production", approvals=2)
    assert stage(client, "ana", second, archive_existing_versions=True).status == 403
    (asked,) = requests(client)
    assert (asked["stage"], asked["archive_existing_versions"], asked["needed"]) == ("Production", True, 2)
    assert decide(client, "bo", "approve", asked["id"]).json()["request"]["state"] == "pending"
    again = decide(client, "BO ", "approve", asked["id"])
    assert (again.status, "already" in again.message) == (400, True)
    assert decide(client, "cy", "approve", asked["id"]).json()["request"]["state"] == "approved"
    found = client.get(API + "model-versions/search").json()["model_versions"]
    assert {v["version"]: v["current_stage"] for v in found} == {first: "Archived", second: "Production"}
    assert stage(client, "ana", second, "Archived").status == 200  # away from a guarded stage is free


def test_who_may_decide(client: Tracker) -> None:
    rule_of = version(client)
    rule(client, **ALIAS)
    assert point(client, "ana", rule_of).status == 403
    (asked,) = requests(client)
    for who, verb in (("ana", "approve"), ("Ana", "reject"), ("", "approve"), (" ", "reject"), ("bo", "withdraw")):
        refused = decide(client, who, verb, asked["id"])
        assert (refused.status, champion(client)) == (403, None), (who, verb)
    assert decide(client, "bo", "approve", 999).status == 404
    assert decide(client, "bo", "approve", "x").status == 400
    assert decide(client, "bo", "reject", asked["id"], "too early").json()["request"]["state"] == "rejected"
    late = decide(client, "cy", "approve", asked["id"])
    assert (late.status, "it is rejected" in late.message) == (400, True)
    assert point(client, "ana", rule_of).status == 403
    own = requests(client, state="pending")[0]
    assert decide(client, "ana", "withdraw", own["id"]).json()["request"]["state"] == "withdrawn"
    assert [kind for kind, *_ in told(client)[:4]] == ["withdrawal", "request", "rejection", "request"]
    # Without a name, as MLflow's clients ask, anybody with a name may approve.
    assert point(client, "", rule_of).status == 403
    nameless = requests(client, state="pending")[0]
    assert decide(client, "bo", "approve", nameless["id"]).status == 200
    assert champion(client) == rule_of


def test_a_gate_alone_lets_through_what_fulfils_it(client: Tracker) -> None:
    good, bad = version(client, 0.95), version(client, 0.87)
    rule(client, **ALIAS, approvals=0, gate="metrics.auc >= 0.9")
    refused = point(client, "ana", bad)
    assert (refused.status, "metrics.auc is 0.87" in refused.message) == (403, True)
    assert point(client, "ana", good).status == 200
    assert champion(client) == good
    assert requests(client) == []
    client.post(API + "model-versions/create", {"name": NAME, "source": "s3://bucket/unknown"})
    assert point(client, "ana", "3").status == 403  # neither run nor model
    for gate, passes in (
        ("metrics.auc.min >= 0.9 AND params.lr IS NULL", True),
        ("metrics.none >= 0.9", False),
        ("metrics.auc >= 0.9 OR metrics.auc IS NULL", True),
        ("metrics.auc > 0.99 OR metrics.auc < 0.9", False),
    ):
        rule(client, **ALIAS, approvals=0, gate=gate)
        call(client, "ana", "DELETE", API + "registered-models/alias", {"name": NAME} | ALIAS)
        assert point(client, "ana", good).status == (200 if passes else 403), gate


def test_a_gate_looks_at_the_metrics_of_the_logged_model_too(client: Tracker) -> None:
    run_id = client.new_run()
    model = client.ok(API + "logged-models", {"experiment_id": "0", "source_run_id": run_id})["model"]["info"]
    metric = {"key": "auc", "value": 0.93, "timestamp": 1, "step": 0, "model_id": model["model_id"]}
    client.ok(API + "runs/log-batch", {"run_id": run_id, "metrics": [metric]})
    client.log(run_id, "auc", (1, 0.5))
    client.post(API + "registered-models/create", {"name": NAME})
    client.ok(API + "model-versions/create", {"name": NAME, "source": f"models:/{model['model_id']}"})
    rule(client, **ALIAS, approvals=0, gate="metrics.auc >= 0.9")
    assert point(client, "ana", "1").status == 200


def test_a_gate_must_hold_at_the_approval_still(client: Tracker) -> None:
    number = version(client, 0.95)
    run_id = client.get(API + "model-versions/get", name=NAME, version=number).json()["model_version"]["run_id"]
    rule(client, **ALIAS, gate="metrics.auc >= 0.9")
    assert point(client, "ana", number).status == 403
    (asked,) = requests(client)
    client.log(run_id, "auc", (1, 0.5))
    refused = decide(client, "bo", "approve", asked["id"])
    assert (refused.status, "metrics.auc is 0.5" in refused.message) == (403, True)
    assert champion(client) is None
    assert "approvals" not in requests(client, state="pending")[0]
    client.log(run_id, "auc", (2, 0.96))
    assert decide(client, "bo", "approve", asked["id"]).status == 200
    assert champion(client) == number


def test_a_request_for_a_deleted_version_is_void(client: Tracker) -> None:
    number = version(client)
    rule(client, **ALIAS)
    point(client, "ana", number)
    (asked,) = requests(client)
    assert call(client, "ana", "DELETE", API + "model-versions/delete", {"name": NAME, "version": number}).status == 200
    refused = decide(client, "bo", "approve", asked["id"])
    assert (refused.status, "it is void" in refused.message) == (400, True)
    assert requests(client)[0]["state"] == "void"
    assert champion(client) is None


def test_a_deleted_model_takes_its_rules_and_requests_along(client: Tracker) -> None:
    number = version(client)
    rule(client, **ALIAS)
    point(client, "ana", number)
    assert call(client, "ana", "POST", API + "registered-models/rename", {"name": NAME, "new_name": "w2"}).status == 200
    assert requests(client)[0]["name"] == "w2"
    call(client, "ana", "DELETE", API + "registered-models/delete", {"name": "w2"})
    assert requests(client) == []
    number = version(client)
    assert client.get(f"{NATIVE}models/{NAME}/rules").json() == {}
    assert point(client, "ana", number).status == 200


def test_rules_are_replaced_and_deleted_and_requests_follow_them(client: Tracker) -> None:
    number = version(client)
    assert rule(client, **ALIAS, approvals=3).status == 200
    point(client, "ana", number)
    (asked,) = requests(client)
    rule(client, **ALIAS, approvals=2, gate="metrics.auc > 0.5")
    assert (requests(client)[0]["needed"], requests(client)[0]["gate"]) == (2, "metrics.auc > 0.5")
    assert call(client, "bo", "DELETE", f"{NATIVE}models/{NAME}/rules", ALIAS).status == 200
    assert told(client)[0] == ("rule", "bo", "", "champion", "2 approvals, metrics.auc > 0.5", "", "")
    assert call(client, "bo", "DELETE", f"{NATIVE}models/{NAME}/rules", ALIAS).status == 404
    assert decide(client, "bo", "approve", asked["id"]).json()["request"]["state"] == "approved"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"stage": "Production", "alias": "champion"},
        {"stage": "Prod"},
        {"alias": "latest"},
        {**ALIAS, "approvals": -1},
        {**ALIAS, "approvals": 101},
        {**ALIAS, "approvals": 0},
        {**ALIAS, "gate": "metrics.auc >"},
        {**ALIAS, "gate": "1 = 1"},
        {**ALIAS, "gate": "metrics.auc > 0) OR (metrics.auc > 0"},
    ],
)
def test_rules_that_mean_nothing_are_refused(lite: Tracker, fields: dict[str, Any]) -> None:
    version(lite)
    assert rule(lite, **fields).status == 400
    assert lite.get(f"{NATIVE}models/{NAME}/rules").json() == {}


def test_a_move_is_requested_by_its_own_call_too(client: Tracker) -> None:
    number = version(client)
    path = f"{NATIVE}models/{NAME}/requests"
    free = call(client, "ana", "POST", path, {"version": number} | ALIAS)
    assert (free.status, "needs nobody's approval" in free.message) == (400, True)
    rule(client, **ALIAS)
    asked = call(client, "ana", "POST", path, {"version": number, "reason": "r"} | ALIAS).json()["request"]
    assert (asked["state"], asked["reason"], asked["needed"]) == ("pending", "r", 1)
    assert call(client, "ana", "POST", path, {"version": "7"} | ALIAS).status == 404
    assert client.get(NATIVE + "move-requests", state="odd").status == 400
    assert [r["id"] for r in requests(client, before=asked["id"])] == []


@pytest.fixture
def second(client: Tracker, tmp_path: Path) -> Iterator[Tracker]:
    """Another server of the same store where there can be one, else the same."""
    store = client.app.site.store
    if store.dialect_name == "sqlite":
        yield client
        return
    other = Store.open(store.url, background=False)
    tracker = Tracker(App(Site(other, LocalStore(str(tmp_path / "artifacts")))))
    yield tracker
    tracker.close()
    other.close()


def at_once(*calls: Any) -> list[Answer]:
    """The answers to calls made at the same time."""
    answers: dict[int, Answer] = {}
    start = threading.Barrier(len(calls))

    def run(index: int) -> None:
        start.wait(10)
        answers[index] = calls[index]()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[index] for index in range(len(calls))]


def test_two_approvals_at_once_make_one_move(client: Tracker, second: Tracker) -> None:
    number = version(client)
    rule(client, **ALIAS)
    for round_ in range(5):
        call(client, "ana", "DELETE", API + "registered-models/alias", {"name": NAME} | ALIAS)
        assert point(client, "ana", number).status == 403
        request_id = requests(client, state="pending")[0]["id"]
        answers = at_once(
            lambda one=request_id: decide(client, "bo", "approve", one),
            lambda one=request_id: decide(second, "cy", "approve", one),
        )
        assert sorted(a.status for a in answers) == [200, 400], round_
        assert champion(client) == number
        assert len(requests(client)[0]["approvals"]) == 1
    assert [kind for kind, *_ in told(client)].count("approval") == 5


def test_an_approval_and_a_deletion_at_once_leave_no_alias_on_nothing(client: Tracker, second: Tracker) -> None:
    for _ in range(5):
        number = version(client)
        rule(client, **ALIAS)
        assert point(client, "ana", number).status == 403
        request_id = requests(client, state="pending")[0]["id"]
        gone = {"name": NAME, "version": number}
        answers = at_once(
            lambda one=request_id: decide(client, "bo", "approve", one),
            lambda body=gone: call(second, "cy", "DELETE", API + "model-versions/delete", body),
        )
        assert answers[1].status == 200
        assert answers[0].status in (200, 400, 404)
        assert champion(client) is None
        assert requests(client, state="pending") == []
