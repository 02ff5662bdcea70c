"""The checksum of a file as it is now: what the database keeps, unless the file has changed since."""

from __future__ import annotations

from collections.abc import Sequence

from clew.artifacts.store import ArtifactStore, Entry, Stat
from clew.server.context import Site
from clew.storage import files


def sha256_of(site: Site, place: ArtifactStore, path: str, stat: Stat | None) -> str | None:
    """SHA-256 (hex) of a file, or None if it is not known; blocks."""
    if stat is None or stat.is_dir or place is not site.artifacts:
        return None
    return _fresh(site.store.read(lambda tx: files.checksum(tx, path)), stat)


def sha256_of_entries(site: Site, place: ArtifactStore, folder: str, entries: Sequence[Entry]) -> list[str | None]:
    """The same for a listing."""
    if place is not site.artifacts:
        return [None] * len(entries)
    below = f"{folder}/" if folder else ""
    paths = [below + entry.name for entry in entries]
    found = site.store.read(lambda tx: files.checksums(tx, paths))
    return [_fresh(found.get(path), entry) for path, entry in zip(paths, entries, strict=True)]


def checksum_now(sha256: str, stat: Stat) -> files.Checksum:
    """What to keep of a file that was just stored."""
    return files.Checksum(sha256, stat.size, stat.etag)


def _fresh(kept: files.Checksum | None, stat: Stat) -> str | None:
    return kept.sha256 if kept is not None and (kept.size, kept.etag) == (stat.size, stat.etag) else None
