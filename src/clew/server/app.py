"""The ASGI application: gate, dispatch, files, pages, errors, log."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import re
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from clew.errors import ClewError, InvalidValue
from clew.server import actor, events, gate, presigned, replies
from clew.server.accesslog import AccessLog
from clew.server.commits import Commits
from clew.server.compress import packed
from clew.server.context import Site
from clew.server.dispatch import Dispatcher
from clew.server.files import Files
from clew.server.hub import Hub
from clew.server.limits import DEFAULTS, Limits
from clew.server.logs import Format
from clew.server.meters import OTHER, Meters
from clew.server.pages import Pages
from clew.server.probes import Probes
from clew.server.replies import Disconnected, Headers, Receive, Reply, Scope, Send, TooLarge, TooSlow
from clew.server.shortlinks import ShortLinks
from clew.server.streams import Streams
from clew.wire import codec

logger = logging.getLogger("clew.server")

MLFLOW_VERSION = "3.17.2"
_ALWAYS: Headers = [(b"x-content-type-options", b"nosniff"), (b"x-frame-options", b"SAMEORIGIN")]
_SLASHES = re.compile(r"/{2,}")
_ID = re.compile(rb"^[\x21-\x7e]{1,128}$")
_FIXED: dict[str, Reply] = {
    "/health": replies.text(200, "OK"),
    "/version": replies.text(200, MLFLOW_VERSION),
}


class App:
    """One site as an ASGI application.

    static_prefix: path under which everything lies, e.g. ``/p``; "" for none.
    allowed_hosts: see ``gate.Gate``. access_log: write one line per request to standard error.
    frame_ancestors: see ``pages.Pages``. threads: that read the store.
    """

    def __init__(
        self,
        site: Site,
        *,
        static_prefix: str = "",
        allowed_hosts: Sequence[str] = (),
        access_log: bool = False,
        log_format: Format = "json",
        limits: Limits = DEFAULTS,
        frame_ancestors: Sequence[str] = (),
        threads: int = 4,
    ) -> None:
        self.site = site
        self._prefix = "/" + static_prefix.strip("/") if static_prefix.strip("/") else ""
        self._gate = gate.Gate(allowed_hosts)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="clew-read")
        self._pages = Pages(self._prefix, frame_ancestors=frame_ancestors)
        self._log_requests = access_log
        self._log_format: Format = log_format
        self._limits = limits
        self.meters = Meters()
        self._log: AccessLog | None = None
        self._dispatcher: Dispatcher | None = None
        self._file_pool = ThreadPoolExecutor(2 * threads, thread_name_prefix="clew-file")
        self._server_info = _server_info(*presigned.offered(site.artifacts))
        self._links = ShortLinks(site, self._pool, self._prefix)
        self._ids = itertools.count(1)
        self._id_prefix = os.urandom(4).hex()

    def start(self) -> None:
        """Bind to the running event loop; called once before the first request."""
        loop = asyncio.get_running_loop()
        self.commits = Commits(self.site.store, loop)
        self._dispatcher = Dispatcher(self.site, self.commits, self._pool, self._file_pool, self._limits)
        self._streams = Streams(self.site.store)
        self._files = Files(self.site, self.commits, self._file_pool)
        self.hub = Hub(loop, self._limits.event_streams, self.site.store.name_runs)
        self._events = events.Events(self.site, self.hub, self._pool)
        self.site.store.listen(self.hub.hear)
        dispatcher = self._dispatcher
        self._probes = Probes(self.site.store, self.hub, self.meters, lambda: dispatcher.waiting)
        if self._log_requests:
            self._log = AccessLog(loop, self._log_format)

    def stop(self) -> None:
        """Release threads and write out the log; called after the last request."""
        self._pool.shutdown(wait=True)
        if self._dispatcher is not None:
            self._dispatcher.stop()
        self._streams.stop()
        self._file_pool.shutdown(wait=True)
        if self._log is not None:
            self._log.flush()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        started_s = time.perf_counter()
        request_id = headers.get(b"x-request-id")
        if request_id is None or not _ID.match(request_id):
            request_id = f"{self._id_prefix}-{next(self._ids):x}".encode()
        status = 499
        meters = self.meters
        meters.in_flight += 1
        actor.identify(headers, scope.get("client"))
        try:
            reply = await self._reply(scope, headers, receive, send, request_id)
            if isinstance(reply, int):
                status = reply
            else:
                status = reply.status
                await _send(send, scope["method"], reply, request_id)
        except Disconnected:
            pass
        finally:
            meters.in_flight -= 1
            taken_s = time.perf_counter() - started_s
            meters.note(scope, status, taken_s)
            if self._log is not None:
                self._log.write(scope, status, taken_s, request_id.decode())

    async def _reply(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, send: Send, request_id: bytes
    ) -> Reply | int:
        """The answer, or the status of one that was streamed."""
        try:
            return await self._route(scope, headers, receive, send, request_id)
        except ClewError as error:
            status, body = codec.error_body(error)
            if status >= 500 and status != 501:
                self._warn(scope, error.message, request_id)
            reply = Reply(status, body)
            if status == 429:
                pause = str(max(1, round(getattr(error, "retry_after_s", 1.0)))).encode()
                reply.headers = [*reply.headers, (b"retry-after", pause)]
            return reply
        except TooLarge:
            limit = self._limits.body_bytes >> 20
            return _refused(413, f"The request is larger than {limit} MiB (--max-body-mb); split it.")
        except TooSlow:
            return _refused(408, f"No more of the request came for {replies.PAUSE_S:g} s; send it again.")
        except Disconnected:
            raise
        except Exception:  # the last resort: the client learns the id, the log the reason
            shown = request_id.decode()
            what = f"{scope['method']} {scope['path']} failed [{shown}]"
            logger.exception("%s", what, extra={"request_id": shown})
            return Reply(500, codec.error_body(ClewError(f"Internal error; the server's log has it as {shown}."))[1])

    async def _route(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, send: Send, request_id: bytes
    ) -> Reply | int:
        dispatcher = self._dispatcher
        assert dispatcher is not None, "App.start() was not called"
        refused = self._refusal(scope, headers)
        if refused is not None:
            return refused
        method: str = scope["method"]
        path: str = scope["path"][len(self._prefix) :] or "/"
        endpoint = dispatcher.find(method, path)
        fields: Mapping[str, str] = {}
        if endpoint is None:
            path = _SLASHES.sub("/", path)
            endpoint = dispatcher.find(method, path)
        if endpoint is None:
            raw = _SLASHES.sub("/", scope.get("raw_path", path.encode()).decode("latin-1"))[len(self._prefix) :]
            extra = [*_ALWAYS, (b"x-request-id", request_id)]
            answered = await self._streamed(scope, path, headers, receive, send, extra)
            if answered is not None:
                return answered
            found = dispatcher.match(method, raw)
            if found is None:
                return await self._other(scope, path, raw, headers, dispatcher)
            endpoint, fields = found
        scope["route"] = endpoint.route.name
        if endpoint.route.name == "retire_host" and scope.get("client") is not None:
            return replies.text(403, "A host is retired over its own Unix socket only.")
        body: bytes | bytearray = b""
        if method != "GET":
            body = await replies.read_body(receive, self._limits.body_bytes)
        query = scope["query_string"].decode("latin-1")
        if endpoint.kind == "stream":
            made, content_type = dispatcher.stream(endpoint, method, query, headers, body, fields)
            return await self._streams.answer(
                made, content_type, receive, send, [*_ALWAYS, (b"x-request-id", request_id)]
            )
        reply = Reply(200, await dispatcher.answer(endpoint, method, query, headers, body, fields))
        return await packed(reply, path, headers, self._pool)

    def _refusal(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Reply | None:
        """The answer to what may not come in, or lies beside what is served."""
        if scope.get("client") is not None:  # a Unix socket has no address, and no web page reaches it
            refused = self._gate.refusal(scope["method"], headers)
            if refused:
                return replies.text(403, refused)
        path: str = scope["path"]
        if not path.startswith("/"):  # ``OPTIONS *`` asks about the server as a whole
            return replies.text(404, "Not Found")
        if self._prefix and path != self._prefix and not path.startswith(self._prefix + "/"):
            return replies.text(404, "Not Found")
        if headers.get(b"content-encoding", b"identity") != b"identity":
            return _refused(415, "Compressed requests are not read; send this one without Content-Encoding.")
        return None

    async def _streamed(
        self,
        scope: Scope,
        path: str,
        headers: Mapping[bytes, bytes],
        receive: Receive,
        send: Send,
        extra: Headers,
    ) -> Reply | int | None:
        """Events and artifacts; None for what is neither."""
        if path == events.PATH:
            scope["route"] = "events"
            return await self._events.answer(scope, headers, receive, send, extra)
        scope["route"] = "artifacts"  # until another is found
        receive, send = self.meters.counted(receive, send)
        return await self._files.answer(scope, path, headers, receive, send, extra)

    async def _other(
        self, scope: Scope, path: str, raw: str, headers: Mapping[bytes, bytes], dispatcher: Dispatcher
    ) -> Reply:
        """What is no call: health, version, the probes, the web pages, or nothing."""
        reading = scope["method"] in ("GET", "HEAD")
        scope["route"] = OTHER
        reply = _FIXED.get(path) or self._server_info.get(path)
        if reply is None and dispatcher.knows(raw):
            return replies.text(405, "Method Not Allowed")
        if reply is None and reading:
            reply = await self._probes.answer(path) or await self._links.answer(path)
        if reply is None:
            reply = self._pages.find(path, headers)
            scope["route"] = OTHER if reply is None else "pages"
        if reply is None:
            return self._pages.missing(headers) if reading else replies.text(404, "Not Found")
        return reply if reading else replies.text(405, "Method Not Allowed")

    def _warn(self, scope: Scope, words: str, request_id: bytes) -> None:
        shown = request_id.decode()
        logger.warning("%s %s: %s [%s]", scope["method"], scope["path"], words, shown, extra={"request_id": shown})


def _refused(status: int, words: str) -> Reply:
    return Reply(status, codec.error_body(InvalidValue(words))[1])


def _server_info(uploads: bool, downloads: bool) -> dict[str, Reply]:
    """What MLflow's clients ask first: whether they may use the object store itself."""
    told = {
        "store_type": "SqlStore",
        "workspaces_enabled": False,
        "multipart_uploads_enabled": uploads,
        "multipart_downloads_enabled": downloads,
    }
    reply = Reply(200, json.dumps(told).encode())
    return {f"/{api}/3.0/mlflow/server-info": reply for api in ("api", "ajax-api")}


async def _send(send: Send, method: str, reply: Reply, request_id: bytes) -> None:
    body = reply.body
    await send(
        {
            "type": "http.response.start",
            "status": reply.status,
            "headers": [
                *reply.headers,
                *_ALWAYS,
                (b"content-length", str(len(body)).encode()),
                (b"x-request-id", request_id),
            ],
        }
    )
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
