"""The arrays that columns are made of."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
Codes = NDArray[np.int32]
Floats = NDArray[np.float64]

Scalar = TypeVar("Scalar", bound=np.generic)

_SPARE = 1.125  # room for an eighth more, so that a copy is rare and memory is not wasted


class Growing(Generic[Scalar]):
    """A one-dimensional array with room at its end."""

    __slots__ = ("_array", "_n")

    def __init__(self, values: NDArray[Scalar]) -> None:
        self._array = values
        self._n = len(values)

    def __len__(self) -> int:
        return self._n

    @property
    def array(self) -> NDArray[Scalar]:
        """The values: a view that writes through, right until the next growth."""
        return self._array[: self._n]

    @property
    def nbytes(self) -> int:
        """What it takes in memory, room included."""
        return self._array.nbytes

    def extend(self, values: ArrayLike) -> None:
        """Add values at the end."""
        added: NDArray[Any] = np.asarray(values, self._array.dtype)
        start = self._n
        self._reserve(start + len(added))
        self._array[start : self._n] = added

    def fill(self, n: int, value: Scalar) -> None:
        """Grow to ``n`` values, the new ones being ``value``."""
        start = self._n
        self._reserve(n)
        self._array[start:n] = value

    def _reserve(self, n: int) -> None:
        if n > len(self._array):
            larger = np.empty(max(64, int(n * _SPARE)), self._array.dtype)
            larger[: self._n] = self._array[: self._n]
            self._array = larger
        self._n = n
