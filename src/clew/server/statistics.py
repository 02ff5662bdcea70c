"""What a column of numbers or texts looks like: moments, quantiles, histogram, most frequent values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clew.wire.explore import ColumnSummary, Histogram, Quantile, ValueCount
from clew.wire.floats import wire_number, wire_numbers

Floats = NDArray[np.float64]

QUANTILES: Final = (0.02, 0.05, 0.25, 0.5, 0.75, 0.95, 0.98)
TOP_VALUES: Final = 20


def summarize_numbers(summary: ColumnSummary, values: Floats, *, bins: int, log: bool) -> None:
    """Fill in what is known of numbers; NaN and infinities are counted and otherwise left out.

    values: float64[m]. log: whether bins grow by a factor, where all values are positive.
    """
    finite = values[np.isfinite(values)]
    summary.numeric = True
    summary.nan = int(np.isnan(values).sum())
    summary.infinite = int(np.isinf(values).sum())
    summary.distinct = len(np.unique(values))
    if not len(finite):
        return
    summary.min, summary.max = float(finite.min()), float(finite.max())
    scale = float(np.abs(finite).max()) or 1.0  # the plain sum may pass the largest float
    summary.mean = wire_number(float((finite / scale).mean()) * scale)
    found = (np.quantile(finite / scale, QUANTILES) * scale).tolist()
    summary.median = found[QUANTILES.index(0.5)]
    summary.quantiles = [Quantile(q=q, value=value) for q, value in zip(QUANTILES, found, strict=True)]
    summary.histogram = histogram(finite, bins, log=log)


def summarize_texts(summary: ColumnSummary, texts: Sequence[str]) -> None:
    """Fill in what is known of texts."""
    counts = Counter(texts)
    summary.distinct = len(counts)
    summary.numeric = bool(summary.numeric)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    summary.top = [ValueCount(value=value, runs=runs) for value, runs in ordered[:TOP_VALUES]]


def histogram(values: Floats, bins: int, *, log: bool) -> Histogram:
    """Counts of finite values (at least one) in bins of equal width, or of equal width of their logarithm."""
    least, most = float(values.min()), float(values.max())
    log = log and least > 0
    if least == most:
        return Histogram(edges=[least, most], counts=[len(values)], log=log)
    share = np.linspace(0.0, 1.0, bins + 1)
    low, high = (np.log(least), np.log(most)) if log else (least, most)
    edges = low * (1 - share) + high * share  # not low + width, which may pass the largest float
    edges = np.exp(edges) if log else edges
    edges[0], edges[-1] = least, most
    edges = np.maximum.accumulate(np.clip(edges, least, most))
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    return Histogram(edges=wire_numbers(edges.tolist()), counts=counts.tolist(), log=log)
