"""Folders become zips that any program can unpack, without a temporary file."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.artifacts import archive
from clew.artifacts.local import LocalStore
from clew.artifacts.store import Entry
from clew.errors import NotFound


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(str(tmp_path / "root"))


def write(store: LocalStore, path: str, data: bytes) -> None:
    upload = store.create(path)
    upload.write(data)
    upload.commit()


def unpacked(store: LocalStore, folder: str = "") -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(b"".join(archive.zipped(("", store, folder))))) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


def test_every_file_below_a_folder(store: LocalStore) -> None:
    files = {"a.txt": b"1", "d/b.bin": bytes(range(256)) * 9000, "d/größe/c": b""}
    for name, data in files.items():
        write(store, "top/" + name, data)
    write(store, "other", b"no")
    assert unpacked(store, "top") == files
    assert list(unpacked(store)) == ["other", *(f"top/{name}" for name in files)]
    assert unpacked(store, "none") == {}


def test_links_are_left_out(store: LocalStore, tmp_path: Path) -> None:
    write(store, "d/f", b"1")
    (tmp_path / "root" / "d" / "circle").symlink_to(tmp_path / "root" / "d")
    (tmp_path / "root" / "d" / "out").symlink_to(tmp_path)
    assert unpacked(store) == {"d/f": b"1"}


class Odd:
    """A store whose names a zip must not carry, and one file that vanished."""

    def entries(self, path: str) -> list[Entry]:
        names = ["..\\x", "C:y", "gone"] if not path else []
        return [Entry(name=name, is_dir=False, size=1, modified_s=0) for name in names]

    def read(self, path: str) -> Iterator[bytes]:
        if path == "gone":
            raise NotFound("gone")
        yield b"1"


def test_names_are_safe_to_unpack() -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(archive.zipped(("", Odd(), ""))))) as found:  # type: ignore[arg-type]
        assert found.namelist() == [".._x", "C_y"]


def test_large_files_use_zip64(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_ZIP64_BYTES", 10)
    write(store, "f", b"0123456789ab")
    assert unpacked(store) == {"f": b"0123456789ab"}


def test_memory_is_flat(store: LocalStore) -> None:
    upload = store.create("large")
    for i in range(64):
        upload.write(bytes([i]) * (1 << 20))
    upload.commit()
    tracemalloc.start()
    size = sum(len(piece) for piece in archive.zipped(("", store, "")))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 64_000
    assert peak < 8 << 20
