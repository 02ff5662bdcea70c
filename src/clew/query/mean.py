"""The mean of a metric's values: one function, so that every way to search finds the same number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def mean(values: NDArray[np.float64]) -> float | None:
    """The mean of all that are no NaN, float64[n] in the order of (step, time, value); None where none is.

    Where both infinities occur it is NaN, as IEEE arithmetic has it.
    """
    numbers = values[~np.isnan(values)]
    if len(numbers) == 0:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(numbers.sum())
        if not np.isfinite(total) and np.isfinite(numbers).all():
            return float((numbers / len(numbers)).sum())  # the sum alone is beyond float64
    return total / len(numbers)
