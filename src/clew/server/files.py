"""Artifact routes whose bodies are files: which store and path each one means, and what it does there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import parse_qs

from clew.artifacts.archive import zipped
from clew.artifacts.content import disposition
from clew.artifacts.store import ArtifactStore, Stat
from clew.artifacts.uri import check_path
from clew.errors import InvalidValue, NotFound
from clew.server import presigned, runfiles, uploads
from clew.server.commits import Commits
from clew.server.context import Site
from clew.server.digests import compare, promised
from clew.server.limits import DEFAULTS
from clew.server.listing import listed
from clew.server.records import checksum_now, sha256_of
from clew.server.replies import Headers, Receive, Reply, Scope, Send, TooLarge, read_body, text
from clew.server.transfers import Request, Transfers
from clew.storage import files
from clew.wire import codec
from clew.wire.mlflow import Empty

MAX_AJAX_UPLOAD_BYTES = 10 << 20
_PROXIED = ("/api/2.0/mlflow-artifacts/", "/ajax-api/2.0/mlflow-artifacts/")
_NATIVE = "/api/clew/v1/artifacts/"
_LOGGED = re.compile(r"^/(?:ajax-)?api/2\.0/mlflow/logged-models/([^/]+)/artifacts/files$")
_NOTHING = codec.encode_response(Empty())
_READING = ("GET", "HEAD")

Query = Mapping[str, str]


class Files:
    """Answers the artifact routes of one site."""

    def __init__(self, site: Site, commits: Commits, pool: ThreadPoolExecutor) -> None:
        self._site = site
        self._commits = commits
        self._transfers = Transfers(pool)

    async def answer(
        self, scope: Scope, path: str, headers: Mapping[bytes, bytes], receive: Receive, send: Send, extra: Headers
    ) -> Reply | int | None:
        """The answer, or the status of one that was streamed; None for what is no artifact route.

        extra: headers that every answer has.
        """
        request = Request(scope["method"], headers, receive, send, extra)
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
        for base in _PROXIED:
            if path.startswith(base):
                return await self._proxied(request, path[len(base) :], query)
        if path.startswith(_NATIVE):
            return await self._native(request, path, query)
        if path in ("/get-artifact", "/ajax-api/2.0/mlflow/get-artifact"):
            run_id = query.get("run_id") or query.get("run_uuid")
            return await self._download(request, query.get("path", ""), run_id=run_id)
        if path == "/ajax-api/2.0/mlflow/upload-artifact":
            return await self._upload_small(request, query)
        logged = _LOGGED.match(path)
        if logged:
            return await self._download(request, query.get("artifact_file_path", ""), model_id=logged[1])
        return None

    async def _proxied(self, request: Request, rest: str, query: Query) -> Reply | int | None:
        """``mlflow-artifacts/…``: the files that the server keeps, by their own paths."""
        store, method = self._site.artifacts, request.method
        client = request.headers.get(b"user-agent", b"")
        run = self._transfers.run
        if rest in ("artifacts", "artifacts/"):
            if method != "GET":
                return _wrong_method()
            return Reply(200, await run(listed, self._site, query.get("path", ""), client))
        verb, _, path = rest.partition("/")
        if verb == "artifacts":
            if method in _READING:
                return await self._transfers.file(request, path, partial(self._look_proxied, path, client))
            if method == "PUT":
                return await self._upload(request, path)
            return await self._delete(path) if method == "DELETE" else _wrong_method()
        if verb == "presigned":
            return _wrong_method() if method != "GET" else Reply(200, await run(presigned.download, store, path))
        if verb == "mpu":
            if method != "POST":
                return _wrong_method()
            act, _, folder = path.partition("/")
            body = await read_body(request.receive, DEFAULTS.body_bytes)
            return Reply(200, await run(presigned.multipart, store, act, folder, body))
        return None

    async def _native(self, request: Request, path: str, query: Query) -> Reply | int | None:
        """``/api/clew/v1/artifacts/…`` with bodies that are no JSON; the others are in the route table."""
        part = uploads.PART.match(path)
        if part:
            if request.method != "PUT":
                return _wrong_method()
            return await uploads.receive_part(
                self._site, self._commits, self._transfers, request, part[1], int(part[2])
            )
        call = path[len(_NATIVE) :]
        if call == "view":
            ids = {"run_id": query.get("run_id"), "model_id": query.get("model_id")}
            return await self._download(request, query.get("path", ""), **ids, inline=True)
        if call == "zip":
            return await self._zip(request, query)
        return None

    async def _download(
        self,
        request: Request,
        path: str,
        *,
        run_id: str | None = None,
        model_id: str | None = None,
        inline: bool = False,
    ) -> Reply | int:
        if request.method not in _READING:
            return _wrong_method()
        if not path:
            raise InvalidValue("Missing value for required parameter 'path'.")

        def look() -> tuple[ArtifactStore, str, Stat | None, str | None]:
            place = runfiles.find(self._site, runfiles.root_of(self._site, run_id, model_id), path)
            return self._look(place.store, place.path)

        return await self._transfers.file(request, path, look, inline=inline)

    def _look_proxied(self, path: str, client: bytes) -> tuple[ArtifactStore, str, Stat | None, str | None]:
        found = self._look(self._site.artifacts, path)
        inside = None if found[2] else runfiles.proxied_root(self._site, check_path(path), client)
        if inside is None:
            return found
        place = runfiles.find(self._site, *inside)
        return self._look(place.store, place.path)

    def _look(self, store: ArtifactStore, path: str) -> tuple[ArtifactStore, str, Stat | None, str | None]:
        stat = store.stat(path)
        clean = check_path(path)
        return store, clean, stat, sha256_of(self._site, store, clean, stat)

    async def _upload(self, request: Request, path: str) -> Reply:
        expected = promised(request.headers)
        upload = await self._transfers.run(self._site.artifacts.create, path)
        try:
            _, sha256 = await self._transfers.fill(upload, request.receive)
            compare(expected, sha256, f"'{path}'")
            stat = await self._transfers.run(upload.commit)
        except BaseException:
            await self._transfers.run(upload.abort)
            raise
        await self._record(check_path(path), sha256, stat)
        return Reply(200, _NOTHING)

    async def _record(self, path: str, sha256: str, stat: Stat) -> None:
        await self._commits.write(lambda tx: files.record(tx, path, checksum_now(sha256, stat)))

    async def _delete(self, path: str) -> Reply:
        await self._transfers.run(self._site.artifacts.delete, path)
        await self._commits.write(lambda tx: files.forget(tx, check_path(path)))
        return Reply(200, _NOTHING)

    async def _upload_small(self, request: Request, query: Query) -> Reply:
        if request.method != "POST":
            return _wrong_method()
        run_id, path = query.get("run_uuid"), query.get("path")
        if not run_id:
            raise InvalidValue("Request must specify run_uuid.")
        if not path:
            raise InvalidValue("Request must specify path.")
        try:
            data = await read_body(request.receive, MAX_AJAX_UPLOAD_BYTES)
        except TooLarge:
            data = b"\0" * (MAX_AJAX_UPLOAD_BYTES + 1)
        if not data:
            raise InvalidValue("Request must specify data.")
        if len(data) > MAX_AJAX_UPLOAD_BYTES:
            raise InvalidValue("Artifact size is too large. Max size is 10MB.")
        await self._transfers.run(self._write, run_id, path, data)
        return Reply(200, _NOTHING)

    def _write(self, run_id: str, path: str, data: bytes) -> None:
        place = runfiles.own_place(self._site, runfiles.root_of(self._site, run_id, None), path)
        upload = place.store.create(place.path)
        upload.write(data)
        upload.commit()

    async def _zip(self, request: Request, query: Query) -> Reply | int:
        if request.method != "GET":
            return _wrong_method()

        def find() -> list[tuple[str, ArtifactStore, str]]:
            root = runfiles.root_of(self._site, query.get("run_id"), query.get("model_id"))
            folders = runfiles.folders(self._site, root, query.get("path", ""))
            stats = [place.store.stat(place.path) for _, place in folders] if query.get("path") else []
            if stats and not any(stat is not None and stat.is_dir for stat in stats):
                raise NotFound(f"No such folder of artifacts: '{query['path']}'")
            return [(below, place.store, place.path) for below, place in folders]

        folders = await self._transfers.run(find)
        name = (query.get("path", "").rstrip("/").rpartition("/")[2] or "artifacts") + ".zip"
        about = [(b"content-type", b"application/zip"), (b"content-disposition", disposition(name).encode())]
        await self._transfers.stream(request, 200, about, zipped(*folders), None)
        return 200


def _wrong_method() -> Reply:
    return text(405, "Method Not Allowed")
