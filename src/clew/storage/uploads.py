"""Uploads that come in parts: which are under way, and which parts have arrived."""

from __future__ import annotations

from typing import NamedTuple

from clew.errors import NotFound
from clew.ids import new_id
from clew.storage import files
from clew.storage.engine import Tx, WriteTx


class Upload(NamedTuple):
    """A file on its way. path: among the files that the server keeps. size, part_bytes: bytes.

    key: the client's name for this version of its file.
    """

    id: str
    path: str
    key: str
    size: int
    part_bytes: int

    @property
    def parts(self) -> int:
        """How many parts there are; an empty file has one."""
        return max(1, -(-self.size // self.part_bytes))

    def extent(self, part: int) -> tuple[int, int]:
        """(offset, bytes) of a part."""
        offset = part * self.part_bytes
        return offset, min(self.part_bytes, self.size - offset)


def begin(tx: WriteTx, *, path: str, key: str, size: int, part_bytes: int) -> Upload:
    """The upload of this file: the one that broke off, if the same client began it, else a new one."""
    row = tx.one(
        "SELECT id, path, key, size, part_bytes FROM upload WHERE path = :path AND key = :key AND size = :size",
        path=path,
        key=key,
        size=size,
    )
    if row:
        found = Upload(*row)
        _touch(tx, found.id)
        return found
    upload = Upload(new_id(), path, key, size, part_bytes)
    tx.run(
        "INSERT INTO upload (id, path, key, size, part_bytes, touched_ms)"
        " VALUES (:id, :path, :key, :size, :part_bytes, :now)",
        now=tx.place.clock(),
        **upload._asdict(),
    )
    return upload


def get(tx: Tx, upload_id: str) -> Upload:
    """One upload under way.

    Raises:
        NotFound: it was never begun, is complete, or was given up.
    """
    row = tx.one("SELECT id, path, key, size, part_bytes FROM upload WHERE id = :id", id=upload_id)
    if row is None:
        raise NotFound(
            f"No upload with id={upload_id[:100]} is under way: it is complete, was given up, or never began."
        )
    return Upload(*row)


def arrived(tx: Tx, upload_id: str) -> dict[int, str]:
    """SHA-256 (hex) of each part that is stored, by its number from 0."""
    rows = tx.all("SELECT part, sha256 FROM upload_part WHERE upload_id = :id ORDER BY part", id=upload_id)
    return {int(part): str(sha256) for part, sha256 in rows}


def arrive(tx: WriteTx, upload_id: str, part: int, sha256: str) -> None:
    """Note that a part is stored.

    Raises:
        NotFound: the upload ended meanwhile.
    """
    get(tx, upload_id)
    tx.run(
        "INSERT INTO upload_part (upload_id, part, sha256) VALUES (:id, :part, :sha256)"
        " ON CONFLICT (upload_id, part) DO UPDATE SET sha256 = excluded.sha256",
        id=upload_id,
        part=part,
        sha256=sha256,
    )
    _touch(tx, upload_id)


def finish(tx: WriteTx, upload: Upload, checksum: files.Checksum) -> None:
    """The file is whole and in its place."""
    files.record(tx, upload.path, checksum)
    end(tx, upload.id)


def end(tx: WriteTx, upload_id: str) -> None:
    """Forget an upload; without effect if there is none."""
    tx.run("DELETE FROM upload_part WHERE upload_id = :id", id=upload_id)
    tx.run("DELETE FROM upload WHERE id = :id", id=upload_id)


def abandoned(tx: Tx, before_ms: int) -> list[str]:
    """Ids of uploads that got no part since ``before_ms``."""
    return [i for (i,) in tx.all("SELECT id FROM upload WHERE touched_ms < :before", before=before_ms)]


def _touch(tx: WriteTx, upload_id: str) -> None:
    tx.run("UPDATE upload SET touched_ms = :now WHERE id = :id", now=tx.place.clock(), id=upload_id)
