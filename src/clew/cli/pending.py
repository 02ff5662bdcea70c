"""What the journals of this user still hold, and why; reading it disturbs neither writers nor shippers."""

from __future__ import annotations

import os
from typing import NamedTuple

from clew.client import spool
from clew.client.segment import span_of
from clew.client.trouble import NONE, Trouble
from clew.errors import ClewError, Corrupt
from clew.wire.frames import SEGMENT_BYTES

_NS_PER_MS = 1_000_000
UNKNOWN = "a target whose note is torn"


class Stuck(NamedTuple):
    """A run that is not sent while others are: why, and what to do."""

    run_id: str
    reason: str
    cure: str
    since_ms: int
    tried_ms: int


class Refused(NamedTuple):
    """What a target would not have of a run, set aside: where it lies, and the target's words."""

    run_id: str
    folder: str
    reason: str


class Pending(NamedTuple):
    """What the journal still holds for one target.

    folder: where. runs, writers, segments, files: how many. size_bytes: of segments and files as they lie on disk.
    entries: 32-byte slots that the target has not acknowledged: points, and the parts of params, tags and names.
    oldest_ms: when the first of what waits was logged; None where nothing does. dropped: points that found no room.
    writing: writers whose process lives. shipper: whether somebody sends it now; shipper_pid: who, 0 if unknown.
    trouble: what keeps everything from being sent, or empty; cure: what to do; since_ms, tried_ms: since when, and
    when it was tried last. stuck: runs that are held up by something of their own. refused: what was set aside.
    """

    target: str
    folder: str
    runs: int
    writers: int
    writing: int
    segments: int
    entries: int
    files: int
    size_bytes: int
    oldest_ms: int | None
    dropped: int
    shipper: bool
    shipper_pid: int | None
    trouble: str
    cure: str
    since_ms: int
    tried_ms: int
    stuck: list[Stuck]
    refused: list[Refused]


class _Writer(NamedTuple):
    """One writer's share."""

    run_id: str
    segments: int
    entries: int
    files: int
    size_bytes: int
    oldest_ms: int | None
    dropped: int
    lives: bool
    trouble: Trouble


def read_pending(spool_folder: str) -> list[Pending]:
    """What waits, one entry per target: under ``spool_folder``, and where journals go if that cannot be written."""
    return [read_target(folder) for folder in target_folders(spool_folder)]


def target_folders(spool_folder: str) -> list[str]:
    """The target folders of this user."""
    roots = dict.fromkeys([spool_folder, *spool.spare_roots()])
    return [folder for root in roots for folder in spool.target_folders(root)]


def read_target(folder: str) -> Pending:
    """What waits in one target folder."""
    runs = list(spool.runs(folder))
    found = [_read_writer(run_id, writer) for run_id, run in runs for writer in spool.writers(run)]
    of_all = next((w.trouble for w in found if w.trouble and not w.trouble.of_one_run), NONE)
    pid = spool.holder(folder)
    return Pending(
        target=_target(folder),
        folder=folder,
        runs=len({w.run_id for w in found}),
        writers=len(found),
        writing=sum(w.lives for w in found),
        segments=sum(w.segments for w in found),
        entries=sum(w.entries for w in found),
        files=sum(w.files for w in found),
        size_bytes=sum(w.size_bytes for w in found),
        oldest_ms=min((w.oldest_ms for w in found if w.oldest_ms), default=None),
        dropped=sum(w.dropped for w in found),
        shipper=pid is not None,
        shipper_pid=pid,
        trouble=of_all.text,
        cure=of_all.cure,
        since_ms=of_all.since_ms,
        tried_ms=of_all.tried_ms,
        stuck=_stuck(found),
        refused=[Refused(run_id, path, _reason(path)) for run_id, run in runs for path in spool.refused(run)],
    )


def _target(folder: str) -> str:
    try:
        return spool.target_uri(folder)
    except Corrupt:
        return UNKNOWN


def _stuck(found: list[_Writer]) -> list[Stuck]:
    by_run = {w.run_id: w.trouble for w in found if w.trouble and w.trouble.of_one_run}
    return [Stuck(run_id, t.text, t.cure, t.since_ms, t.tried_ms) for run_id, t in by_run.items()]


def _read_writer(run_id: str, folder: str) -> _Writer:
    segments, files = spool.segments(folder), spool.files(folder)
    acked, dropped, trouble = 0, 0, NONE
    try:
        ctl = spool.Ctl(os.path.join(folder, "ctl"))
        acked, dropped, trouble = ctl.get(spool.ACKED), ctl.get(spool.DROPPED), ctl.trouble
    except (OSError, ClewError):
        pass  # it is being removed, or a power loss tore it
    end, oldest_ms = acked, None
    for path in segments:
        try:
            end, first_ns = span_of(path)
        except (OSError, ClewError):
            continue
        oldest_ms = oldest_ms or first_ns // _NS_PER_MS or None
    notes = spool.file_notes(folder)
    return _Writer(
        run_id=run_id,
        segments=len(segments),
        entries=max(0, end - acked),
        files=len(notes),
        size_bytes=SEGMENT_BYTES * len(segments) + sum(size for _, size in files),
        oldest_ms=oldest_ms if end > acked else _oldest(notes),
        dropped=dropped,
        lives=spool.lives(folder),
        trouble=trouble,
    )


def _oldest(notes: list[str]) -> int | None:
    times = []
    for note in notes:
        try:
            times.append(int(os.stat(note).st_mtime * 1000))
        except OSError:
            continue  # it was sent in this moment
    return min(times, default=None)


def _reason(folder: str) -> str:
    try:
        with open(os.path.join(folder, "reason.txt"), encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return "the reason could not be written down; the disk was full"
