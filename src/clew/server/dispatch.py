"""From a route to its answer: one dictionary look-up, decode, run, encode.

Handlers bear their route's name and come in six kinds, told by the tables at the end of their
modules:

* ``WRITES``: ``(site, request) -> job``; checks first, then the job runs in the committer's group.
* ``READS``: ``(tx, request) -> response``, cheap enough for the event loop.
* ``SEARCHES``: the same, in a thread because they may touch many rows.
* ``CALLS``: ``(site, request) -> response``, in a thread, with transactions of their own.
* ``TRANSFERS``: the same, in the threads that move files, because they may take long.
* ``STREAMS``: ``(tx, request) -> pieces of bytes``, sent while they are made; see ``streams``.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote

from clew.errors import InvalidValue, TooManyRequests
from clew.server import (
    approvals,
    bulk,
    changes,
    charts,
    explore,
    filters,
    groups,
    ingest,
    native,
    registry,
    studies,
    tables,
    tracking,
    trash,
    uploads,
    webhooks,
    workspace,
)
from clew.server.commits import Commits
from clew.server.context import Site
from clew.server.limits import Limits
from clew.server.refusal import Refused
from clew.server.streams import Pieces
from clew.wire import codec
from clew.wire.mlflow import Empty, Message
from clew.wire.routes import ROUTES, Route
from clew.wire.tables import Table

Kind = Literal["write", "read", "search", "call", "transfer", "stream"]
_MODULES = (
    tracking,
    trash,
    native,
    registry,
    approvals,
    changes,
    charts,
    explore,
    groups,
    tables,
    uploads,
    workspace,
    studies,
    bulk,
    filters,
    webhooks,
)
_TABLES: tuple[tuple[str, Kind], ...] = (
    ("WRITES", "write"),
    ("READS", "read"),
    ("SEARCHES", "search"),
    ("CALLS", "call"),
    ("STREAMS", "stream"),
    ("TRANSFERS", "transfer"),
)
_NOTHING = codec.encode_response(Empty())
_NO_TYPE = "Bad Request. Content-Type header is missing."
_WRONG_TYPE = "Bad Request. Content-Type must be one of ['application/json']."


class Endpoint(NamedTuple):
    """A route with the function that answers it."""

    route: Route
    kind: Kind
    handler: Callable[..., Any]


class Dispatcher:
    """Answers every route of the table for one site."""

    def __init__(
        self,
        site: Site,
        commits: Commits,
        pool: ThreadPoolExecutor,
        file_pool: ThreadPoolExecutor,
        limits: Limits,
    ) -> None:
        self._site = site
        self._commits = commits
        self._pool = pool
        self._file_pool = file_pool
        self._decoding = ThreadPoolExecutor(1, thread_name_prefix="clew-decode")  # no write waits behind reads
        self._limits = limits
        self.waiting = 0  # reads that run in a thread, or wait for one
        self._loop = asyncio.get_running_loop()
        # On SQLite a cheap read is a few microseconds of work; on PostgreSQL it waits for a network.
        self._inline = site.store.dialect_name == "sqlite"
        self._exact: dict[tuple[str, str], Endpoint] = {}
        self._patterns: dict[tuple[str, int], list[tuple[list[str], Endpoint]]] = {}
        self._paths: set[str] = set()
        for endpoint in endpoints():
            self._add(endpoint)

    def find(self, method: str, path: str) -> Endpoint | None:
        """The endpoint with exactly this path."""
        return self._exact.get((method, path))

    def match(self, method: str, raw_path: str) -> tuple[Endpoint, dict[str, str]] | None:
        """The endpoint whose pattern fits, with its fields; raw_path is still percent-encoded."""
        parts = raw_path.split("/")
        for pattern, endpoint in self._patterns.get((method, len(parts)), ()):
            if all(p == q or p[:1] == "{" for p, q in zip(pattern, parts, strict=True)):
                return endpoint, {p[1:-1]: unquote(q) for p, q in zip(pattern, parts, strict=True) if p[:1] == "{"}
        return None

    def knows(self, path: str) -> bool:
        """Whether the path exists under another method."""
        parts = len(path.split("/"))
        return path in self._paths or any(
            count == parts and self.match(method, path) for method, count in self._patterns
        )

    async def answer(
        self,
        endpoint: Endpoint,
        method: str,
        query: str,
        headers: Mapping[bytes, bytes],
        body: bytes | bytearray,
        fields: Mapping[str, str],
    ) -> bytes:
        """The JSON body of the answer.

        Raises:
            ClewError: whatever the handler or the decoding refuses.
        """
        _, kind, handler = endpoint
        request = self._request(endpoint.route, method, query, headers, body, fields)
        if kind == "write":
            result = await self._write(handler, request)
            if isinstance(result, Refused):
                raise result.error
            return _NOTHING if type(result) is Empty else codec.encode_response(result)
        if kind == "read" and self._inline:
            result = self._site.store.read(partial(_read, handler, request))
            return codec.encode_response(result)
        if kind == "transfer":
            return await self._loop.run_in_executor(self._file_pool, self._answer_slowly, kind, handler, request)
        return await self._in_thread(kind, handler, request)

    def stop(self) -> None:
        """Release its own thread."""
        self._decoding.shutdown(wait=True)

    def stream(
        self,
        endpoint: Endpoint,
        method: str,
        query: str,
        headers: Mapping[bytes, bytes],
        body: bytes | bytearray,
        fields: Mapping[str, str],
    ) -> tuple[Pieces, str]:
        """What makes the answer of a streamed route, and its content type.

        Raises:
            InvalidValue: what the decoding refuses.
        """
        request = self._request(endpoint.route, method, query, headers, body, fields)
        assert isinstance(request, Table), endpoint.route.name
        return partial(_read, endpoint.handler, request), request.content_type

    def _request(
        self,
        route: Route,
        method: str,
        query: str,
        headers: Mapping[bytes, bytes],
        body: bytes | bytearray,
        fields: Mapping[str, str],
    ) -> Message:
        if method != "GET" and not route.raw:
            self._check_type(method, headers, body)
        return codec.decode_request(route, query, body, fields)

    def _write(self, handler: Callable[..., Any], request: Message) -> Awaitable[Message | Refused]:
        job = handler(self._site, request)
        if isinstance(job, ingest.Batch):
            return self._ingest(job)
        return self._commits.write(job, getattr(request, "run_id", None) or "")

    async def _ingest(self, batch: ingest.Batch) -> Message:
        """Large batches are decoded in a thread, so that the loop stays free."""
        if batch.large:
            await self._loop.run_in_executor(self._decoding, batch.decode)
        else:
            batch.decode()
        return await self._commits.write(batch.apply, batch.run_id)

    async def _in_thread(self, kind: Kind, handler: Callable[..., Any], request: Message) -> bytes:
        if self.waiting >= self._limits.waiting_queries:
            raise TooManyRequests(f"{self.waiting} reads wait for this server already; ask again after a pause.")
        self.waiting += 1
        try:
            asked = contextvars.copy_context().run  # a thread of the pool does not know who asks
            return await self._loop.run_in_executor(self._pool, asked, self._answer_slowly, kind, handler, request)
        finally:
            self.waiting -= 1

    def _answer_slowly(self, kind: Kind, handler: Callable[..., Any], request: Message) -> bytes:
        if kind in ("call", "transfer"):
            return codec.encode_response(handler(self._site, request))
        return codec.encode_response(self._site.store.read(partial(_read, handler, request), self._limits.query_s))

    @staticmethod
    def _check_type(method: str, headers: Mapping[bytes, bytes], body: bytes | bytearray) -> None:
        kind = headers.get(b"content-type")
        if kind == b"application/json":
            return
        if kind is None:
            if method == "POST" or body:
                raise InvalidValue(_NO_TYPE)
        elif kind.partition(b";")[0].strip().lower() != b"application/json":
            raise InvalidValue(_WRONG_TYPE)

    def _add(self, endpoint: Endpoint) -> None:
        route = endpoint.route
        for method, path in ((route.method, route.path), *route.also):
            for twin in _twins(path):
                if "{" in twin:
                    parts = twin.split("/")
                    self._patterns.setdefault((method, len(parts)), []).append((parts, endpoint))
                else:
                    self._exact[method, twin] = endpoint
                    self._paths.add(twin)


def endpoints() -> list[Endpoint]:
    """Every route with its handler.

    Raises:
        LookupError: a route has no handler, or a handler no route.
    """
    kinds: dict[str, tuple[Kind, Callable[..., Any]]] = {}
    for module in _MODULES:
        for table, kind in _TABLES:
            kinds.update({h.__name__: (kind, h) for h in getattr(module, table, ())})
    unmatched = kinds.keys() ^ ROUTES.keys()
    if unmatched:
        raise LookupError(f"routes and handlers do not match: {sorted(unmatched)}")
    return [Endpoint(route, *kinds[name]) for name, route in ROUTES.items()]


def _twins(path: str) -> tuple[str, ...]:
    if path.startswith(("/api/2.0", "/api/3.0")):
        return path, "/ajax-api" + path[len("/api") :]
    return (path,)


def _read(handler: Callable[..., Any], request: Message, tx: Any) -> Any:
    return handler(tx, request)
