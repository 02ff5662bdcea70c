"""Large files travel in parts and ranges, go on where they broke off, and arrive as they were."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from clew.client import fetch, parts, upload
from clew.client.api import ClewClient
from clew.client.http import Answer, HttpSender
from clew.errors import Corrupt, NotFound, Unavailable

Fetched = tuple[int, Mapping[str, str], Iterator[bytes]]
SIZE = (65 << 20) + 3


@pytest.fixture
def sender(store: str) -> HttpSender:
    return ClewClient(store)._link.target.sender


@pytest.fixture
def large(tmp_path: Path) -> str:
    file = tmp_path / "large.bin"
    file.write_bytes(os.urandom(SIZE))
    return str(file)


class Calls:
    """Notes the requests of a sender, and breaks those that ``broken`` names."""

    def __init__(self, sender: HttpSender, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[str] = []
        self.broken = ""
        send, get = sender.send, sender.fetch

        def noted(method: str, path: str, *rest: Any, **more: Any) -> Answer:
            self._note(f"{method} {path}")
            return send(method, path, *rest, **more)

        def fetched(path: str, headers: Mapping[str, str] | None = None) -> Fetched:
            self._note(f"GET {path} {(headers or {}).get('Range', '')}")
            return get(path, headers)

        monkeypatch.setattr(sender, "send", noted)
        monkeypatch.setattr(sender, "fetch", fetched)

    def _note(self, call: str) -> None:
        if self.broken and self.broken in call:
            raise Unavailable("broken for the test")
        self.seen.append(call)

    def count(self, text: str) -> int:
        return sum(text in call for call in self.seen)


def sha256(file: str) -> str:
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def test_a_large_artifact_goes_in_parts_and_comes_in_ranges(
    store: str, large: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = ClewClient(store)
    run_id = client.create_run("0").info.run_id
    calls = Calls(client._link.target.sender, monkeypatch)
    client.log_artifact(run_id, large, "d")
    assert calls.count("/parts/") == 5
    found = client.download_artifacts(run_id, "d/large.bin", tmp_path)
    assert sha256(found) == sha256(large)
    assert calls.count("bytes=") == 5
    assert sorted(p.name for p in (tmp_path / "d").iterdir()) == ["large.bin"]


def test_an_upload_goes_on_where_it_broke_off(sender: HttpSender, large: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_TRIES", 1)
    calls = Calls(sender, monkeypatch)
    calls.broken = "/parts/4"
    with pytest.raises(Unavailable):
        parts.put_in_parts(sender, "x/large.bin", large, upload.PROXY)
    first = calls.count("/parts/")
    assert first >= 1
    calls.broken = ""
    parts.put_in_parts(sender, "x/large.bin", large, upload.PROXY)
    assert calls.count("/parts/") == 5
    head = sender.send("HEAD", upload.PROXY + "/x/large.bin")
    assert head.headers["x-clew-sha256"] == sha256(large)


def test_an_upload_whose_last_answer_was_lost_is_done(
    sender: HttpSender, large: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = sender.send
    lost: list[str] = []

    def losing(method: str, path: str, *rest: Any, **more: Any) -> Answer:
        answer = send(method, path, *rest, **more)
        if path.endswith("/complete") and not lost:
            lost.append(path)
            raise Unavailable("the answer was lost")
        return answer

    monkeypatch.setattr(sender, "send", losing)
    parts.put_in_parts(sender, "large.bin", large, upload.PROXY)
    assert lost
    assert send("HEAD", upload.PROXY + "/large.bin").headers["content-length"] == str(SIZE)


def test_a_download_goes_on_where_it_broke_off(
    sender: HttpSender, large: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "_TRIES", 1)
    parts.put_in_parts(sender, "large.bin", large, upload.PROXY)
    calls = Calls(sender, monkeypatch)
    goal, address = str(tmp_path / "got" / "large.bin"), upload.PROXY + "/large.bin"
    calls.broken = f"bytes={4 * (16 << 20)}-"
    with pytest.raises(Unavailable):
        fetch.get_file(sender, address, goal, SIZE)
    assert not os.path.exists(goal)
    calls.broken = ""
    fetch.get_file(sender, address, goal, SIZE)
    assert calls.count("bytes=") == 5
    assert sha256(goal) == sha256(large)
    assert os.listdir(tmp_path / "got") == ["large.bin"]


def test_a_file_that_changed_meanwhile_is_fetched_anew(
    sender: HttpSender, large: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "_TRIES", 1)
    parts.put_in_parts(sender, "large.bin", large, upload.PROXY)
    calls = Calls(sender, monkeypatch)
    goal, address = str(tmp_path / "got" / "large.bin"), upload.PROXY + "/large.bin"
    calls.broken = f"bytes={4 * (16 << 20)}-"
    with pytest.raises(Unavailable):
        fetch.get_file(sender, address, goal, SIZE)
    calls.broken = ""
    Path(large).write_bytes(os.urandom(SIZE))
    parts.put_in_parts(sender, "large.bin", large, upload.PROXY)
    fetch.get_file(sender, address, goal, SIZE)
    assert sha256(goal) == sha256(large)


def test_other_bytes_than_were_stored_are_not_kept(
    sender: HttpSender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, goal = tmp_path / "a", tmp_path / "b"
    source.write_bytes(b"hello")
    upload.put_file(sender, "mlflow-artifacts:/", "a", str(source), native=True)
    get = sender.fetch

    def flipped(path: str, headers: Mapping[str, str] | None = None) -> Fetched:
        status, about, pieces = get(path, headers)
        return status, about, iter([b"".join(pieces).replace(b"h", b"j")])

    monkeypatch.setattr(sender, "fetch", flipped)
    with pytest.raises(Corrupt, match="fetch it again"):
        fetch.get_file(sender, upload.PROXY + "/a", str(goal))
    assert not goal.exists()
    with pytest.raises(NotFound):
        fetch.get_file(sender, upload.PROXY + "/none", str(goal))
