"""What one ``clew.log_metric`` call costs the training loop.

The limit is a bare write of 32 bytes into a memory map, both with their loop and in CPU time, so that other load counts
less. Measured offline, so that nothing else runs: the call itself never does more. Single calls are timed by the clock.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

from benchmarks.result import Result

CODE = """
import json, mmap, sys, tempfile
from statistics import median
from time import perf_counter_ns as clock, thread_time_ns as cpu
import clew

calls, rounds = int(sys.argv[1]), int(sys.argv[2])
clew.set_tracking_uri("http://127.0.0.1:9")
clew.set_experiment("bench")
run = clew.start_run()
log_metric, log_metrics = clew.log_metric, clew.log_metrics
ten = {f"m{i}": 0.5 + i for i in range(10)}
page = mmap.mmap(-1, 1 << 20)
record = bytes(32)

def bare():
    at = 0
    start = cpu()
    for step in range(calls):
        page[at:at + 32] = record
        at = (at + 32) & 0xFFFE0
    return (cpu() - start) / calls

def single():
    start = cpu()
    for step in range(calls):
        log_metric("loss", 0.25, step)
    return (cpu() - start) / calls

def many():
    start = cpu()
    for step in range(calls // 10):
        log_metrics(ten, step)
    return (cpu() - start) / calls

def each():
    taken = []
    for step in range(calls):
        start = clock()
        log_metric("loss", 0.25, step)
        taken.append(clock() - start)
    return sorted(taken)

def idle():
    taken = []
    for step in range(calls):
        start = clock()
        taken.append(clock() - start)
    return sorted(taken)[calls // 2]

single()
found = {"bare": [], "single": [], "many": []}
for _ in range(rounds):
    for name, work in (("bare", bare), ("single", single), ("many", many)):
        found[name].append(work())
out = {name: median(taken) for name, taken in found.items()}
timer = idle()
sorted_calls = each()
out["p50"] = sorted_calls[calls // 2] - timer
out["p99"] = sorted_calls[calls * 99 // 100] - timer
out["p999"] = sorted_calls[calls * 999 // 1000] - timer
out["max"] = sorted_calls[-1] - timer
print("figures " + json.dumps(out))
"""


def run(*, full: bool) -> list[Result]:
    calls, rounds = (200_000, 15) if full else (100_000, 7)
    with tempfile.TemporaryDirectory() as place:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLEW_", "MLFLOW_"))}
        done = subprocess.run(
            [sys.executable, "-c", CODE, str(calls), str(rounds)],
            cwd=place,
            env=kept | {"CLEW_OFFLINE": "1", "CLEW_SPOOL": f"{place}/spool"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    line = next(text for text in done.stdout.splitlines() if text.startswith("figures "))
    ns = json.loads(line.removeprefix("figures "))
    bare = "bare 32-byte write into a memory map"
    return [
        Result(
            name="log_metric call, median of rounds, with its loop",
            value=ns["single"] / 1000,
            unit="µs",
            goal=1.0,
            limit=ns["bare"] / 1000,
            limit_name=bare,
        ),
        Result(
            name="log_metric call over that bare write",
            value=ns["single"] / ns["bare"],
            unit="×",
            goal=4.0,
            note=f"the bare write takes {ns['bare']:.0f} ns",
        ),
        Result(
            name="log_metrics(dict of 10), per point",
            value=ns["many"] / 1000,
            unit="µs",
            limit=ns["bare"] / 1000,
            limit_name=bare,
        ),
        Result(
            name="log_metric call, p99",
            value=ns["p99"] / 1000,
            unit="µs",
            goal=5.0,
            limit=ns["p50"] / 1000,
            limit_name="its own median",
            note=f"p99.9 {ns['p999'] / 1000:.1f} µs, slowest {ns['max'] / 1000:.0f} µs (new segments)",
        ),
    ]
