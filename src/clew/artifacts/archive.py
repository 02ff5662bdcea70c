"""A folder of artifacts as one zip, made while it is sent."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterable, Iterator
from itertools import chain

from clew.artifacts.store import ArtifactStore, Entry
from clew.errors import NotFound

_PIECE_BYTES = 256 * 1024
_LEVEL = 1  # most large artifacts are compressed already
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # what a zip can say
_ZIP64_BYTES = 1 << 31


def zipped(*folders: tuple[str, ArtifactStore, str]) -> Iterator[bytes]:
    """The bytes of a zip with every file below some folders, in pieces.

    folders: (what to put before the names, which are relative to the folder; store; folder). Of several files of
    one name the first counts.

    Deflated; memory is flat but for the list of names at the end; sizes over 4 GiB use Zip64.
    Left out: files that vanish meanwhile, and symbolic links, which may lead in circles.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for store, path, name, entry in _once(folders):
            pieces = store.read(path)
            try:
                first = next(pieces, b"")
            except NotFound:
                continue
            info = zipfile.ZipInfo(_safe(name), _date(entry.modified_s))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with archive.open(info, "w", force_zip64=entry.size >= _ZIP64_BYTES) as member:
                for piece in chain((first,), pieces):
                    member.write(piece)
                    if sink.size >= _PIECE_BYTES:
                        yield sink.take()
    yield sink.take()


def _once(folders: Iterable[tuple[str, ArtifactStore, str]]) -> Iterator[tuple[ArtifactStore, str, str, Entry]]:
    """(store, path in it, name in the zip, what it is) of every file, no name twice."""
    seen: set[str] = set()
    for below, store, folder in folders:
        for path, name, entry in _files(store, folder, below):
            if name not in seen:
                seen.add(name)
                yield store, path, name, entry


def _files(store: ArtifactStore, folder: str, below: str) -> Iterator[tuple[str, str, Entry]]:
    """(path in the store, name in the zip, what it is) of every file, by name."""
    for entry in store.entries(folder):
        if entry.link:
            continue
        path = f"{folder}/{entry.name}" if folder else entry.name
        if entry.is_dir:
            yield from _files(store, path, below + entry.name + "/")
        else:
            yield path, below + entry.name, entry


def _safe(name: str) -> str:
    """A name that no program unpacks outside of its folder."""
    parts = (part for part in name.replace("\\", "_").replace("\x00", "_").split("/") if part not in ("", ".", ".."))
    return "/".join(part.replace(":", "_") if part[1:2] == ":" else part for part in parts)


def _date(modified_s: float) -> tuple[int, int, int, int, int, int]:
    return max(_EARLIEST, time.gmtime(modified_s)[:6])


class _Sink(io.RawIOBase):
    """Takes what the archive writes until somebody fetches it; cannot seek, so the archive does not try to."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    @property
    def size(self) -> int:
        return len(self._written)

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]
        self._written += view
        return view.nbytes

    def take(self) -> bytes:
        taken, self._written = bytes(self._written), bytearray()
        return taken
