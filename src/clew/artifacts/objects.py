"""Artifacts in an object store: S3 and what speaks like it, Google Cloud Storage, Azure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

import obstore
from obstore import store

from clew.artifacts.faults import explain_answer, translated
from clew.artifacts.store import INCOMING, Entry, Stat
from clew.artifacts.uri import check_path
from clew.errors import InvalidValue, NotFound, NotSupported

if TYPE_CHECKING:
    from obstore import ObjectMeta

PIECE_BYTES = 1 << 20
_PART_BYTES = 16 << 20  # 10,000 of them, S3's limit, make a file of 156 GiB
_PARTS_AT_ONCE = 4  # so an upload holds 64 MiB at most
_DELETED_AT_ONCE = 1000


class ObjectStore:
    """The objects of one bucket (Azure: container) below a prefix.

    Folders are what the names of objects tell; an empty one does not exist.
    client: of obstore, with the prefix. shown: what messages call the store, e.g. ``s3://bucket/prefix``.
    """

    def __init__(self, client: store.S3Store | store.GCSStore | store.AzureStore, shown: str) -> None:
        self.client = client
        self.shown = shown

    def stat(self, path: str) -> Stat | None:
        """What lies at ``path``, or None."""
        key = self.key(path)
        with translated(self.shown, path):
            if key:
                try:
                    return _stat(obstore.head(self.client, key))
                except FileNotFoundError:
                    pass
            inside = next(iter(obstore.list(self.client, key or None, chunk_size=1)), ())
            return Stat(is_dir=True) if inside or not key else None

    def entries(self, path: str) -> list[Entry]:
        """Files and folders directly in a folder, sorted by name."""
        key = self.key(path)
        with translated(self.shown, path):
            try:
                found = obstore.list_with_delimiter(self.client, key or None)
            except FileNotFoundError:
                return []
        folders = [Entry(name=_name(p), is_dir=True) for p in found["common_prefixes"]]
        files = [_entry(meta) for meta in found["objects"]]
        return sorted((e for e in (*folders, *files) if e.name != INCOMING), key=lambda e: e.name)

    def read(self, path: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` up to ``stop``, in pieces of 1 MiB; asked for with the first one."""
        return self._pieces(self.key(path), path, start, stop)

    def _pieces(self, key: str, path: str, start: int, stop: int | None) -> Iterator[bytes]:
        wanted: Any = (start, stop) if stop is not None else {"offset": start}
        with translated(self.shown, path):
            try:
                found = obstore.get(self.client, key, options={"range": wanted} if start or stop is not None else {})
            except FileNotFoundError:
                raise NotFound(f"No such artifact: '{path}'") from None
            for piece in found.stream(PIECE_BYTES):
                yield bytes(piece)

    def create(self, path: str) -> ObjectUpload:
        """A new object, invisible until it is complete; large ones go up in parts."""
        return ObjectUpload(self, self._target(path), path)

    def delete(self, path: str) -> None:
        """Remove an object, or all below a folder."""
        key = self.key(path)
        if not key:
            raise InvalidValue("Invalid path: the root of all artifacts is not deleted; name a file or folder.")
        with translated(self.shown, path):
            for chunk in obstore.list(self.client, key, chunk_size=_DELETED_AT_ONCE):
                obstore.delete(self.client, [meta["path"] for meta in chunk])
            try:
                obstore.delete(self.client, key)
            except FileNotFoundError:
                pass

    def part(self, upload_id: str, number: int, offset: int) -> ObjectUpload:  # noqa: ARG002 - parts lie by number
        """A part, which is an object of its own until all are there."""
        return ObjectUpload(self, _part_key(upload_id, number), INCOMING)

    def assemble(self, upload_id: str, path: str, count: int, check: Callable[[str], None]) -> Stat:
        """Copy the parts, one after the other, into one object."""
        upload, hashed = self.create(path), hashlib.sha256()
        try:
            for number in range(count):
                for piece in self._pieces(_part_key(upload_id, number), path, 0, None):
                    hashed.update(piece)
                    upload.write(piece)
            check(hashed.hexdigest())
            stat = upload.commit()
        except BaseException:
            upload.abort()
            raise
        self.discard(upload_id)
        return stat

    def discard(self, upload_id: str) -> None:
        """Remove the parts of an upload."""
        with translated(self.shown, INCOMING):
            for chunk in obstore.list(self.client, f"{INCOMING}/{upload_id}", chunk_size=_DELETED_AT_ONCE):
                obstore.delete(self.client, [meta["path"] for meta in chunk])

    def sweep(self, before_s: float) -> int:
        """Remove parts that broken uploads left.

        What an interrupted transfer of a single object left inside the store itself is not visible here; the
        store's own lifecycle rule removes it (docs/artifacts.md).
        """
        removed = 0
        with translated(self.shown, INCOMING):
            for chunk in obstore.list(self.client, INCOMING, chunk_size=_DELETED_AT_ONCE):
                old = [meta["path"] for meta in chunk if meta["last_modified"].timestamp() < before_s]
                if old:
                    obstore.delete(self.client, old)
                removed += len(old)
        return removed

    def sign(self, method: Literal["GET", "PUT", "POST", "DELETE"], path: str, seconds: int) -> str:
        """An address by which anybody may do one thing with one object for a while.

        Raises:
            Unavailable: there are no credentials to sign with. NotSupported: the object's name cannot be signed.
        """
        key = self.key(path)
        # The library signs the encoded name for Azure, which wants the plain one.
        if isinstance(self.client, store.AzureStore) and quote(key) != key:
            raise NotSupported(f"Azure's addresses cannot be signed for names that need encoding, such as '{path}'.")
        with translated(self.shown, path):
            return obstore.sign(self.client, method, key, timedelta(seconds=seconds))

    def key(self, path: str) -> str:
        """The object's name below the prefix.

        Raises:
            InvalidValue: the path is not safe, or has characters that no object's name may have.
        """
        clean = check_path(path)
        if clean == INCOMING or clean.startswith(INCOMING + "/"):
            raise NotFound(f"No such artifact: '{path}'")
        if any(c < " " or c == "\x7f" for c in clean):
            raise InvalidValue(f"Invalid path: {path[:200]!r} has control characters, which object stores refuse.")
        return clean

    def _target(self, path: str) -> str:
        key = self.key(path)
        if not key or path.endswith("/"):
            raise InvalidValue(f"Invalid path: {path!r} names a folder; end it with a file name.")
        return key


class ObjectUpload:
    """An object on its way; see ``store.Upload``."""

    def __init__(self, place: ObjectStore, key: str, path: str) -> None:
        self._place = place
        self._key = key
        self._path = path
        self._first = bytearray()
        self._writer: obstore.WritableFile | None = None

    def write(self, chunk: bytes | bytearray) -> None:
        """Append bytes; what fits into one part stays in memory until the end."""
        with translated(self._place.shown, self._path):
            if self._writer is None:
                self._first += chunk
                if len(self._first) <= _PART_BYTES:
                    return
                self._writer = obstore.open_writer(
                    self._place.client, self._key, buffer_size=_PART_BYTES, max_concurrency=_PARTS_AT_ONCE
                )
                chunk, self._first = self._first, bytearray()
            self._writer.write(bytes(chunk))

    def commit(self) -> Stat:
        """Make the object appear, in one step."""
        client = self._place.client
        with translated(self._place.shown, self._path):
            try:
                if self._writer is None:
                    obstore.put(client, self._key, bytes(self._first), use_multipart=False)
                else:
                    self._writer.close()
                return _stat(obstore.head(client, self._key))
            except FileNotFoundError:
                raise explain_answer(self._place.shown, 404, "NoSuchBucket") from None

    def abort(self) -> None:
        """Forget what was written."""
        self._first, self._writer = bytearray(), None


def _part_key(upload_id: str, number: int) -> str:
    return f"{INCOMING}/{upload_id}/{number:05d}"


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _stat(meta: ObjectMeta) -> Stat:
    etag = (meta["e_tag"] or "").removeprefix("W/").strip('"')
    modified_s = meta["last_modified"].timestamp()
    return Stat(
        is_dir=False, size=meta["size"], modified_s=modified_s, etag=etag or f"{int(modified_s):x}-{meta['size']:x}"
    )


def _entry(meta: ObjectMeta) -> Entry:
    s = _stat(meta)
    return Entry(name=_name(meta["path"]), is_dir=False, size=s.size, modified_s=s.modified_s, etag=s.etag)
