"""Artifact routes: upload, download with ranges, list, delete, and what is refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from clew.artifacts.local import LocalStore

from .conftest import API, NATIVE, AppClient, Tracker

ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


def put(client: AppClient, path: str, body: bytes = b"data") -> None:
    assert client.request("PUT", f"{ARTIFACTS}/{path}", body).status == 200


def test_upload_download_list_delete(lite: Tracker) -> None:
    assert lite.request("PUT", f"{ARTIFACTS}/1/r/artifacts/d/a.txt", [b"hel", b"lo"]).status == 200
    answer = lite.get(f"{ARTIFACTS}/1/r/artifacts/d/a.txt")
    assert (answer.status, answer.body) == (200, b"hello")
    headers = answer.headers
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["content-disposition"] == 'attachment; filename="a.txt"'
    assert headers["content-length"] == "5"
    assert headers["accept-ranges"] == "bytes"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["last-modified"].endswith("GMT")
    put(lite, "1/r/artifacts/b.bin", b"12")
    assert lite.get(ARTIFACTS, path="1/r/artifacts").json() == {
        "files": [{"path": "b.bin", "is_dir": False, "file_size": 2}, {"path": "d", "is_dir": True}]
    }
    assert lite.get(ARTIFACTS, path="1/r/artifacts/b.bin").json() == {}
    assert lite.get(ARTIFACTS, path="nowhere").json() == {}
    for _ in range(2):
        assert lite.request("DELETE", f"{ARTIFACTS}/1/r/artifacts/d").status == 200
    missing = lite.get(f"{ARTIFACTS}/1/r/artifacts/d/a.txt")
    assert (missing.status, missing.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert missing.message == "No such artifact: '1/r/artifacts/d/a.txt'"


def test_an_upload_replaces_in_one_step(lite: Tracker) -> None:
    put(lite, "x.txt", b"old")
    put(lite, "x.txt", b"newer")
    assert lite.get(f"{ARTIFACTS}/x.txt").body == b"newer"
    assert lite.get(ARTIFACTS).json()["files"] == [{"path": "x.txt", "is_dir": False, "file_size": 5}]


def test_an_upload_that_breaks_off_leaves_nothing(lite: Tracker, tmp_path: Path) -> None:
    class Broken(list[bytes]):
        def __len__(self) -> int:
            return 99  # promises more than comes

    with pytest.raises(AssertionError, match="no answer"):
        lite.request("PUT", f"{ARTIFACTS}/half.bin", Broken([b"half"]))
    assert lite.get(ARTIFACTS).json() == {}
    assert [p for p in (tmp_path / "artifacts").rglob("*") if p.is_file()] == []


@pytest.mark.parametrize(
    ("wanted", "status", "body"),
    [
        ("bytes=0-3", 206, b"0123"),
        ("bytes=4-", 206, b"456789"),
        ("bytes=-2", 206, b"89"),
        ("bytes=8-99", 206, b"89"),
        ("bytes=0-", 200, b"0123456789"),
        ("bytes=-99", 200, b"0123456789"),
        ("bytes=10-", 416, b""),
        ("bytes=-0", 416, b""),
        ("bytes=3-1", 200, b"0123456789"),
        (f"bytes=0-{'9' * 5000}", 200, b"0123456789"),
        ("bytes=0-1,4-5", 200, b"0123456789"),
        ("lines=1-2", 200, b"0123456789"),
        ("bytes=-", 200, b"0123456789"),
    ],
)
def test_ranges(lite: Tracker, wanted: str, status: int, body: bytes) -> None:
    put(lite, "n.bin", b"0123456789")
    answer = lite.request("GET", f"{ARTIFACTS}/n.bin", headers={"range": wanted})
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers["content-length"] == str(len(body))
    if status == 206:
        start = b"0123456789".index(body)
        assert answer.headers["content-range"] == f"bytes {start}-{start + len(body) - 1}/10"
    if status == 416:
        assert answer.headers["content-range"] == "bytes */10"


def test_versions_by_etag(lite: Tracker) -> None:
    put(lite, "v.bin", b"0123456789")
    etag = lite.get(f"{ARTIFACTS}/v.bin").headers["etag"]
    same = lite.request("GET", f"{ARTIFACTS}/v.bin", headers={"if-none-match": etag})
    assert (same.status, same.body) == (304, b"")
    for known in ("*", f'"other", {etag}', f"W/{etag}"):
        assert lite.request("GET", f"{ARTIFACTS}/v.bin", headers={"if-none-match": known}).status == 304
    assert lite.request("GET", f"{ARTIFACTS}/v.bin", headers={"if-none-match": '"other"'}).status == 200
    part = {"range": "bytes=1-2", "if-range": etag}
    assert lite.request("GET", f"{ARTIFACTS}/v.bin", headers=part).body == b"12"
    put(lite, "v.bin", b"9876543210!")
    assert lite.request("GET", f"{ARTIFACTS}/v.bin", headers=part).body == b"9876543210!"


def test_head_has_the_headers_only(lite: Tracker) -> None:
    put(lite, "h.png", b"12345")
    answer = lite.request("HEAD", f"{ARTIFACTS}/h.png")
    assert (answer.status, answer.body) == (200, b"")
    assert (answer.headers["content-length"], answer.headers["content-type"]) == ("5", "image/png")


def test_empty_and_large_files(lite: Tracker) -> None:
    put(lite, "empty", b"")
    assert lite.get(f"{ARTIFACTS}/empty").body == b""
    body = bytes(range(256)) * 12_345
    lite.request("PUT", f"{ARTIFACTS}/large", [body[i : i + 65_536] for i in range(0, len(body), 65_536)])
    assert lite.get(f"{ARTIFACTS}/large").body == body


@pytest.mark.parametrize(
    "name", ["a%b.png", "a+b.png", "a b.txt", "größe.txt", "学習.bin", "a%2Fb", "x%step%23%ts.png"]
)
def test_names_survive_unchanged(lite: Tracker, name: str) -> None:
    put(lite, f"names/{name}")
    (found,) = lite.get(ARTIFACTS, path="names").json()["files"]
    assert found["path"] == name
    answer = lite.get(f"{ARTIFACTS}/names/{name}")
    assert answer.body == b"data"
    if not name.isascii():
        assert f"filename*=UTF-8''{quote(name)}" in answer.headers["content-disposition"]


def test_folders_are_no_files_and_files_no_folders(lite: Tracker) -> None:
    put(lite, "d/f")
    assert lite.get(f"{ARTIFACTS}/d").status == 400
    for path in ("d", "d/", "d/f/g", "new/"):
        assert lite.request("PUT", f"{ARTIFACTS}/{path}", b"x").status == 400
    assert lite.request("DELETE", f"{ARTIFACTS}/.").status == 400
    assert lite.request("PUT", f"{ARTIFACTS}/{'n' * 300}", b"x").status == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "mpu/create/a"), ("POST", "mpu/complete/a"), ("POST", "mpu/abort/a"), ("GET", "presigned/a.txt")],
)
def test_multipart_and_presigned_are_not_offered(lite: Tracker, method: str, path: str) -> None:
    answer = lite.request(method, f"/api/2.0/mlflow-artifacts/{path}", b'{"path": "x"}')
    assert (answer.status, answer.json()["error_code"]) == (501, "NOT_IMPLEMENTED")
    if "mpu" in path:
        assert answer.message == "Multipart upload is not supported for the current artifact repository"


def test_files_of_a_run(client: Tracker) -> None:
    run_id = client.new_run()
    root = f"mlflow-artifacts:/0/{run_id}/artifacts"
    listing = API + "artifacts/list"
    assert client.get(listing, run_id=run_id).json() == {"root_uri": root}
    put(client, f"0/{run_id}/artifacts/d/a.txt", b"hello")
    assert client.get(listing, run_uuid=run_id).json()["files"] == [{"path": "d", "is_dir": True}]
    inner = client.get(listing, run_id=run_id, path="d").json()
    assert inner == {"root_uri": root, "files": [{"path": "d/a.txt", "is_dir": False, "file_size": 5}]}
    for path in ("/get-artifact", "//get-artifact"):
        assert client.get(path, run_uuid=run_id, path="d/a.txt").body == b"hello"
    assert client.get("/get-artifact", run_id=run_id, path="none").status == 404
    assert client.get("/get-artifact", run_id="0" * 32, path="x").status == 404
    assert "'run_id'" in client.get("/get-artifact", path="x").message
    assert "'path'" in client.get("/get-artifact", run_id=run_id).message


def test_small_uploads_of_the_browser(lite: Tracker) -> None:
    path, run_id = "/ajax-api/2.0/mlflow/upload-artifact", lite.new_run()
    assert lite.request("POST", path, b"x", {}, {"run_uuid": run_id, "path": "n/a.txt"}).status == 200
    assert lite.get("/get-artifact", run_id=run_id, path="n/a.txt").body == b"x"
    assert lite.request("POST", path, b"x", {}, {"path": "a"}).message == "Request must specify run_uuid."
    assert lite.request("POST", path, b"x", {}, {"run_uuid": run_id}).message == "Request must specify path."
    place = {"run_uuid": run_id, "path": "a"}
    assert lite.request("POST", path, b"", {}, place).message == "Request must specify data."
    large = [b"x" * (6 << 20)] * 2
    assert lite.request("POST", path, large, {}, place).message == "Artifact size is too large. Max size is 10MB."


def test_files_of_a_logged_model(lite: Tracker) -> None:
    model = lite.ok(API + "logged-models", {"experiment_id": "0"})["model"]["info"]
    put(lite, f"0/models/{model['model_id']}/artifacts/sub/MLmodel", b"flavors: {}")
    at = f"{API}logged-models/{model['model_id']}/artifacts/"
    listed = lite.get(at + "directories", artifact_directory_path="sub").json()
    assert listed["root_uri"] == model["artifact_uri"]
    assert listed["files"] == [{"path": "sub/MLmodel", "is_dir": False, "file_size": 11}]
    ajax = at.replace("/api/", "/ajax-api/")
    answer = lite.get(ajax + "files", artifact_file_path="sub/MLmodel")
    assert (answer.body, answer.headers["content-type"]) == (b"flavors: {}", "text/plain; charset=utf-8")
    assert lite.get(ajax.replace("m-", "m-x") + "files", artifact_file_path="a").status == 404


def test_runs_in_local_folders_are_listed_and_downloaded(lite: Tracker, tmp_path: Path) -> None:
    root = tmp_path / "local root"
    number = lite.new_experiment("local", artifact_location=f"file://{quote(str(root))}")
    run_id = lite.new_run(number)
    folder = root / run_id / "artifacts"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("here")
    assert lite.get(API + "artifacts/list", run_id=run_id).json()["files"][0]["path"] == "a.txt"
    assert lite.get("/get-artifact", run_id=run_id, path="a.txt").body == b"here"
    # a server that others reach serves only the folders it was given
    lite.app.site.local_roots = (str(tmp_path / "artifacts"),)
    for answer in (
        lite.get("/get-artifact", run_id=run_id, path="a.txt"),
        lite.get(API + "artifacts/list", run_id=run_id),
    ):
        assert answer.status == 403
        assert "--default-artifact-root" in answer.message
    lite.app.site.local_roots = (str(root),)
    assert lite.get("/get-artifact", run_id=run_id, path="a.txt").body == b"here"


def test_other_schemes_are_named(lite: Tracker) -> None:
    number = lite.new_experiment("far", artifact_location="hdfs://host/x")
    answer = lite.get(API + "artifacts/list", run_id=lite.new_run(number))
    assert answer.status == 501
    assert "scheme 'hdfs' is not supported; supported are mlflow-artifacts:/" in answer.message


def test_absolute_proxy_addresses_are_ours(lite: Tracker) -> None:
    place = "http://localhost:5000/api/2.0/mlflow-artifacts/artifacts/far"
    run_id = lite.new_run(lite.new_experiment("absolute", artifact_location=place))
    put(lite, f"far/{run_id}/artifacts/a.txt")
    assert lite.get("/get-artifact", run_id=run_id, path="a.txt").body == b"data"


VIEW = NATIVE + "artifacts/view"
ZIP = NATIVE + "artifacts/zip"


def test_viewers_get_a_file_inline_in_a_sandbox(lite: Tracker) -> None:
    run_id = lite.new_run()
    put(lite, f"0/{run_id}/artifacts/d/report.html", b"<script>1</script>")
    for method in ("GET", "HEAD"):
        answer = lite.request(method, VIEW, query={"run_id": run_id, "path": "d/report.html"})
        assert answer.status == 200
        assert answer.headers["content-disposition"] == 'inline; filename="report.html"'
        policy = answer.headers["content-security-policy"].split("; ")
        assert {"sandbox", "default-src 'none'", "frame-ancestors 'self'"} <= set(policy)
        assert answer.headers["content-type"] == "text/html"
        assert answer.headers["x-content-type-options"] == "nosniff"
    part = lite.request("GET", VIEW, headers={"range": "bytes=0-0"}, query={"run_id": run_id, "path": "d/report.html"})
    assert (part.status, part.body) == (206, b"<")
    assert lite.get(VIEW, run_id=run_id).status == 400
    assert lite.get(VIEW, path="x").status == 400
    assert lite.request("POST", VIEW, b"", query={"run_id": run_id, "path": "x"}).status == 405
    model = lite.ok(API + "logged-models", {"experiment_id": "0"})["model"]["info"]["model_id"]
    put(lite, f"0/models/{model}/artifacts/a.png", b"png")
    assert lite.get(VIEW, model_id=model, path="a.png").headers["content-type"] == "image/png"


def test_a_folder_comes_as_a_zip(lite: Tracker) -> None:
    run_id = lite.new_run()
    put(lite, f"0/{run_id}/artifacts/d/a.txt", b"1")
    put(lite, f"0/{run_id}/artifacts/d/e/b.txt", b"2")
    put(lite, f"0/{run_id}/artifacts/c.txt", b"3")
    answer = lite.get(ZIP, run_id=run_id, path="d")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="d.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.body)) as found:
        assert {name: found.read(name) for name in found.namelist()} == {"a.txt": b"1", "e/b.txt": b"2"}
    whole = lite.get(ZIP, run_id=run_id)
    assert whole.headers["content-disposition"] == 'attachment; filename="artifacts.zip"'
    with zipfile.ZipFile(io.BytesIO(whole.body)) as found:
        assert found.namelist() == ["c.txt", "d/a.txt", "d/e/b.txt"]
    for path in ("none", "c.txt"):
        assert lite.get(ZIP, run_id=run_id, path=path).status == 404


def test_a_client_that_leaves_stops_the_reading(lite: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    put(lite, "large", bytes(1000))
    read: list[int] = []

    def endless(_self: LocalStore, _path: str, _start: int = 0, _stop: int | None = None) -> Iterator[bytes]:
        try:
            while len(read) < 1000:
                read.append(1)
                yield bytes(10)
        finally:
            read.append(0)

    monkeypatch.setattr(LocalStore, "read", endless)
    with pytest.raises(AssertionError):
        lite.request("GET", f"{ARTIFACTS}/large", leave=True)
    assert read[-1] == 0
    assert len(read) < 20
