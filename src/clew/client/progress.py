"""Progress that knows its run: ``for batch in clew.track(loader): …``."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

from clew.client.runs import active_or_begun

T = TypeVar("T")

TAG: Final = "clew.progress"
"""How far the run is, in words; the last ``track`` wins."""
_EVERY_S: Final = 5.0
_LINE_S: Final = 0.2


def track(iterable: Iterable[T], description: str = "", total: int | None = None) -> Iterator[T]:
    """The items of ``iterable``, while the run's tag ``clew.progress`` says how far it is and how long it will take.

    description: what is being done, e.g. ``epoch 3``.
    total: number of items, where ``len`` does not tell it.

    The tag is set every 5 s and at the end; a terminal shows the line all the time.
    """
    count = total if total is not None else _length(iterable)
    active = active_or_begun()
    begin = shown_at = time.monotonic()
    told_at = 0.0
    terminal = sys.stderr is not None and sys.stderr.isatty()
    done = 0
    for item in iterable:
        yield item
        done += 1
        now = time.monotonic()
        if now - told_at > _EVERY_S:
            told_at = now
            active.log.set_tags({TAG: progress_line(description, done, count, now - begin)})
        if terminal and now - shown_at > _LINE_S:
            shown_at = now
            sys.stderr.write(f"\r{progress_line(description, done, count, now - begin)}\x1b[K")
    line = progress_line(description, done, count, time.monotonic() - begin)
    active.log.set_tags({TAG: line})
    if terminal:
        sys.stderr.write(f"\r{line}\x1b[K\n")


def progress_line(description: str, done: int, total: int | None, seconds: float) -> str:
    """``epoch 3: 20/100 (20 %), 4.0/s, 20 s left``."""
    stem = f"{description}: " if description else ""
    rate = done / seconds if seconds > 0 else 0.0
    speed = f", {rate:.1f}/s" if rate else ""
    if not total:
        return f"{stem}{done}{speed}"
    left = f", {(total - done) / rate:.0f} s left" if rate and done < total else ""
    return f"{stem}{done}/{total} ({100 * done // total} %){speed}{left}"


def _length(iterable: Iterable[object]) -> int | None:
    try:
        return len(iterable)  # type: ignore[arg-type]
    except TypeError:
        return None
