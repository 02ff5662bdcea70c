"""What data a signature lets through to the model, and in which form."""

from __future__ import annotations

import datetime
import logging
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from clew.errors import InvalidValue
from clew.packaging.enforcement import enforce_params, enforce_schema
from clew.packaging.schema import ArrayType, ColumnSpec, DataType, Schema, TensorSpec
from clew.packaging.signature import infer_signature


def one(kind: str, required: bool = True) -> Schema:
    return Schema((ColumnSpec(DataType(kind), "c", required),))


def enforced(values: Any, kind: str, required: bool = True) -> Any:
    return enforce_schema(pd.DataFrame({"c": values}), one(kind, required))["c"]


@pytest.mark.parametrize(
    ("values", "kind", "dtype"),
    [
        (np.array([1, 2], dtype="int32"), "long", "int64"),
        (np.array([1, 2], dtype="uint8"), "integer", "int32"),
        (np.array([1.5, 2], dtype="float32"), "double", "float64"),
        (np.array([1, 2], dtype="int32"), "double", "float64"),
        ([1, 2**53], "double", "float64"),
        (np.array(["2020-01-01"], dtype="datetime64[s]"), "datetime", "datetime64[ns]"),
        (pd.Series([1, 2], dtype="Int64"), "long", "int64"),
        (pd.Series([1, 2], dtype=object), "long", "int64"),
        ([1.5, None], "double", "float64"),
    ],
)
def test_casts_that_lose_nothing_are_made(values: Any, kind: str, dtype: str) -> None:
    result = enforced(values, kind)
    assert str(result.dtype) == dtype
    assert (result.dropna() == pd.Series(values).dropna().astype(dtype)).all()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1.0, 2.0], "long"),
        ([1, 2], "integer"),
        ([1.5], "float"),
        ([True], "double"),
        ([0, 1], "boolean"),
        (["1.5"], "double"),
        ([1], "string"),
        (["2020-01-01"], "datetime"),
        ([1.0, None], "long"),
        (pd.Series([1, None], dtype="Int64"), "long"),
        ([2**53 + 1], "double"),
        (["x"], "binary"),
        (pd.Series([1, "x"], dtype=object), "string"),
        (pd.Series([2**70], dtype=object), "long"),
        (np.array(["3000-01-01"], dtype="datetime64[s]"), "datetime"),
    ],
)
def test_casts_that_could_lose_something_are_refused(values: Any, kind: str) -> None:
    with pytest.raises(InvalidValue, match=f"column 'c'.*{kind} expected"):
        enforced(values, kind)


@pytest.mark.parametrize(
    "values", [["a", None], pd.Series(["a", "b"], dtype="category"), pd.Series(["a"], dtype=object)]
)
def test_texts_may_be_any_kind_of_text_column(values: Any) -> None:
    assert list(enforced(values, "string").dropna()) == list(pd.Series(values).dropna())


def test_an_optional_nullable_integer_may_have_gaps() -> None:
    values = pd.Series([1, None], dtype="Int64")
    assert enforced(values, "long", required=False).isna().tolist() == [False, True]


def test_all_faults_come_in_one_message_without_data() -> None:
    schema = infer_signature(pd.DataFrame({"a": [1.5], "b": [1], "c": ["secret"], "d": [1.0], "e": [1.0]})).inputs
    assert schema is not None
    with pytest.raises(InvalidValue) as caught:
        enforce_schema(pd.DataFrame({"a": ["hidden"], "b": [1.5], "c": ["secret"]}), schema)
    text = str(caught.value)
    assert "missing columns ['d', 'e']" in text
    assert "column 'a'" in text
    assert "column 'b'" in text
    assert "hidden" not in text


def test_order_and_extra_columns_do_not_matter() -> None:
    schema = infer_signature(pd.DataFrame({"a": [1.0], "b": [2.0]})).inputs
    assert schema is not None
    result = enforce_schema(pd.DataFrame({"x": [0], "b": [2.0], "a": [1.0]}), schema)
    assert list(result.columns) == ["a", "b"]


def test_a_missing_optional_column_stays_absent() -> None:
    schema = Schema((ColumnSpec(DataType.DOUBLE, "a"), ColumnSpec(DataType.DOUBLE, "b", False)))
    assert list(enforce_schema(pd.DataFrame({"a": [1.0]}), schema).columns) == ["a"]


@pytest.mark.parametrize(
    "data",
    [
        {"a": [1, 3], "b": [2, 4]},
        [{"a": 1, "b": 2}, {"a": 3, "b": 4}],
        np.array([[1, 2], [3, 4]]),
        [[1, 2], [3, 4]],
        scipy.sparse.csr_matrix(np.array([[1.0, 2.0], [3.0, 4.0]])),
    ],
)
def test_other_shapes_become_a_frame(data: Any) -> None:
    schema = Schema((ColumnSpec(DataType.DOUBLE, "a"), ColumnSpec(DataType.DOUBLE, "b")))
    result = enforce_schema(data, schema)
    assert list(result.columns) == ["a", "b"]
    assert result.to_numpy().tolist() == [[1, 2], [3, 4]]


def test_one_row_as_a_dict_of_values() -> None:
    schema = Schema((ColumnSpec(DataType.DOUBLE, "a"), ColumnSpec(ArrayType(DataType.LONG), "l")))
    result = enforce_schema({"a": 1.5, "l": [1, 2]}, schema)
    assert result.to_dict("list") == {"a": [1.5], "l": [[1, 2]]}


def test_one_row_as_a_dict_whose_lists_hold_objects() -> None:
    row = {"messages": [{"role": "user", "content": "hi"}]}
    schema = infer_signature(row).inputs
    assert schema is not None
    assert enforce_schema(row, schema).to_dict("list") == {"messages": [row["messages"]]}
    rows = {"messages": [row["messages"], row["messages"]]}
    assert enforce_schema(rows, schema).to_dict("list") == rows


def test_an_array_of_another_width_is_refused() -> None:
    schema = Schema((ColumnSpec(DataType.DOUBLE, "a"), ColumnSpec(DataType.DOUBLE, "b")))
    with pytest.raises(InvalidValue, match="3 columns given, 2 expected"):
        enforce_schema(np.zeros((2, 3)), schema)


def test_a_series_stays_a_series_and_texts_stay_iterable() -> None:
    schema = infer_signature(pd.Series(["a", "b"], name="t")).inputs
    assert schema is not None
    assert list(enforce_schema(pd.Series(["x", "y"]), schema)) == ["x", "y"]
    unnamed = infer_signature(["a", "b"]).inputs
    assert unnamed is not None
    assert list(enforce_schema(["x", "y"], unnamed)) == ["x", "y"]


def test_nested_values_are_checked_to_the_bottom() -> None:
    schema = infer_signature([{"l": [[1, 2]], "d": {"k": "x"}}]).inputs
    assert schema is not None
    enforce_schema([{"l": [[3]], "d": {"k": "y"}}], schema)
    with pytest.raises(InvalidValue, match=r"column 'l'.*column 'd'"):
        enforce_schema([{"l": [["x"]], "d": {}}], schema)


def test_tensors_must_have_dtype_and_shape() -> None:
    schema = Schema((TensorSpec("float32", (-1, 2)),))
    fine = np.zeros((5, 2), dtype="float32")
    assert enforce_schema(fine, schema) is fine
    for bad in (np.zeros((5, 2)), np.zeros((5, 3), dtype="float32"), np.zeros(5, dtype="float32")):
        with pytest.raises(InvalidValue, match="expected"):
            enforce_schema(bad, schema)


def test_a_list_is_a_tensor_where_it_converts_exactly() -> None:
    schema = Schema((TensorSpec("float32", (-1, 2)),))
    assert enforce_schema([[1, 2], [3, 4.5]], schema).dtype == np.float32
    for bad in ([[1, 0.1]], [[1], [2, 3]], [["a", "b"]]):
        with pytest.raises(InvalidValue):
            enforce_schema(bad, schema)


def test_a_frame_is_a_tensor_too() -> None:
    schema = Schema((TensorSpec("float64", (-1, 2)),))
    assert enforce_schema(pd.DataFrame({"a": [1.0], "b": [2.0]}), schema).tolist() == [[1.0, 2.0]]


def test_named_tensors_come_as_a_dict_and_all_faults_are_listed() -> None:
    schema = Schema((TensorSpec("float64", (-1,), "a"), TensorSpec("int64", (-1,), "b")))
    result = enforce_schema({"a": np.zeros(2), "b": [1, 2]}, schema)
    assert result["b"].tolist() == [1, 2]
    with pytest.raises(InvalidValue, match=r"tensor 'a'.*tensor 'b' is missing"):
        enforce_schema({"a": np.zeros((2, 2))}, schema)


def test_params_have_defaults_and_unknown_ones_are_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    schema = infer_signature(None, None, {"temp": 0.5, "names": ["a"], "n": 3}).params
    with caplog.at_level(logging.WARNING, "clew.packaging"):
        values = enforce_params({"temp": 1, "odd": 2}, schema)
    assert values == {"temp": 1.0, "names": ["a"], "n": 3}
    assert "odd" in caplog.text


def test_params_of_a_wrong_type_are_refused_together() -> None:
    schema = infer_signature(None, None, {"temp": 0.5, "names": ["a"], "n": 3, "on": True}).params
    with pytest.raises(InvalidValue, match=r"'temp'.*'names'.*'n'.*'on'"):
        enforce_params({"temp": "x", "names": "a", "n": 1.5, "on": 1}, schema)


def test_a_datetime_param_may_be_iso_text() -> None:
    schema = infer_signature(None, None, {"day": datetime.date(2020, 1, 1)}).params
    assert enforce_params({"day": "2021-02-03"}, schema) == {"day": datetime.datetime.fromisoformat("2021-02-03")}


def test_a_list_of_rows_stays_one() -> None:
    schema = infer_signature([[1.5, 2.0]]).inputs
    assert schema is not None
    assert enforce_schema([[3.5, 4.0]], schema) == [[3.5, 4.0]]
    with pytest.raises(InvalidValue):
        enforce_schema([["x"]], schema)
