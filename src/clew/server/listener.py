"""Which process listens on a TCP port, as far as Linux's ``/proc`` tells it."""

from __future__ import annotations

import os

_LISTEN = "0A"  # state of a listening socket in /proc/net/tcp


def listening_process(port: int) -> tuple[int, str] | None:
    """(pid, name) of who listens on a TCP port; None where the system does not tell this user."""
    inodes = {f"socket:[{inode}]" for inode in _listening(port)}
    if not inodes:
        return None
    for name in os.listdir("/proc"):
        if not name.isdecimal():
            continue
        try:
            files = os.scandir(f"/proc/{name}/fd")
            with files:
                if any(os.readlink(entry.path) in inodes for entry in files):
                    with open(f"/proc/{name}/comm", encoding="utf-8") as file:
                        return int(name), file.read().strip()
        except OSError:
            continue  # another user's, or already gone
    return None


def _listening(port: int) -> list[str]:
    inodes = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, encoding="ascii") as file:
                rows = [line.split() for line in file.readlines()[1:]]
        except OSError:
            continue
        inodes += [r[9] for r in rows if r[3] == _LISTEN and int(r[1].rpartition(":")[2], 16) == port]
    return inodes
