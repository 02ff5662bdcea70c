"""A server whose files lie in a bucket: the same routes, and addresses by which clients use the bucket itself."""

from __future__ import annotations

import http.client
import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from buckets import SECRET
from clew.artifacts.roots import open_root
from clew.server.app import App
from clew.server.context import Site
from clew.storage.store import Store

from .conftest import API, NATIVE, Tracker
from .test_uploads import PART, begin, send, sha256

PROXY = "/api/2.0/mlflow-artifacts/"
ARTIFACTS = PROXY + "artifacts"


@contextmanager
def serve(tmp_path: Path, destination: str) -> Iterator[Tracker]:
    store = Store.open(f"sqlite:///{tmp_path / 'lite.db'}", background=False)
    tracker = Tracker(App(Site(store, open_root(destination))))
    try:
        yield tracker
    finally:
        tracker.close()
        store.close()


@pytest.fixture
def remote(tmp_path: Path, s3_bucket: str) -> Iterator[Tracker]:
    """A client of a server that keeps its files in S3."""
    with serve(tmp_path, s3_bucket + "/pre/fix") as client:
        yield client


def fetch(method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None) -> tuple[int, str, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    connection.request(method, f"{parts.path}?{parts.query}", body, headers or {})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.getheader("ETag", ""), content


def test_upload_download_list_delete(remote: Tracker) -> None:
    run_id = remote.new_run()
    root = f"0/{run_id}/artifacts"
    assert remote.request("PUT", f"{ARTIFACTS}/{root}/d/a.txt", [b"hel", b"lo"]).status == 200
    answer = remote.get(f"{ARTIFACTS}/{root}/d/a.txt")
    assert (answer.status, answer.body) == (200, b"hello")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-clew-sha256"] == sha256(b"hello")
    assert remote.get("/get-artifact", run_id=run_id, path="d/a.txt").body == b"hello"
    assert remote.get(ARTIFACTS, path=root).json() == {"files": [{"path": "d", "is_dir": True}]}
    listed = remote.get(API + "artifacts/list", run_id=run_id, path="d").json()["files"]
    assert listed == [{"path": "d/a.txt", "is_dir": False, "file_size": 5}]
    (native,) = remote.get(NATIVE + "artifacts/list", run_id=run_id, path="d").json()["files"]
    assert native["sha256"] == sha256(b"hello")
    with zipfile.ZipFile(io.BytesIO(remote.get(NATIVE + "artifacts/zip", run_id=run_id).body)) as found:
        assert found.read("d/a.txt") == b"hello"
    for _ in range(2):
        assert remote.request("DELETE", f"{ARTIFACTS}/{root}/d").status == 200
    assert remote.get(f"{ARTIFACTS}/{root}/d/a.txt").status == 404
    assert remote.get(f"{ARTIFACTS}/{root}").status == 404


@pytest.mark.parametrize(
    ("wanted", "status", "body"),
    [("bytes=0-3", 206, b"0123"), ("bytes=-2", 206, b"89"), ("bytes=0-", 200, b"0123456789"), ("bytes=10-", 416, b"")],
)
def test_ranges(remote: Tracker, wanted: str, status: int, body: bytes) -> None:
    remote.request("PUT", f"{ARTIFACTS}/n.bin", b"0123456789")
    answer = remote.request("GET", f"{ARTIFACTS}/n.bin", headers={"range": wanted})
    assert (answer.status, answer.body) == (status, body)
    head = remote.request("HEAD", f"{ARTIFACTS}/n.bin")
    assert (head.headers["content-length"], head.body) == ("10", b"")


def test_a_wrong_checksum_stores_nothing(remote: Tracker) -> None:
    assert remote.request("PUT", f"{ARTIFACTS}/a", b"x", {"x-clew-sha256": sha256(b"y")}).status == 400
    assert remote.get(ARTIFACTS).json() == {}


def test_a_large_file_in_parts(remote: Tracker) -> None:
    data = os.urandom(PART) + b"the rest"
    upload_id = begin(remote, "d/large", len(data))["upload_id"]
    for part in (1, 0):
        assert send(remote, upload_id, part, data[part * PART : (part + 1) * PART]).status == 200
    assert remote.get(ARTIFACTS).json() == {}
    remote.ok(f"{NATIVE}artifacts/uploads/{upload_id}/complete", {"sha256": sha256(data)})
    assert remote.get(f"{ARTIFACTS}/d/large").body == data


def test_clients_send_parts_to_the_bucket(remote: Tracker) -> None:
    body = bytes(5 << 20) + b"end"
    made = remote.ok(PROXY + "mpu/create/0/r/artifacts/d", {"path": "/data/f.bin", "num_parts": 2})
    parts = []
    for credential in made["credentials"]:
        number = credential["part_number"]
        status, etag, _ = fetch("PUT", credential["url"], body[(number - 1) * (5 << 20) : number * (5 << 20)])
        assert status == 200
        parts.append({"part_number": number, "etag": etag, "url": credential["url"]})
    fields = {"path": "/data/f.bin", "upload_id": made["upload_id"], "parts": parts}
    assert remote.ok(PROXY + "mpu/complete/0/r/artifacts/d", fields) == {}
    assert remote.get(f"{ARTIFACTS}/0/r/artifacts/d/f.bin").body == body
    signed = remote.get(PROXY + "presigned/0/r/artifacts/d/f.bin").json()
    assert (signed["file_size"], signed["headers"]) == (len(body), {})
    assert fetch("GET", signed["url"], headers={"Range": "bytes=-3"})[2] == b"end"
    assert SECRET not in signed["url"]
    again = remote.ok(PROXY + "mpu/create", {"path": "g", "num_parts": 1})
    assert remote.ok(PROXY + "mpu/abort", {"path": "g", "upload_id": again["upload_id"]}) == {}


def test_what_is_wrong_with_such_requests(remote: Tracker) -> None:
    for fields in ({"num_parts": 1}, {"path": "f", "num_parts": 0}, {"path": "f", "num_parts": 10_001}, {"path": ".."}):
        assert remote.post(PROXY + "mpu/create/d", fields).status == 400
    assert remote.post(PROXY + "mpu/complete/d", {"path": "f", "upload_id": "u"}).status == 400
    assert remote.post(PROXY + "mpu/other/d", {"path": "f"}).status == 404
    assert remote.get(PROXY + "mpu/create/d").status == 405
    assert remote.get(PROXY + "presigned/none").status == 404


def test_mlflow_is_told_what_it_may_use(remote: Tracker, lite: Tracker) -> None:
    told = remote.get("/api/3.0/mlflow/server-info").json()
    assert (told["multipart_uploads_enabled"], told["multipart_downloads_enabled"]) == (True, True)
    assert lite.get("/ajax-api/3.0/mlflow/server-info").json()["multipart_uploads_enabled"] is False


def test_without_keys_in_the_environment_files_pass_through_the_server(
    remote: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    answer = remote.post(PROXY + "mpu/create/d", {"path": "f", "num_parts": 1})
    assert answer.status == 501
    assert answer.message.startswith("Multipart upload is not supported for the current artifact repository")


def test_runs_in_buckets_are_listed_and_downloaded(lite: Tracker, s3_bucket: str) -> None:
    number = lite.new_experiment("far", artifact_location=s3_bucket + "/far")
    run_id = lite.new_run(number)
    upload = open_root(f"{s3_bucket}/far/{run_id}/artifacts").create("d/a.txt")
    upload.write(b"here")
    upload.commit()
    assert lite.get(API + "artifacts/list", run_id=run_id).json()["files"] == [{"path": "d", "is_dir": True}]
    assert lite.get("/get-artifact", run_id=run_id, path="d/a.txt").body == b"here"
    assert lite.get(NATIVE + "artifacts/view", run_id=run_id, path="d/a.txt").body == b"here"


@pytest.mark.parametrize("destination", ["s3://no-such-bucket/x", "s3://away/x"])
def test_failures_are_told(tmp_path: Path, s3_bucket: str, monkeypatch: pytest.MonkeyPatch, destination: str) -> None:
    if "away" in destination:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with serve(tmp_path, destination) as client:
        for answer in (
            client.request("PUT", f"{ARTIFACTS}/a", b"x"),
            client.get(ARTIFACTS),
            client.get(f"{ARTIFACTS}/a"),
            client.request("DELETE", f"{ARTIFACTS}/a"),
            client.post(PROXY + "mpu/create/d", {"path": "f", "num_parts": 1}),
            client.get(PROXY + "presigned/a"),
        ):
            assert answer.status == (503 if "away" in destination else 404), answer.text
            assert SECRET not in answer.text
