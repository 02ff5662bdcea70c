"""Large files in parts: begun, asked about, completed and given up by calls; the parts come by ``PUT``.

The database knows the parts that are stored, so an upload goes on after any interruption, also
after one of the server.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from clew.artifacts.uri import check_path
from clew.errors import Conflict, InvalidValue, NotFound
from clew.server.commits import Commits
from clew.server.context import Site
from clew.server.digests import check_sha256, compare, promised
from clew.server.records import checksum_now
from clew.server.replies import Reply
from clew.server.transfers import Request, Transfers
from clew.storage import uploads
from clew.wire import artifacts as wire
from clew.wire import codec
from clew.wire.mlflow import Empty

PART = re.compile(r"^/api/clew/v1/artifacts/uploads/([0-9a-f]{32})/parts/(\d{1,5})$")
ABANDONED_MS = 24 * 3600 * 1000
_PART_BYTES = 16 << 20
_MAX_PARTS = 10_000
_MAX_SIZE = 5 << 40  # the largest object of S3
_MAX_KEY = 256


def begin_upload(site: Site, request: wire.BeginUpload) -> wire.UploadState:
    """Begin an upload in parts, or find the one that broke off."""
    path = check_path(request.path)
    if not path or request.path.endswith("/"):
        raise InvalidValue(f"Invalid path: {request.path!r} names a folder; end it with a file name.")
    if not 0 <= request.size <= _MAX_SIZE:
        raise InvalidValue(f"Invalid value {request.size} for parameter 'size': 0 to {_MAX_SIZE} bytes.")
    if len(request.key) > _MAX_KEY:
        raise InvalidValue(f"Invalid value for parameter 'key': at most {_MAX_KEY} characters.")
    there = site.artifacts.stat(path)
    if there is not None and there.is_dir:
        raise InvalidValue(f"Invalid path: {path!r} is a folder here.")
    part_bytes = max(_PART_BYTES, -(-request.size // _MAX_PARTS))
    begin = partial(uploads.begin, path=path, key=request.key, size=request.size, part_bytes=part_bytes)
    return _state(site, site.store.write(begin))


def get_upload(site: Site, request: wire.UploadById) -> wire.UploadState:
    """Which parts of an upload are stored."""
    return _state(site, site.store.read(lambda tx: uploads.get(tx, request.upload_id)))


def complete_upload(site: Site, request: wire.CompleteUpload) -> wire.StoredFile:
    """Make the file out of its parts appear, if it is the one that was announced."""
    sha256 = check_sha256(request.sha256)
    upload = site.store.read(lambda tx: uploads.get(tx, request.upload_id))
    there = site.store.read(lambda tx: uploads.arrived(tx, upload.id))
    missing = upload.parts - len(there)
    if missing:
        raise Conflict(f"{missing} of {upload.parts} parts of '{upload.path}' have not arrived; send them first.")

    def check(found: str) -> None:
        if found != sha256:
            _forget(site, upload.id)
        compare(sha256, found, f"'{upload.path}'")

    try:
        stat = site.artifacts.assemble(upload.id, upload.path, upload.parts, check)
    except NotFound:
        _forget(site, upload.id)
        raise NotFound(f"The parts of '{upload.path}' are not there any more; begin the upload anew.") from None
    site.store.write(lambda tx: uploads.finish(tx, upload, checksum_now(sha256, stat)))
    return wire.StoredFile(path=upload.path, size=stat.size, sha256=sha256)


def abort_upload(site: Site, request: wire.UploadById) -> Empty:
    """Give an upload up; without effect if there is none."""
    try:
        upload = site.store.read(lambda tx: uploads.get(tx, request.upload_id))
    except NotFound:
        return Empty()
    _forget(site, upload.id)
    return Empty()


async def receive_part(
    site: Site, commits: Commits, transfers: Transfers, request: Request, upload_id: str, part: int
) -> Reply:
    """Store one part; it counts once it is on disk.

    Raises:
        NotFound: no such upload. InvalidValue: no such part, a wrong length, or not the announced SHA-256.
    """
    expected = promised(request.headers)
    upload = await transfers.run(site.store.read, lambda tx: uploads.get(tx, upload_id))
    if part >= upload.parts:
        raise InvalidValue(f"Invalid part {part}: this upload has parts 0 to {upload.parts - 1}.")
    offset, length = upload.extent(part)
    piece = await transfers.run(site.artifacts.part, upload.id, part, offset)
    try:
        size, sha256 = await transfers.fill(piece, request.receive, most=length)
        if size != length:
            raise InvalidValue(f"Part {part} has {size} bytes; {length} are needed.")
        compare(expected, sha256, f"Part {part}")
        await transfers.run(piece.commit)
    except BaseException:
        await transfers.run(piece.abort)
        raise
    await commits.write(lambda tx: uploads.arrive(tx, upload.id, part, sha256))
    return Reply(200, codec.encode_response(wire.StoredPart(part=part, sha256=sha256)))


def sweep(site: Site, now_ms: int) -> int:
    """Remove what uploads that nobody goes on with have left for a day; how many files; blocks.

    Raises:
        ClewError: the store or the artifacts cannot be used now.
    """
    before_ms = now_ms - ABANDONED_MS
    for upload_id in site.store.read(lambda tx: uploads.abandoned(tx, before_ms)):
        _forget(site, upload_id)
    return site.artifacts.sweep(before_ms / 1000)


def _forget(site: Site, upload_id: str) -> None:
    site.artifacts.discard(upload_id)
    site.store.write(lambda tx: uploads.end(tx, upload_id))


def _state(site: Site, upload: uploads.Upload) -> wire.UploadState:
    there = site.store.read(lambda tx: uploads.arrived(tx, upload.id))
    return wire.UploadState(
        upload_id=upload.id,
        path=upload.path,
        size=upload.size,
        part_bytes=upload.part_bytes,
        parts=[wire.StoredPart(part=part, sha256=sha256) for part, sha256 in there.items()],
    )


TRANSFERS: tuple[Callable[..., Any], ...] = (begin_upload, get_upload, complete_upload, abort_upload)
