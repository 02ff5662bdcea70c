"""How much disk a run's journal may take. Standard library only."""

from __future__ import annotations

import os

from clew.client import spool
from clew.wire.frames import SEGMENT_BYTES


class Limits:
    """How much disk a run's journal may take.

    max_bytes: of segments that are not shipped yet; a tenth more is kept for records and last values.
    keep_fraction, keep_bytes: of the file system stay free (the larger one, but never over a quarter).
    """

    __slots__ = ("keep_bytes", "keep_fraction", "max_bytes")

    def __init__(self, max_bytes: int = 1 << 30, keep_fraction: float = 0.05, keep_bytes: int = 500 << 20) -> None:
        self.max_bytes = max_bytes
        self.keep_fraction = keep_fraction
        self.keep_bytes = keep_bytes

    def room(self, run_folder: str, *, reserve: bool) -> bool:
        """Whether one more segment may be made; ``reserve`` asks for records instead of points.

        Cost: one listing of the run's folders and one statvfs.
        """
        used = 0
        for writer in spool.writers(run_folder):
            used += sum(SEGMENT_BYTES for _ in spool.segments(writer))
        if used + SEGMENT_BYTES > self.max_bytes * (1.1 if reserve else 1.0):
            return False
        if not hasattr(os, "statvfs"):
            return True
        disk = os.statvfs(run_folder)
        total, free = disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize
        keep = min(max(self.keep_bytes, int(total * self.keep_fraction)), total // 4)
        return free - SEGMENT_BYTES > (keep // 10 if reserve else keep)
