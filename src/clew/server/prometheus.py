"""The text that Prometheus reads at ``/metrics``: names, types and figures."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable, Mapping
from typing import Final

from clew import __version__
from clew.server.meters import BOUNDS_S, Meters
from clew.storage.store import Figures

CONTENT_TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")

Sample = tuple[Mapping[str, object], float]


class Text:
    """A growing exposition."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, name: str, kind: str, about: str, samples: Iterable[Sample]) -> None:
        """One metric. kind: counter or gauge."""
        self._head(name, kind, about)
        self._lines += [f"{name}{_labels(labels)} {_number(value)}" for labels, value in samples]

    def one(self, name: str, kind: str, about: str, value: float) -> None:
        """A metric without labels."""
        self.add(name, kind, about, [({}, value)])

    def histograms(
        self, name: str, about: str, label: str, times: Mapping[str, list[int]], sums: Mapping[str, float]
    ) -> None:
        """One histogram per value of ``label``. times: counts per bucket of ``BOUNDS_S``. sums: seconds."""
        self._head(name, "histogram", about)
        for value, counts in sorted(times.items()):
            below = 0
            for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), counts, strict=True):
                below += count
                self._lines.append(f"{name}_bucket{_labels({label: value, 'le': bound})} {below}")
            self._lines.append(f"{name}_sum{_labels({label: value})} {_number(sums[value])}")
            self._lines.append(f"{name}_count{_labels({label: value})} {below}")

    def bytes(self) -> bytes:
        """All of it."""
        return ("\n".join(self._lines) + "\n").encode()

    def _head(self, name: str, kind: str, about: str) -> None:
        self._lines += [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]


def exposition(meters: Meters, figures: Figures, streams: int, queries: int) -> bytes:
    """Everything that this process counts. streams: open event streams. queries: reads that run or wait."""
    text = Text()
    about = {"version": __version__, "python": platform.python_version()}
    text.add("clew_build_info", "gauge", "What answers here.", [(about, 1)])
    _requests(text, meters)
    _store(text, figures)
    batches = sum(n for (route, _, status), n in meters.requests.items() if route == "ingest" and status == 2)
    text.one("clew_journal_batches_total", "counter", "Journal batches taken from clients.", batches)
    text.one("clew_event_streams", "gauge", "Open event streams.", streams)
    text.one("clew_queries_in_flight", "gauge", "Reads that run in a thread, or wait for one.", queries)
    text.one("clew_artifact_received_bytes_total", "counter", "Bytes of artifacts that clients sent.", meters.bytes_in)
    text.one("clew_artifact_sent_bytes_total", "counter", "Bytes of artifacts sent to clients.", meters.bytes_out)
    _process(text)
    return text.bytes()


def _requests(text: Text, meters: Meters) -> None:
    counts = [
        ({"route": route, "method": method, "status": f"{status}xx"}, count)
        for (route, method, status), count in sorted(meters.requests.items())
    ]
    text.add("clew_http_requests_total", "counter", "Requests answered, by route and class of status.", counts)
    about = "Time to answer a request."
    text.histograms("clew_http_request_seconds", about, "route", meters.times, meters.seconds)
    text.one("clew_http_requests_in_flight", "gauge", "Requests being answered.", meters.in_flight)


def _store(text: Text, figures: Figures) -> None:
    text.one("clew_commits_total", "counter", "Group commits.", figures.groups)
    text.one("clew_writes_total", "counter", "Writes in these groups.", figures.writes)
    text.one("clew_points_total", "counter", "Metric points committed.", figures.points)
    text.one("clew_uncompacted_points", "gauge", "Metric points that wait for compaction.", figures.uncompacted)
    text.one("clew_compactions_total", "counter", "Rounds of compaction.", figures.rounds)
    text.one("clew_compaction_seconds_total", "counter", "Time spent in them.", figures.rounds_s)


def _process(text: Text) -> None:
    times = os.times()
    text.one("process_cpu_seconds_total", "counter", "CPU time of this process.", times.user + times.system)
    try:
        with open("/proc/self/stat", encoding="ascii") as file:
            stat = file.read().rpartition(")")[2].split()
        opened = len(os.listdir("/proc/self/fd")) - 1  # the listing's own
    except OSError:  # no Linux
        return
    started_s = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + int(stat[19]) * _TICK_S
    text.one("process_resident_memory_bytes", "gauge", "Memory in use.", int(stat[21]) * _PAGE_BYTES)
    text.one("process_open_fds", "gauge", "Open file descriptors.", opened)
    text.one("process_start_time_seconds", "gauge", "Start, in seconds since 1970.", started_s)


def _labels(labels: Mapping[str, object]) -> str:
    inner = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f"{{{inner}}}" if inner else ""


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
