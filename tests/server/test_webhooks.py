"""Webhooks: who is told of what, signed, again after failures, by one server, and not into the server's network."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from clew.artifacts.local import LocalStore
from clew.server import outbound
from clew.server.app import App
from clew.server.context import Site
from clew.server.deliverer import Deliverer
from clew.server.outbound import Outbound
from clew.storage import outbox
from clew.storage.store import Store

from .conftest import API, NATIVE, Tracker

HOOKS = API + "webhooks"
REGISTRY_EVENTS = [
    *("registered_model.created", "model_version.created", "model_version.deleted", "model_version_tag.set"),
    *("model_version_tag.deleted", "model_version_alias.created", "model_version_alias.deleted"),
    "model_version_stage.set",
]


class Receiver:
    """Keeps what it is sent; answers with the statuses of ``plan``, then 200."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.plan: list[int] = []
        self.headers: dict[str, str] = {}
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                owner.got.append(({k.lower(): v for k, v in self.headers.items()} | {"path": self.path}, body))
                self.send_response(owner.plan.pop(0) if owner.plan else 200)
                for name, value in owner.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"thanks")

            def log_message(self, *_: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?a=b"

    def told(self) -> list[tuple[str, Any]]:
        """(event, data) of what came."""
        bodies = [json.loads(body) for _, body in self.got]
        return [(f"{body['entity']}.{body['action']}", body["data"]) for body in bodies]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def hooks(client: Tracker) -> Tracker:
    """The client of a server that may send to this machine."""
    client.app.site.outbound.private = True
    return client


@pytest.fixture
def deliver(hooks: Tracker) -> Callable[[], int]:
    """One round of the background task."""
    return Deliverer(hooks.app.site.store, hooks.app.site.outbound).round


def add(client: Tracker, url: str, events: list[str], **fields: Any) -> Any:
    answer = client.post(NATIVE + "webhooks", {"name": "hook", "url": url, "events": events} | fields)
    assert answer.status == 200, answer.text
    return answer.json()["webhook"]


def log(client: Tracker, webhook: Any) -> list[Any]:
    return client.get(f"{NATIVE}webhooks/{webhook['webhook_id']}/deliveries").json().get("deliveries", [])  # type: ignore[no-any-return]


def end(client: Tracker, run_id: str, status: str = "FINISHED", end_time: int = 9) -> None:
    client.ok(API + "runs/update", {"run_id": run_id, "status": status, "end_time": end_time})


def test_registry_events_arrive_as_mlflow_sends_them(
    hooks: Tracker, receiver: Receiver, deliver: Callable[[], int]
) -> None:
    add(hooks, receiver.url, REGISTRY_EVENTS, secret="s3cret")
    hooks.ok(API + "registered-models/create", {"name": "m", "tags": [{"key": "a", "value": "b"}]})
    hooks.ok(API + "model-versions/create", {"name": "m", "source": "s3://b/x"})
    version = {"name": "m", "version": "1"}
    hooks.ok(API + "model-versions/set-tag", version | {"key": "k", "value": "v"})
    hooks.send("DELETE", API + "model-versions/delete-tag", version | {"key": "k"})
    hooks.ok(API + "registered-models/alias", version | {"alias": "al"})
    hooks.ok(API + "model-versions/transition-stage", version | {"stage": "Staging", "reason": "r"})
    hooks.send("DELETE", API + "registered-models/alias", {"name": "m", "alias": "al"})
    hooks.send("DELETE", API + "model-versions/delete", version)
    assert deliver() == 8
    assert sorted(receiver.told(), key=lambda one: one[0]) == [
        ("model_version.created", version | {"source": "s3://b/x", "run_id": None, "tags": {}, "description": None}),
        ("model_version.deleted", version | {"user": ""}),
        ("model_version_alias.created", version | {"alias": "al"}),
        ("model_version_alias.deleted", {"name": "m", "alias": "al"}),
        ("model_version_stage.set", version | {"from": "None", "to": "Staging", "user": "", "reason": "r"}),
        ("model_version_tag.deleted", version | {"key": "k"}),
        ("model_version_tag.set", version | {"key": "k", "value": "v"}),
        ("registered_model.created", {"name": "m", "tags": {"a": "b"}, "description": ""}),
    ]
    for headers, body in receiver.got:
        signed = f"{headers['x-mlflow-delivery-id']}.{headers['x-mlflow-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(b"s3cret", signed, hashlib.sha256).digest()).decode()
        assert headers["x-mlflow-signature"] == f"v1,{expected}"
        assert (headers["content-type"], headers["path"]) == ("application/json", "/hook?a=b")
    assert deliver() == 0


def test_what_was_refused_or_undone_is_not_told(hooks: Tracker, receiver: Receiver, deliver: Callable[[], int]) -> None:
    webhook = add(hooks, receiver.url, REGISTRY_EVENTS)
    hooks.ok(API + "registered-models/create", {"name": "m"})
    assert hooks.post(API + "registered-models/create", {"name": "m"}).status == 400
    assert hooks.post(API + "model-versions/create", {"name": "m", "source": "/etc"}).status == 400
    deliver()
    assert [event for event, _ in receiver.told()] == ["registered_model.created"]
    assert "x-mlflow-signature" not in receiver.got[0][0]
    hooks.send("PATCH", f"{NATIVE}webhooks/{webhook['webhook_id']}", {"status": "DISABLED"})
    hooks.ok(API + "registered-models/create", {"name": "m2"})
    hooks.send("PATCH", f"{NATIVE}webhooks/{webhook['webhook_id']}", {"status": "ACTIVE"})
    assert deliver() == 0


def test_ends_of_runs_are_told_once(hooks: Tracker, receiver: Receiver, deliver: Callable[[], int]) -> None:
    other = hooks.new_experiment("other")
    add(hooks, receiver.url, ["run.finished", "run.failed", "run.killed"])
    add(hooks, receiver.url, ["run.failed"], experiment_ids=[other])
    first, second = hooks.new_run(run_name="one"), hooks.new_run(other)
    end(hooks, first)
    end(hooks, first)
    hooks.ok(API + "runs/set-tag", {"run_id": first, "key": "a", "value": "b"})
    end(hooks, second, "FAILED")
    deliver()
    told = receiver.told()
    assert sorted((event, data["run_id"]) for event, data in told) == sorted(
        [("run.finished", first), ("run.failed", second), ("run.failed", second)]
    )
    data = next(data for event, data in told if event == "run.finished")
    assert (data["run_name"], data["experiment_name"], data["status"], data["end_time"]) == (
        *("one", "Default", "FINISHED", 9),
    )
    end(hooks, first, "RUNNING")
    end(hooks, first, "KILLED", 10)
    deliver()
    assert receiver.told()[-1][0] == "run.killed"


def test_a_run_that_meets_a_condition_is_told_once(
    hooks: Tracker, receiver: Receiver, deliver: Callable[[], int]
) -> None:
    before = hooks.new_run()
    hooks.log(before, "loss", (0, float("nan")))
    add(hooks, receiver.url, ["run.condition_met"], condition="metrics.loss.nans > 0 OR metrics.loss > 100")
    assert deliver() == 0
    runs = [hooks.new_run() for _ in range(3)]
    hooks.ok(
        API + "runs/log-batch",
        {"run_id": runs[0], "metrics": [{"key": "loss", "value": "NaN", "timestamp": 1, "step": 0}]},
    )
    hooks.log(runs[1], "loss", (0, 50.0))
    hooks.log(runs[2], "loss", (0, 101.0))
    deliver()
    assert {data["run_id"] for _, data in receiver.told()} == {runs[0], runs[2]}
    assert receiver.told()[0][1]["condition"].startswith("metrics.loss.nans")
    hooks.log(runs[1], "loss", (1, 1000.0))
    hooks.log(runs[2], "loss", (1, 1000.0))
    deliver()
    assert [data["run_id"] for _, data in receiver.told()[2:]] == [runs[1]]
    assert deliver() == 0


def test_failures_are_tried_again_with_growing_pauses_until_given_up(
    hooks: Tracker, receiver: Receiver, deliver: Callable[[], int]
) -> None:
    store = hooks.app.site.store
    now = store._place.clock()
    store._place.clock = lambda: now  # type: ignore[method-assign]
    webhook = add(hooks, receiver.url, ["registered_model.created"])
    receiver.plan = [500, 429, 200]
    hooks.ok(API + "registered-models/create", {"name": "m"})
    assert (deliver(), deliver()) == (1, 0)
    (waiting,) = log(hooks, webhook)
    assert (waiting["state"], waiting["attempts"], waiting["response_status"]) == ("waiting", 1, 500)
    assert int(waiting["next_timestamp"]) == now + 5000
    now += 5000
    assert (deliver(), deliver()) == (1, 0)
    now += 30_000
    assert deliver() == 1
    (done,) = log(hooks, webhook)
    assert (done["state"], done["attempts"], done["response_status"]) == ("delivered", 3, 200)
    assert len({headers["x-mlflow-delivery-id"] for headers, _ in receiver.got}) == 1
    assert len({body for _, body in receiver.got}) == 1
    receiver.plan = [503] * 20
    hooks.ok(API + "registered-models/create", {"name": "m2"})
    for _ in range(20):
        now += 24 * 3600 * 1000
        deliver()
    (failed, _) = log(hooks, webhook)
    assert (failed["state"], failed["attempts"]) == ("failed", len(outbox.RETRIES_S) + 1)


@pytest.mark.parametrize("status", [301, 307, 400, 404, 410])
def test_what_trying_again_cannot_help_is_given_up(
    hooks: Tracker, receiver: Receiver, deliver: Callable[[], int], status: int
) -> None:
    webhook = add(hooks, receiver.url, ["registered_model.created"])
    receiver.plan, receiver.headers = [status], {"location": receiver.url}
    hooks.ok(API + "registered-models/create", {"name": "m"})
    deliver()
    (failed,) = log(hooks, webhook)
    assert (failed["state"], failed["attempts"], failed["error"]) == (
        *("failed", 1, f"the receiver answered {status}"),
    )
    assert len(receiver.got) == 1  # a redirection is not followed


def test_a_receiver_that_is_away_keeps_nobody_from_working(hooks: Tracker, deliver: Callable[[], int]) -> None:
    webhook = add(hooks, "http://127.0.0.1:1/", ["registered_model.created"])
    hooks.ok(API + "registered-models/create", {"name": "m"})
    assert deliver() == 1
    (waiting,) = log(hooks, webhook)
    assert (waiting["state"], waiting["error"]) == ("waiting", "ConnectionRefusedError: Connection refused")


def test_one_server_of_several_delivers_and_another_takes_over(
    hooks: Tracker, receiver: Receiver, deliver: Callable[[], int]
) -> None:
    store = hooks.app.site.store
    now = store._place.clock()
    store._place.clock = lambda: now  # type: ignore[method-assign]
    add(hooks, receiver.url, ["registered_model.created"])
    assert deliver() == 0  # and is on duty now
    other = Deliverer(store, hooks.app.site.outbound)
    hooks.ok(API + "registered-models/create", {"name": "m"})
    assert (other.round(), receiver.got) == (0, [])
    now += outbox.DUTY_MS + 1
    assert (other.round(), len(receiver.got)) == (1, 1)
    assert deliver() == 0


def test_the_outbox_survives_the_server(store_url: str, receiver: Receiver, tmp_path: Path) -> None:
    store = Store.open(store_url, background=False)
    first = Tracker(App(Site(store, LocalStore(str(tmp_path / "artifacts")), private_webhooks=True)))
    add(first, receiver.url, ["registered_model.created"])
    first.ok(API + "registered-models/create", {"name": "m"})
    first.close()
    store.close()
    again = Store.open(store_url, background=False)
    background = Deliverer(again, Outbound(private=True))
    background.start()
    for _ in range(1000):
        if receiver.got:
            break
        threading.Event().wait(0.01)
    background.stop()
    again.close()
    assert [event for event, _ in receiver.told()] == ["registered_model.created"]


def test_secrets_are_never_told(hooks: Tracker, receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    fields = {
        "name": "h",
        "url": receiver.url,
        "events": [{"entity": "PROMPT", "action": "CREATED"}],
        "secret": "geheim",
    }
    answers = [hooks.post(HOOKS, fields)]
    webhook_id = answers[0].json()["webhook"]["webhook_id"]
    answers += [
        hooks.get(f"{HOOKS}/{webhook_id}"),
        hooks.get(HOOKS),
        hooks.get(NATIVE + "webhooks"),
        hooks.send("PATCH", f"{HOOKS}/{webhook_id}", {"secret": "geheimer"}),
        hooks.post(f"{HOOKS}/{webhook_id}/test", {}),
        hooks.get(f"{NATIVE}webhooks/{webhook_id}/deliveries"),
    ]
    assert all(answer.status == 200 and "geheim" not in answer.text for answer in answers)
    assert hooks.get(NATIVE + "webhooks").json()["webhooks"][0]["signed"]
    assert "geheim" not in caplog.text


def test_a_trial_tells_what_came_of_it(hooks: Tracker, receiver: Receiver) -> None:
    webhook = add(hooks, receiver.url, ["run.failed", "model_version_alias.created"])
    path = f"{HOOKS}/{webhook['webhook_id']}/test"
    assert hooks.ok(path, {})["result"] == {"success": True, "response_status": 200, "response_body": "thanks"}
    receiver.plan = [404]
    tried = hooks.ok(path, {"event": {"entity": "MODEL_VERSION_ALIAS", "action": "CREATED"}})["result"]
    assert (tried["success"], tried["response_status"]) == (False, 404)
    assert {event for event, _ in receiver.told()} == {"model_version_alias.created"}
    hooks.app.site.outbound.private = False
    refused = hooks.ok(path, {})["result"]
    assert (refused["success"], "own network" in refused["error_message"]) == (False, True)
    assert hooks.post(f"{HOOKS}/none/test", {}).status == 404


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "//example.com",
        "http://",
        "http://user:pass@example.com/",
        "http://127.0.0.1/",
        "http://127.1.2.3:80/",
        "http://localhost:5000/",
        "http://a.localhost/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://[fe80::1]/",
        "http://[fc00::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://exa mple.com/",
        "http://example.com/\r\nX: y",
        "http://example.com:99999/",
        "https://example.com/" + "a" * 600,
    ],
)
def test_addresses_that_nobody_may_name(lite: Tracker, url: str) -> None:
    fields = {"name": "h", "url": url, "events": [{"entity": "PROMPT", "action": "CREATED"}]}
    assert lite.post(HOOKS, fields).status == 400
    assert lite.get(HOOKS).json() == {}


def test_a_name_that_leads_into_the_own_network_is_refused_when_it_is_used(
    lite: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(2, 1, 6, "", ("93.184.216.34", 80)), (2, 1, 6, "", ("10.0.0.7", 80))]
    monkeypatch.setattr(outbound.socket, "getaddrinfo", lambda *_args, **_more: found)
    webhook = add(lite, "http://rebound.example.com/", ["registered_model.created"])
    lite.ok(API + "registered-models/create", {"name": "m"})
    assert Deliverer(lite.app.site.store, lite.app.site.outbound).round() == 1
    (failed,) = log(lite, webhook)
    assert (failed["state"], "own network" in failed["error"]) == ("failed", True)


@pytest.mark.parametrize(
    ("address", "public"),
    [("93.184.216.34", True), ("2606:2800:220:1::1", True), ("100.64.0.1", False), ("::ffff:8.8.8.8", True)],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert outbound.is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize(
    "fields",
    [
        {"events": []},
        {"events": ["run.started"]},
        {"events": ["run.condition_met"]},
        {"events": ["run.failed"], "condition": "metrics.a > 1"},
        {"events": ["run.condition_met"], "condition": "metrics.a >"},
        {"events": ["run.failed"], "name": "a b"},
        {"events": ["run.failed"], "name": "a" * 64},
    ],
)
def test_webhooks_that_make_no_sense_are_refused(lite: Tracker, fields: dict[str, Any]) -> None:
    answer = lite.post(NATIVE + "webhooks", {"name": "h", "url": "https://example.com/"} | fields)
    assert answer.status == 400


def test_a_webhook_of_both_kinds_shows_each_client_its_events(lite: Tracker) -> None:
    both = add(lite, "https://example.com/", ["run.failed", "model_version.created"])
    add(lite, "https://example.com/", ["run.failed"])
    (seen,) = lite.get(HOOKS).json()["webhooks"]
    assert (seen["webhook_id"], seen["events"]) == (
        both["webhook_id"],
        [{"entity": "MODEL_VERSION", "action": "CREATED"}],
    )
    changed = {"events": [{"entity": 3, "action": 4}], "description": "d"}
    lite.send("PATCH", f"{HOOKS}/{both['webhook_id']}", changed)
    first, second = lite.get(NATIVE + "webhooks").json()["webhooks"]
    assert (first["events"], first["description"]) == (["model_version_tag.set", "run.failed"], "d")
    page = lite.get(NATIVE + "webhooks", max_results=1).json()
    assert lite.get(NATIVE + "webhooks", page_token=page["next_page_token"]).json()["webhooks"] == [second]
    assert lite.request("DELETE", f"{HOOKS}/{both['webhook_id']}").status == 200
    assert lite.request("DELETE", f"{HOOKS}/{both['webhook_id']}").status == 404
