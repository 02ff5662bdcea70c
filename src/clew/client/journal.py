"""The writer's half of the journal: a log call is one store into a memory map.

One journal per process and run. What a call returned from is in the page cache, so it
survives ``kill -9`` of the process. Nothing here waits for a network, and nothing raises for
what the disk does: lost points are counted. ``docs/why/journal.md`` draws the bytes.

**Who may write when.** A write prepares its bytes for the next free slot and then, in one line
without a call (``_commit_point``'s shape, repeated where a call would be too dear), checks that the
slot is still free, stores and advances. CPython switches threads and runs signal handlers only
at calls and backward jumps, so that line is never cut; whoever lost the slot prepares again.
The lock guards everything longer: opening, rotation, interning, end. Without a GIL, or without a
memory map, every write takes the lock.

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
from clew.client.notice import forget, warn_once
from clew.client.numeric import number_of, whole_of
from clew.client.receipt import Receipt
from clew.client.segment import (
    SUFFIX,
    Birth,
    Window,
    commit_words,
    content_spans,
    create,
    file_name,
    pack_point,
    record_bytes,
    seal,
)
from clew.client.trouble import NONE, Trouble
from clew.entities.names import check_key
from clew.errors import InvalidValue, SpoolFull
from clew.ids import new_id
from clew.wire.frames import (
    CONTEXT,
    HEADER_BYTES,
    KEY,
    POINT,
    RUN_END,
    SLOT_BYTES,
    SLOTS_PER_SEGMENT,
    payload_slots,
)

_TEND_NS: Final = 5_000_000_000
_RETRY_NS: Final = 1_000_000_000
_PATIENT_S: Final = 0.05
_STRIDE_NS: Final = 1_000_000_000
_MAX_STRIDE: Final = 4096
_NO_KEY: Final = 0
_DONE, _RENUMBER, _WAIT, _DROPPED = range(4)  # what became of a point

_pack_point = pack_point
_pack_slot = struct.Struct("<28sI").pack
_crc32 = zlib.crc32
_time_ns = time.time_ns
_monotonic_ns = time.monotonic_ns  # of waiting and looking: the other clock may be set at any time
_ATOMIC_LINES: Final = sys.implementation.name == "cpython" and getattr(sys, "_is_gil_enabled", lambda: True)()

Context = tuple[str, str, str]
"""model id, dataset name, dataset digest; empty texts where absent."""

_NOTHING: Final[Context] = ("", "", "")


class Journal:
    """A process's journal for one run; opened by its first write, again after ``close`` or ``fork``.

    run_folder: the run's folder in the spool; writers make their own folder in it.
    owner: this process began the run, so its death without an end means that the run was killed.
    rank: which of several processes of the run this is, where its points are to say so.
    dropped: points and records that found no room on the disk.
    tend: called about every 5 s from a log call, and when a writer opens; makes sure that a shipper runs.
    Thread-safe; a signal handler or finaliser that logs inside a log call is queued and written right after it.
    """

    __slots__ = (
        "_alive",
        "_barred",
        "_base",
        "_busy",
        "_closing",
        "_contexts",
        "_ctl",
        "_emergency",
        "_final",
        "_folder",
        "_ids",
        "_impatient",
        "_limit",
        "_limits",
        "_lock",
        "_looked_at",
        "_mm",
        "_next_id",
        "_number",
        "_owner",
        "_path",
        "_rank",
        "_retry_at",
        "_room",
        "_salt",
        "_scoped",
        "_slot",
        "_spans",
        "_stride",
        "_tended_at",
        "_why",
        "_words",
        "_writer_id",
        "dropped",
        "run_folder",
        "run_id",
        "tend",
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
        self.run_folder = run_folder
        self.run_id = run_id
        self.dropped = 0
        self._limits = limits or Limits()
        self.tend = tend
        self._rank = rank
        self._lock = threading.RLock()
        self._settle()
        self._reset(owner)

    def _settle(self) -> None:
        """No longer write is under way, nor anything logged while one was."""
        self._busy = False
        self._closing = False  # a signal handler closed the journal in the middle of a longer write
        self._emergency: deque[tuple[int, int, bytes, str, Context | None]] = deque()

    def _reset(self, owner: bool) -> None:
        """The state before the first write."""
        self._owner = owner
        self._ids: dict[str, int] = {}
        self._scoped: dict[tuple[str, Context], int] = {}
        self._contexts: dict[Context, int] = {}
        self._next_id = 1
        self._mm: Window | None = None
        self._words: memoryview | None = None  # the commit words of the segment in use; the short way needs them
        self._spans: list[slice] = []  # where the contents of its first slots lie, up to the limit
        self._slot = 0
        self._limit = 0  # points below this slot go the short way
        self._room = 0  # slots of the segment
        self._barred = False  # no room for points; records may still go in
        self._why = ""  # why there is none
        self._impatient = False  # a log call has waited for room in vain
        self._base = 0
        self._number = 0
        self._salt = 0
        self._alive: int | None = None
        self._ctl: spool.Ctl | None = None
        self._folder = ""
        self._path = ""
        self._writer_id = ""
        self._stride = 1
        self._looked_at = 0
        self._tended_at = 0
        self._retry_at = 0
        self._final: dict[int, bytes] = {}

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
        elif self._commit_points(contents, mm):
            return
        for key, content in zip(metrics, contents, strict=True):
            self._append(content, key, context)

    def _commit_points(self, contents: list[bytes], mm: Window | None) -> bool:
        """Store points side by side, the short way; False where it is barred or does not pay.

        mm: the segment in use before the keys' numbers were read.
        """
        count = len(contents)
        while mm is self._mm and (slot := self._slot) + count <= self._limit:
            salt = self._salt
            at = HEADER_BYTES + slot * SLOT_BYTES
            where = slice(at, at + count * SLOT_BYTES)
            frames = b"".join([_pack_slot(c, _crc32(c, salt ^ n) or 1) for n, c in enumerate(contents, slot)])
            if slot == self._slot and mm is self._mm: mm[where] = frames; self._slot = slot + count; return True  # type: ignore[index]  # fmt: skip  # noqa: E701, E702
        return False

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

    def _commit_point(self, content: bytes) -> bool:
        """Store ``content`` in the next slot; False when another write took that slot."""
        slot, mm = self._slot, self._mm
        at = HEADER_BYTES + slot * SLOT_BYTES
        where = slice(at, at + SLOT_BYTES)
        frame = _pack_slot(content, _crc32(content, self._salt ^ slot) or 1)
        if slot == self._slot and mm is self._mm: mm[where] = frame; self._slot = slot + 1; return True  # type: ignore[index]  # fmt: skip  # noqa: E701, E702
        return False

    def _look(self) -> None:
        """See to the shipper every 5 s, and choose how many points go the short way before the next look.

        The clock is read once per stride instead of once per point: a stride that took under a
        second doubles, a longer one falls back to a single point.
        """
        if self._mm is None:
            return
        now = _monotonic_ns()
        self._stride = min(2 * self._stride, _MAX_STRIDE) if now - self._looked_at < _STRIDE_NS else 1
        self._looked_at = now
        if not self._barred:
            self._open_short_way()
        if now - self._tended_at > _TEND_NS:
            self._tended_at = now
            if self.tend is not None:
                self.tend()

    def _open_short_way(self) -> None:
        """Let a stride of points go without the lock; not where each would be a system call, which a thread may cut."""
        if self._words is not None:
            limit = min(self._room, self._slot + self._stride)
            self._spans = content_spans(limit)
            self._limit = limit

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

    def _commit_record(self, kind: int, now: int, payload: bytes, need: int) -> bool:
        """Store a record in the next slots, its head last; False when another write took the first of them."""
        slot, mm = self._slot, self._mm
        head, body = record_bytes(kind, now, payload, self._salt, slot)
        at = HEADER_BYTES + slot * SLOT_BYTES
        first, rest = slice(at, at + SLOT_BYTES), slice(at + SLOT_BYTES, at + need * SLOT_BYTES)
        # Until the head stands a reader stops before the record, so it is seen whole or not at all.
        if slot == self._slot and mm is self._mm: mm[rest] = body; mm[first] = head; self._slot = slot + need; return True  # type: ignore[index]  # fmt: skip  # noqa: E501, E701, E702
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

    # -- opening, segments, disk -----------------------------------------------------------

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

    def _make_room(self, need: int, *, reserve: bool) -> bool:
        """Begin a segment; False where the disk or the limits forbid it.

        reserve: for a record, which may use the space kept back from points.
        """
        if _monotonic_ns() < self._retry_at and (not reserve or self._mm is None):
            return False
        try:
            if self._alive is None:
                self._open_writer()
            why = self._limits.refusal(self.run_folder)
            if why and not (reserve and not self._limits.refusal(self.run_folder, reserve=True)):
                self._bar(why)
                return False
            if self._mm is None or self._slot + need > self._room:
                self._next_segment()
        except OSError as error:
            self._bar(f"{error.strerror or error} ({error.filename or self.run_folder})")
            return False
        if why:
            self._bar(why)
            return True
        if self._barred:
            self._barred = self._impatient = False
            forget(f"journal-full-{self.run_id}")
        self._open_short_way()
        return True

    def _bar(self, why: str) -> None:
        self._barred = True
        self._why = why
        self._limit = 0
        self._retry_at = _monotonic_ns() + _RETRY_NS
        if self._limits.on_full == "block" and not self._impatient:
            what = f"Log calls of run {self.run_id} wait for room, up to {self._limits.wait_s:g} s"
        elif self._limits.on_full == "raise":
            return
        else:
            what = f"Metric points of run {self.run_id} are dropped, their last values kept"
        warn_once(
            f"journal-full-{self.run_id}",
            f"{what}: {why}. Free some space, bring the server back, or move the spool with CLEW_SPOOL.",
        )

    def has_room(self, count_bytes: int) -> bool:
        """Whether a copy of so many bytes may lie beside the journal."""
        try:
            return not self._limits.refusal(self.run_folder, need_bytes=count_bytes)
        except OSError:
            return False

    def _open_writer(self) -> None:
        """Make this writer's folder with its lock and control page, then show it to the shipper."""
        if self._alive is not None:
            return
        writer_id = new_id()
        draft = spool.make_draft(self.run_folder, writer_id)
        alive = spool.lock_file(os.path.join(draft, "alive"))
        ctl = spool.Ctl(os.path.join(draft, "ctl"), new=True)
        if self._owner:
            ctl.put(spool.STATE, spool.OWNER)
        self._folder = os.path.join(self.run_folder, spool.WRITER_PREFIX + writer_id)
        os.rename(draft, self._folder)
        self._alive, self._ctl, self._writer_id = alive, ctl, writer_id
        _open_journals[id(self)] = self

    def _next_segment(self) -> None:
        """Seal the segment in use and begin the next one."""
        old, words = self._mm, self._words
        self._limit = 0
        self._mm = self._words = None  # from here no write can commit, so the used slots are final
        used = self._slot
        path = os.path.join(self._folder, file_name(self._number))
        draft = path.removesuffix(SUFFIX) + ".tmp"
        birth = Birth(self.run_id, self._writer_id, self._number, self._base + used)
        try:
            if os.path.exists(draft):
                os.unlink(draft)  # an interrupt struck here before
            window = create(draft, birth)
        except BaseException:
            self._mm, self._words = old, words
            raise
        # An interrupt below costs the new segment, not the count: the next one begins at the same number of slots.
        self._base, self._slot, self._room, self._number = birth.base_seq, 0, 0, birth.number + 1
        if old is not None:
            seal(old, used)
        os.rename(draft, path)
        self._salt, self._room = birth.salt, SLOTS_PER_SEGMENT
        self._words = commit_words(window)
        self._mm = window
        if old is not None:
            _close(old, words)
        elif self.tend is not None:
            self._tended_at = _monotonic_ns()
            self.tend()

    def _waits(self, until: float) -> bool:
        """Whether a log call that finds no room is to wait for some."""
        if self._limits.on_full != "block" or self._impatient:
            return False
        if time.monotonic() >= until > 0.0:
            self._impatient = True  # until there is room again, or every call would wait as long
            forget(f"journal-full-{self.run_id}")
            self._bar(self._why)
        return time.monotonic() < until

    def _await_room(self) -> None:
        """Give the shipper a moment to make some room."""
        if self.tend is not None:
            self.tend()
        time.sleep(_PATIENT_S)
        self._retry_at = 0

    def _complain(self) -> None:
        """Raise, where that is what the user wants to happen."""
        if self._limits.on_full == "raise":
            raise SpoolFull(
                f"The journal of run {self.run_id} has no room: {self._why}. Free some space, bring the server back, "
                "or move the spool with CLEW_SPOOL; CLEW_SPOOL_FULL=drop goes on without these points."
            )

    def _count_drop(self) -> None:
        self.dropped += 1
        if self._ctl is not None:
            self._ctl.put(spool.DROPPED, self.dropped)

    # -- fence and end ---------------------------------------------------------------------

    @property
    def trouble(self) -> Trouble:
        """What keeps the shipper from sending this."""
        ctl = self._ctl
        return NONE if ctl is None else ctl.trouble

    @property
    def writer_folder(self) -> str:
        """The open writer's folder; empty before the first write."""
        return self._folder

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
                receipt = self._close()
            finally:
                self._busy = False
                if self._emergency or self._closing:
                    self._drain()
            return receipt

    def _close(self) -> Receipt | None:
        if self._mm is None or self._ctl is None:
            return None
        self._write_finals()
        old, words, self._limit = self._mm, self._words, 0
        self._mm = self._words = None
        receipt = Receipt(self._ctl, self._base + self._slot)
        self._ctl.put(spool.FENCE, receipt.position)
        seal(old, self._slot)
        self._ctl.put(spool.STATE, self._ctl.get(spool.STATE) | spool.ENDED)
        _close(old, words)
        self._forget()
        return receipt

    def _write_finals(self) -> None:
        """The last value of each metric whose points were dropped goes into the reserve."""
        contents, self._final = list(self._final.values()), {}
        for content in contents:
            while self._slot < self._room or self._make_room(1, reserve=True):
                if self._commit_point(content):
                    break

    def _forget(self) -> None:
        """Back to the state before the first write, as a guest of the run."""
        _open_journals.pop(id(self), None)
        alive, self._alive = self._alive, None
        if alive is not None:
            os.close(alive)
        self._reset(owner=False)

    def restart(self) -> None:
        """What a forked child does with its parent's journal: leave it, and open its own at the next write."""
        self._lock = threading.RLock()  # another thread of the parent may hold the old one
        self._forget()
        self._settle()


def _close(window: Window, words: memoryview | None) -> None:
    if words is not None:
        words.release()  # a map with views onto it cannot be closed
    window.close()


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
