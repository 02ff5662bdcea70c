"""How requests are read: content types, odd bodies, twins, prefixes, errors, identities."""

from __future__ import annotations

import json
import logging

import pytest

from clew.server.app import App
from clew.server.dispatch import endpoints
from clew.wire.mlflow import Message
from clew.wire.routes import ROUTES

from .conftest import API, NATIVE, Tracker

JSON = {"content-type": "application/json"}


def test_every_route_has_a_handler_with_its_name() -> None:
    assert [(e.route.name, e.handler.__name__) for e in endpoints()] == [(n, n) for n in ROUTES]


def test_every_route_has_a_permission() -> None:
    assert {r.permission for r in ROUTES.values()} <= {"open", "read", "write", "manage"}
    assert all(issubclass(r.request, Message) and issubclass(r.response, Message) for r in ROUTES.values())


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (None, "Bad Request. Content-Type header is missing."),
        ("text/plain", "Bad Request. Content-Type must be one of ['application/json']."),
    ],
)
def test_posts_need_the_right_content_type(lite: Tracker, kind: str | None, text: str) -> None:
    answer = lite.request("POST", API + "runs/create", b"{}", {"content-type": kind} if kind else {})
    assert (answer.status, answer.message) == (400, text)


def test_a_charset_is_fine(lite: Tracker) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    assert lite.request("POST", API + "runs/create", b"{}", headers).status == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff\xfe", b"null", b"[" * 100_000])
def test_what_cannot_be_parsed_counts_as_nothing(lite: Tracker, body: bytes) -> None:
    answer = lite.request("POST", API + "experiments/create", body, JSON)
    assert (answer.status, answer.message) == (400, "Missing value for required parameter 'name'.")


def test_a_body_encoded_twice_is_decoded_twice(lite: Tracker) -> None:
    body = json.dumps(json.dumps({"name": "twice"})).encode()
    assert lite.request("POST", API + "experiments/create", body, JSON).status == 200


def test_a_body_in_pieces(lite: Tracker) -> None:
    assert lite.request("POST", API + "experiments/create", [b'{"na', b'me":', b'"x"}'], JSON).status == 200


def test_camel_case_and_unknown_fields(lite: Tracker) -> None:
    run = lite.ok(API + "runs/create", {"experimentId": "0", "runName": "x", "nobody": {"knows": 1}})["run"]
    assert run["info"]["run_name"] == "x"


def test_ajax_twins_double_slashes_and_duplicates(lite: Tracker) -> None:
    for path in ("/ajax-api/2.0/mlflow/experiments/get", "//api/2.0/mlflow//experiments/get"):
        assert lite.get(path, experiment_id="0").status == 200
    answer = lite.request("GET", API + "experiments/get", query="experiment_id=0&experiment_id=1&what=ever")
    assert answer.json()["experiment"]["experiment_id"] == "0"


def test_delete_takes_its_arguments_from_path_body_or_query(lite: Tracker) -> None:
    model = lite.ok(API + "logged-models", {"experiment_id": "0"})["model"]["info"]["model_id"]
    assert lite.request("DELETE", f"{API}logged-models/{model}").status == 200


def test_a_question_about_the_server_as_a_whole_is_answered(lite: Tracker) -> None:
    assert lite.request("OPTIONS", "*").status == 404


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/get-artifact", "run_id=%00&path=a"),
        ("/ajax-api/2.0/mlflow/logged-models/m%00/artifacts/files", "artifact_file_path=a"),
        (API + "logged-models/m%00", ""),
        (API + "runs/get", "run_id=%00"),
        (API + "experiments/get", "experiment_id=" + "9" * 5000),
        (API + "metrics/get-history", "run_id=r&metric_key=m&page_token=" + "W1tb" * 5000),
    ],
)
def test_odd_reads_are_the_askers_fault(client: Tracker, path: str, query: str) -> None:
    assert client.request("GET", path, query=query).status in (400, 404)


def test_small_answers(lite: Tracker) -> None:
    assert (lite.get("/health").text, lite.get("/version").text) == ("OK", "3.17.2")
    assert lite.get("/api/3.0/mlflow/server-info").json()["store_type"] == "SqlStore"
    head = lite.request("HEAD", "/health")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "2")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/2.0/mlflow/nothing", 404),
        ("GET", "/api/2.0/mlflow/runs/create", 405),
        ("PUT", "/api/2.0/mlflow/logged-models/m-1", 405),
        ("POST", "/health", 405),
        ("POST", "/experiments", 405),
        ("POST", "/api/2.0/mlflow-artifacts/artifacts/x", 405),
        ("GET", "/api/2.0/mlflow-artifacts/nothing", 404),
        ("POST", "/get-artifact", 405),
        ("GET", "/ajax-api/2.0/mlflow/upload-artifact", 405),
        ("DELETE", "/api/clew/v1/info", 405),
    ],
)
def test_unknown_paths_and_methods_are_plain_text(lite: Tracker, method: str, path: str, status: int) -> None:
    answer = lite.request(method, path)
    assert (answer.status, answer.headers["content-type"]) == (status, "text/plain; charset=utf-8")


def test_security_headers_are_everywhere(lite: Tracker) -> None:
    for path in ("/health", API + "experiments/get?experiment_id=0", "/nothing", "/experiments"):
        headers = lite.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "SAMEORIGIN"


def test_request_ids_come_back(lite: Tracker) -> None:
    assert lite.request("GET", "/health", headers={"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
    made = {lite.get("/health").headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3
    bad = lite.request("GET", "/health", headers={"x-request-id": "a b"}).headers["x-request-id"]
    assert bad != "a b"


def test_an_unforeseen_fault_is_logged_with_its_request_id(
    lite: Tracker, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(lite.app.site.store, "read", fail)
    with caplog.at_level(logging.ERROR, "clew.server"):
        answer = lite.request(
            "GET", API + "experiments/get", query="experiment_id=0", headers={"x-request-id": "req-7"}
        )
    assert (answer.status, answer.json()["error_code"]) == (500, "INTERNAL_ERROR")
    assert "req-7" in answer.message
    assert "secret" not in answer.text
    assert "req-7" in caplog.text
    assert "a secret detail" in caplog.text


def test_a_prefix_moves_every_path(lite: Tracker) -> None:
    moved = Tracker(App(lite.app.site, static_prefix="/team/clew/"))
    try:
        assert moved.get("/team/clew/health").text == "OK"
        assert moved.get("/team/clew" + API + "experiments/get", experiment_id="0").status == 200
        assert moved.request("PUT", "/team/clew/api/2.0/mlflow-artifacts/artifacts/a.txt", b"1").status == 200
        assert moved.get("/team/clew/api/2.0/mlflow-artifacts/artifacts/a.txt").body == b"1"
        assert moved.get(f"/team/clew{NATIVE}experiments/0/columns").status == 200
        assert moved.get("/health").status == 404
        assert moved.get("/team/clewhealth").status == 404
    finally:
        moved.close()


def test_the_access_log_has_one_json_line_per_request(lite: Tracker, capfd: pytest.CaptureFixture[str]) -> None:
    logged = Tracker(App(lite.app.site, access_log=True))
    logged.request("GET", "/health", headers={"x-request-id": "r1"})
    logged.get("/nothing")
    logged.close()
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    assert [(entry["path"], entry["status"]) for entry in lines][:2] == [("/health", 200), ("/nothing", 404)]
    assert lines[0]["request_id"] == "r1"
    assert lines[0]["client"] == "127.0.0.1"
    assert (lines[0]["level"], lines[0]["logger"], len(lines)) == ("info", "clew.access", 2)


def test_the_access_log_for_people_has_one_line_per_request(lite: Tracker, capfd: pytest.CaptureFixture[str]) -> None:
    logged = Tracker(App(lite.app.site, access_log=True, log_format="text"))
    logged.get("/a\nb")
    logged.close()
    (line,) = capfd.readouterr().err.splitlines()
    assert "GET /a\\nb 404" in line
