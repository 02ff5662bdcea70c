"""What a Spark UDF makes of predictions and columns, told without Spark: its batches are Arrow's."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse

from clew.errors import InvalidValue
from clew.packaging.signature import infer_signature
from clew.packaging.spark.columns import InputPlan
from clew.packaging.spark.results import to_arrow

FRAME = pd.DataFrame(
    {"i": np.int32([1, 2]), "l": [10, 20], "f": np.float32([0.5, 1.5]), "d": [0.25, 1.0], "s": ["x", "y"]}
)
MATRIX = np.array([[1.0, 2.0], [3.0, 4.0]])
DOUBLES = pa.list_(pa.float64())


@pytest.mark.parametrize(
    ("answer", "wanted", "expected"),
    [
        # A scalar takes the left-most column that fits.
        (FRAME, pa.int32(), [1, 2]),
        (FRAME[["s", "l", "i"]], pa.int32(), [1, 2]),
        (FRAME[["s", "l", "i"]], pa.int64(), [10, 20]),
        (FRAME[["s", "f", "i"]], pa.float32(), [0.5, 1.5]),
        (FRAME[["s", "i", "d"]], pa.float64(), [1.0, 2.0]),
        (FRAME[["d", "s"]], pa.string(), ["0.25", "1.0"]),
        (FRAME.assign(b=[True, False]), pa.bool_(), [True, False]),
        (FRAME.assign(b=[True, False])[["b"]], pa.string(), ["True", "False"]),
        (FRAME["d"], pa.float64(), [0.25, 1.0]),
        (MATRIX, pa.float64(), [1.0, 3.0]),
        (scipy.sparse.csr_array(MATRIX), pa.float64(), [1.0, 3.0]),
        ([7, 8], pa.int64(), [7, 8]),
        ([[1, 2], [3, 4]], pa.int64(), [1, 3]),
        ({"a": [1.5, 2.5]}, pa.float64(), [1.5, 2.5]),
        ([b"x", None], pa.binary(), [b"x", None]),
        ([datetime.date(2020, 1, 2)] * 2, pa.timestamp("us"), [datetime.datetime(2020, 1, 2)] * 2),  # noqa: DTZ001
        # A list takes all that fit.
        (FRAME, DOUBLES, [[1.0, 10.0, 0.5, 0.25], [2.0, 20.0, 1.5, 1.0]]),
        (FRAME, pa.list_(pa.int32()), [[1], [2]]),
        (FRAME[["i", "s"]], pa.list_(pa.string()), [["1", "x"], ["2", "y"]]),
        (MATRIX, pa.list_(pa.float32()), [[1.0, 2.0], [3.0, 4.0]]),
        (np.arange(8.0).reshape(2, 2, 2), pa.list_(DOUBLES), [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]),
        ([[1.0], [2.0, 3.0]], DOUBLES, [[1.0], [2.0, 3.0]]),
        ([1.0, 2.0], DOUBLES, [[1.0], [2.0]]),
        (pd.DataFrame({"v": [[1], [2, 3]]}), pa.list_(pa.int64()), [[1], [2, 3]]),
        ([[{"a": 1}], []], pa.list_(pa.struct({"a": pa.int64()})), [[{"a": 1}], []]),
        # A struct takes the columns of its names, or as many without names.
        (FRAME, pa.struct({"s": pa.string(), "d": pa.float32()}), [{"s": "x", "d": 0.25}, {"s": "y", "d": 1.0}]),
        ([{"a": 1, "b": [1.0]}, {"a": 2}], pa.struct({"b": DOUBLES}), [{"b": [1.0]}, {"b": None}]),
        (MATRIX, pa.struct({"lo": pa.float64(), "hi": pa.float64()}), [{"lo": 1, "hi": 2}, {"lo": 3, "hi": 4}]),
        # A map takes every column by name.
        (FRAME[["f", "d"]], pa.map_(pa.string(), pa.float64()), [[("f", 0.5), ("d", 0.25)], [("f", 1.5), ("d", 1.0)]]),
        ([{"a": 1}, {"b": 2}], pa.map_(pa.string(), pa.int64()), [[("a", 1)], [("b", 2)]]),
        (pd.Series([{"a": 1}, None]), pa.map_(pa.string(), pa.int64()), [[("a", 1)], None]),
        # Nulls stay nulls, and NaN becomes one, as in Spark's own pandas UDFs.
        ([1.5, float("nan")], pa.float64(), [1.5, None]),
        (["a", None], pa.string(), ["a", None]),
        (pd.array([1, None], dtype="Int64"), pa.int64(), [1, None]),
    ],
)
def test_predictions_become_the_promised_type(answer: Any, wanted: pa.DataType, expected: Any) -> None:
    found = to_arrow(answer, 2, wanted)
    assert found.type == wanted
    assert found.to_pylist() == expected


@pytest.mark.parametrize(
    ("answer", "wanted", "fault"),
    [
        ([1, 2], pa.int32(), "0: int64.*result_type='long' takes it"),
        (["a", "b"], pa.float64(), "0: string.*choose another one"),
        (np.uint64([1, 2]), pa.int64(), "0: uint64"),
        ([1, "b"], pa.int64(), "0: mixed"),
        (FRAME[["s"]], DOUBLES, "s: .*string"),
        (FRAME, pa.struct({"s": pa.string(), "z": pa.string()}), r"asks for \['z'\]"),
        ([1.0], pa.float64(), "answered 1 rows for 2"),
        (5.0, pa.float64(), "answered 1 rows for 2"),
    ],
)
def test_what_does_not_fit_says_what_the_model_answered(answer: Any, wanted: pa.DataType, fault: str) -> None:
    with pytest.raises(InvalidValue, match=fault):
        to_arrow(answer, 2, wanted)


def planned(batch: pa.RecordBatch, example: Any, *, spread: bool = True) -> Any:
    """The model's input for a batch, for a model with the signature of the example."""
    arguments = (batch.to_struct_array(),) if spread else tuple(batch.columns)
    schema = None if example is None else infer_signature(example).inputs
    return InputPlan(arguments, schema, "Europe/Berlin").data(arguments)


def test_columns_come_by_name_in_the_signature_s_order() -> None:
    example = pd.DataFrame({"b": [1.5], "a": [1]})
    batch = pa.record_batch({"a": pa.array([1], pa.int16()), "c": ["x"], "b": pa.array([3], pa.int64())})
    pd.testing.assert_frame_equal(planned(batch, example), pd.DataFrame({"b": [3.0], "a": [1]}))
    frame = planned(batch, None)
    assert list(frame.columns) == ["a", "c", "b"]
    frame = planned(batch.select(["b", "a"]), pd.DataFrame([[1.0, 1]]), spread=False)
    assert frame.columns.tolist() == [0, 1]
    assert planned(batch, None, spread=False).columns.tolist() == ["0", "1", "2"]


def test_composite_values_are_checked_one_by_one() -> None:
    example = pd.DataFrame({"m": [{"k": 1, "t": "x"}], "l": [[1.0]]})
    good = pa.record_batch({"m": [{"k": 2, "t": "y"}], "l": [[1.0, 2.0]]})
    frame = planned(good, example)
    assert frame["m"][0] == {"k": 2, "t": "y"}
    bad = pa.record_batch({"m": [{"k": None, "t": "y"}], "l": [["a"]]})
    with pytest.raises(InvalidValue, match=r"column 'm'.*column 'l'"):
        planned(bad, example)
    alone = planned(pa.record_batch({"k": [2], "t": ["y"]}), example[["m"]])
    assert alone["m"][0] == {"k": 2, "t": "y"}


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        (pa.array([[1.0, 2.0], [3.0]]), "differ in length"),
        (pa.array([[1.0, 2.0], None]), "some are null"),
        (pa.array([[1.0], [2.0]]), r"shape \[2, 1\] given, \[-1, 2\] expected"),
        (pa.array([["a", "b"], ["c", "d"]]), "string given, float32 expected"),
        (pa.array([{"type": 1, "size": 2, "indices": [0], "values": [1.0]}] * 2), "vector_to_array"),
        (pa.array([{"a": {"b": 1}}]), "numbers or arrays expected"),
    ],
)
def test_a_tensor_that_does_not_fit_is_refused(column: pa.Array, fault: str) -> None:
    with pytest.raises(InvalidValue, match=fault):
        planned(pa.record_batch({"x": column}), np.float32([[1, 2]]), spread=False)


def test_tensors_take_arrays_and_numbers() -> None:
    example = np.float32([[1, 2]])
    for batch in (pa.record_batch({"x": [[1.0, 2.0], [3.0, 4.0]]}), pa.record_batch({"a": [1, 3], "b": [2.0, 4.0]})):
        for spread in (False, True):
            found = planned(batch, example, spread=spread)
            assert (found.dtype, found.tolist()) == (np.float32, MATRIX.tolist())
    texts = planned(pa.record_batch({"x": ["a", "b"]}), np.array(["c"]), spread=False)
    assert texts.tolist() == ["a", "b"]
    with pytest.raises(InvalidValue, match="nulls given"):
        planned(pa.record_batch({"x": [1, None]}), np.array([1]), spread=False)
