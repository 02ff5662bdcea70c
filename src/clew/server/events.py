"""``GET /api/clew/v1/events``: what changed, as server-sent events; ids and positions, never data."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import parse_qs

from clew.errors import InvalidValue
from clew.server.context import Site
from clew.server.hub import EXPERIMENTS, MAX_RUNS, Hub, Reader, message, position, read_topics
from clew.server.replies import Disconnected, Headers, Receive, Reply, Scope, Send, text
from clew.storage import changes
from clew.storage.engine import Tx

PATH: Final = "/api/clew/v1/events"
RETRY_MS: Final = 2000  # after which a browser connects again
SLOW_S: Final = 60.0  # a reader that takes nothing for so long is dropped
_HEADERS: Final[Headers] = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # asks proxies to pass on each message as it comes
]


class Events:
    """Answers one site's event streams."""

    def __init__(self, site: Site, hub: Hub, pool: ThreadPoolExecutor) -> None:
        self._store = site.store
        self._hub = hub
        self._pool = pool

    async def answer(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, send: Send, extra: Headers
    ) -> Reply | int:
        """Stream until the reader leaves or the server ends.

        extra: headers that every answer has.

        Raises:
            InvalidValue: bad topics, or a position that is none.
            Unavailable: too many streams.
            Disconnected: the reader was dropped, since it took nothing for a minute.
        """
        if scope["method"] != "GET":
            return text(405, "Method Not Allowed")
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
        since = read_position(headers.get(b"last-event-id", b"").decode("latin-1") or query.get("since", ""))
        reader = self._hub.join(read_topics(query.get("topics", "")))  # first, so that nothing is missed in between
        gone = asyncio.ensure_future(_gone(receive, reader))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *extra]})
            first = await asyncio.get_running_loop().run_in_executor(self._pool, self._first, reader.topics, since)
            await send({"type": "http.response.body", "body": first, "more_body": True})
            while data := await reader.next():
                async with asyncio.timeout(SLOW_S):
                    await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            raise Disconnected from None
        finally:
            self._hub.leave(reader)
            gone.cancel()
        return 200

    def _first(self, topics: list[str], since: int | None) -> bytes:
        """The begin of a stream: how to connect again, what was missed, where the reader is now."""

        def read(tx: Tx) -> bytes:
            now = tx.change()
            missed = [] if since is None else [_missed(tx, topic, since, now) for topic in topics]
            ready = b'event: ready\ndata: {"rev":"%d"}\n\n' % now
            return b"retry: %d\n\n" % RETRY_MS + ready + b"".join(missed) + position(now)

        return self._store.read(read)


def read_position(text: str) -> int | None:
    """A position as it was given out; None for an empty text.

    Raises:
        InvalidValue: it is none.
    """
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidValue(f"'{text[:50]}' is no position; give the rev or the last event id of an earlier answer.")
    return int(text)


def _missed(tx: Tx, topic: str, since: int, now: int) -> bytes:
    """What a topic's reader missed after ``since``, as one event; b"" for nothing."""
    kind, _, name = topic.partition(":")
    ids: list[str] | None
    if since > now:  # a position of another store, or of one that was set back
        ids = None
    elif topic == EXPERIMENTS:
        found = changes.changed_experiments(tx, since, MAX_RUNS)
        ids = None if found.more else found.ids
    elif kind == "run":
        ids = [name] if changes.run_changed(tx, name, since) else []
    elif changes.experiment_changed(tx, int(name), since):
        ids = None
    else:
        found = changes.changed_runs(tx, int(name), since, MAX_RUNS)
        ids = None if found.more else found.ids
    return b"" if ids == [] else message(topic, now, ids)


async def _gone(receive: Receive, reader: Reader) -> None:
    """End the stream when its reader leaves."""
    while (await receive())["type"] != "http.disconnect":
        pass
    reader.end()
