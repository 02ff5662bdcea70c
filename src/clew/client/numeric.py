"""Metric values and steps as the journal keeps them: float64 and int64. Standard library only."""

from __future__ import annotations

from typing import Any

from clew.errors import InvalidValue


def number_of(key: str, value: Any) -> float:
    """``value`` as a float, in MLflow's sense: scalars, and arrays or tensors of one element.

    Raises:
        InvalidValue: it is no number.
    """
    try:
        if isinstance(value, str | bytes):
            raise TypeError
        return float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):  # the last one by torch, for several elements
        pass
    item = getattr(value, "item", None)  # numpy, torch, jax: float() of a 1-element array is not always allowed
    if callable(item):
        try:
            return float(item())
        except (TypeError, ValueError, OverflowError, RuntimeError):
            pass
    raise InvalidValue(
        f"Got invalid value {value!r} for metric {key!r}. "
        "Please specify value as a valid double (64-bit floating point)"
    )


def whole_of(step: Any) -> int:
    """``step`` as a 64-bit integer.

    Raises:
        InvalidValue: it is not a whole number, or too large.
    """
    try:
        whole = int(step)
        if whole == step and -(1 << 63) <= whole < 1 << 63:
            return whole
    except (TypeError, ValueError, OverflowError):
        pass
    raise InvalidValue(f"Got invalid value {step!r} for 'step'. Please specify step as a valid 64-bit integer.")
