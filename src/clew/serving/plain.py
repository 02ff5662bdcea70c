"""The short way of the most frequent requests: rows of plain numbers, for models that take arrays.

Whatever is not just that (a null, a text, a missing column, a number that its type cannot hold, params) takes the long
way, which says what is wrong; so both ways give the same answers and the same errors.
"""

from __future__ import annotations

import sys
import time
from typing import Any, Final

import msgspec
import numpy as np

from clew.packaging.flavors.arrays import takes_arrays
from clew.packaging.pyfunc import PyFuncModel
from clew.packaging.schema import DataType
from clew.serving.answers import write_predictions

_EXACT: Final = 2.0**53  # whole numbers below are exact in a double
_QUICK_S: Final = 0.005
_QUICK_RUNS: Final = 5
_LOADER: Final = "mlflow.sklearn"
_TYPES: Final = {"", "application/json", "application/json; charset=utf-8", "application/json;charset=utf-8"}
_Rows = list[list[int | float]]
_Records = list[dict[str, int | float]]


class _Split(msgspec.Struct, forbid_unknown_fields=True):
    data: _Rows
    columns: list[str]


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    """A body that has exactly one of these."""

    dataframe_split: _Split | msgspec.UnsetType = msgspec.UNSET
    dataframe_records: _Records | msgspec.UnsetType = msgspec.UNSET


_decode: Final = msgspec.json.Decoder(_Body).decode


class PlainNumbers:
    """Answers bodies of plain numbers for one model.

    names: of its columns, in order. whole: for each column whether it holds whole numbers. rows: of one request.
    """

    def __init__(self, predict: Any, names: list[str], whole: list[bool], rows: int = sys.maxsize) -> None:
        self._predict = predict
        self._rows = rows
        self._names = names
        self._keys = set(names)
        self._whole = np.array(whole)
        self._some_whole = any(whole)
        self._all_whole = all(whole)
        self._quick_runs = 0

    @property
    def quick(self) -> bool:
        """Whether the last answers took so little time that a thread of their own would cost more."""
        return self._quick_runs >= _QUICK_RUNS

    def answer(self, body: bytes, kind: str) -> bytes | None:
        """The answer, or None for what takes the long way. kind: the content type."""
        if kind not in _TYPES:
            return None
        started_s = time.perf_counter()
        try:
            array = self._read(_decode(body))
            if array is None:
                return None
            answer = write_predictions(self._predict(array))
        except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, KeyError, RecursionError):
            return None  # the long way finds the words for it
        self._quick_runs = self._quick_runs + 1 if time.perf_counter() - started_s < _QUICK_S else 0
        return answer

    def _read(self, body: _Body) -> Any:
        """The rows as the array that a frame of them would become, or None."""
        if isinstance(body.dataframe_split, _Split):
            if body.dataframe_records is not msgspec.UNSET or body.dataframe_split.columns != self._names:
                return None
            rows: Any = body.dataframe_split.data
        elif isinstance(body.dataframe_records, list):
            if any(row.keys() != self._keys for row in body.dataframe_records):
                return None
            rows = [[row[name] for name in self._names] for row in body.dataframe_records]
        else:
            return None
        if len(rows) > self._rows:
            return None
        table = np.array(rows, dtype=np.float64)
        if table.ndim != 2 or table.shape[1] != len(self._names) or not len(table):
            return None
        if not (np.abs(table) < _EXACT).all():  # 2**53 may have been the whole number above it
            return None
        if self._some_whole and (table[:, self._whole] % 1).any():
            return None
        # A frame lies in memory column by column, and sums of floats depend on the order.
        return np.asfortranarray(table, dtype=np.int64 if self._all_whole else np.float64)


def plain_numbers(model: PyFuncModel, rows: int = sys.maxsize) -> PlainNumbers | None:
    """The short way of a model, or None where there is none. rows: what one request may have at most."""
    signature, config = model.metadata.signature, model.metadata.flavors["python_function"]
    if signature is None or signature.inputs is None or signature.params is not None or signature.inputs.tensors:
        return None
    columns = signature.inputs.columns
    names = [str(spec.name) for spec in columns if spec.name is not None]
    if not columns or len(names) != len(columns) or len(set(names)) != len(names):
        return None
    if any(spec.type not in (DataType.DOUBLE, DataType.LONG) for spec in columns):
        return None
    raw, function = model.get_raw_model(), str(config.get("predict_fn") or "predict")
    if config.get("loader_module") != _LOADER or not takes_arrays(raw, names, function):
        return None
    return PlainNumbers(getattr(raw, function), names, [spec.type is DataType.LONG for spec in columns], rows)
