"""Long answers: made piece by piece in a thread, sent as they are made, stopped when nobody reads them any more."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from clew.errors import TooManyRequests
from clew.server.replies import Disconnected, Headers, Receive, Send
from clew.storage.engine import Tx
from clew.storage.store import Store

Pieces = Callable[[Tx], Iterator[bytes]]
"""Makes the answer inside one read transaction; none of its pieces is empty."""

THREADS: Final = 2
MAX_WAITING: Final = 8
SLOW_S: Final = 60.0  # a reader that takes nothing for so long is dropped, and with it the transaction
_AHEAD: Final = 4  # pieces that are made before they are sent

logger = logging.getLogger("clew.server")


class Streams:
    """Sends long answers of one store; in threads of its own, so that slow readers hold up nobody else."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="clew-stream")
        self._open = 0

    def stop(self) -> None:
        """Release the threads."""
        self._pool.shutdown(wait=True)

    async def answer(self, pieces: Pieces, content_type: str, receive: Receive, send: Send, extra: Headers) -> int:
        """Send what ``pieces`` makes; the status.

        extra: headers that every answer has.

        Raises:
            ClewError: what went wrong before the first piece.
            TooManyRequests: too many such answers are being made.
            Disconnected: the reader left or fell asleep, or a piece failed, which it sees as an answer without an end.
        """
        if self._open >= THREADS + MAX_WAITING:
            raise TooManyRequests("Too many tables are being read at the moment; ask again after a pause.", 5.0)
        self._open += 1
        pipe = _Pipe(asyncio.get_running_loop())
        made = self._pool.submit(self._make, pieces, pipe)
        made.add_done_callback(pipe.finish)
        gone = asyncio.ensure_future(_gone(receive, pipe))
        try:
            first = await pipe.next()  # first, so that what fails early is still answered as an error
            await send(_start(content_type, extra))
            await _pass_on(first, pipe, send)
        finally:
            gone.cancel()
            pipe.close()
            made.cancel()
            self._open -= 1
        return 200

    def _make(self, pieces: Pieces, pipe: _Pipe) -> None:
        def read(tx: Tx) -> None:
            for piece in pieces(tx):
                pipe.put(piece)

        pipe.check()
        self._store.read(read)


class _Closed(Exception):
    """Nobody reads the pipe any more."""


class _Pipe:
    """Pieces on their way from a thread to the event loop, a few at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._arrived: asyncio.Queue[bytes | BaseException] = asyncio.Queue()
        self._room = threading.Semaphore(_AHEAD)
        self._closed = False

    def put(self, piece: bytes) -> None:
        """Hand over a piece; blocks while enough of them wait. In the thread.

        Raises:
            _Closed: nobody reads.
        """
        self._room.acquire()
        self.check()
        self._loop.call_soon_threadsafe(self._arrived.put_nowait, piece)

    def check(self) -> None:
        """Raise _Closed if nobody reads. In the thread."""
        if self._closed:
            raise _Closed

    def finish(self, made: Future[None]) -> None:
        """Say that there are no more pieces, and why."""
        if not self._closed:
            self._loop.call_soon_threadsafe(self._arrived.put_nowait, made.exception() or b"")

    async def next(self) -> bytes:
        """The next piece, b"" after the last.

        Raises:
            Disconnected: the pipe was closed meanwhile. Exception: what the thread failed with.
        """
        piece = await self._arrived.get()
        if self._closed:
            raise Disconnected
        if isinstance(piece, BaseException):
            raise piece
        self._room.release()
        return piece

    def close(self) -> None:
        """Stop the thread at its next piece, and whoever waits for one. On the event loop."""
        self._closed = True
        self._room.release()
        self._arrived.put_nowait(Disconnected())


def _start(content_type: str, extra: Headers) -> dict[str, object]:
    headers = [(b"content-type", content_type.encode()), (b"cache-control", b"no-store"), *extra]
    return {"type": "http.response.start", "status": 200, "headers": headers}


async def _pass_on(piece: bytes, pipe: _Pipe, send: Send) -> None:
    while piece:
        try:
            async with asyncio.timeout(SLOW_S):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except TimeoutError:
            raise Disconnected from None
        try:
            piece = await pipe.next()
        except Disconnected:
            raise
        except Exception:
            # The status is sent already: an answer without an end is all that can still tell of it.
            logger.exception("an answer broke off")
            raise Disconnected from None
    await send({"type": "http.response.body", "body": b""})


async def _gone(receive: Receive, pipe: _Pipe) -> None:
    """Stop when the reader leaves."""
    while (await receive())["type"] != "http.disconnect":
        pass
    pipe.close()
