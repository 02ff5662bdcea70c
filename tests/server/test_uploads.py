"""Checksums, and large files in parts that survive interruptions."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from pathlib import Path
from typing import Any

import pytest

from clew.server import uploads

from .conftest import NATIVE, Tracker

ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
UPLOADS = NATIVE + "artifacts/uploads"
PART = 16 << 20


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def begin(client: Tracker, path: str, size: int, key: str = "k") -> Any:
    return client.ok(UPLOADS, {"path": path, "size": size, "key": key})


def pieces(data: bytes) -> list[bytes]:
    return [data[i : i + 1_000_000] for i in range(0, len(data), 1_000_000)] or [b""]


def send(client: Tracker, upload_id: str, part: int, data: bytes, **headers: str) -> Any:
    path = f"{UPLOADS}/{upload_id}/parts/{part}"
    return client.request("PUT", path, pieces(data), {k.replace("_", "-"): v for k, v in headers.items()})


@pytest.fixture(scope="module")
def data() -> bytes:
    return os.urandom(PART) + os.urandom(PART) + b"the rest"


def test_a_download_tells_its_checksum(client: Tracker) -> None:
    client.request("PUT", f"{ARTIFACTS}/d/a.bin", b"hello")
    headers = client.get(f"{ARTIFACTS}/d/a.bin").headers
    assert headers["x-clew-sha256"] == sha256(b"hello")
    encoded = base64.b64encode(hashlib.sha256(b"hello").digest()).decode()
    assert headers["repr-digest"] == f"sha-256=:{encoded}:"


@pytest.mark.parametrize("header", ["x-clew-sha256", "repr-digest"])
def test_other_bytes_than_announced_are_refused(lite: Tracker, tmp_path: Path, header: str) -> None:
    def announced(body: bytes) -> dict[str, str]:
        if header == "x-clew-sha256":
            return {header: sha256(body)}
        return {header: f"md5=:AAAA:, sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"}

    wrong = lite.request("PUT", f"{ARTIFACTS}/a", b"hello", announced(b"hallo"))
    assert wrong.status == 400
    assert "nothing was stored" in wrong.message
    assert [p for p in (tmp_path / "artifacts").rglob("*") if p.is_file()] == []
    assert lite.request("PUT", f"{ARTIFACTS}/a", b"hello", announced(b"hello")).status == 200
    assert lite.request("PUT", f"{ARTIFACTS}/a", b"x", {"x-clew-sha256": "zz"}).status == 400


def test_a_file_that_others_changed_shows_no_checksum(lite: Tracker, tmp_path: Path) -> None:
    lite.request("PUT", f"{ARTIFACTS}/a", b"hello")
    (tmp_path / "artifacts" / "a").write_bytes(b"other")
    assert "x-clew-sha256" not in lite.get(f"{ARTIFACTS}/a").headers


def test_a_deleted_file_is_forgotten(client: Tracker) -> None:
    for path in ("d/a", "d/e/b", "da"):
        client.request("PUT", f"{ARTIFACTS}/{path}", b"1")
    client.request("DELETE", f"{ARTIFACTS}/d")
    rows = client.app.site.store.read(lambda tx: tx.all("SELECT path FROM artifact"))
    assert rows == [("da",)]


def test_the_listing_tells_size_time_and_checksum(client: Tracker) -> None:
    run_id = client.new_run()
    root = f"0/{run_id}/artifacts"
    client.request("PUT", f"{ARTIFACTS}/{root}/d/a.txt", b"hello")
    client.request("PUT", f"{ARTIFACTS}/{root}/b", b"")
    listing = client.get(NATIVE + "artifacts/list", run_id=run_id).json()
    assert listing["root_uri"] == f"mlflow-artifacts:/{root}"
    file, folder = listing["files"]
    assert folder == {"path": "d", "is_dir": True}
    assert (file["path"], file["size"], file["sha256"]) == ("b", 0, sha256(b""))
    assert abs(file["modified"] / 1000 - time.time()) < 3600
    (inner,) = client.get(NATIVE + "artifacts/list", run_id=run_id, path="d").json()["files"]
    assert (inner["path"], inner["sha256"]) == ("d/a.txt", sha256(b"hello"))
    assert client.get(NATIVE + "artifacts/list").status == 400
    assert client.get(NATIVE + "artifacts/list", run_id=run_id, model_id="m").status == 400


def test_parts_in_any_order_become_the_file(client: Tracker, data: bytes) -> None:
    state = begin(client, "d/large.bin", len(data))
    assert (state["part_bytes"], state.get("parts")) == (PART, None)
    upload_id = state["upload_id"]
    for part in (2, 0, 1):
        extent = data[part * PART : (part + 1) * PART]
        assert send(client, upload_id, part, extent, x_clew_sha256=sha256(extent)).status == 200
    assert client.get(f"{ARTIFACTS}/d/large.bin").status == 404
    done = client.ok(f"{UPLOADS}/{upload_id}/complete", {"sha256": sha256(data)})
    assert done == {"path": "d/large.bin", "size": len(data), "sha256": sha256(data)}
    answer = client.get(f"{ARTIFACTS}/d/large.bin")
    assert answer.body == data
    assert answer.headers["x-clew-sha256"] == sha256(data)
    assert client.get(f"{UPLOADS}/{upload_id}").status == 404


def test_an_upload_goes_on_after_an_interruption(lite: Tracker, data: bytes) -> None:
    upload_id = begin(lite, "large", len(data))["upload_id"]
    send(lite, upload_id, 0, data[:PART])
    assert send(lite, upload_id, 1, data[PART : PART + 100]).status == 400  # broke off
    again = begin(lite, "large", len(data))
    assert again["upload_id"] == upload_id
    assert again["parts"] == [{"part": 0, "sha256": sha256(data[:PART])}]
    assert begin(lite, "large", len(data), key="another version")["upload_id"] != upload_id
    early = lite.post(f"{UPLOADS}/{upload_id}/complete", {"sha256": sha256(data)})
    assert early.status == 400
    assert "2 of 3 parts" in early.message


def test_a_whole_that_is_not_the_announced_one_is_refused(lite: Tracker, tmp_path: Path) -> None:
    upload_id = begin(lite, "f", 5)["upload_id"]
    send(lite, upload_id, 0, b"hallo")
    wrong = lite.post(f"{UPLOADS}/{upload_id}/complete", {"sha256": sha256(b"hello")})
    assert wrong.status == 400
    assert lite.get(f"{UPLOADS}/{upload_id}").status == 404
    assert [p for p in (tmp_path / "artifacts").rglob("*") if p.is_file()] == []


def test_what_is_no_part_is_refused(lite: Tracker) -> None:
    upload_id = begin(lite, "f", 5)["upload_id"]
    assert send(lite, upload_id, 1, b"x").status == 400
    assert send(lite, upload_id, 0, b"123456").status == 400
    assert send(lite, upload_id, 0, b"hello", x_clew_sha256=sha256(b"x")).status == 400
    assert send(lite, "0" * 32, 0, b"hello").status == 404
    assert lite.get(f"{UPLOADS}/{upload_id}").json().get("parts") is None
    assert lite.request("POST", f"{UPLOADS}/{upload_id}/parts/0", b"").status == 405
    for fields in ({"path": "d/", "size": 1}, {"path": "../x", "size": 1}, {"path": "x", "size": -1}, {"path": "x"}):
        assert lite.post(UPLOADS, fields).status == 400


def test_an_empty_file_has_one_part(lite: Tracker) -> None:
    upload_id = begin(lite, "empty", 0)["upload_id"]
    assert send(lite, upload_id, 0, b"").status == 200
    lite.ok(f"{UPLOADS}/{upload_id}/complete", {"sha256": sha256(b"")})
    assert lite.get(f"{ARTIFACTS}/empty").body == b""


def test_an_upload_given_up_leaves_nothing(client: Tracker, tmp_path: Path) -> None:
    upload_id = begin(client, "f", 5)["upload_id"]
    send(client, upload_id, 0, b"hello")
    for _ in range(2):
        assert client.send("DELETE", f"{UPLOADS}/{upload_id}", {}).status == 200
    assert client.get(f"{UPLOADS}/{upload_id}").status == 404
    assert [p for p in (tmp_path / "artifacts").rglob("*") if p.is_file()] == []


def test_uploads_that_nobody_goes_on_with_are_swept(client: Tracker, tmp_path: Path) -> None:
    site, now_ms = client.app.site, time.time_ns() // 1_000_000
    upload_id = begin(client, "f", 5)["upload_id"]
    send(client, upload_id, 0, b"hello")
    uploads.sweep(site, now_ms)
    assert client.get(f"{UPLOADS}/{upload_id}").status == 200
    uploads.sweep(site, now_ms + uploads.ABANDONED_MS + 60_000)
    assert client.get(f"{UPLOADS}/{upload_id}").status == 404
    assert [p for p in (tmp_path / "artifacts").rglob("*") if p.is_file()] == []
