"""Frames for a plain MLflow server keep its limits, and what was not noted as sent is sent again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from clew.client import spool
from clew.client.http import http_sender
from clew.client.journal import Journal
from clew.client.mlflow_target import MlflowCourier
from clew.client.shipper import Shipper
from clew.wire.frames import PARAM, RUN_START, TAG, TAG_DELETE

RUN = "ef" * 16
REMOTE = "12" * 16


class Server(BaseHTTPRequestHandler):
    """As much of MLflow's API as the shipper calls; notes what it was asked.

    fail_at: numbers of calls that are answered 503. refuse: a param key that has another value already.
    unwanted: values of metrics that it will not have.
    """

    calls: ClassVar[list[tuple[str, dict[str, Any]]]] = []
    fail_at: ClassVar[set[int]] = set()
    refuse: ClassVar[str] = ""
    unwanted: ClassVar[set[float]] = set()
    known_tags: ClassVar[dict[str, str]] = {}

    def do_GET(self) -> None:
        if "get-by-name" in self.path:
            self._answer(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"})
        else:
            self._answer(200, {"run": {"info": {"run_id": RUN, "status": "RUNNING", "artifact_uri": "x"}}})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = self.path.removeprefix("/api/2.0/mlflow/")
        self.calls.append((path, body))
        if len(self.calls) in self.fail_at:
            self._answer(503, {"message": "busy"})
        elif path == "experiments/create":
            self._answer(200, {"experiment_id": "5"})
        elif path == "runs/search":
            found = self.known_tags.get(body["filter"].rpartition(" = ")[2].strip("'"))
            self._answer(200, {"runs": [{"info": {"run_id": found}}]} if found else {})
        elif path == "runs/create":
            self.known_tags.update({t["value"]: REMOTE for t in body["tags"] if t["key"] == "clew.run_id"})
            self._answer(200, {"run": {"info": {"run_id": REMOTE}}})
        elif any(p["key"] == self.refuse for p in body.get("params", ())):
            self._answer(400, {"message": "Changing param values is not allowed. Param with key='b'"})
        elif any(m["value"] in self.unwanted for m in body.get("metrics", ())):
            self._answer(400, {"message": "Got invalid value"})
        else:
            self._answer(200, {})

    def _answer(self, status: int, fields: dict[str, Any]) -> None:
        body = json.dumps(fields).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, type[Server]]]:
    handler = type(
        "OneServer", (Server,), {"calls": [], "fail_at": set(), "known_tags": {}, "refuse": "", "unwanted": set()}
    )
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_address[1]}", handler
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def ship(folder: str, url: str) -> Shipper:
    sender = http_sender(url)
    shipper = Shipper(folder, MlflowCourier(sender), once=True)
    shipper.run()
    sender.close()
    return shipper


def sent(calls: list[tuple[str, dict[str, Any]]], part: str) -> list[dict[str, Any]]:
    return [item for path, body in calls if path == "runs/log-batch" for item in body[part]]


def test_batches_keep_mlflow_s_limits(server: tuple[str, type[Server]], tmp_path: Path) -> None:
    url, handler = server
    folder = spool.open_target(str(tmp_path / "spool"), url)
    journal = Journal(f"{folder}/{RUN}", RUN)
    for number in range(250):
        journal.log_record(PARAM, {"key": f"p{number}", "value": "1"})
        journal.log_record(TAG, {"key": f"t{number}", "value": "1"})
    for step in range(4500):
        journal.log_metric("loss", float(step), step)
    journal.log_points({"odd": float("nan"), "up": float("inf")}, 3, 1000 * 10**6, ("m-1", "d", "1"))
    journal.log_record(TAG_DELETE, {"key": "t3"})
    journal.close()
    ship(folder, url)
    steps = [m["step"] for m in sent(handler.calls, "metrics") if m["key"] == "loss"]
    assert steps == list(range(4500))
    assert {m["key"]: m["value"] for m in sent(handler.calls, "metrics")[-2:]} == {"odd": "NaN", "up": "Infinity"}
    assert sent(handler.calls, "metrics")[-1] == {
        "key": "up",
        "value": "Infinity",
        "timestamp": 1000,
        "step": 3,
        "model_id": "m-1",
        "dataset_name": "d",
        "dataset_digest": "1",
    }
    assert len(sent(handler.calls, "params")) == len(sent(handler.calls, "tags")) == 250
    for path, body in handler.calls:
        if path == "runs/log-batch":
            counts = [len(body[part]) for part in ("metrics", "params", "tags")]
            assert counts[1] <= 100
            assert counts[2] <= 100
            assert 0 < sum(counts) <= 1000
    assert handler.calls[-1] == ("runs/delete-tag", {"run_id": RUN, "key": "t3"})
    assert list(spool.runs(folder)) == []


def test_a_failed_call_is_repeated_and_nothing_is_skipped(server: tuple[str, type[Server]], tmp_path: Path) -> None:
    url, handler = server
    handler.fail_at.update({2, 5})
    folder = spool.open_target(str(tmp_path / "spool"), url)
    journal = Journal(f"{folder}/{RUN}", RUN)
    for step in range(2500):
        journal.log_metric("loss", float(step), step)
    journal.close()
    assert "busy" in ship(folder, url).trouble.text
    assert "busy" in ship(folder, url).trouble.text
    assert not ship(folder, url).trouble
    assert {m["step"] for m in sent(handler.calls, "metrics")} == set(range(2500))


def test_a_run_born_offline_is_created_once_and_found_again(server: tuple[str, type[Server]], tmp_path: Path) -> None:
    url, handler = server
    folder = spool.open_target(str(tmp_path / "spool"), url)
    journal = Journal(f"{folder}/{RUN}", RUN)
    start = {"experiment": "new", "name": "n", "tags": {"a": "1"}, "parent": None, "start_ms": 5, "user": "u"}
    journal.log_record(RUN_START, start)
    journal.log_metric("x", 1.0)
    journal.end("FINISHED", 9)
    handler.fail_at.add(4)  # the first log-batch, after the run was created
    assert "busy" in ship(folder, url).trouble.text
    ship(folder, url)
    created = [body for path, body in handler.calls if path == "runs/create"]
    assert len(created) == 1
    assert {t["key"]: t["value"] for t in created[0]["tags"]} == {"a": "1", "clew.run_id": RUN}
    assert (created[0]["experiment_id"], created[0]["start_time"], created[0]["user_id"]) == ("5", 5, "u")
    logged = [body for path, body in handler.calls if path == "runs/log-batch"]
    assert {body["run_id"] for body in logged} == {REMOTE}
    assert handler.calls[-1] == ("runs/update", {"run_id": REMOTE, "status": "FINISHED", "end_time": 9})


def test_a_conflict_costs_that_param_only(server: tuple[str, type[Server]], tmp_path: Path) -> None:
    url, handler = server
    handler.refuse = "b"
    folder = spool.open_target(str(tmp_path / "spool"), url)
    journal = Journal(f"{folder}/{RUN}", RUN)
    for key in "abc":
        journal.log_record(PARAM, {"key": key, "value": "1"})
    journal.log_metric("x", 1.0)
    receipt = journal.close()
    assert receipt is not None
    ship(folder, url)
    alone = [body["params"] for path, body in handler.calls if path == "runs/log-batch" and len(body["params"]) == 1]
    assert [p[0]["key"] for p in alone] == ["a", "b", "c"]
    assert receipt.conflicts == 1
    assert receipt.pending == 0


def test_what_the_server_will_not_have_costs_that_only(server: tuple[str, type[Server]], tmp_path: Path) -> None:
    url, handler = server
    handler.unwanted.update({13.0, 777.0})
    folder = spool.open_target(str(tmp_path / "spool"), url)
    journal = Journal(f"{folder}/{RUN}", RUN)
    journal.log_record(TAG, {"key": "t", "value": "1"})
    for step in range(1000):
        journal.log_metric("loss", float(step), step)
    receipt = journal.close()
    assert receipt is not None
    assert ship(folder, url).refused == []
    accepted = [
        body
        for path, body in handler.calls
        if path == "runs/log-batch" and not any(m["value"] in handler.unwanted for m in body["metrics"])
    ]
    assert {m["step"] for body in accepted for m in body["metrics"]} == set(range(1000)) - {13, 777}
    assert any(body["tags"] for body in accepted)
    assert receipt.conflicts == 2


def test_a_run_that_the_server_will_not_have_is_set_aside(server: tuple[str, type[Server]], tmp_path: Path) -> None:
    url, handler = server
    handler.unwanted.update(map(float, range(1000)))
    folder = spool.open_target(str(tmp_path / "spool"), url)
    journal = Journal(f"{folder}/{RUN}", RUN)
    for step in range(1000):
        journal.log_metric("loss", float(step), step)
    journal.close()
    (aside,) = ship(folder, url).refused
    assert Path(aside, "reason.txt").read_text() == "Got invalid value\n"


def test_names_of_many_keys_are_noted_once(server: tuple[str, type[Server]], tmp_path: Path) -> None:
    url, handler = server
    folder = spool.open_target(str(tmp_path / "spool"), url)
    journal = Journal(f"{folder}/{RUN}", RUN)
    written = []
    for number in range(40):
        for key in range(50):
            journal.log_metric(f"k{number}.{key}", 1.0, number)
        ship(folder, url)  # a shipper of its own each time, as after a crash
        files = [Path(journal.writer_folder, name) for name in ("names.jsonl", "cursor.json")]
        written.append([file.stat().st_size for file in files])
    assert written[-1][0] < 41 * written[0][0] * 1.1
    assert max(size for _, size in written) < 40
    with open(files[0], "a", encoding="utf-8") as torn:
        torn.write('\n[1, {"id":')
    journal.log_metric("k0.0", 2.0, 99)
    journal.log_metric("new", 3.0, 99)
    ship(folder, url)
    journal.log_metric("new", 4.0, 100)
    journal.close()
    ship(folder, url)
    sent_ = [(m["key"], m["value"]) for m in sent(handler.calls, "metrics")]
    assert len(sent_) == 2003
    assert sent_[-3:] == [("k0.0", 2.0), ("new", 3.0), ("new", 4.0)]
