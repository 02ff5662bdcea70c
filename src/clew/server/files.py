"""Artifact routes: bytes in and out, streamed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import TypeVar
from urllib.parse import parse_qs

from clew.artifacts.content import content_type, disposition
from clew.artifacts.store import ArtifactStore, Stat, Upload
from clew.artifacts.uri import check_path, join
from clew.errors import InvalidValue, NotFound, NotSupported
from clew.server.context import Site
from clew.server.replies import Disconnected, Headers, Receive, Reply, Scope, Send, TooLarge, read_body, text
from clew.storage import models, runs
from clew.wire import codec, convert
from clew.wire.mlflow import Empty, ListArtifactsResponse

T = TypeVar("T")

MAX_AJAX_UPLOAD_BYTES = 10 << 20
_GATHER_BYTES = 1 << 20  # body bytes that are written at once; a thread hop per 64 KiB would cost more than the write
_RANGE = re.compile(r"^bytes=(\d{0,18})-(\d{0,18})$")
_LOGGED = re.compile(r"^/(?:ajax-)?api/2\.0/mlflow/logged-models/([^/]+)/artifacts/files$")
_NO_MULTIPART = "Multipart upload is not supported for the current artifact repository"
_NO_PRESIGNED = "Presigned downloads are not supported for the current artifact repository"


class Files:
    """Answers the artifact routes of one site."""

    def __init__(self, site: Site, pool: ThreadPoolExecutor) -> None:
        self._site = site
        self._pool = pool

    async def answer(
        self, scope: Scope, path: str, headers: Mapping[bytes, bytes], receive: Receive, send: Send, extra: Headers
    ) -> Reply | int | None:
        """The answer, or the status of one that was streamed; None for what is no artifact route.

        extra: headers that every answer has.
        """
        method: str = scope["method"]
        reading = method in ("GET", "HEAD")
        for base in ("/api/2.0/mlflow-artifacts/", "/ajax-api/2.0/mlflow-artifacts/"):
            if path.startswith(base):
                return await self._proxied(scope, path[len(base) :], headers, receive, send, extra)
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
        if path in ("/get-artifact", "/ajax-api/2.0/mlflow/get-artifact"):
            if not reading:
                return _wrong_method()
            run_id = query.get("run_id") or query.get("run_uuid")
            if not run_id:
                raise InvalidValue("Missing value for required parameter 'run_id'.")
            place, found = await self._run(self._of_run, run_id, query.get("path", ""))
            return await self._download(place, found, method, headers, send, extra)
        if path == "/ajax-api/2.0/mlflow/upload-artifact":
            return _wrong_method() if method != "POST" else await self._upload_small(query, receive)
        logged = _LOGGED.match(path)
        if logged:
            if not reading:
                return _wrong_method()
            place, found = await self._run(self._of_model, logged[1], query.get("artifact_file_path", ""))
            return await self._download(place, found, method, headers, send, extra)
        return None

    async def _proxied(
        self, scope: Scope, rest: str, headers: Mapping[bytes, bytes], receive: Receive, send: Send, extra: Headers
    ) -> Reply | int | None:
        method: str = scope["method"]
        store = self._site.artifacts
        if rest in ("artifacts", "artifacts/"):
            if method != "GET":
                return _wrong_method()
            query = parse_qs(scope["query_string"].decode("latin-1"))
            return await self._run(_listed, store, query.get("path", [""])[0])
        if rest.startswith("artifacts/"):
            path = rest[len("artifacts/") :]
            if method == "PUT":
                return await self._upload(store, path, receive)
            if method in ("GET", "HEAD"):
                return await self._download(store, path, method, headers, send, extra)
            if method == "DELETE":
                await self._run(store.delete, path)
                return Reply(200, codec.encode_response(Empty()))
            return _wrong_method()
        verb, _, path = rest.partition("/")
        if verb in ("mpu", "presigned"):
            check_path(path)
            raise NotSupported(_NO_MULTIPART if verb == "mpu" else _NO_PRESIGNED)
        return None

    async def _upload(self, store: ArtifactStore, path: str, receive: Receive) -> Reply:
        upload = await self._run(store.create, path)
        try:
            await self._fill(upload, receive)
            await self._run(upload.commit)
        except BaseException:
            await self._run(upload.abort)
            raise
        return Reply(200, codec.encode_response(Empty()))

    async def _fill(self, upload: Upload, receive: Receive) -> None:
        gathered = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            gathered += message.get("body", b"")
            more = message.get("more_body", False)
            if gathered and (not more or len(gathered) >= _GATHER_BYTES):
                await self._run(upload.write, gathered)
                gathered = bytearray()

    async def _upload_small(self, query: Mapping[str, str], receive: Receive) -> Reply:
        run_id, path = query.get("run_uuid"), query.get("path")
        if not run_id:
            raise InvalidValue("Request must specify run_uuid.")
        if not path:
            raise InvalidValue("Request must specify path.")
        try:
            data = await read_body(receive, MAX_AJAX_UPLOAD_BYTES)
        except TooLarge:
            data = b"\0" * (MAX_AJAX_UPLOAD_BYTES + 1)
        if not data:
            raise InvalidValue("Request must specify data.")
        if len(data) > MAX_AJAX_UPLOAD_BYTES:
            raise InvalidValue("Artifact size is too large. Max size is 10MB.")
        place, full = await self._run(self._of_run, run_id, path)
        await self._run(_write, place, full, data)
        return Reply(200, codec.encode_response(Empty()))

    async def _download(
        self,
        store: ArtifactStore,
        path: str,
        method: str,
        headers: Mapping[bytes, bytes],
        send: Send,
        extra: Headers,
    ) -> Reply | int:
        stat = await self._run(store.stat, path)
        if stat is None:
            raise NotFound(f"No such artifact: '{path}'")
        if stat.is_dir:
            raise InvalidValue(f"'{path}' is a folder; list it, or name a file in it.")
        about = _describe(path, stat)
        etag = dict(about)[b"etag"]
        if _known(headers.get(b"if-none-match", b""), etag):
            return Reply(304, b"", about)
        span = _span(headers, stat, etag)
        if span is None:
            return Reply(416, b"", [(b"content-range", b"bytes */%d" % stat.size)])
        start, stop = span
        status = 200 if stop - start == stat.size else 206
        if status == 206:
            about.append((b"content-range", b"bytes %d-%d/%d" % (start, stop - 1, stat.size)))
        about.append((b"content-length", b"%d" % (stop - start)))
        pieces = store.read(path, start, stop) if method == "GET" and stop > start else iter(())
        first = await self._run(next, pieces, b"")
        await send({"type": "http.response.start", "status": status, "headers": [*about, *extra]})
        await self._stream(first, pieces, stop - start if method == "GET" else 0, send)
        return status

    async def _stream(self, piece: bytes, pieces: Iterator[bytes], left: int, send: Send) -> None:
        while piece:
            left -= len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = await self._run(next, pieces, b"")
        if left:  # the file shrank while it was sent: the answer cannot be made whole any more
            raise Disconnected
        await send({"type": "http.response.body", "body": b""})

    def _of_run(self, run_id: str, path: str) -> tuple[ArtifactStore, str]:
        root = self._site.store.read(lambda tx: runs.get_run(tx, run_id)).info.artifact_uri
        return self._below(root, path)

    def _of_model(self, model_id: str, path: str) -> tuple[ArtifactStore, str]:
        root = self._site.store.read(lambda tx: models.get_model(tx, model_id)).artifact_location
        return self._below(root, path)

    def _below(self, root: str, path: str) -> tuple[ArtifactStore, str]:
        if not path:
            raise InvalidValue("Missing value for required parameter 'path'.")
        place, prefix = self._site.artifact_place(root)
        return place, join(prefix, check_path(path)).lstrip("/")

    async def _run(self, function: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *args)


def _listed(store: ArtifactStore, path: str) -> Reply:
    files = [convert.file_message(f) for f in store.entries(check_path(path))]
    return Reply(200, codec.encode_response(ListArtifactsResponse(files=files)))


def _write(store: ArtifactStore, path: str, data: bytes) -> None:
    upload = store.create(path)
    upload.write(data)
    upload.commit()


def _describe(path: str, stat: Stat) -> Headers:
    return [
        (b"content-type", content_type(path).encode()),
        (b"content-disposition", disposition(path).encode()),
        (b"last-modified", formatdate(stat.modified_s, usegmt=True).encode()),
        (b"etag", f'"{stat.etag}"'.encode()),
        (b"accept-ranges", b"bytes"),
    ]


def _span(headers: Mapping[bytes, bytes], stat: Stat, etag: bytes) -> tuple[int, int] | None:
    """The bytes to send as (start, stop); None for a range outside of the file.

    Several ranges at once, and ranges of another version of the file, get the whole file (RFC 9110, 14.2).
    """
    whole = 0, stat.size
    condition = headers.get(b"if-range")
    match = _RANGE.match(headers.get(b"range", b"").decode("latin-1").strip())
    if match is None or (condition is not None and condition != etag):
        return whole
    first, last = match[1], match[2]
    if first:
        start, stop = int(first), min(int(last) + 1, stat.size) if last else stat.size
        if last and int(last) < start:
            return whole
    elif last:
        start, stop = max(0, stat.size - int(last)), stat.size
    else:
        return whole
    return (start, stop) if start < stop else None


def _known(tags: bytes, etag: bytes) -> bool:
    """Whether the client has the file already: ``*``, or one of its tags fits (RFC 9110, 13.1.2)."""
    return tags == b"*" or any(tag.strip().removeprefix(b"W/") == etag for tag in tags.split(b","))


def _wrong_method() -> Reply:
    return text(405, "Method Not Allowed")
