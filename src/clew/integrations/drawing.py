"""Small charts as SVG: written in a fraction of a millisecond, sharp at any size, and matplotlib need not be there.

A chart that matplotlib draws takes 0.2 s of the user's training, and its first import 0.7 s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

_BLUE: Final = "#2563a8"
_TEXT: Final = "#1f2937"
_FAINT: Final = "#6b7280"
_LINE: Final = "#d1d5db"
_MARGIN: Final = 24
_ROW: Final = 24
_LEAST_WIDTH: Final = 320.0
_MOST_POINTS: Final = 1000
_CHARACTER: Final = 7.2
"""About the width of a character, in pixels; nothing here can measure one."""


def bars(title: str, values: Mapping[str, float]) -> str:
    """Horizontal bars in the given order, each with its name and value; those below zero point to the left.

    values: name -> a finite number.
    """
    names = {name: _short(name) for name in values}
    left = _MARGIN + 8 + _CHARACTER * max((len(name) for name in names.values()), default=0)
    room = 420.0
    least, most = min(0.0, *values.values(), 0.0), max(0.0, *values.values(), 0.0)
    span = most - least or 1.0
    zero = left - least / span * room
    top = 2.0 * _MARGIN
    parts = []
    for row, (name, value) in enumerate(values.items()):
        y = top + row * _ROW
        end = zero + value / span * room
        middle = y + _ROW / 2 + 4
        bar = f'x="{min(zero, end):.1f}" y="{y + 4:.1f}" width="{abs(end - zero):.1f}" height="{_ROW - 8}"'
        parts += [
            _text(left - 8, middle, names[name], anchor="end"),
            f'<rect {bar} fill="{_BLUE}"/>',
            _text(max(zero, end) + 6, middle, f"{value:.4g}", color=_FAINT, size=11),
        ]
    return _document(title, left + room + 4 * _MARGIN, top + len(values) * _ROW + _MARGIN, parts)


def matrix(title: str, names: Sequence[str], shares: Sequence[Sequence[float]], rows: str, columns: str) -> str:
    """A square table of shares between 0 and 1, the darker the larger.

    names: of the rows and of the columns alike. rows, columns: what they are.
    """
    short = [_short(name, 16) for name in names]
    size = max(14.0, min(56.0, 480.0 / max(1, len(names))))
    wide = _CHARACTER * max((len(name) for name in short), default=0)
    left, top = 2.0 * _MARGIN + wide + 8, 2.5 * _MARGIN
    side = size * len(names)
    parts = []
    for row, values in enumerate(shares):
        for column, share in enumerate(values):
            x, y = left + column * size, top + row * size
            # From white to the blue of the bars.
            shade = "#" + "".join(f"{round(255 + (end - 255) * share):02x}" for end in (0x25, 0x63, 0xA8))
            parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{size:.1f}" height="{size:.1f}" fill="{shade}"/>')
            if size >= 32:
                color = "#ffffff" if share > 0.5 else _TEXT
                parts.append(
                    _text(x + size / 2, y + size / 2 + 4, f"{share:.2f}", anchor="middle", color=color, size=11)
                )
        parts.append(_text(left - 8, top + row * size + size / 2 + 4, short[row], anchor="end", size=11))
    below = top + side
    for column, name in enumerate(short):
        parts.append(_text(left + column * size + size / 2 + 4, below + 8, name, anchor="end", size=11, turned=True))
    foot = below + wide + _MARGIN
    parts += [
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{side:.1f}" height="{side:.1f}" fill="none" stroke="{_LINE}"/>',
        _text(left + side / 2, foot, columns, anchor="middle", color=_FAINT),
        _text(_MARGIN, top + side / 2, rows, anchor="middle", color=_FAINT, turned=True),
    ]
    return _document(title, max(left + side + _MARGIN, _LEAST_WIDTH), foot + _MARGIN, parts)


def curve(title: str, x: str, y: str, points: Sequence[tuple[float, float]], note: str, *, diagonal: bool) -> str:
    """A line in the unit square, e.g. a ROC curve.

    x, y: the names of the axes. points: pairs of x and y between 0 and 1; of very many every so-manieth is drawn.
    note: stands in a corner of the square. diagonal: whether the line of pure chance is drawn, too.
    """
    left, top, side = 3.5 * _MARGIN, 2.0 * _MARGIN, 360.0
    below = top + side
    parts = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        across, up = left + tick * side, below - tick * side
        parts += [
            f'<path d="M{left:.1f} {up:.1f}h{side:.1f}M{across:.1f} {top:.1f}v{side:.1f}" stroke="{_LINE}"/>',
            _text(left - 6, up + 4, f"{tick:g}", anchor="end", color=_FAINT, size=11),
            _text(across, below + 16, f"{tick:g}", anchor="middle", color=_FAINT, size=11),
        ]
    if diagonal:
        line = f"M{left:.1f} {below:.1f}L{left + side:.1f} {top:.1f}"
        parts.append(f'<path d="{line}" stroke="{_FAINT}" stroke-dasharray="4 4"/>')
    every = max(1, len(points) // _MOST_POINTS)
    drawn = [*points[:-1:every], *points[-1:]]
    line = " ".join(f"{left + across * side:.1f},{below - up * side:.1f}" for across, up in drawn)
    parts += [
        f'<polyline points="{line}" fill="none" stroke="{_BLUE}" stroke-width="2"/>',
        _text(left + side - 10, below - 12 if diagonal else top + 20, note, anchor="end"),
        _text(left + side / 2, below + 36, x, anchor="middle", color=_FAINT),
        _text(_MARGIN, top + side / 2, y, anchor="middle", color=_FAINT, turned=True),
    ]
    return _document(title, left + side + _MARGIN, below + 2 * _MARGIN, parts)


def _document(title: str, width: float, height: float, parts: Sequence[str]) -> str:
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="Helvetica, Arial, sans-serif" role="img">',
            f"<title>{escape(title)}</title>",
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            _text(width / 2, _MARGIN, title, anchor="middle", size=15),
            *parts,
            "</svg>\n",
        ]
    )


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    color: str = _TEXT,
    size: int = 13,
    turned: bool = False,
) -> str:
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{color}"'
    return f"<text {place}{turn}>{escape(text)}</text>"


def _short(text: str, most: int = 40) -> str:
    printable = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    return printable if len(printable) <= most else printable[: most - 1] + "…"
