"""Who wants to hear of which changes: topics, gathered for a quarter of a second, then told once to all.

A message is encoded once per topic, whatever the number of its readers. A reader that is slower than the
changes is told only that its topics are to be read again, so nothing grows behind it.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from clew.errors import InvalidValue, Unavailable
from clew.storage.changes import Change

TICK_S: Final = 0.25
HEARTBEAT_S: Final = 15.0
MAX_TOPICS: Final = 100  # per reader
MAX_RUNS: Final = 100  # that one message names
EXPERIMENTS: Final = "experiments"
_TOPIC: Final = re.compile(r"experiments|exp:[0-9]{1,18}|run:[\w-]{1,64}")
_HEARTBEAT: Final = b": still here\n\n"


def read_topics(text: str) -> list[str]:
    """Topics out of their comma-separated list.

    Raises:
        InvalidValue: there is none, one is unknown, or there are too many.
    """
    topics = [t for t in dict.fromkeys(part.strip() for part in text.split(",")) if t]
    if not 1 <= len(topics) <= MAX_TOPICS:
        raise InvalidValue(f"Parameter 'topics' takes 1 to {MAX_TOPICS} topics. Got {len(topics)}.")
    for topic in topics:
        if not _TOPIC.fullmatch(topic):
            raise InvalidValue(f"Unknown topic '{topic[:100]}': write exp:<id>, run:<id> or experiments.")
    return topics


def message(topic: str, rev: int, ids: Iterable[str] | None) -> bytes:
    """One event. ids: of what changed; None: the reader should read the topic again."""
    data: dict[str, Any] = {"topic": topic, "rev": str(rev), "kind": "resync" if ids is None else "change"}
    if ids is not None:
        data["experiments" if topic == EXPERIMENTS else "runs"] = list(ids)
    return b"event: change\ndata: " + json.dumps(data, separators=(",", ":")).encode() + b"\n\n"


def position(rev: int) -> bytes:
    """What makes ``rev`` the reader's position (its Last-Event-ID): sent after all that belongs to it."""
    return b"id: %d\n\n" % rev


class Reader:
    """One open stream. topics: what it hears of."""

    def __init__(self, topics: list[str]) -> None:
        self.topics = topics
        self._chunks: list[bytes] = []
        self._stale: set[str] = set()
        self._rev = 0
        self._sending = False
        self._ended = False
        self._waiting: asyncio.Future[None] | None = None

    def tell(self, topic: str, data: bytes) -> None:
        """Queue a message about a topic; while an earlier one is being sent, only note the topic."""
        if self._sending:
            self._stale.add(topic)
        else:
            self._chunks.append(data)

    def settle(self, rev: int) -> None:
        """Everything up to ``rev`` was told."""
        self._rev = rev
        self._wake()

    def beat(self) -> None:
        """Show a sign of life, unless something is under way anyhow."""
        if not self._sending:
            self._chunks.append(_HEARTBEAT)
            self._wake()

    def end(self) -> None:
        """No more comes."""
        self._ended = True
        self._wake()

    async def next(self) -> bytes:
        """What is to be sent next; b"" at the end."""
        self._sending = False
        while not (self._chunks or self._stale or self._ended):
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        if self._ended:
            return b""
        chunks, self._chunks = self._chunks, []
        chunks += [message(topic, self._rev, None) for topic in sorted(self._stale)]
        self._stale.clear()
        if self._rev:
            chunks.append(position(self._rev))
            self._rev = 0
        self._sending = True
        return b"".join(chunks)

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


class Hub:
    """The readers of one server, on one event loop.

    most: readers at the same time. watching: told whether there are any.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int, watching: Callable[[bool], None]) -> None:
        self._loop = loop
        self._most = most
        self._watching = watching
        self._heard: deque[Change | None] = deque()
        self._woken = False
        self._closed = False
        self._topics: dict[str, set[Reader]] = {}
        self._readers: set[Reader] = set()
        self._pending: dict[str, dict[str, None] | None] = {}  # topic -> ids in order, None: read it again
        self._rev = 0
        self._tick: asyncio.TimerHandle | None = None
        self._next_tick_s = 0.0
        self._beat: asyncio.TimerHandle | None = None

    @property
    def readers(self) -> int:
        """How many streams are open."""
        return len(self._readers)

    @property
    def closed(self) -> bool:
        """Whether the server is ending."""
        return self._closed

    def hear(self, change: Change | None) -> None:
        """Take a commit; from any thread, returns at once."""
        if not self._readers:
            return  # nobody can miss it: who comes later begins by reading
        self._heard.append(change)
        if not self._woken:
            self._woken = True
            try:
                self._loop.call_soon_threadsafe(self._take)
            except RuntimeError:  # the loop is closed: nobody reads any more
                pass

    def join(self, topics: list[str]) -> Reader:
        """A new reader of these topics.

        Raises:
            Unavailable: there are too many, or the server is ending.
        """
        if self._closed:
            raise Unavailable("The server is ending; connect again in a moment.")
        if len(self._readers) >= self._most:
            raise Unavailable(
                f"This server has {self._most} event streams open, its limit (--max-event-streams); close some, or ask"
                " GET /api/clew/v1/changes from time to time."
            )
        reader = Reader(topics)
        self._readers.add(reader)
        self._watching(True)
        for topic in topics:
            self._topics.setdefault(topic, set()).add(reader)
        if self._beat is None:
            self._beat = self._loop.call_later(HEARTBEAT_S, self._heartbeat)
        return reader

    def leave(self, reader: Reader) -> None:
        """Forget a reader."""
        self._readers.discard(reader)
        if not self._readers:
            self._watching(False)
        for topic in reader.topics:
            others = self._topics.get(topic)
            if others is not None:
                others.discard(reader)
                if not others:
                    del self._topics[topic]

    def close(self) -> None:
        """End all streams, and let none begin."""
        self._closed = True
        for timer in (self._tick, self._beat):
            if timer is not None:
                timer.cancel()
        for reader in self._readers:
            reader.end()

    def _take(self) -> None:
        self._woken = False
        while self._heard:
            change = self._heard.popleft()
            if change is None or change.runs is None:
                self._pending.update(dict.fromkeys(self._topics))
            else:
                self._gather(change, change.runs)
        if self._pending and self._tick is None and not self._closed:
            wait_s = max(0.0, self._next_tick_s - self._loop.time())
            self._tick = self._loop.call_later(wait_s, self._flush)

    def _gather(self, change: Change, runs: Mapping[int, Sequence[str] | None]) -> None:
        self._rev = max(self._rev, change.rev)
        for experiment, ids in runs.items():
            self._note(f"exp:{experiment}", ids)
            for run_id in () if ids is None else ids:
                self._note(f"run:{run_id}", (run_id,))
            if ids is None:
                self._forget_runs()
        for experiment in change.experiments:
            self._note(f"exp:{experiment}", None)
            self._forget_runs()
        self._note(EXPERIMENTS, [str(number) for number in (*runs, *change.experiments)])

    def _note(self, topic: str, ids: Iterable[str] | None) -> None:
        if topic not in self._topics:
            return
        known = self._pending.setdefault(topic, {})
        if known is None:
            return
        if ids is not None:
            known.update(dict.fromkeys(ids))
        if ids is None or len(known) > MAX_RUNS:
            self._pending[topic] = None

    def _forget_runs(self) -> None:
        """Some runs changed that nobody named: whoever watches a run looks again."""
        self._pending.update(dict.fromkeys(topic for topic in self._topics if topic.startswith("run:")))

    def _flush(self) -> None:
        self._tick = None
        self._next_tick_s = self._loop.time() + TICK_S
        pending, self._pending = self._pending, {}
        told: set[Reader] = set()
        for topic, ids in pending.items():
            readers = self._topics.get(topic)
            if readers:
                data = message(topic, self._rev, ids)
                told |= readers
                for reader in readers:
                    reader.tell(topic, data)
        for reader in told:
            reader.settle(self._rev)

    def _heartbeat(self) -> None:
        self._beat = self._loop.call_later(HEARTBEAT_S, self._heartbeat)
        for reader in self._readers:
            reader.beat()
