"""The segments that a journal's writer fills: how a slot is taken, the next segment, and what if there is no room.

**Who may write when.** A write prepares its bytes for the next free slot and then, in one line
without a call (``_commit_point``'s shape, repeated where a call would be too dear), checks that the
slot is still free, stores and advances. CPython switches threads and runs signal handlers only
at calls and backward jumps, so that line is never cut; whoever lost the slot prepares again.
Everything longer (opening, rotation, end) belongs to the holder of the journal's lock.

Standard library only; this module is on the path of every log call.
"""

from __future__ import annotations

import os
import struct
import time
import zlib
from collections.abc import Callable
from typing import Final

from clew.client import spool
from clew.client.limits import Limits
from clew.client.notice import forget, warn_once
from clew.client.receipt import Receipt
from clew.client.segment import (
    SUFFIX,
    Birth,
    Window,
    commit_words,
    content_spans,
    create,
    file_name,
    record_bytes,
    seal,
)
from clew.client.trouble import NONE, Trouble
from clew.errors import SpoolFull
from clew.ids import new_id
from clew.wire.frames import HEADER_BYTES, SLOT_BYTES, SLOTS_PER_SEGMENT

_TEND_NS: Final = 5_000_000_000
_RETRY_NS: Final = 1_000_000_000
_PATIENT_S: Final = 0.05
_STRIDE_NS: Final = 1_000_000_000
_MAX_STRIDE: Final = 4096

_pack_slot = struct.Struct("<28sI").pack
_crc32 = zlib.crc32
_monotonic_ns = time.monotonic_ns  # of waiting and looking: the other clock may be set at any time


class Writer:
    """A process's slots in a run's journal, one segment after the other; opened by the first write.

    run_folder: the run's folder in the spool; writers make their own folder in it.
    owner: this process began the run, so its death without an end means that the run was killed.
    tend: called about every 5 s from a log call, and when a writer opens; makes sure that a shipper runs.
    """

    __slots__ = (
        "_alive",
        "_barred",
        "_base",
        "_ctl",
        "_folder",
        "_impatient",
        "_limit",
        "_limits",
        "_looked_at",
        "_mm",
        "_number",
        "_owner",
        "_retry_at",
        "_room",
        "_salt",
        "_slot",
        "_spans",
        "_stride",
        "_tended_at",
        "_why",
        "_words",
        "_writer_id",
        "run_folder",
        "run_id",
        "tend",
    )

    def __init__(
        self, run_folder: str, run_id: str, owner: bool, limits: Limits | None, tend: Callable[[], None] | None
    ) -> None:
        self.run_folder = run_folder
        self.run_id = run_id
        self._limits = limits or Limits()
        self.tend = tend
        self._reset(owner)

    def _reset(self, owner: bool) -> None:
        """The state before the first write."""
        self._owner = owner
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
        self._writer_id = ""
        self._stride = 1
        self._looked_at = 0
        self._tended_at = 0
        self._retry_at = 0

    # -- slots --------------------------------------------------------------------------------

    def _commit_point(self, content: bytes) -> bool:
        """Store ``content`` in the next slot; False when another write took that slot."""
        slot, mm = self._slot, self._mm
        at = HEADER_BYTES + slot * SLOT_BYTES
        where = slice(at, at + SLOT_BYTES)
        frame = _pack_slot(content, _crc32(content, self._salt ^ slot) or 1)
        if slot == self._slot and mm is self._mm: mm[where] = frame; self._slot = slot + 1; return True  # type: ignore[index]  # fmt: skip  # noqa: E701, E702
        return False

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

    def _commit_record(self, kind: int, now: int, payload: bytes, need: int) -> bool:
        """Store a record in the next slots, its head last; False when another write took the first of them."""
        slot, mm = self._slot, self._mm
        head, body = record_bytes(kind, now, payload, self._salt, slot)
        at = HEADER_BYTES + slot * SLOT_BYTES
        first, rest = slice(at, at + SLOT_BYTES), slice(at + SLOT_BYTES, at + need * SLOT_BYTES)
        # Until the head stands a reader stops before the record, so it is seen whole or not at all.
        if slot == self._slot and mm is self._mm: mm[rest] = body; mm[first] = head; self._slot = slot + need; return True  # type: ignore[index]  # fmt: skip  # noqa: E501, E701, E702
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

    # -- segments -----------------------------------------------------------------------------

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

    def _finish(self) -> Receipt | None:
        """Seal the segment in use, say that no more comes, and let the lock go."""
        if self._mm is None or self._ctl is None:
            return None
        old, words, self._limit = self._mm, self._words, 0
        self._mm = self._words = None
        receipt = Receipt(self._ctl, self._base + self._slot)
        self._ctl.put(spool.FENCE, receipt.position)
        seal(old, self._slot)
        self._ctl.put(spool.STATE, self._ctl.get(spool.STATE) | spool.ENDED)
        _close(old, words)
        self._forget()
        return receipt

    def _forget(self) -> None:
        """Back to the state before the first write, as a guest of the run."""
        alive, self._alive = self._alive, None
        if alive is not None:
            os.close(alive)
        self._reset(owner=False)

    @property
    def trouble(self) -> Trouble:
        """What keeps the shipper from sending this."""
        ctl = self._ctl
        return NONE if ctl is None else ctl.trouble

    @property
    def writer_folder(self) -> str:
        """The open writer's folder; empty before the first write."""
        return self._folder

    # -- no room ------------------------------------------------------------------------------

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


def _close(window: Window, words: memoryview | None) -> None:
    if words is not None:
        words.release()  # a map with views onto it cannot be closed
    window.close()
