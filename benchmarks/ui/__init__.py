"""The web pages in Chromium over seeded stores: what a reader waits for, and what it costs; MLflow's own pages beside.

Times include the browser's automation, a few milliseconds each; CPU is the main thread's own, without waiting, so it
is steadier under load. Needs Chromium and ``ui/node_modules``; says so and measures nothing where one is missing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import search
from benchmarks.processes import ROOT, Server, clew_server, has_peer, mlflow_server
from benchmarks.result import Result
from clew.storage import metrics, runs
from clew.storage.store import Store

ROUNDS = 3
TYPING_MS = 100  # as useFilter.ts has it
PEER_RUNS = 200
CURVES, CHARTS, STEPS = 50, 12, 500


class Row(NamedTuple):
    """One row of the table: figure is its name in measure.mjs; goals are by number of runs."""

    what: str
    figure: str
    unit: str
    goals: dict[int, float]


ROWS = (
    Row("first row, cold cache", "first_ms", "ms", {200: 1000, 10_000: 1200, 100_000: 1500}),
    Row("main-thread CPU until the list rests", "main_ms", "ms", {200: 400, 10_000: 480, 100_000: 600}),
    Row("all bytes", "kb", "kB", {}),
    Row("bytes of the API", "api_kb", "kB", {200: 60, 10_000: 72, 100_000: 90}),
    Row("requests before the first row", "requests", "", dict.fromkeys((200, 10_000, 100_000), 8)),
    Row("sort by a metric until new rows", "sort_ms", "ms", {10_000: 300, 100_000: 1000}),
    Row("filter until new rows", "filter_ms", "ms", {10_000: 300, 100_000: 1000}),
    Row("steady scroll, main-thread CPU of a frame", "scroll_cpu_ms", "ms", dict.fromkeys((200, 10_000, 100_000), 8)),
    Row("steady scroll, 95th percentile of a frame", "scroll_p95_ms", "ms", dict.fromkeys((200, 10_000, 100_000), 20)),
)
CHART_ROWS = (
    Row("first curves", "first_ms", "ms", {}),
    Row("main-thread CPU until they rest", "main_ms", "ms", {}),
    Row("bytes of the API", "api_kb", "kB", {CURVES: 400}),
    Row("hover, main-thread CPU of a move", "hover_cpu_ms", "ms", {CURVES: 8}),
)


def run(*, full: bool) -> list[Result]:
    missing = _missing()
    if missing:
        print(f"ui: not measured, {missing}", file=sys.stderr)
        return []
    results: list[Result] = []
    for count in (200, 10_000, 100_000) if full else (200, 10_000):
        with tempfile.TemporaryDirectory() as place:
            search._fill_clew(Path(place) / "clew", count)
            with clew_server(Path(place) / "clew") as server:
                figures = _measure("clew", server)
        peer = _measure_peer() if count == PEER_RUNS and has_peer() else {}
        results += _results(f"{count:,} runs", count, ROWS, figures, peer)
    with tempfile.TemporaryDirectory() as place:
        _fill_curves(Path(place) / "clew")
        with clew_server(Path(place) / "clew") as server:
            figures = _measure("clew-charts", server)
    return results + _results(f"charts, {CURVES} runs × {CHARTS} × {STEPS}", CURVES, CHART_ROWS, figures, {})


def _missing() -> str | None:
    if not (os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")):
        return "no Chromium found: install it or set CHROMIUM to its path"
    if not shutil.which("node") or not (ROOT / "ui" / "node_modules" / "playwright-core").is_dir():
        return "Node or ui/node_modules is missing: run make ui"
    if not (ROOT / "src" / "clew" / "server" / "static" / "index.html").exists():
        return "the web UI is not built: run make ui"
    return None


def _results(
    title: str, count: int, rows: tuple[Row, ...], figures: dict[str, float], peer: dict[str, float]
) -> list[Result]:
    return [
        Result(
            name=f"{title}: {row.what}",
            value=figures[row.figure],
            unit=row.unit,
            goal=row.goals.get(count),
            peer=peer.get(row.figure),
            note=_note(row.figure),
        )
        for row in rows
    ]


def _note(figure: str) -> str:
    if figure == "first_ms":
        return f"load average {os.getloadavg()[0]:.1f}"
    return f"{TYPING_MS} ms of it wait for more keys" if figure == "filter_ms" else ""


def _measure(what: str, server: Server) -> dict[str, float]:
    command = ["node", str(Path(__file__).parent / "measure.mjs"), what, server.url, str(ROUNDS)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=900, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _measure_peer() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as place:
        search._fill_mlflow(Path(place) / "mlflow", PEER_RUNS)
        with mlflow_server(Path(place) / "mlflow") as server:
            return _measure("mlflow", server)


def _fill_curves(folder: Path) -> None:
    """Runs with metrics that fall over their steps."""
    folder.mkdir(parents=True)
    store = Store.open(f"sqlite:///{folder}/clew.db")
    noise = np.random.default_rng(5)
    steps = np.tile(np.arange(STEPS, dtype=np.int64), CHARTS)

    def write(tx: object, number: int) -> None:
        run_id = noise.bytes(16).hex()
        start_ms = search.TIME_MS + number * 1000
        runs.create_run(tx, experiment_id="0", run_id=run_id, run_name=f"run-{number}", start_ms=start_ms)
        runs.log_params(tx, run_id, [("lr", str(noise.integers(1, 99) / 1000))])
        values = np.exp(-steps / noise.uniform(50, 200)) + noise.normal(0, 0.02, len(steps))
        points = metrics.PointColumns(
            keys=[f"part{k % 3}/m{k}" for k in range(CHARTS)],
            key_index=np.repeat(np.arange(CHARTS, dtype=np.int32), STEPS),
            steps=steps,
            times_ms=start_ms + steps,
            values=values,
            contexts=[],
            context_index=None,
        )
        metrics.log_points(tx, run_id, points)

    for number in range(CURVES):
        store.write(lambda tx, n=number: write(tx, n))
    store.compact(everything=True)
    store.close()
