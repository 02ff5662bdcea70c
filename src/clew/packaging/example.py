"""Input examples: a few rows that show how a model is called, kept beside it as JSON."""

from __future__ import annotations

import base64
import datetime
import json
import os
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np

from clew.errors import InvalidValue, MissingPackage
from clew.packaging import inference
from clew.packaging.manifest import MLmodel, inside
from clew.packaging.schema import DataType

EXAMPLE_FILE: Final = "input_example.json"
SERVING_FILE: Final = "serving_input_example.json"


class InputExample(msgspec.Struct, frozen=True):
    """Data for one call.

    data: frame, array, list, dict or scalar.
    params: inference parameters, or None.
    """

    data: Any
    params: dict[str, Any] | None = None


def as_example(given: Any) -> InputExample:
    """The example that a caller's ``input_example`` means: data, or a pair (data, params)."""
    if isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], Mapping):
        return InputExample(_plain(given[0]), dict(given[1]))
    return InputExample(_plain(given))


def save_example(folder: str, example: InputExample) -> dict[str, Any]:
    """Write both files; the ``saved_input_example_info`` of the MLmodel file.

    Raises:
        InvalidValue: the data have no JSON form.
    """
    data, params = example.data, example.params
    info: dict[str, Any] = {"artifact_path": EXAMPLE_FILE, "serving_input_path": SERVING_FILE}
    if inference.is_frame(data):
        body: Any = {"columns": list(data.columns), "data": _cells(data)}
        serving: dict[str, Any] = {"dataframe_split": body}
        info |= {"type": "dataframe", "pandas_orient": "split"}
    else:
        body = data
        serving = {"inputs": body}
        info["type"] = "ndarray" if isinstance(data, np.ndarray) else "json_object"
    stored = body
    if params is not None:
        stored, serving["params"], info["params"] = {"inputs": body, "params": params}, params, "true"
    _write(folder, EXAMPLE_FILE, stored, None)
    _write(folder, SERVING_FILE, serving, 2)
    return info


def load_example(folder: str, model: MLmodel) -> InputExample | None:
    """The example as it was given, or None where the model has none.

    Raises:
        InvalidValue: the file is not what the MLmodel file says.
        Denied: it lies outside the directory.
    """
    info = model.saved_input_example_info
    if not info:
        return None
    path = inside(folder, info.get("artifact_path"))
    try:
        with open(path, encoding="utf-8") as file:
            stored = json.load(file)
        params = stored["params"] if info.get("params") == "true" else None
        body = stored["inputs"] if info.get("params") == "true" else stored
        if info.get("type") == "dataframe":
            return InputExample(_frame(body, model), params)
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidValue(f"{path} does not hold the example that the model describes: {error}.") from None
    if info.get("type") != "ndarray":
        return InputExample(body, params)
    schema = model.signature.inputs if model.signature else None
    dtype = schema.tensors[0].dtype if schema and schema.tensors else None
    return InputExample(np.asarray(body, dtype=None if dtype in (None, "str", "bytes") else dtype), params)


def _plain(data: Any) -> Any:
    if inference.is_series(data):
        return data.to_frame(data.name if data.name is not None else 0)
    if inference.is_sparse(data):
        return data.toarray()
    if type(data).__module__.partition(".")[0] == "torch":
        return data.detach().cpu().numpy()
    return data


def _cells(frame: Any) -> list[list[Any]]:
    columns = [frame[label].tolist() for label in frame.columns]
    return [[None if inference.is_null(value) else value for value in row] for row in zip(*columns, strict=True)]


def _frame(body: Any, model: MLmodel) -> Any:
    try:
        import pandas
    except ImportError:
        raise MissingPackage("The input example is a table, which needs pandas: pip install 'clew[pandas]'") from None
    frame = pandas.DataFrame(body["data"], columns=body["columns"])
    schema = model.signature.inputs if model.signature else None
    for spec in schema.columns if schema else ():
        if spec.name not in frame.columns:
            continue
        if spec.type == DataType.DATETIME:
            frame[spec.name] = pandas.to_datetime(frame[spec.name])
        elif spec.type == DataType.BINARY:
            frame[spec.name] = frame[spec.name].map(base64.b64decode)
        elif spec.type in _NUMPY and not frame[spec.name].isna().any():
            frame[spec.name] = frame[spec.name].astype(_NUMPY[spec.type])
    return frame


_NUMPY: dict[Any, Any] = {
    DataType.INTEGER: "int32",
    DataType.LONG: "int64",
    DataType.FLOAT: "float32",
    DataType.DOUBLE: "float64",
}


def _write(folder: str, name: str, value: Any, indent: int | None) -> None:
    try:
        text = json.dumps(value, default=_jsonable, indent=indent)
    except (TypeError, ValueError) as error:
        raise InvalidValue(f"The input example has no JSON form: {error}.") from None
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def _jsonable(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} is not JSON")
