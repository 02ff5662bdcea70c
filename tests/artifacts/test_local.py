"""A store on the local disk keeps its promises."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from clew.artifacts.local import LocalStore
from clew.errors import Denied, InvalidValue, NotFound, Unavailable


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(str(tmp_path / "root"))


def write(store: LocalStore, path: str, data: bytes) -> None:
    upload = store.create(path)
    upload.write(data)
    upload.commit()


def test_a_file_appears_only_when_it_is_complete(store: LocalStore) -> None:
    upload = store.create("a/b/c.bin")
    upload.write(b"12")
    assert store.stat("a/b/c.bin") is None
    assert store.entries("a/b") == []
    upload.write(bytearray(b"34"))
    upload.commit()
    upload.abort()  # without effect by now
    assert b"".join(store.read("a/b/c.bin")) == b"1234"
    assert b"".join(store.read("a/b/c.bin", 1, 3)) == b"23"


def test_an_aborted_file_leaves_nothing(store: LocalStore) -> None:
    upload = store.create("x")
    upload.write(b"12")
    upload.abort()
    assert store.stat("x") is None
    assert store.entries("") == []


def test_stat_and_entries(store: LocalStore) -> None:
    write(store, "d/f", b"123")
    found = store.stat("d/f")
    assert found is not None
    assert (found.is_dir, found.size) == (False, 3)
    folder = store.stat("d")
    assert folder is not None
    assert folder.is_dir
    write(store, "a", b"")
    assert [(e.name, e.is_dir, e.size) for e in store.entries("")] == [("a", False, 0), ("d", True, 0)]
    assert store.entries("d/f") == []
    assert store.stat("d/f/g") is None


def test_a_changed_file_has_another_etag(store: LocalStore) -> None:
    write(store, "f", b"1")
    before = store.stat("f")
    write(store, "f", b"22")
    after = store.stat("f")
    assert before is not None
    assert after is not None
    assert before.etag != after.etag


def test_delete(store: LocalStore) -> None:
    write(store, "d/e/f", b"1")
    store.delete("d")
    store.delete("d")
    store.delete("d/e/f/g")
    assert store.entries("") == []
    with pytest.raises(InvalidValue, match="root"):
        store.delete("")


def test_a_link_is_deleted_not_followed(store: LocalStore, tmp_path: Path) -> None:
    write(store, "keep/f", b"1")
    (tmp_path / "root" / "link").symlink_to(tmp_path / "root" / "keep")
    store.delete("link")
    assert store.stat("keep/f") is not None
    (tmp_path / "root" / "out").symlink_to(tmp_path)
    with pytest.raises(Denied):
        store.entries("out")


def test_missing_files_and_odd_places(store: LocalStore, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="No such artifact: 'none'"):
        next(store.read("none"))
    write(store, "f", b"1")
    with pytest.raises(InvalidValue, match="folder"):
        store.create("f/g")
    with pytest.raises(InvalidValue):
        store.create("")
    with pytest.raises(NotFound):
        store.stat(".clew-incoming/x")
    (tmp_path / "root" / "dangling").symlink_to(tmp_path / "root" / "nowhere")
    assert {e.name for e in store.entries("")} == {"f", "dangling"}


def test_a_root_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((InvalidValue, Unavailable)):
        LocalStore(str(tmp_path / "file")).create("x")


def test_an_upload_that_breaks_off_leaves_no_folder(store: LocalStore) -> None:
    upload = store.create("new/folder/f")
    upload.write(b"1")
    upload.abort()
    assert store.stat("new") is None


def test_names_that_are_not_utf8_can_be_listed(store: LocalStore) -> None:
    write(store, "plain", b"1")
    with open(os.fsencode(store.root) + b"/odd\xff", "wb"):
        pass
    listed = store.entries("")
    assert [info.name for info in listed] == ["odd\ufffd", "plain"]


def test_parts_become_one_file_whatever_their_order(store: LocalStore) -> None:
    for number, body in ((1, b"second"), (0, b"first ")):
        part = store.part("u1", number, number * 6)
        part.write(body)
        part.commit()
    assert store.entries("") == []

    def refuse(sha256: str) -> None:
        assert sha256 == hashlib.sha256(b"first second").hexdigest()
        raise InvalidValue("no")

    with pytest.raises(InvalidValue, match="no"):
        store.assemble("u1", "d/whole", 2, refuse)
    assert store.stat("d/whole") is None
    assert store.assemble("u1", "d/whole", 2, lambda _: None).size == 12
    assert b"".join(store.read("d/whole")) == b"first second"
    with pytest.raises(NotFound):
        store.assemble("u1", "d/whole", 2, lambda _: None)


def test_what_broken_uploads_left_is_swept(store: LocalStore) -> None:
    store.part("u1", 0, 0).commit()
    half = store.create("half")
    half.write(b"1")
    assert store.sweep(time.time() - 3600) == 0
    assert store.sweep(time.time() + 100) == 2
    store.discard("u1")
    half.abort()
