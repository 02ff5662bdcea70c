"""What the machine does now: processor, memory, disk, network. Standard library only.

Linux tells it in ``/proc``; elsewhere the package psutil does, where it is installed.
"""

from __future__ import annotations

import os
from typing import Any, Final

_MB: Final = 1e6


class Machine:
    """Readings since it was made, by MLflow's names; empty where neither ``/proc`` nor psutil is there."""

    def __init__(self, proc: str = "/proc") -> None:
        self._proc = proc
        self._psutil: Any = None if os.path.exists(os.path.join(proc, "stat")) else _psutil()
        self._busy, self._ticks = self._processor()
        self._received, self._sent = self._network()

    def read(self) -> dict[str, float]:
        """Percentages, and megabytes (10^6 bytes); the network's since this object was made.

        The processor's load is that since the reading before.
        """
        found: dict[str, float] = {}
        busy, ticks = self._processor()
        if ticks > self._ticks:
            found["cpu_utilization_percentage"] = min(100.0, 100 * (busy - self._busy) / (ticks - self._ticks))
        self._busy, self._ticks = busy, ticks
        total, used = self._memory()
        if total:
            found["system_memory_usage_megabytes"] = used / _MB
            found["system_memory_usage_percentage"] = 100 * used / total
        if hasattr(os, "statvfs"):
            disk = os.statvfs(os.sep)
            taken = (disk.f_blocks - disk.f_bfree) * disk.f_frsize
            free = disk.f_bavail * disk.f_frsize
            found["disk_usage_percentage"] = 100 * taken / (taken + free) if taken + free else 0.0
            found["disk_usage_megabytes"] = taken / _MB
            found["disk_available_megabytes"] = free / _MB
        received, sent = self._network()
        found["network_receive_megabytes"] = (received - self._received) / _MB
        found["network_transmit_megabytes"] = (sent - self._sent) / _MB
        return found

    def _processor(self) -> tuple[float, float]:
        """(busy, all) time of all processors together, in one unit."""
        if self._psutil is not None:
            times = self._psutil.cpu_times()
            return sum(times) - times.idle - getattr(times, "iowait", 0.0), sum(times)
        for line in self._lines("stat"):
            if line.startswith("cpu "):
                # user nice system idle iowait irq softirq steal; what guests use is part of user and nice
                ticks = [int(n) for n in line.split()[1:9]]
                return float(sum(ticks) - ticks[3] - ticks[4]), float(sum(ticks))
        return 0.0, 0.0

    def _memory(self) -> tuple[float, float]:
        """(total, used) in bytes; used is what programs cannot get without swapping."""
        if self._psutil is not None:
            memory = self._psutil.virtual_memory()
            return memory.total, memory.total - memory.available
        known = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in self._lines("meminfo") if ":" in line}
        total = known.get("MemTotal", 0)
        return total, total - known.get("MemAvailable", total)

    def _network(self) -> tuple[float, float]:
        """(received, sent) in bytes over all interfaces."""
        if self._psutil is not None:
            network = self._psutil.net_io_counters()
            return (network.bytes_recv, network.bytes_sent) if network else (0.0, 0.0)
        columns = [line.split(":")[1].split() for line in self._lines("net/dev") if ":" in line]
        return float(sum(int(c[0]) for c in columns)), float(sum(int(c[8]) for c in columns))

    def _lines(self, name: str) -> list[str]:
        try:
            with open(os.path.join(self._proc, name), encoding="ascii", errors="replace") as file:
                return file.read().splitlines()
        except OSError:
            return []


def _psutil() -> Any:
    try:
        import psutil
    except ImportError:
        return None
    return psutil
