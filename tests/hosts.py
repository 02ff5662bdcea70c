"""Processes of tests: hosts of stores, found and ended by their pids."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from clew.server.places import places, read_info


def stop_host(uri: str, number: int = signal.SIGTERM) -> int | None:
    """End the host of a store; its pid, or None if none ran."""
    info = read_info(places(uri).info)
    if info is None:
        return None
    try:
        os.kill(info.pid, number)
    except ProcessLookupError:
        return None
    eventually(lambda: not alive(info.pid))
    return info.pid


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] != b"Z"
    except FileNotFoundError:
        return False


def eventually(condition: Callable[[], object], within_s: float = 30.0) -> None:
    """Wait until ``condition`` holds."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
