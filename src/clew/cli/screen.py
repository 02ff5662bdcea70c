"""What commands print: tables for people, JSON for programs, one message for an error."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from math import isfinite

import click

from clew.errors import ClewError, InvalidFilter

WIDE = 10_000
"""Columns of a table that goes into a file or pipe: rows are never folded there."""

LEGIBLE = 20
"""Columns of text below which a cell is not folded: what does not fit then is printed row by row."""

_PLACED = re.compile(r"^Invalid filter string at position (\d+): (.*)\. Filter: (.*)$", re.DOTALL)


def print_json(value: object) -> None:
    """Prints ``value`` as indented JSON; NaN and the infinities become words, as on the wire."""
    click.echo(json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def print_table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "") -> None:
    """Prints rows under headers; columns whose header ends in ``#`` hold numbers and stand to the right.

    In a terminal too narrow for a legible table each row is a block: its first cell, then a line for each other one.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDE)
    table = Table(box=SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold", pad_edge=False)
    for header in headers:
        number = header.endswith("#")
        table.add_column(header.rstrip("#"), justify="right" if number else "left", overflow="fold")
    cells = list(rows)
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    if _legible_width(headers, cells) <= console.width:
        console.print(table)
        return
    names = [header.rstrip("#") for header in headers]
    for row in cells:
        console.print(Text(row[0], style="bold"), soft_wrap=True)
        for name, cell in zip(names[1:], row[1:], strict=True):
            if cell:
                console.print(Text(f"  {name} {cell}"), soft_wrap=True)
    console.print()


def _legible_width(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Columns of the terminal that a table needs when cells are folded no further than ``LEGIBLE``."""
    texts = [[header.rstrip("#"), *(row[at] for row in rows)] for at, header in enumerate(headers)]
    return sum(min(max(map(_columns, column)), LEGIBLE) for column in texts) + 3 * len(headers) - 1


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """Shows ``text`` with a spinner while the block runs, where standard error is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield


def show_error(error: ClewError | OSError) -> None:
    """Prints an error in red on standard error; a filter's fault gets a caret under its place."""
    placed = _place(error)
    if placed is None:
        click.secho(f"Error: {_one_line(error)}", fg="red", err=True)
        return
    text, position, problem = placed
    # A filter of several lines is shown as one, so that the caret stands under its character.
    flat = "".join(" " if c in "\r\n\t" else c for c in text)
    click.secho(f"Error: {problem}", fg="red", err=True)
    click.echo(f"  {flat}", err=True)
    click.secho(f"  {' ' * _columns(flat[:position])}^", fg="red", err=True)


def local_time(time_ms: int | None) -> str:
    """``2026-11-24 08:15:02`` in the local zone; empty for 0 and None."""
    return datetime.fromtimestamp(time_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S") if time_ms else ""


def duration(start_ms: int | None, end_ms: int | None) -> str:
    """``850 ms``, ``12.3 s``, ``4 min 5 s`` or ``3 h 20 min``; empty while either end is missing."""
    if not start_ms or end_ms is None:
        return ""
    span_ms = max(0, end_ms - start_ms)
    if span_ms < 1000:
        return f"{span_ms} ms"
    if span_ms < 60_000:
        return f"{span_ms / 1000:.1f} s"
    minutes, seconds = divmod(span_ms // 1000, 60)
    return f"{minutes} min {seconds} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def number(value: float | None) -> str:
    """Up to six significant digits; empty for None."""
    return "" if value is None else f"{value:.6g}"


def size(count_bytes: int | None) -> str:
    """``512 B``, ``1.5 kB``, ``20 MB``: decimal units; empty for None."""
    if count_bytes is None:
        return ""
    amount = float(count_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:.3g} TB"


def _place(error: BaseException) -> tuple[str, int, str] | None:
    if isinstance(error, InvalidFilter):
        hint = f"; expected {error.expected}" if error.expected else ""
        return error.text, error.position, error.problem + hint
    # From a server the error comes as a text only.
    found = _PLACED.match(str(error))
    return (found[3], int(found[1]), found[2]) if found else None


def _one_line(error: BaseException) -> str:
    if isinstance(error, OSError) and not isinstance(error, ClewError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return " ".join(str(error).split()) or type(error).__name__


def _columns(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _plain(value: object) -> object:
    if isinstance(value, float) and not isfinite(value):
        return "NaN" if value != value else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value
