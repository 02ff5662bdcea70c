"""Signatures inferred from data, and their JSON."""

from __future__ import annotations

import datetime
import json

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from clew.errors import InvalidValue
from clew.packaging.schema import (
    AnyType,
    ArrayType,
    ColumnSpec,
    DataType,
    MapType,
    ObjectType,
    ParamSchema,
    Property,
    Schema,
    TensorSpec,
)
from clew.packaging.signature import ModelSignature, infer_signature


def kinds(data: object) -> dict[object, object]:
    signature = infer_signature(data)
    assert signature.inputs is not None
    return {spec.name: spec.type for spec in signature.inputs.columns}


def required(data: object) -> list[bool]:
    signature = infer_signature(data)
    assert signature.inputs is not None
    return [spec.required for spec in signature.inputs.columns]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.array([1, 2], dtype="int8"), "integer"),
        (np.array([1, 2], dtype="int32"), "integer"),
        (np.array([1, 2], dtype="uint32"), "long"),
        ([1, 2], "long"),
        (np.array([1, 2], dtype="float32"), "float"),
        ([1.5, 2.0], "double"),
        (["a", "b"], "string"),
        (pd.Series(["a", "b"], dtype=object), "string"),
        (pd.Series(["a", None], dtype="string"), "string"),
        ([True, False], "boolean"),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), "datetime"),
        (pd.to_datetime(["2020-01-01"], utc=True), "datetime"),
        ([datetime.date(2020, 1, 1)], "datetime"),
        ([b"a", b"b"], "binary"),
        (pd.Series(["x", "y"], dtype="category"), "string"),
        (pd.Series([1, None], dtype="Int64"), "long"),
    ],
)
def test_a_column_has_the_type_of_its_values(values: object, kind: str) -> None:
    assert kinds(pd.DataFrame({"c": values})) == {"c": DataType(kind)}


@pytest.mark.parametrize("values", [np.array([1], dtype="uint64"), [1j], pd.to_timedelta([1], unit="s"), [1, "x"]])
def test_what_no_type_can_hold_is_any_and_keeps_its_name(values: object) -> None:
    assert kinds(pd.DataFrame({"a": values, "b": [1.0] * len(values)})) == {"a": AnyType(), "b": DataType.DOUBLE}  # type: ignore[arg-type]


def test_a_column_with_a_null_is_not_required() -> None:
    frame = pd.DataFrame({"a": [1.5, None], "b": ["x", None], "c": [1, 2], "d": pd.Series([1, None], dtype="Int64")})
    assert required(frame) == [False, False, True, False]


def test_lists_and_dicts_in_columns_are_arrays_and_objects() -> None:
    frame = pd.DataFrame({"l": [[1, 2], []], "n": [[["x"]], [["y"]]], "d": [{"x": 1, "y": "s"}, {"x": 2}]})
    assert kinds(frame) == {
        "l": ArrayType(DataType.LONG),
        "n": ArrayType(ArrayType(DataType.STRING)),
        "d": ObjectType({"x": Property(DataType.LONG), "y": Property(DataType.STRING, False)}),
    }


def test_mixed_values_stay_any_whatever_comes_after() -> None:
    frame = pd.DataFrame(
        {"a": [[], [1, "x"], [2]], "b": [[None], [3], []], "c": [{"k": None}, {"k": 1.5}, {}], "d": [None] * 3}
    )
    assert kinds(frame) == {
        "a": ArrayType(AnyType()),
        "b": ArrayType(DataType.LONG),
        "c": ObjectType({"k": Property(DataType.DOUBLE, False)}),
        "d": AnyType(),
    }


def test_arrays_are_tensors_with_a_free_first_dimension() -> None:
    one = infer_signature(np.zeros((3, 2), dtype="float32")).inputs
    named = infer_signature({"a": np.zeros((3, 2)), "b": np.zeros(3, dtype="int64")}).inputs
    sparse = infer_signature(scipy.sparse.csr_matrix(np.eye(3))).inputs
    assert one == Schema((TensorSpec("float32", (-1, 2)),))
    assert named == Schema((TensorSpec("float64", (-1, 2), "a"), TensorSpec("int64", (-1,), "b")))
    assert sparse == Schema((TensorSpec("float64", (-1, 3)),))


def test_lists_series_and_scalars_are_columns() -> None:
    assert kinds([{"a": 1, "b": "x"}, {"a": 2}]) == {"a": DataType.LONG, "b": DataType.STRING}
    assert required([{"a": 1, "b": "x"}, {"a": 2}]) == [True, False]
    assert kinds([1, 2]) == {None: DataType.LONG}
    assert kinds(pd.Series([1.5], name="q")) == {"q": DataType.DOUBLE}
    assert kinds("text") == {None: DataType.STRING}
    assert kinds([[1, 2], [3, 4]]) == {None: ArrayType(DataType.LONG)}


def test_params_keep_their_defaults_and_lists_have_a_shape() -> None:
    signature = infer_signature(None, None, {"temp": 0.5, "names": ["a"], "day": datetime.date(2020, 1, 1)})
    assert signature.params is not None
    assert [(p.name, p.type, p.default, p.shape) for p in signature.params.params] == [
        ("temp", DataType.DOUBLE, 0.5, None),
        ("names", DataType.STRING, ["a"], (-1,)),
        ("day", DataType.DATETIME, "2020-01-01", None),
    ]


def test_params_without_a_type_are_named_all_at_once() -> None:
    with pytest.raises(InvalidValue, match=r"\['a', 'b', 'c'\]"):
        infer_signature(None, None, {"a": None, "b": b"x", "c": [], "d": 1})


def test_a_signature_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidValue):
        infer_signature()


def test_json_carries_every_kind_of_spec_there_and_back() -> None:
    columns = Schema(
        (
            ColumnSpec(DataType.LONG, "i"),
            ColumnSpec(ArrayType(MapType(DataType.FLOAT)), "m", False),
            ColumnSpec(ObjectType({"k": Property(AnyType(), False)}), 0),
        )
    )
    tensors = Schema((TensorSpec("float32", (-1, 2), "x"), TensorSpec("str", (-1,), "y")))
    params = infer_signature(None, None, {"a": [1, 2], "b": {"x": 1}}).params
    assert Schema.from_json(columns.to_json()) == columns
    assert Schema.from_json(tensors.to_json()) == tensors
    assert params is not None
    assert ParamSchema.from_json(params.to_json()) == params
    signature = ModelSignature(columns, tensors, params)
    assert ModelSignature.from_dict(signature.to_dict()) == signature


def test_json_is_in_the_shape_that_others_read() -> None:
    columns, tensor = Schema((ColumnSpec("long", "i"),)), Schema((TensorSpec("float32", (-1, 2)),))  # type: ignore[arg-type]
    assert json.loads(columns.to_json()) == [{"type": "long", "name": "i", "required": True}]
    assert json.loads(tensor.to_json()) == [{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}}]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        '["x"]',
        '[{"type": "quux"}]',
        '[{"type": "array"}]',
        '[{"type": "tensor"}]',
        '[{"type":"tensor","tensor-spec":{"dtype":"x","shape":"y"}}]',
    ],
)
def test_json_that_is_no_schema_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        Schema.from_json(text)


def test_columns_and_tensors_do_not_mix() -> None:
    with pytest.raises(InvalidValue, match="either columns or tensors"):
        Schema((ColumnSpec(DataType.LONG, "i"), TensorSpec("float32", (-1,))))  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="names"):
        Schema((ColumnSpec(DataType.LONG, "i"), ColumnSpec(DataType.LONG)))
