"""The writer's half of the journal: a log call is one store into a memory map.

One journal per process and run. What a call returned from is in the page cache, so it
survives ``kill -9`` of the process. Nothing here waits for a network, and nothing raises for
what the disk does: lost points are counted. ``docs/why/journal.md`` draws the bytes.

A point takes its slot without a lock (``client.writer`` tells how). The lock guards everything longer:
opening, rotation, interning, end. Without a GIL, or without a memory map, every write takes the lock.

Standard library only; this module is on the path of every log call.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

from clew.client import spool
from clew.client.limits import Limits
from clew.client.notice import warn_once
from clew.client.numeric import number_of, whole_of
from clew.client.receipt import Receipt
from clew.client.segment import pack_point
from clew.client.writer import Writer
from clew.entities.names import check_key
from clew.errors import InvalidValue
from clew.wire.frames import CONTEXT, KEY, POINT, RUN_END, SLOTS_PER_SEGMENT, payload_slots

_NO_KEY: Final = 0
_DONE, _RENUMBER, _WAIT, _DROPPED = range(4)  # what became of a point

_pack_point = pack_point
_crc32 = zlib.crc32
_time_ns = time.time_ns
_ATOMIC_LINES: Final = sys.implementation.name == "cpython" and getattr(sys, "_is_gil_enabled", lambda: True)()

Context = tuple[str, str, str]
"""model id, dataset name, dataset digest; empty texts where absent."""

_NOTHING: Final[Context] = ("", "", "")


class Journal(Writer):
    """A process's journal for one run; opened by its first write, again after ``close`` or ``fork``.

    run_folder: the run's folder in the spool; writers make their own folder in it.
    owner: this process began the run, so its death without an end means that the run was killed.
    rank: which of several processes of the run this is, where its points are to say so.
    dropped: points and records that found no room on the disk.
    tend: called about every 5 s from a log call, and when a writer opens; makes sure that a shipper runs.
    Thread-safe; a signal handler or finaliser that logs inside a log call is queued and written right after it.
    """

    __slots__ = (
        "_busy",
        "_closing",
        "_contexts",
        "_emergency",
        "_final",
        "_ids",
        "_lock",
        "_next_id",
        "_rank",
        "_scoped",
        "dropped",
    )

    def __init__(
        self,
        run_folder: str,
        run_id: str,
        *,
        owner: bool = False,
        limits: Limits | None = None,
        tend: Callable[[], None] | None = None,
        rank: int | None = None,
    ) -> None:
        self.dropped = 0
        self._rank = rank
        self._lock = threading.RLock()
        self._settle()
        super().__init__(run_folder, run_id, owner, limits, tend)

    def _settle(self) -> None:
        """No longer write is under way, nor anything logged while one was."""
        self._busy = False
        self._closing = False  # a signal handler closed the journal in the middle of a longer write
        self._emergency: deque[tuple[int, int, bytes, str, Context | None]] = deque()

    def _reset(self, owner: bool) -> None:
        self._ids: dict[str, int] = {}
        self._scoped: dict[tuple[str, Context], int] = {}
        self._contexts: dict[Context, int] = {}
        self._next_id = 1
        self._final: dict[int, bytes] = {}  # by number of their keys, the last of the points that were dropped
        super()._reset(owner)

    # -- points -----------------------------------------------------------------------------

    def log_metric(self, key: str, value: float, step: int = 0) -> None:
        """Write one point, stamped now.

        Cost: under half a microsecond; one segment in 32,640 points adds a millisecond.

        Raises:
            InvalidValue: the key breaks a rule, or value or step is no number.
        """
        words = self._words  # read before the key's number, so that the number is this writer's while they are in use
        try:
            content = _pack_point(_time_ns(), value, step, self._ids[key])
        except (KeyError, TypeError, struct.error, OverflowError):
            self._append(self._content(key, value, step, _time_ns(), None), key)
            return
        slot = self._slot
        if slot < self._limit:
            crc = _crc32(content, self._salt ^ slot) or 1
            if slot == self._slot and words is self._words: self._mm[self._spans[slot]] = content; words[slot] = crc; self._slot = slot + 1; return  # type: ignore[index]  # fmt: skip  # noqa: E501, E701, E702
        self._append(content, key)

    def log_points(
        self, metrics: Mapping[str, float], step: int = 0, ts_ns: int | None = None, context: Context | None = None
    ) -> None:
        """Write several points of one step; all are checked before the first is written.

        ts_ns: nanoseconds since 1970-01-01 UTC, default now.

        Raises:
            InvalidValue: a key breaks a rule, or a value or the step is no number.
        """
        stamp = _time_ns() if ts_ns is None else ts_ns
        mm = self._mm
        contents: list[bytes] | None = None
        if context is None:
            try:
                ids = self._ids
                contents = [_pack_point(stamp, value, step, ids[key]) for key, value in metrics.items()]
            except (KeyError, TypeError, struct.error, OverflowError):
                pass
        if contents is None:
            for key, value in metrics.items():
                check_key(key)
                number_of(key, value)
            contents = [self._content(key, value, step, stamp, context) for key, value in metrics.items()]
        elif not contents or self._commit_points(contents, mm):
            return
        for key, content in zip(metrics, contents, strict=True):
            self._append(content, key, context)

    def _content(self, key: str, value: float, step: int, ts_ns: int, context: Context | None) -> bytes:
        """The 28 content bytes of a point, its key interned."""
        if context is None:
            try:
                return _pack_point(ts_ns, value, step, self._ids[key])
            except (KeyError, TypeError, struct.error, OverflowError):
                pass
        check_key(key)
        number = number_of(key, value)
        where = whole_of(step)
        key_id = self._key_id(key, context)
        try:
            return _pack_point(ts_ns, number, where, key_id)
        except struct.error:
            raise InvalidValue(
                f"Got invalid value {ts_ns // 1_000_000} for metric {key!r} (timestamp): it must be milliseconds "
                "since 1970 and before 2262."
            ) from None

    def _key_id(self, key: str, context: Context | None) -> int:
        """The id under which this writer's points name ``key`` in ``context``; told to the journal once.

        ``_NO_KEY`` where the disk had no room to tell it, so that the point must be dropped too.
        """
        with self._lock:
            while True:
                ids = self._ids
                known = self._known_id(key, context)
                if known is not None:
                    return known
                scope = 0 if context is None and self._rank is None else self._context_id(context or _NOTHING)
                self._ready()
                number = self._next_id
                if scope < 0 or not self._write_record(KEY, _payload({"id": number, "key": key, "context": scope})):
                    return _NO_KEY
                if ids is self._ids:
                    break  # else a signal handler closed the writer to which the record went
            self._next_id = number + 1
            if context is None:
                self._ids[key] = number
            else:
                self._scoped[key, context] = number
            return number

    def _known_id(self, key: str, context: Context | None) -> int | None:
        """The number that this writer has told the journal for ``key`` in ``context``."""
        return self._ids.get(key) if context is None else self._scoped.get((key, context))

    def _context_id(self, context: Context) -> int:
        while True:
            contexts = self._contexts
            known = contexts.get(context)
            if known is not None:
                return known
            self._ready()
            number = len(contexts) + 1
            model_id, name, digest = context
            fields = {"id": number, "model_id": model_id, "dataset_name": name, "dataset_digest": digest}
            fields["rank"] = self._rank
            if not self._write_record(CONTEXT, _payload(fields)):
                return -1
            if contexts is self._contexts:
                contexts[context] = number
                return number

    def _append(self, content: bytes, key: str, context: Context | None = None, *, late: bool = False) -> None:
        """Write one point where the short way is barred or does not pay.

        late: on behalf of a signal handler, which neither waits for room nor hears of a lack of it.

        Raises:
            SpoolFull: there is no room, and the limits ask for an error.
        """
        until = 0.0 if late else time.monotonic() + self._limits.wait_s
        while True:
            with self._lock:
                outcome = self._append_numbered(content, key, context, until)
            if outcome == _DONE:
                return
            if outcome == _DROPPED:
                if not late:
                    self._complain()
                return
            if outcome == _WAIT:
                self._await_room()
            ts_ns, value, step, _ = POINT.unpack(content)
            content = self._content(key, value, step, ts_ns, context)

    def _append_numbered(self, content: bytes, key: str, context: Context | None, until: float) -> int:
        """Write one point; ``_RENUMBER`` when the writer that numbered its key was closed meanwhile."""
        if self._busy:
            self._emergency.append((-1, 0, content, key, context))
            return _DONE
        self._busy = True
        try:
            number = POINT.unpack(content)[3]
            if number != _NO_KEY:
                if number != self._known_id(key, context):
                    return _RENUMBER
                self._look()
                while True:
                    while not self._barred and self._slot < self._room:
                        if self._commit_point(content):
                            return _DONE
                    if not self._make_room(1, reserve=False):
                        break
            if self._waits(until):
                return _WAIT
            if number != _NO_KEY:
                self._final[number] = content
            self._count_drop()
            return _DROPPED
        finally:
            self._busy = False
            if self._emergency or self._closing:
                self._drain()

    # -- records ----------------------------------------------------------------------------

    def log_record(self, kind: int, fields: Mapping[str, Any]) -> bool:
        """Write a record of ``wire.frames``; False when it is too large or the disk had no room for it.

        Raises:
            SpoolFull: there is no room, and the limits ask for an error.
        """
        payload = _payload(fields)
        if 1 + payload_slots(len(payload)) > SLOTS_PER_SEGMENT:
            warn_once("journal-record", f"A record of {len(payload):,} bytes is too large for the journal: left out.")
            self._count_drop()
            return False
        until = time.monotonic() + self._limits.wait_s
        while True:
            with self._lock:
                self._ready()
                if not self._busy:
                    self._look()
                if self._write_record(kind, payload):
                    return True
                if not self._waits(until):
                    self._count_drop()
                    break
            self._await_room()
        self._complain()
        return False

    def _write_record(self, kind: int, payload: bytes) -> bool:
        now = _time_ns()
        if self._busy:
            self._emergency.append((kind, now, payload, "", None))
            return True
        self._busy = True
        try:
            return self._put_record(kind, now, payload)
        finally:
            self._busy = False
            if self._emergency or self._closing:
                self._drain()

    def _put_record(self, kind: int, now: int, payload: bytes) -> bool:
        need = 1 + payload_slots(len(payload))
        while self._mm is not None and self._slot + need <= self._room:
            if self._commit_record(kind, now, payload, need):
                return True
        if self._make_room(need, reserve=True):
            while not self._commit_record(kind, now, payload, need):
                pass  # a thread on the short way took the first slots of the new segment
            return True
        return False

    def _drain(self) -> None:
        """Write what signal handlers and finalisers logged while a longer write was under way, and close if told so."""
        while self._emergency:
            kind, now, data, key, context = self._emergency.popleft()
            if kind < 0:
                self._append(data, key, context, late=True)
                continue
            self._busy = True
            try:
                if not self._put_record(kind, now, data):
                    self._count_drop()
            finally:
                self._busy = False
        if self._closing:
            self.close()

    # -- opening ----------------------------------------------------------------------------

    def open(self) -> None:
        """Open the writer now, so that the death of this process shows even if it logs nothing."""
        with self._lock:
            self._ready()
            if self._emergency or self._closing:
                self._drain()

    def _ready(self) -> None:
        """Open the writer if there is none; a disk that refuses leaves it closed and calls are dropped."""
        if self._mm is None and not self._busy:
            self._busy = True
            try:
                self._make_room(1, reserve=True)
            finally:
                self._busy = False

    def _count_drop(self) -> None:
        self.dropped += 1
        if self._ctl is not None:
            self._ctl.put(spool.DROPPED, self.dropped)

    # -- fence and end ----------------------------------------------------------------------

    def fence(self) -> Receipt | None:
        """Ask the shipper for everything so far; None when nothing was written."""
        with self._lock:
            if self._ctl is None:
                return None
            position = self._base + self._slot
            self._ctl.put(spool.FENCE, position)
            return Receipt(self._ctl, position)

    def end(self, status: str, end_ms: int) -> Receipt | None:
        """Write the run's end and close.

        None when not even that found room, and for a signal handler inside a longer write: the interrupted write
        ends the run when it goes on; where the process dies first, its death does.
        """
        with self._lock:
            self._ready()
            if not self._write_record(RUN_END, _payload({"status": status, "end_ms": end_ms})):
                self._count_drop()
            return self.close()

    def close(self) -> Receipt | None:
        """Seal the journal and let its lock go; a later write opens a new writer."""
        with self._lock:
            if self._busy:
                self._closing = True
                return None
            self._busy = True  # a signal handler that ends the run in here must not end it twice
            self._closing = False
            try:
                if self._mm is not None:
                    self._write_finals()
                receipt = self._finish()
            finally:
                self._busy = False
                if self._emergency or self._closing:
                    self._drain()
            return receipt

    def _write_finals(self) -> None:
        """The last value of each metric whose points were dropped goes into the reserve."""
        contents, self._final = list(self._final.values()), {}
        for content in contents:
            while self._slot < self._room or self._make_room(1, reserve=True):
                if self._commit_point(content):
                    break

    def _open_writer(self) -> None:
        super()._open_writer()
        _open_journals[id(self)] = self

    def _forget(self) -> None:
        _open_journals.pop(id(self), None)
        super()._forget()

    def restart(self) -> None:
        """What a forked child does with its parent's journal: leave it, and open its own at the next write."""
        self._lock = threading.RLock()  # another thread of the parent may hold the old one
        self._forget()
        self._settle()


def _payload(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


_open_journals: dict[int, Journal] = {}

if not _ATOMIC_LINES:

    def _log_metric_locked(self: Journal, key: str, value: float, step: int = 0) -> None:
        self._append(self._content(key, value, step, _time_ns(), None), key)

    Journal.log_metric = _log_metric_locked  # type: ignore[method-assign]


def _after_fork_in_child() -> None:
    """The parent's maps and locks are not the child's: its first call opens a writer of its own."""
    for journal in list(_open_journals.values()):
        journal.restart()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
