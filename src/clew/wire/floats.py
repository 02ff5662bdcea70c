"""Floats as they travel: JSON has no NaN and no infinities, so these go as words."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import cast


def wire_number(value: float) -> float:
    """``value`` ready for a message: itself if finite, else its word ("NaN", "Infinity", "-Infinity").

    The word is typed as float because it stands in a float field; the encoder writes what it
    finds, and every decoder here turns the word back into the float.
    """
    if isfinite(value):
        return value
    return cast(float, _word(value))


def wire_numbers(values: Iterable[float]) -> list[float]:
    """``wire_number`` of each."""
    return [v if isfinite(v) else cast(float, _word(v)) for v in values]


def _word(value: float) -> str:
    if value != value:
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
