"""How much disk a run's journal may take, and what happens at the limit. Standard library only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from clew.client import spool
from clew.wire.frames import SEGMENT_BYTES

if TYPE_CHECKING:
    from clew.settings import Settings


class Limits:
    """How much disk a run's journal may take.

    max_bytes: of segments and files that are not shipped yet; a tenth more is kept for records and last values.
    keep_fraction, keep_bytes: of the file system stay free (the larger one, but never over a quarter).
    on_full: what a log call does where a point finds no room: ``drop`` it and count it, ``block`` until there is room
        or wait_s seconds have passed, or ``raise`` SpoolFull.
    """

    __slots__ = ("keep_bytes", "keep_fraction", "max_bytes", "on_full", "wait_s")

    def __init__(
        self,
        max_bytes: int = 1 << 30,
        keep_fraction: float = 0.05,
        keep_bytes: int = 500 << 20,
        *,
        on_full: str = "drop",
        wait_s: float = 60.0,
    ) -> None:
        self.max_bytes = max_bytes
        self.keep_fraction = keep_fraction
        self.keep_bytes = keep_bytes
        self.on_full = on_full
        self.wait_s = wait_s

    @classmethod
    def of(cls, values: Settings) -> Limits:
        """The limits that the settings ask for."""
        return cls(
            values.spool_max_bytes,
            keep_bytes=values.spool_keep_bytes,
            keep_fraction=0.05 if values.spool_keep_bytes else 0.0,
            on_full=values.spool_full,
            wait_s=values.spool_full_wait_s,
        )

    def refusal(self, run_folder: str, *, need_bytes: int = SEGMENT_BYTES, reserve: bool = False) -> str:
        """Why no more may be written, by default one more segment; empty where it may.

        reserve: asks for records instead of points.
        Cost: one listing of the run's folders and one statvfs.
        """
        if used_bytes(run_folder) + need_bytes > self.max_bytes * (1.1 if reserve else 1.0):
            return f"{self.max_bytes >> 20} MiB of it wait to be sent, which is the limit (CLEW_SPOOL_MAX_MB)"
        if not hasattr(os, "statvfs"):
            return ""
        disk = os.statvfs(run_folder)
        total, free = disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize
        keep = self.keep_of(total)
        if free - need_bytes > (keep // 10 if reserve else keep):
            return ""
        return f"the disk of {run_folder} has {free >> 20} MiB left, and {keep >> 20} stay free (CLEW_SPOOL_KEEP_MB)"

    def keep_of(self, total_bytes: int) -> int:
        """The bytes of a file system of this size that stay free."""
        return min(max(self.keep_bytes, int(total_bytes * self.keep_fraction)), total_bytes // 4)


def used_bytes(run_folder: str) -> int:
    """What a run's journal takes on the disk: segments, and copies of files."""
    used = 0
    for writer in spool.writers(run_folder):
        used += SEGMENT_BYTES * len(spool.segments(writer))
        used += sum(size for _, size in spool.files(writer))
    return used
