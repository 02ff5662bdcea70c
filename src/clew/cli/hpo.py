"""``clew hpo``: a search, live in the terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from clew.cli.options import json_option, open_client, tracking_uri_option
from clew.cli.screen import duration, number, print_json, print_table
from clew.cli.trials import Progress, Trial, find_search, look, plain
from clew.ids import now_ms

if TYPE_CHECKING:
    from clew.client.api import ClewClient

_PARAMS = 6


@click.command()
@click.argument("run", required=False)
@click.option("--metric", metavar="KEY", help="What trials are judged by. Default: value, loss or mean_test_score.")
@click.option(
    "--direction",
    type=click.Choice(["minimize", "maximize"]),
    help="Which is better. Default: the study's own, else minimize.",
)
@click.option("--top", type=click.IntRange(1, 200), default=10, show_default=True, help="How many of the best to show.")
@click.option(
    "--interval", type=click.FloatRange(0.2, 3600), default=2.0, show_default=True, help="Seconds between two looks."
)
@click.option("--once", is_flag=True, help="Look once, as it is done where the output is no terminal.")
@tracking_uri_option
@json_option
def hpo(
    run: str | None,
    metric: str | None,
    direction: str | None,
    top: int,
    interval: float,
    once: bool,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """Follow a search for hyperparameters: RUN, or the one with the newest trial."""
    client = open_client(tracking_uri)
    run_id = find_search(client, run)
    if not once and not as_json and sys.stdout.isatty():
        _follow(client, run_id, metric, direction, top, interval)
        return
    progress = look(client, run_id, metric, direction, top)
    if as_json:
        print_json(plain(progress))
        return
    for line in summary(progress):
        click.echo(line)
    print_table(*table(progress))


def _follow(
    client: ClewClient, run_id: str, metric: str | None, direction: str | None, top: int, interval: float
) -> None:
    """Show the search again and again, until it has ended."""
    from rich.live import Live

    with Live(auto_refresh=False) as live:
        while True:
            progress = look(client, run_id, metric, direction, top)
            live.update(_drawn(progress), refresh=True)
            if progress.run.info.status.value != "RUNNING":
                return
            time.sleep(interval)


def _drawn(progress: Progress) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    headers, rows = table(progress)
    drawn = Table(box=SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        drawn.add_column(header.rstrip("#"), justify="right" if header.endswith("#") else "left", overflow="ellipsis")
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    parts: list[Any] = [Text(line) for line in summary(progress)]
    if progress.planned:
        parts.append(ProgressBar(total=progress.planned, completed=min(progress.ended, progress.planned), width=60))
    return Group(*parts, drawn)


def summary(progress: Progress) -> list[str]:
    """The search in a few lines."""
    info = progress.run.info
    took = duration(info.start_time, info.end_time or now_ms())
    states = {**progress.states, "PRUNED": progress.pruned}
    counted = ", ".join(f"{count} {status.lower()}" for status, count in states.items() if count)
    of = f" of {progress.planned}" if progress.planned else ""
    lines = [
        f"{info.run_name}  {info.run_id}  {info.status.value}, {took}",
        f"{sum(progress.states.values())}{of} trials" + (f": {counted}" if counted else ""),
    ]
    if progress.rate:
        left = f", about {duration(1, progress.left_ms + 1)} remaining" if progress.left_ms else ""
        lines.append(f"{progress.rate:.3g} trials a minute{left}")
    if progress.best and progress.best[0].value is not None:
        word = "highest" if progress.maximize else "lowest"
        lines.append(f"{word} {progress.metric}: {number(progress.best[0].value)} ({progress.best[0].name})")
    return lines


def table(progress: Progress) -> tuple[list[str], list[list[str]]]:
    """Headers and rows of the best trials; the params that differ come first."""
    keys = _params_shown(progress.best)
    headers = ["Trial", f"{progress.metric}#", *(f"{key}#" for key in keys)]
    rows = [[t.name, number(t.value), *(t.params.get(key, "") for key in keys)] for t in progress.best]
    return headers, rows


def _params_shown(trials: list[Trial]) -> list[str]:
    values: dict[str, set[str]] = {}
    for trial in trials:
        for key, value in trial.params.items():
            values.setdefault(key, set()).add(value)
    return sorted(values, key=lambda key: len(values[key]) == 1)[:_PARAMS]
