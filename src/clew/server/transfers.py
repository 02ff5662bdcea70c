"""Bytes of artifacts between the network and a store, a piece at a time."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import NamedTuple, TypeVar

from clew.artifacts.content import content_type, disposition
from clew.artifacts.store import ArtifactStore, Stat, Upload
from clew.errors import ClewError, InvalidValue, NotFound
from clew.server import ranges
from clew.server.digests import digest_headers
from clew.server.replies import Disconnected, Headers, Receive, Reply, Send

logger = logging.getLogger("clew.server")

T = TypeVar("T")

# Scripts of artifacts never run as ours, only our pages frame them, and looking at one tells nobody elsewhere.
_SANDBOX = (
    b"sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src 'self' data:; font-src data:; "
    b"frame-ancestors 'self'"
)
GATHER_BYTES = 1 << 20  # body bytes that are written at once; a thread hop per 64 KiB would cost more than the write


class Request(NamedTuple):
    """What a transfer needs of a request. extra: headers that every answer has."""

    method: str
    headers: Mapping[bytes, bytes]
    receive: Receive
    send: Send
    extra: Headers


class Transfers:
    """Moves bodies in and out; disks and object stores are waited for in a pool's threads."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def run(self, function: Callable[..., T], *args: object) -> asyncio.Future[T]:
        """``function``'s result, from one of the threads."""
        return asyncio.get_running_loop().run_in_executor(self._pool, function, *args)

    async def fill(self, upload: Upload, receive: Receive, most: int | None = None) -> tuple[int, str]:
        """Write a request's body to ``upload``; (bytes, SHA-256 in hex).

        One piece is hashed and written while the next one arrives. most: bytes that there may be.

        Raises:
            Disconnected: the client left. InvalidValue: there are more bytes than ``most``.
        """
        hashed = hashlib.sha256()

        def keep(piece: bytearray) -> None:
            upload.write(piece)
            hashed.update(piece)

        size, more, gathered = 0, True, bytearray()
        writing: asyncio.Future[None] | None = None
        try:
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Disconnected
                gathered += message.get("body", b"")
                more = message.get("more_body", False)
                if most is not None and size + len(gathered) > most:
                    raise InvalidValue(f"The request's body is longer than {most} bytes.")
                if gathered and (not more or len(gathered) >= GATHER_BYTES):
                    if writing is not None:
                        await writing
                    size += len(gathered)
                    writing = self.run(keep, gathered)
                    gathered = bytearray()
        finally:
            if writing is not None:
                await asyncio.wait([writing])  # nobody may close the file under its writer
        if writing is not None:
            writing.result()
        return size, hashed.hexdigest()

    async def file(
        self,
        request: Request,
        path: str,
        look: Callable[[], tuple[ArtifactStore, str, Stat | None, str | None]],
        *,
        inline: bool = False,
    ) -> Reply | int:
        """Answer with a file or the asked part of it; the reply, or the status of what was streamed.

        path: what messages call it. look: run in a thread; (store, path in it, what lies there, its SHA-256 if known).
        inline: to be shown in a sandbox instead of being saved.

        Raises:
            NotFound: no file lies there. InvalidValue: it is a folder.
        """
        store, place, stat, sha256 = await self.run(look)
        if stat is None:
            raise NotFound(f"No such artifact: '{path}'")
        if stat.is_dir:
            raise InvalidValue(f"'{path}' is a folder; list it, or name a file in it.")
        about = _describe(place, stat, sha256, inline)
        named = dict(about)
        if ranges.known(request.headers.get(b"if-none-match", b""), named[b"etag"]):
            return Reply(304, b"", about)
        span = ranges.span(request.headers, stat.size, named[b"etag"], named[b"last-modified"])
        if span is None:
            return Reply(416, b"", [(b"content-range", b"bytes */%d" % stat.size)])
        start, stop = span
        status = 200 if stop - start == stat.size else 206
        if status == 206:
            about.append((b"content-range", b"bytes %d-%d/%d" % (start, stop - 1, stat.size)))
        about.append((b"content-length", b"%d" % (stop - start)))
        wanted = request.method == "GET" and stop > start
        pieces = store.read(place, start, stop) if wanted else iter(())
        await self.stream(request, status, about, pieces, stop - start if wanted else 0)
        return status

    async def stream(
        self, request: Request, status: int, about: Headers, pieces: Iterator[bytes], length: int | None
    ) -> None:
        """Send an answer whose body is made piece by piece, the next one while this one travels.

        length: of the body, if it was promised.

        Raises:
            Disconnected: the client left, or the pieces do not make up ``length`` bytes.
        """
        started = False
        gone = asyncio.ensure_future(_departure(request.receive))
        following: asyncio.Future[bytes] = self.run(next, pieces, b"")
        sent = 0
        try:
            piece = await following
            await request.send({"type": "http.response.start", "status": status, "headers": [*about, *request.extra]})
            started = True
            while piece:
                if gone.done():
                    raise Disconnected
                following = self.run(next, pieces, b"")
                await request.send({"type": "http.response.body", "body": piece, "more_body": True})
                sent += len(piece)
                piece = await following
            if length is not None and sent != length:  # the file shrank while it was sent
                raise Disconnected
            await request.send({"type": "http.response.body", "body": b""})
        except ClewError as error:
            if not started:
                raise
            logger.warning("An answer broke off after %d bytes: %s", sent, error)
            raise Disconnected from error  # whoever reads it must see that it is not whole
        finally:
            gone.cancel()
            await asyncio.wait([following])
            close = getattr(pieces, "close", None)
            if close is not None:
                await self.run(close)


async def _departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _describe(path: str, stat: Stat, sha256: str | None, inline: bool) -> Headers:
    about = [
        (b"content-type", content_type(path).encode()),
        (b"last-modified", formatdate(stat.modified_s, usegmt=True).encode()),
        (b"etag", f'"{stat.etag}"'.encode()),
        (b"accept-ranges", b"bytes"),
        (b"content-disposition", disposition(path, inline=inline).encode()),
    ]
    if inline:
        about.append((b"content-security-policy", _SANDBOX))
    if sha256:
        about += digest_headers(sha256)
    return about
