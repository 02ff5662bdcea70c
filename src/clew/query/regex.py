"""Regular expressions over very many texts at once: they lie in one buffer, between zeros, and are searched as one.

No text holds a zero. So an expression that is written such that nothing in it can match one finds exactly the texts
that it would find one by one, at a fiftieth of the cost where few match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

import re2

from clew.query.match import matcher, options

_MEMORY: Final = 64 << 20
# What may stand for a zero, or looks at what lies before or after, is written anew; None stands for what is not tried.
_PIECES: Final = re.compile(
    r"\\(?P<escape>.)|\[(?P<negated>\^?)(?P<members>\]?(?:\\.|[^\]\\])*)\]|(?P<group>\(\?)(?P<flags>:|P<)?|(?P<plain>.)",
    re.DOTALL,
)
_KEPT_ESCAPES: Final = frozenset("dwsbntrfva")
_TURNED: Final = {"D": r"[^\x00\d]", "W": r"[^\x00\w]", "S": r"[^\x00\s]"}
_QUANTIFIERS: Final = frozenset("*+?{")


def finder(pattern: str) -> Callable[[bytearray], Iterator[int]] | None:
    """What finds texts that match an RLIKE pattern: a place inside of each one, in order.

    None where the pattern holds something that only texts on their own can answer.
    """
    within = _within_texts(pattern)
    if within is None or matcher("RLIKE", pattern)(""):
        return None  # a match of nothing at all has no place
    search = re2.compile(within, options(_MEMORY, never_capture=True)).search
    # The zero before a text is a part of the match where its beginning is asked for.
    behind = 0 if pattern.startswith("^") else 1

    def found(buffer: bytearray) -> Iterator[int]:
        at = 0
        while (match := search(buffer, at)) is not None:
            place = match.start()
            if not buffer[place]:
                place += 1
            yield place
            at = buffer.index(0, place) + behind

    return found


def _within_texts(pattern: str) -> str | None:
    """The pattern such that no match reaches beyond a text; None where that is not tried."""
    made: list[str] = []
    for piece in _PIECES.finditer(pattern):
        rewritten = _piece(pattern, piece)
        if rewritten is None:
            return None
        made.append(rewritten)
    return "".join(made)


def _piece(pattern: str, piece: re.Match[str]) -> str | None:
    text = piece.group()
    escape, members = piece["escape"], piece["members"]
    if escape is not None:
        if escape == "b" and (pattern.startswith("^") or pattern.endswith("$")):
            return None  # a text's end, which is such a boundary, could be taken for what stands beside it
        return _TURNED.get(escape) or (text if escape in _KEPT_ESCAPES or not escape.isalnum() else None)
    if members is not None:
        escapes = {found[1] for found in re.findall(r"\\.", members, re.DOTALL)}
        if (
            members[:1] in ("]", "-")
            or "[" in members
            or any(e.isalnum() and e not in _KEPT_ESCAPES - {"b"} for e in escapes)
        ):
            return None
        return rf"[^\x00{members}]" if piece["negated"] else text
    if piece["group"] is not None:
        return text if piece["flags"] is not None else None
    if text == ".":
        return r"[^\x00\n]"
    if text == "^":
        first = piece.start() == 0 and pattern[1:2] not in _QUANTIFIERS
        return r"\x00" if first else None
    if text == "$":
        return r"\x00" if piece.end() == len(pattern) else None
    return None if text in ("[", "\\", "\0") else text
