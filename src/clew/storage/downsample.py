"""Fewer points that draw the same line: the smallest and largest value of every stretch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from clew.storage.chunks import Floats, Ints

Bools = NDArray[np.bool_]


def envelope(values: Floats, max_points: int) -> Ints:
    """Indices (sorted, distinct, at most ``max_points``) of the points to draw.

    The series is cut into stretches of equal length. Of each, the smallest and the largest number stay,
    and one each of NaN, +Infinity and -Infinity where it holds them, so that no gap and no spike is lost.
    The first and the last point stay too.

    values: float64[n] in drawing order. max_points: at least 2; a smaller one counts as 2.
    Cost: O(n) numpy.
    """
    n = len(values)
    max_points = max(2, max_points)
    if n <= max_points:
        return np.arange(n)
    finite = np.isfinite(values)
    odd: list[Bools] = [] if finite.all() else [np.isnan(values), values == np.inf, values == -np.inf]
    marks = [mark for mark in odd if mark.any()]
    stretches = max(0, (max_points - 2) // (2 + len(marks)))
    chosen = [np.array([0, n - 1])]
    if stretches:
        size = -(-n // stretches)
        chosen.append(_extremes(values, finite, size, np.argmin, np.inf))
        chosen.append(_extremes(values, finite, size, np.argmax, -np.inf))
        chosen.extend(_first_of_each(mark, size) for mark in marks)
    return np.unique(np.concatenate(chosen))


def _extremes(values: Floats, finite: Bools, size: int, pick: Callable[..., Ints], fill: float) -> Ints:
    """Index of each stretch's extreme finite value; stretches without one give none."""
    n = len(values)
    stretches = -(-n // size)
    padded = np.full(stretches * size, fill)
    padded[:n] = values if finite.all() else np.where(finite, values, fill)
    inner = pick(padded.reshape(stretches, size), axis=1)
    index: Ints = inner + np.arange(stretches) * size
    inside = index[index < n]
    return inside[finite[inside]]


def _first_of_each(mark: Bools, size: int) -> Ints:
    """Index of the first marked point of each stretch that has one."""
    places = np.flatnonzero(mark)
    stretch = places // size
    fresh = np.ones(len(places), np.bool_)
    fresh[1:] = stretch[1:] != stretch[:-1]
    return places[fresh]
