"""The shipper's half of the journal: one writer's slots, from its segments to batches.

Standard library only.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import Any, Final

from clew.client import spool
from clew.client.http import Backoff
from clew.client.segment import GAP, Header, Window, mend, part_of, sound_slots, window, written_slots
from clew.client.trouble import Kind
from clew.errors import Corrupt
from clew.ids import now_ms
from clew.wire.frames import CONTENT_BYTES, HEAD, HEADER_BYTES, SEGMENT_BYTES, SLOT_BYTES

MAX_SLOTS: Final = 50_000
_MIN_SLOTS: Final = 500
_LONGEST_PAUSE_S: Final = 300.0


class Batch:
    """Whole slots of one segment, ready to send.

    seq: sequence number of the first slot. slot: its index in the segment.
    """

    __slots__ = ("data", "salt", "seq", "slot")

    def __init__(self, seq: int, slot: int, salt: int, data: bytes) -> None:
        self.seq = seq
        self.slot = slot
        self.salt = salt
        self.data = data

    @property
    def end(self) -> int:
        """Sequence number after the last slot."""
        return self.seq + len(self.data) // SLOT_BYTES

    def sound(self) -> Batch:
        """The front of this batch that passes its CRCs; the rest is still on its way through the CPU's caches."""
        count = sound_slots(self.data, self.salt, self.slot)
        return Batch(self.seq, self.slot, self.salt, self.data[: count * SLOT_BYTES])

    def mended(self) -> tuple[Batch, int]:
        """This batch with broken slots replaced by gaps, and their count; for writers that are gone."""
        data, lost = mend(self.data, self.salt, self.slot)
        return Batch(self.seq, self.slot, self.salt, data), lost


class Waiting:
    """An artifact in the spool.

    after: sequence number up to which the journal goes first. path: inside the run's artifacts.
    file: where the bytes are; ``copied`` says whether that is our own copy. reason: why the target refused it.
    """

    __slots__ = ("after", "copied", "file", "note", "path", "reason", "sha256", "size")

    def __init__(self, note: str) -> None:
        with open(note, encoding="utf-8") as stream:
            fields: dict[str, Any] = json.load(stream)
        self.note = note
        self.reason = str(fields.get("reason", ""))
        self.after = int(fields["after"])
        self.path = str(fields["path"])
        self.copied = bool(fields["copied"])
        self.file = os.path.join(os.path.dirname(note), fields["file"]) if self.copied else str(fields["file"])
        self.size = int(fields["size"])
        self.sha256 = str(fields["sha256"])

    def refuse(self, reason: str) -> None:
        """Set it aside, since the target will not have it."""
        with open(self.note, encoding="utf-8") as stream:
            fields = json.load(stream)
        aside = self.note.removesuffix(".json") + spool.REFUSED_SUFFIX
        with open(aside, "w", encoding="utf-8") as out:
            json.dump({**fields, "reason": reason}, out)
        os.unlink(self.note)

    def done(self) -> None:
        """Forget it, and our copy."""
        if self.copied and os.path.exists(self.file):
            os.unlink(self.file)
        os.unlink(self.note)


class Reader:
    """One writer's journal as the shipper sees it.

    cursor: what the target has, None until it was asked. alive: as of the last ``look``.
    began_ns: when its oldest slot was written, which tells the order of a run's sessions.
    """

    def __init__(self, folder: str, run_id: str) -> None:
        self.folder = folder
        self.run_id = run_id
        self.writer_id = os.path.basename(folder).removeprefix(spool.WRITER_PREFIX)
        self.ctl = _control_page(folder)
        self.cursor: int | None = None
        self.alive = True
        self.stuck = False
        self.retry_at = 0.0
        self._backoff: Backoff | None = None
        self._most = MAX_SLOTS
        self._least = _MIN_SLOTS
        self.notes: dict[str, Any] = {}
        self.began_ns = _first_time_ns(folder)
        self._view: Window | None = None
        self._header: Header | None = None
        self._path = ""

    def hold_up(self, kind: Kind, why: str, first_s: float) -> None:
        """It cannot be sent now; the pause before the next try grows from ``first_s`` to five minutes."""
        self.stuck = True
        self.ctl.tell(kind, why, now_ms())
        self._backoff = self._backoff or Backoff(first_s, _LONGEST_PAUSE_S)
        self.retry_at = time.monotonic() + self._backoff.pause_s()

    def relieve(self) -> None:
        """It goes again."""
        if self.stuck:
            self.stuck, self._backoff = False, None
            self.ctl.relieve()

    def send_less(self) -> bool:
        """Halve what is sent at once; False where it is as little as can be."""
        if self._most // 2 < self._least:
            return False
        self._most //= 2
        return True

    def send_more(self, batch: Batch, *, moved: bool) -> bool:
        """After a batch: more at once from now on. Whether another one may go at once.

        A batch that moved nothing although it was as large as allowed holds the front of a longer record.
        """
        slots = len(batch.data) // SLOT_BYTES
        if moved:
            self._least = _MIN_SLOTS
        elif slots < self._most:
            return False
        else:
            self._least = 2 * slots
        self._most = min(2 * self._most, MAX_SLOTS)
        return moved or slots < MAX_SLOTS

    def look(self) -> None:
        """Refresh ``alive``; before reading, so that a writer that is gone has written all it will."""
        self.alive = self.alive and spool.lives(self.folder)

    @property
    def owner(self) -> bool:
        """Whether the run was begun by this writer."""
        return bool(self.ctl.get(spool.STATE) & spool.OWNER)

    @property
    def ended(self) -> bool:
        """Whether the writer closed on purpose."""
        return bool(self.ctl.get(spool.STATE) & spool.ENDED)

    def batch(self, below: int | None = None) -> Batch | None:
        """The next slots to send, or None while there are none.

        below: sequence number to stop before.

        Raises:
            Corrupt: a segment's header is unreadable, or segments are missing before the first one.
        """
        assert self.cursor is not None
        while self._open():
            assert self._header is not None
            assert self._view is not None
            base = self._header.base_seq
            used = self._used()
            if used is not None and self.cursor >= base + used and self._drop_segment():
                continue
            if self.cursor < base:
                raise Corrupt(f"{self.folder}: slots {self.cursor} to {base} were shipped, but the target lost them")
            return self._slots(self.cursor - base, used, below)
        return None

    def _slots(self, slot: int, used: int | None, below: int | None) -> Batch | None:
        header, view = self._header, self._view
        assert header is not None
        assert view is not None
        assert self.cursor is not None
        stop = header.slots if used is None else used
        if below is not None:
            stop = min(stop, below - header.base_seq)
        stop = min(stop, slot + self._most)
        if stop <= slot:
            return None
        with part_of(view, HEADER_BYTES + slot * SLOT_BYTES, HEADER_BYTES + stop * SLOT_BYTES) as part:
            count = written_slots(part) if used is None else stop - slot
            data = bytes(part[: count * SLOT_BYTES])
            if used is None and not self.alive:
                data = _over_holes(bytes(part), header.salt, slot, count) or data
        return Batch(self.cursor, slot, header.salt, data) if data else None

    def _open(self) -> bool:
        """Map the oldest segment that is left."""
        if self._view is not None:
            return True
        paths = spool.segments(self.folder)
        if not paths:
            return False
        self._path = paths[0]
        fd = os.open(self._path, os.O_RDONLY)
        try:
            if os.fstat(fd).st_size < SEGMENT_BYTES:
                raise Corrupt(f"{self._path} is shorter than a segment of the journal.")
            view = window(fd, SEGMENT_BYTES, write=False)
        finally:
            os.close(fd)
        self._view = view
        self._header = Header(view[:HEADER_BYTES])
        return True

    def _used(self) -> int | None:
        """How many slots the open segment will ever have, None while that is open."""
        header, view = self._header, self._view
        assert header is not None
        assert view is not None
        if header.sealed is None:
            header.sealed = Header(view[:HEADER_BYTES]).sealed
        if header.sealed is None:
            # A writer that was interrupted while it rotated sealed nothing; the next segment tells.
            paths = spool.segments(self.folder)
            if len(paths) > 1 and paths[0] == self._path:
                with open(paths[1], "rb") as file:
                    header.sealed = Header(file.read(HEADER_BYTES)).base_seq - header.base_seq
        return header.sealed

    def _drop_segment(self) -> bool:
        """Delete the open segment, whose slots are all acknowledged; False for the last one, which may stay."""
        self._close_view()
        os.unlink(self._path)
        return True

    def _close_view(self) -> None:
        if self._view is not None:
            self._view.close()
        self._view = self._header = None

    def acknowledge(self, seq: int) -> None:
        """The target has everything below ``seq``."""
        self.cursor = seq
        self.ctl.put(spool.ACKED, seq)

    def waiting(self) -> Waiting | None:
        """The next artifact to upload."""
        for note in spool.file_notes(self.folder):
            try:
                return Waiting(note)
            except (ValueError, KeyError, TypeError):  # a power loss tore it
                os.rename(note, note.removesuffix(".json") + ".torn")
        return None

    def refused_files(self) -> list[Waiting]:
        """The artifacts that the target will not have."""
        folder = os.path.join(self.folder, "files")
        try:
            notes = sorted(n for n in os.listdir(folder) if n.endswith(spool.REFUSED_SUFFIX))
        except FileNotFoundError:
            return []
        return [Waiting(os.path.join(folder, note)) for note in notes]

    def conflict(self, entry: dict[str, Any]) -> None:
        """Keep a conflict for the writer to tell."""
        with open(os.path.join(self.folder, "conflicts.jsonl"), "a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self.ctl.put(spool.CONFLICTS, self.ctl.get(spool.CONFLICTS) + 1)

    def remove(self) -> None:
        """Delete the writer's folder: it is gone and everything is acknowledged."""
        self._close_view()
        shutil.rmtree(self.folder, ignore_errors=True)

    def refuse(self, why: str) -> str:
        """Set the folder aside, since the target will never take it; returns where it lies now."""
        self._close_view()
        parent, name = os.path.split(self.folder)
        aside = os.path.join(parent, spool.REFUSED_PREFIX + name.removeprefix(spool.WRITER_PREFIX))
        try:
            with open(os.path.join(self.folder, "reason.txt"), "w", encoding="utf-8") as file:
                file.write(why + "\n")
        except OSError:
            pass  # the disk is full; the control page has it too
        self.ctl.tell("refused", why, now_ms())
        os.rename(self.folder, aside)
        return aside


def _control_page(folder: str) -> spool.Ctl:
    """A writer's control page; of a writer that is gone and whose page a power loss took, an empty one."""
    path = os.path.join(folder, "ctl")
    try:
        return spool.Ctl(path)
    except Corrupt:
        if spool.lives(folder):
            raise
        os.truncate(path, spool.CTL_BYTES)
        return spool.Ctl(path)


def _first_time_ns(folder: str) -> int:
    paths = spool.segments(folder)
    if not paths:
        return 0
    with open(paths[0], "rb") as file:
        file.seek(HEADER_BYTES)
        return int.from_bytes(file.read(8), "little", signed=True)


def _over_holes(rest: bytes, salt: int, slot: int, count: int) -> bytes:
    """Slots of a writer that is gone, mended, if sound ones lie behind the ``count`` at the front; else nothing.

    A power loss may keep a later page and lose an earlier one. A record whose head was never
    written leaves payload behind a hole too, which ``mend`` recognises; that one never returned.
    """
    slots = -(-len(rest.rstrip(b"\0")) // SLOT_BYTES)
    if slots <= count:
        return b""
    mended, _ = mend(rest[: slots * SLOT_BYTES], salt, slot)
    behind = range(count, slots)
    gap = HEAD.pack(0, 0, 0, GAP)
    sound = any(mended[n * SLOT_BYTES : n * SLOT_BYTES + CONTENT_BYTES] != gap for n in behind)
    return mended if sound else b""
