"""What is known of the files that the server keeps: the SHA-256 of each upload."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from clew.storage.engine import Tx, WriteTx


class Checksum(NamedTuple):
    """The SHA-256 of one version of a file. sha256: hex. size: bytes. etag: the version's."""

    sha256: str
    size: int
    etag: str


def record(tx: WriteTx, path: str, checksum: Checksum) -> None:
    """Keep the checksum of a file that was just stored, in place of an older version's."""
    tx.run(
        "INSERT INTO artifact (path, size, sha256, etag, stored_ms) VALUES (:path, :size, :sha256, :etag, :now)"
        " ON CONFLICT (path) DO UPDATE SET size = excluded.size, sha256 = excluded.sha256, etag = excluded.etag,"
        " stored_ms = excluded.stored_ms",
        path=path,
        now=tx.place.clock(),
        **checksum._asdict(),
    )


def forget(tx: WriteTx, path: str) -> None:
    """Drop what is known of a file, or of all below a folder."""
    tx.run("DELETE FROM artifact WHERE path = :path", path=path)
    tx.run("DELETE FROM artifact WHERE path >= :first AND path < :end", **_below(path))


def checksum(tx: Tx, path: str) -> Checksum | None:
    """The checksum kept for a file; the caller compares the version."""
    row = tx.one("SELECT sha256, size, etag FROM artifact WHERE path = :path", path=path)
    return Checksum(*row) if row else None


def checksums(tx: Tx, paths: Sequence[str]) -> dict[str, Checksum]:
    """The checksums kept for several files, by path."""
    rows = tx.all(
        f"SELECT path, sha256, size, etag FROM artifact WHERE {tx.dialect.any_of('path', 'paths')}", paths=list(paths)
    )
    return {path: Checksum(*rest) for path, *rest in rows}


def _below(folder: str) -> dict[str, str]:
    """The range of paths inside a folder: from ``folder/`` up to the text that follows all of them."""
    return {"first": folder + "/", "end": folder + "0"}  # "0" follows "/"
