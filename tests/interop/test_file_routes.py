"""Each artifact route as it travels; on MLflow's own server where it is slow."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from interop.wire import Answer, Wire

pytestmark = pytest.mark.interop
PROXIED = "/api/2.0/mlflow-artifacts/"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def folder(wire: Wire) -> str:
    """The address of a folder of its own with two files in it."""
    place = f"{PROXIED}artifacts/{uuid.uuid4().hex}"
    assert wire.request("PUT", f"{place}/d/a.txt", b"0123456789").status == 200
    assert wire.request("PUT", f"{place}/b.png", b"\x89PNG").status == 200
    return place


@pytest.fixture
def run_id(wire: Wire) -> str:
    """A run with the file ``d/a.txt``."""
    experiment_id = wire.experiment()
    made = wire.run(experiment_id)
    path = f"{PROXIED}artifacts/{experiment_id}/{made}/artifacts/d/a.txt"
    assert wire.request("PUT", path, b"text").status == 200
    return made


def refusal(answer: Answer) -> tuple[int, str, str]:
    told: Any = answer.json()
    return answer.status, told["error_code"], told["message"]


def test_upload_and_download(wire: Wire, folder: str) -> None:
    for prefix in ("/api", "/ajax-api"):
        answer = wire.request("GET", folder.replace("/api", prefix) + "/d/a.txt")
        assert (answer.status, answer.body) == (200, b"0123456789")
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert wire.request("GET", folder + "/b.png").headers["content-type"] == "image/png"
    part = wire.request("GET", folder + "/d/a.txt", headers={"Range": "bytes=2-4"})
    assert part.status in ((206,) if wire.clew else (200, 206))
    if part.status == 206:
        assert (part.body, part.headers["content-range"]) == (b"234", "bytes 2-4/10")
    head = wire.request("HEAD", folder + "/d/a.txt")
    assert (head.status, head.body) == (200, b"")
    missing = refusal(wire.request("GET", folder + "/none"))
    assert missing[:2] == (404, "RESOURCE_DOES_NOT_EXIST")
    if wire.clew:
        assert "No such artifact: '" in missing[2]
        assert refusal(wire.request("GET", folder + "/d"))[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert wire.request(
        "GET", folder.replace("/mlflow-artifacts", "//mlflow-artifacts") + "/d/a.txt"
    ).status == 200 or (not wire.clew)


def test_listing_of_proxied_files(wire: Wire, folder: str) -> None:
    def listed(path: str) -> Any:
        answer = wire.request("GET", PROXIED + "artifacts", query={"path": path})
        assert answer.status == 200, answer.body
        return answer.json()

    root = folder.removeprefix(PROXIED + "artifacts/")
    files = [{"path": "b.png", "is_dir": False, "file_size": 4}, {"path": "d", "is_dir": True}]
    assert listed(root) == {"files": files}
    assert listed(root + "/d/a.txt") == {}
    assert listed(root + "/none") == {}
    bad = refusal(wire.request("GET", PROXIED + "artifacts", query={"path": "../x"}))
    assert bad[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert "Invalid path" in bad[2]


def test_deletion(wire: Wire, folder: str) -> None:
    for _ in range(2 if wire.clew else 1):
        assert wire.request("DELETE", folder).status == 200
    assert wire.request("GET", folder + "/d/a.txt").status == 404


@pytest.mark.parametrize("verb", ["create", "complete", "abort"])
def test_multipart_uploads_are_not_for_disks(wire: Wire, verb: str) -> None:
    fields = {"path": "a.bin", "num_parts": 2, "upload_id": "u", "parts": [{"part_number": 1, "etag": "e"}]}
    answer = wire.request("POST", f"{PROXIED}mpu/{verb}/some/folder", json.dumps(fields).encode(), JSON)
    text = "Multipart upload is not supported for the current artifact repository"
    status, code, message = refusal(answer)
    assert (status, code) == (501, "NOT_IMPLEMENTED")
    assert text in message


def test_signed_downloads_are_not_for_disks(wire: Wire, folder: str) -> None:
    answer = wire.request("GET", folder.replace("/artifacts/", "/presigned/", 1) + "/b.png")
    assert refusal(answer)[:2] == (501, "NOT_IMPLEMENTED")


def test_list_artifacts(wire: Wire, run_id: str) -> None:
    top = wire.ok("list_artifacts", run_id=run_id)
    assert top["files"] == [{"path": "d", "is_dir": True}]
    assert top["root_uri"].endswith(f"{run_id}/artifacts")
    below = wire.ok("list_artifacts", run_uuid=run_id, path="d")["files"]
    assert below == [{"path": "d/a.txt", "is_dir": False, "file_size": 4}]
    assert list(wire.ok("list_artifacts", run_id=run_id, path="none")) == ["root_uri"]
    wire.invalid("list_artifacts", "Invalid path", run_id=run_id, path="../x")
    wire.absent("list_artifacts", "not found", run_id="0" * 32)
    assert wire.call("list_artifacts").status in ((400,) if wire.clew else (400, 404))


def test_get_artifact(wire: Wire, run_id: str) -> None:
    for by in ("run_id", "run_uuid"):
        answer = wire.request("GET", "/get-artifact", query={by: run_id, "path": "d/a.txt"})
        assert (answer.status, answer.body) == (200, b"text")
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert wire.request("GET", "/get-artifact", query={"run_id": run_id, "path": "none"}).status == 404 or not wire.clew
    bad = wire.request("GET", "/get-artifact", query={"run_id": run_id, "path": "../../x"})
    assert refusal(bad)[:2] == (400, "INVALID_PARAMETER_VALUE")


def test_upload_artifact(wire: Wire, run_id: str) -> None:
    path = "/ajax-api/2.0/mlflow/upload-artifact"
    query = {"run_uuid": run_id, "path": "up/new.txt"}
    assert wire.request("POST", path, b"new", query=query).status == 200
    assert wire.request("GET", "/get-artifact", query={"run_id": run_id, "path": "up/new.txt"}).body == b"new"
    for given, body, text in (
        ({"path": "p"}, b"x", "Request must specify run_uuid."),
        ({"run_uuid": run_id}, b"x", "Request must specify path."),
        (query, b"", "Request must specify data."),
        (query, b"x" * ((10 << 20) + 1), "Artifact size is too large. Max size is 10MB."),
    ):
        status, code, message = refusal(wire.request("POST", path, body, query=given))
        assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
        assert text in message


def test_server_info_health_and_version(wire: Wire) -> None:
    for prefix in ("/api", "/ajax-api"):
        info = wire.request("GET", f"{prefix}/3.0/mlflow/server-info").json()
        assert info["store_type"] == "SqlStore"
        assert info["workspaces_enabled"] is False
    assert wire.request("GET", "/health").body == b"OK"
    assert wire.request("GET", "/version").body == b"3.17.2"
