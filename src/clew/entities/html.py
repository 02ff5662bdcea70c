"""Small pieces of HTML for notebooks: no style sheet, no script, nothing fetched.

Every text is escaped here. Colours are the notebook's own and greys of half strength, so that light and dark themes
both read well; styles stand in attributes, which notebooks keep where they drop style sheets.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Final

_LINE: Final = "1px solid rgba(128,128,128,.35)"
_CELL: Final = "padding:2px 10px 2px 0;text-align:left;vertical-align:top;max-width:32em;overflow-wrap:anywhere"
_COLOURS: Final = {
    "RUNNING": "#3b82f6",
    "SCHEDULED": "#8b8b8b",
    "FINISHED": "#22a06b",
    "READY": "#22a06b",
    "FAILED": "#e5484d",
    "KILLED": "#d97706",
}
_TEXT_CHARACTERS: Final = 200
_CURVE_POINTS: Final = 200
_CURVE_WIDTH: Final = 220
_CURVE_HEIGHT: Final = 36


class Html(str):
    """A text that is HTML already; every other text is escaped."""

    __slots__ = ()


def _escape(text: str) -> str:
    from html import escape  # loads a table of all entities, and most scripts show nothing

    return escape(text)


def piece(text: object) -> Html:
    """A text, escaped, and cut where it is long."""
    if isinstance(text, Html):
        return text
    full = str(text)
    if len(full) <= _TEXT_CHARACTERS:
        return Html(_escape(full))
    return Html(f'<span title="{_escape(full[:4000])}">{_escape(full[:_TEXT_CHARACTERS])}…</span>')


def joined(*pieces: object) -> Html:
    """Pieces, one after the other."""
    return Html("".join(piece(p) for p in pieces))


def code(text: object) -> Html:
    """A name or id."""
    return Html(f"<code>{piece(text)}</code>")


def faint(text: object) -> Html:
    """What is less important."""
    return Html(f'<span style="opacity:.65">{piece(text)}</span>')


def link(address: str, text: object) -> Html:
    """A link to a web page; the text alone where ``address`` is none of the web."""
    if not address.startswith(("http://", "https://")):
        return piece(text)
    return Html(
        f'<a href="{_escape(address)}" target="_blank" rel="noopener noreferrer" style="color:inherit">'
        f"{piece(text)}</a>"
    )


def status(name: str) -> Html:
    """A status with its coloured dot."""
    return Html(f'<span style="color:{_COLOURS.get(name, "#8b8b8b")}">●</span> {piece(name.capitalize())}')


def table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Html:
    """A table; without header cells where ``header`` is empty."""
    head = "".join(f'<th style="{_CELL};border-bottom:{_LINE};font-weight:600">{piece(h)}</th>' for h in header)
    body = "".join("<tr>" + "".join(f'<td style="{_CELL}">{piece(c)}</td>' for c in row) + "</tr>" for row in rows)
    top = f"<thead><tr>{head}</tr></thead>" if head else ""
    return Html(
        f'<table style="border-collapse:collapse;margin:0;font-size:inherit">{top}<tbody>{body}</tbody></table>'
    )


def section(title: object, body: Html, *, open_: bool = True) -> Html:
    """A part that can be folded."""
    shown = " open" if open_ else ""
    return Html(
        f'<details{shown} style="margin:4px 24px 0 0"><summary style="cursor:pointer;opacity:.8">{piece(title)}'
        f"</summary>{body}</details>"
    )


def card(head: Html, *parts: Html) -> Html:
    """A framed box: a head line, and parts side by side where there is room."""
    inner = f'<div style="display:flex;flex-wrap:wrap;align-items:flex-start">{"".join(parts)}</div>' if parts else ""
    return Html(
        f'<div style="border:{_LINE};border-radius:6px;padding:8px 12px;margin:4px 0;font-size:13px;line-height:1.5">'
        f"<div>{head}</div>{inner}</div>"
    )


def curve(values: Sequence[float]) -> Html:
    """A small line over the given values, the last one at the right; empty for fewer than two numbers."""
    numbers = [v for v in values if v - v == 0]  # neither NaN nor infinite
    if len(numbers) < 2:
        return Html()
    stride = -(-len(numbers) // _CURVE_POINTS)
    shown = [*numbers[:-1:stride], numbers[-1]]
    low, high = min(shown), max(shown)
    half = (high / 2 - low / 2) or 1.0  # the span of two huge values is no number, its half is
    points = " ".join(
        f"{_CURVE_WIDTH * i / (len(shown) - 1):.1f},{2 + (_CURVE_HEIGHT - 4) * (high / 2 - v / 2) / half:.1f}"
        for i, v in enumerate(shown)
    )
    return Html(
        f'<svg width="{_CURVE_WIDTH}" height="{_CURVE_HEIGHT}" viewBox="0 0 {_CURVE_WIDTH} {_CURVE_HEIGHT}" role="img">'
        f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.5"/></svg>'
    )


def number(value: float) -> str:
    """A number in a few digits."""
    return f"{value:.6g}"


def moment(ms: int) -> str:
    """A time in milliseconds since 1970, as the reader's clock has it."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(ms / 1000))
    except (ValueError, OverflowError, OSError):
        return f"{ms} ms"


def duration(ms: int) -> str:
    """``1.2 s``, ``3 min 20 s``, ``5 h 10 min``, ``2 d 3 h``."""
    seconds = ms / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    for size, unit, part, of_part in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            whole, rest = divmod(int(seconds), size)
            return f"{whole} {unit} {rest // part} {of_part}"
    return ""
