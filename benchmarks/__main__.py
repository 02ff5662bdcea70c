"""``python -m benchmarks``: runs the scripts named, or all, and prints what they found beside goal, limit and peer."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import time
from dataclasses import asdict
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks import million
from benchmarks.result import Result

NAMES = (
    "import_time",
    "log_metric_call",
    "training_loop",
    "arrival",
    "server_start",
    "server_cpu",
    "log_batch",
    "ingest",
    "durability",
    "upsert",
    "mixed",
    "storage_size",
    "history",
    "search",
    "million",
    "events",
    "artifacts",
    "models",
    "end_to_end",
    "tables",
    "ui",
)
ON_DEMAND = ("autolog", "autolog_boosting", "peers", "spark_udf")
"""Only where named: they need more installed, the frameworks or what they compare with."""


_HEAD = """\
| What | Goal | Measured | | Limit of the same run | MLflow (ratio) | Note | Script |
|---|---|---|---|---|---|---|---|"""


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f} {unit}" if value >= 1000 else f"{value:.3g} {unit}"


def _row(result: Result) -> tuple[str, ...]:
    sign = "≥" if result.higher else "≤"
    ratio = f"{result.ratio:.2f} × {result.limit_name}" if result.ratio else "–"
    peer = f"{_figure(result.peer, result.unit)} ({result.peer_ratio:.3g} ×)" if result.peer_ratio else "–"
    goal = "–" if result.goal is None else f"{sign} {_figure(result.goal, result.unit)}"
    verdict = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}[result.met]
    return (result.name, _figure(result.value, result.unit), goal, verdict, ratio, peer, result.note)


def _table(results: list[Result]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for header in ("What", "Measured", "Goal", "", "Limit of the same run", "MLflow (ratio)", "Note"):
        table.add_column(header, overflow="fold")
    for result in results:
        table.add_row(*_row(result))
    return table


def _markdown(results: list[Result], script: str) -> list[str]:
    """The rows of a table as docs/benchmarks.md has it."""
    verdicts = {True: "met", False: "**missed**", None: ""}
    rows = []
    for result in results:
        name, value, goal, _, limit, peer, note = (cell.replace("|", "\\|").replace("–", "") for cell in _row(result))
        rows.append(f"| {name} | {goal} | {value} | {verdicts[result.met]} | {limit} | {peer} | {note} | `{script}` |")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"any of: {', '.join(NAMES + ON_DEMAND)}; default all but peers"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--markdown", action="store_true", help="print the table of docs/benchmarks.md instead")
    parser.add_argument(
        "--full", action="store_true", help="the long forms: a million runs, 100 kills, MLflow at 100,000 runs, …"
    )
    parser.add_argument("--store", type=Path, metavar="FOLDER", help="keep the stores of 'million' here, and use them")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - {*NAMES, *ON_DEMAND})
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(NAMES + ON_DEMAND)}")
    million.KEPT = options.store
    results: dict[str, list[Result]] = {}
    console = Console(width=None if sys.stdout.isatty() else 170)
    machine = f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores"
    shown = not (options.json or options.markdown)
    if shown:
        console.print(machine, highlight=False)
    if options.markdown:
        print(f"{machine}; load average before it {os.getloadavg()[0]:.1f}\n\n{_HEAD}")
    for name in options.names or NAMES:
        load = os.getloadavg()[0]
        start = time.monotonic()
        results[name] = importlib.import_module(f"benchmarks.{name}").run(full=options.full)
        taken = time.monotonic() - start
        if shown:
            console.print(f"\n[bold]{name}[/]  ({taken:.0f} s, load average before it {load:.1f})", highlight=False)
            console.print(_table(results[name]), highlight=False)
        if options.markdown:
            print("\n".join(_markdown(results[name], name)), flush=True)
            print(f"{name}: {taken:.0f} s, load average before it {load:.1f}", file=sys.stderr)
    if options.json:
        found = {
            name: [asdict(r) | {"ratio": r.ratio, "peer_ratio": r.peer_ratio, "met": r.met} for r in rs]
            for name, rs in results.items()
        }
        print(json.dumps({"machine": machine, "load": os.getloadavg(), "results": found}, indent=2))


if __name__ == "__main__":
    main()
