"""Row by row what a signature lets through, and where MLflow does otherwise: the real one is asked the same.

Each case is a text that both evaluate, with numpy as ``np`` and pandas as ``pd``.
"""

from __future__ import annotations

import json
import logging
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from clew.errors import InvalidValue
from clew.packaging.enforcement import enforce_params, enforce_schema
from clew.packaging.schema import ColumnSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from peers import ask


class Case(NamedTuple):
    """Values into a column of a type. ours: the dtype that comes out, "" where they are refused."""

    values: str
    kind: str
    ours: str
    mlflow: bool
    required: bool = True


def array(values: object, dtype: str) -> str:
    return f"np.array({values}, dtype={dtype!r})"


COLUMNS = [
    # what is cast
    Case(array([1, -2], "int32"), "long", "int64", True),
    Case(array([1, 2], "uint8"), "long", "int64", True),
    Case(array([1.5, 2], "float32"), "double", "float64", True),
    Case(array([1, -2], "int32"), "double", "float64", True),
    *(
        Case(array(["2020-01-01"], f"datetime64[{unit}]"), "datetime", "datetime64[ns]", True)
        for unit in ("s", "ms", "us", "ns")
    ),
    # what depends on the values
    Case("[0, 1]", "double", "float64", True),
    Case("[2, 3]", "double", "float64", False),
    Case("[2**53, -(2**53)]", "double", "float64", False),
    Case("[2**60, -(2**63)]", "double", "float64", False),
    Case("[2**53 + 1]", "double", "", False),
    Case("[-(2**53) - 1]", "double", "", False),
    Case("[2**63 - 1]", "double", "", False),
    Case(array([2**63, 1], "uint64"), "double", "float64", False),
    Case(array([2**64 - 1], "uint64"), "double", "", False),
    # what is refused
    Case("[1.0, 2.0]", "long", "", False),
    Case("[1.5]", "long", "", False),
    Case("[1, 2]", "integer", "", False),
    Case("[1.5]", "float", "", False),
    Case("[True, False]", "double", "", False),
    Case("[0, 1]", "boolean", "", False),
    Case("['1.5']", "double", "", False),
    Case("[1]", "string", "", False),
    Case("['2020-01-01']", "datetime", "", False),
    Case("[1.0, None]", "long", "", False),
    Case("pd.array([1, None], dtype='Int64')", "long", "", False),
    # where we take what MLflow refuses
    Case("pd.Categorical(['a', 'b', 'a'])", "string", "category", False),
    # nulls
    Case("[1.5, None]", "double", "float64", True),
]


def _id(value: object) -> str:
    return f"{value.values} in {value.kind}" if isinstance(value, Case) else ""


def _values(text: str) -> Any:
    return pd.DataFrame({"c": eval(text, {"np": np, "pd": pd})})


@pytest.mark.parametrize("case", COLUMNS, ids=_id)
def test_a_column(case: Case) -> None:
    schema = Schema((ColumnSpec(DataType(case.kind), "c", case.required),))
    data = _values(case.values)
    if not case.ours:
        with pytest.raises(InvalidValue, match=f"column 'c'.*{case.kind} expected"):
            enforce_schema(data, schema)
        return
    made = enforce_schema(data, schema)["c"]
    assert str(made.dtype) == case.ours
    assert made.isna().equals(data["c"].isna())
    kept = data["c"].dropna()
    if case.kind == "datetime":
        assert (made == kept).all()
    else:
        assert [type(new)(old) for new, old in zip(made.dropna(), kept, strict=True)] == made.dropna().tolist()
        assert all(new == old for new, old in zip(made.dropna().tolist(), kept.tolist(), strict=True))  # exactly


class Shape(NamedTuple):
    """Data in some form for a schema. ours: what comes out as lists by column, None where it is refused."""

    schema: str
    data: str
    ours: Any
    mlflow: bool


NAMED = "a b"  # two doubles, both required
OPTIONAL = "a b?"
TENSOR = "tensor"
WHOLE = {"a": [1.0, 3.0], "b": [2.0, 4.0]}

SHAPES = {
    "extra columns are left out": Shape(
        NAMED, "pd.DataFrame({'a': [1., 3.], 'x': [0, 0], 'b': [2., 4.]})", WHOLE, True
    ),
    "another order does not matter": Shape(NAMED, "pd.DataFrame({'b': [2., 4.], 'a': [1., 3.]})", WHOLE, True),
    "a required column is missing": Shape(NAMED, "pd.DataFrame({'a': [1., 3.]})", None, False),
    "an optional one stays absent": Shape(OPTIONAL, "pd.DataFrame({'a': [1., 3.]})", {"a": [1.0, 3.0]}, True),
    "a dict of lists": Shape(NAMED, "{'a': [1., 3.], 'b': [2., 4.]}", WHOLE, True),
    "a list of dicts": Shape(NAMED, "[{'a': 1., 'b': 2.}, {'a': 3., 'b': 4.}]", WHOLE, True),
    "an array of as many columns": Shape(NAMED, "np.array([[1., 2.], [3., 4.]])", WHOLE, False),
    "an array of more columns": Shape(NAMED, "np.zeros((2, 3))", None, False),
    "a tensor": Shape(TENSOR, "np.array([[1, 2]], dtype='float32')", [[1.0, 2.0]], True),
    "a tensor of another dtype": Shape(TENSOR, "np.zeros((1, 2))", None, False),
    "a tensor of another width": Shape(TENSOR, "np.zeros((1, 3), dtype='float32')", None, False),
    "a tensor of another depth": Shape(TENSOR, "np.zeros(2, dtype='float32')", None, False),
    "a list that is exact as a tensor": Shape(TENSOR, "[[1, 2.5]]", [[1.0, 2.5]], False),
    "a list that is not": Shape(TENSOR, "[[1, 0.1]]", None, False),
}


def _schema(kind: str) -> Schema:
    if kind == TENSOR:
        return Schema((TensorSpec("float32", (-1, 2)),))
    return Schema(tuple(ColumnSpec(DataType.DOUBLE, word[0], "?" not in word) for word in kind.split()))


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape(name: str, caplog: pytest.LogCaptureFixture) -> None:
    shape = SHAPES[name]
    data = eval(shape.data, {"np": np, "pd": pd})
    if shape.ours is None:
        with pytest.raises(InvalidValue):
            enforce_schema(data, _schema(shape.schema))
        return
    with caplog.at_level(logging.DEBUG, "clew.packaging"):
        made = enforce_schema(data, _schema(shape.schema))
    if isinstance(shape.ours, dict):
        assert made.to_dict("list") == shape.ours
        assert list(made.columns) == list(shape.ours)
    else:
        assert (made.dtype, made.tolist()) == (np.float32, shape.ours)
    if "extra" in name:  # said where somebody looks for it
        assert [record.levelno for record in caplog.records] == [logging.DEBUG]
        assert "'x'" in caplog.text


PARAMS = {
    "an unknown one is left out": ({"odd": 1}, {"temp": 0.5}, True),
    "the right type": ({"temp": 1.5}, {"temp": 1.5}, True),
    "a whole number for a double": ({"temp": 2}, {"temp": 2.0}, True),
    "a text for a double": ({"temp": "x"}, None, False),
    "a list for a scalar": ({"temp": [1.5]}, None, False),
}


@pytest.mark.parametrize("name", PARAMS)
def test_a_param(name: str, caplog: pytest.LogCaptureFixture) -> None:
    given, ours, _ = PARAMS[name]
    schema = ParamSchema((ParamSpec("temp", DataType.DOUBLE, 0.5),))
    if ours is None:
        with pytest.raises(InvalidValue, match="'temp'"):
            enforce_params(given, schema)
        return
    with caplog.at_level(logging.WARNING, "clew.packaging"):
        assert enforce_params(given, schema) == ours
    assert ("odd" in caplog.text) is ("odd" in given)


def test_all_bad_columns_stand_in_one_message() -> None:
    refused = [case for case in COLUMNS if not case.ours]
    schema = Schema(tuple(ColumnSpec(DataType(case.kind), f"c{i}") for i, case in enumerate(refused)))
    ends = [_values(case.values)["c"].iloc[[0, -1]].reset_index(drop=True) for case in refused]
    data = {f"c{i}": values for i, values in enumerate(ends)}
    with pytest.raises(InvalidValue) as caught:
        enforce_schema(pd.DataFrame(data), schema)
    assert all(f"column '{name}'" in str(caught.value) for name in data)


THEIRS = """
import json, sys, warnings
import numpy as np, pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models.utils import _enforce_params_schema, _enforce_schema
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
warnings.simplefilter("ignore")
columns, shapes, params = json.loads(sys.argv[1])
def taken(call, *given):
    try:
        call(*given)
    except (MlflowException, ValueError):  # of pandas, in some cases
        return False
    return True
def schema(kind):
    if kind == "tensor":
        return Schema([TensorSpec(np.dtype("float32"), (-1, 2))])
    return Schema([ColSpec("double", word[0], required="?" not in word) for word in kind.split()])
print(json.dumps([
    [taken(_enforce_schema, pd.DataFrame({"c": eval(values)}), Schema([ColSpec(kind, "c")]))
     for values, kind in columns],
    [taken(_enforce_schema, eval(data), schema(kind)) for kind, data in shapes],
    [taken(_enforce_params_schema, given, ParamSchema([ParamSpec("temp", "double", 0.5)])) for given in params],
]))
"""


@pytest.mark.interop
def test_mlflow_does_as_its_column_says(peer_python: str) -> None:
    questions = (
        [(case.values, case.kind) for case in COLUMNS],
        [(shape.schema, shape.data) for shape in SHAPES.values()],
        [given for given, _, _ in PARAMS.values()],
    )
    columns, shapes, params = json.loads(ask(peer_python, THEIRS, json.dumps(questions)).splitlines()[-1])
    assert dict(zip(map(_id, COLUMNS), columns, strict=True)) == {_id(case): case.mlflow for case in COLUMNS}
    assert dict(zip(SHAPES, shapes, strict=True)) == {name: shape.mlflow for name, shape in SHAPES.items()}
    assert dict(zip(PARAMS, params, strict=True)) == {name: theirs for name, (_, _, theirs) in PARAMS.items()}
