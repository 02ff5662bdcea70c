"""A server under fuzz: what exists in it, and what every answer must keep to."""

from __future__ import annotations

import json
import logging
import uuid
from typing import Any

from fuzz.calls import Call
from server.conftest import API, NATIVE, Answer, Tracker

RENEW_AFTER = 40  # requests; by then something may have deleted what there was


class Faults(logging.Handler):
    """What a server logs as its own failure."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(logging.Formatter().format(record))

    def take(self) -> str:
        """What was logged since the last time."""
        said, self._lines = "\n".join(self._lines), []
        return said


class World:
    """Sends calls, with what exists now in their places, and checks each answer."""

    def __init__(self, client: Tracker) -> None:
        self.client = client
        self.faults = Faults()
        self.sent = 0
        self.statuses: dict[int, int] = {}
        self.there: dict[str, str] = {}
        logging.getLogger().addHandler(self.faults)
        self._renew()

    def close(self) -> None:
        logging.getLogger().removeHandler(self.faults)

    def send(self, call: Call) -> None:
        """One request whose answer must be right or a right refusal."""
        if self.sent % RENEW_AFTER == 0:
            self._renew()
        self.sent += 1
        headers = {"content-type": call.content_type}
        answer = self.client.request(
            call.method, call.address(self.there), call.payload(self.there), headers, call.query_string(self.there)
        )
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        check(answer, call.method)
        assert not (said := self.faults.take()), said
        if answer.status == 200 and call.method != "HEAD" and answer.body[:1] == b"{":
            self._learn(answer.json())
        if self.sent % 50 == 0:
            assert self.client.get("/health").text == "OK"

    def _renew(self) -> None:
        """An experiment with a run that has some of everything, a model, a file, an upload."""
        ok, there = self.client.ok, self.there
        there["old_run_id"] = there.get("run_id", "none")
        experiment_id = there["experiment_id"] = self.client.new_experiment(f"fuzz-{uuid.uuid4().hex}")
        run_id = there["run_id"] = self.client.new_run(experiment_id, run_name="fuzz", start_time=1)
        model: Any = ok(API + "logged-models", {"experiment_id": experiment_id, "source_run_id": run_id, "name": "m"})
        there["model_id"] = model["model"]["info"]["model_id"]
        self.client.log(run_id, "loss", *((n, n / 2) for n in range(12)))
        self.client.log(run_id, "acc", (0, 0.5), (1, -1.0))
        pairs = [{"key": "lr", "value": "0.1"}, {"key": "a", "value": "abc"}]
        ok(API + "runs/log-batch", {"run_id": run_id, "params": pairs, "tags": [{"key": "a", "value": "1"}]})
        dataset = {"name": "data", "digest": "d1", "source_type": "x", "source": "y"}
        ok(API + "runs/log-inputs", {"run_id": run_id, "datasets": [{"dataset": dataset}]})
        for place in (f"{experiment_id}/{run_id}", f"{experiment_id}/models/{there['model_id']}"):
            for path in ("a.txt", "d/b.bin", "ünï.txt"):
                at = f"/api/2.0/mlflow-artifacts/artifacts/{place}/artifacts/{path}"
                assert self.client.request("PUT", at, b"data").status == 200
        there.update(writer=uuid.uuid4().hex, seq="0", new_run_id=uuid.uuid4().hex)
        there["upload_id"] = ok(NATIVE + "artifacts/uploads", {"path": f"up/{run_id}", "size": 4})["upload_id"]

    def _learn(self, tree: Any) -> None:
        token = tree.get("next_page_token")
        if isinstance(token, str):
            self.there["page_token"] = token
        if isinstance(tree.get("seq"), int):
            self.there["seq"] = str(tree["seq"])
        for kind in ("view_id", "link_id", "upload_id"):
            found = tree.get(kind) or (tree.get("view") or {}).get(kind)
            if isinstance(found, str):
                self.there[kind] = found


def check(answer: Answer, method: str) -> None:
    """No failure of ours, and every refusal says what it is."""
    assert answer.status < 500 or answer.status == 501, answer.text
    if method == "HEAD" or answer.status == 304:
        return
    kind = answer.headers.get("content-type", "")
    if kind == "application/json" and "content-disposition" not in answer.headers:
        tree = json.loads(answer.body, parse_constant=_no_constant)
        if answer.status >= 400:
            assert isinstance(tree["error_code"], str)
            assert isinstance(tree["message"], str)
            assert tree["message"]
        if answer.status == 501:
            assert tree["error_code"] == "NOT_IMPLEMENTED"
    else:
        assert answer.status not in (400, 409, 501), answer.text


def _no_constant(word: str) -> None:
    raise AssertionError(f"{word} is not JSON")
