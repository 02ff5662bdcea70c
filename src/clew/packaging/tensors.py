"""Arrays checked against a tensor spec."""

from __future__ import annotations

from typing import Any

import numpy as np

from clew.packaging import inference
from clew.packaging.schema import TensorSpec


def cast_tensor(data: Any, spec: TensorSpec) -> Any:
    """``data`` as an array of the spec's dtype and shape; sparse matrices stay sparse.

    Lists, frames and series are converted where every value stays what it is; arrays must have the dtype already.

    Raises:
        ValueError: it does not fit; the text says what was given and what expected.
    """
    if inference.is_frame(data) or inference.is_series(data) or isinstance(data, list | tuple):
        array = _convert_exactly(data, spec)
    elif isinstance(data, np.ndarray) or inference.is_sparse(data):
        array = data
    else:
        raise ValueError(f"a {type(data).__name__} given, an array of {spec.dtype} {list(spec.shape)} expected")
    if not _same_dtype(array.dtype, spec.dtype):
        raise ValueError(f"an array of {array.dtype} given, {spec.dtype} expected")
    fits = len(array.shape) == len(spec.shape) and all(
        want in (-1, got) for want, got in zip(spec.shape, array.shape, strict=True)
    )
    if not fits:
        raise ValueError(f"an array of shape {list(array.shape)} given, {list(spec.shape)} expected")
    return array


def _same_dtype(got: Any, wanted: str) -> bool:
    if got.kind in "US":
        return wanted in ("str", "bytes")[got.kind == "S" :] or np.dtype(wanted).kind == got.kind
    return bool(got == np.dtype(wanted)) if wanted not in ("str", "bytes") else False


def _convert_exactly(data: Any, spec: TensorSpec) -> Any:
    try:
        array = data.to_numpy() if hasattr(data, "to_numpy") else np.asarray(data)
    except ValueError:
        raise ValueError("the rows of the list differ in length") from None
    if _same_dtype(array.dtype, spec.dtype):
        return array
    problem = f"{array.dtype} given, {spec.dtype} expected, and the values do not convert exactly"
    try:
        converted = array.astype("str" if spec.dtype == "str" else spec.dtype)
        exact = array.dtype.kind in "biuf" and converted.dtype.kind in "iuf"
        if exact and np.array_equal(converted.astype(array.dtype), array, equal_nan=array.dtype.kind == "f"):
            return converted
        if array.dtype.kind == "O" and all(a == b for a, b in zip(array.ravel(), converted.ravel(), strict=True)):
            return converted
    except (TypeError, ValueError, OverflowError):
        raise ValueError(problem) from None
    raise ValueError(problem)
