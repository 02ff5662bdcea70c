"""Bodies of scoring requests as the data and params of a prediction; the protocol is MLflow's."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from clew.errors import ClewError, InvalidValue
from clew.packaging.manifest import MLmodel
from clew.packaging.schema import DataType, Schema
from clew.serving.casting import fit_frame

JSON: Final = "application/json"
CSV: Final = "text/csv"
PARQUET: Final = "application/vnd.apache.parquet"
KEYS: Final = ("dataframe_split", "dataframe_records", "instances", "inputs")
BARE_KEYS: Final = ("messages", "prompt", "input")
"""A body that has one of these and none of the others is the question itself, and its answer stands alone."""


class UnknownType(ClewError):
    """The body is of a content type that is not read."""

    code = "UNSUPPORTED_MEDIA_TYPE"


class TooManyRows(ClewError):
    """The body has more rows than one request may."""

    code = "BAD_REQUEST"


class Question(NamedTuple):
    """What a model is asked. bare: the answer goes without ``predictions`` around it, as that of a chat does."""

    data: Any
    params: Mapping[str, Any] | None = None
    bare: bool = False


def read_question(body: bytes, content_type: str, model: MLmodel | None, rows: int | None = None) -> Question:
    """What a body asks.

    content_type: of the request; "" counts as JSON. model: what is asked. rows: at most so many, None for any number.

    Raises:
        UnknownType: another type or charset than is read. InvalidValue: the body cannot be read as what it says it is.
        TooManyRows: it has more than ``rows``.
    """
    kind, charset = _content_type(content_type)
    signature = model.signature if model else None
    schema = signature.inputs if signature else None
    try:
        if kind == JSON:
            question = _json(body.decode(charset), schema, model)
        elif kind == CSV:
            question = Question(_csv(body.decode(charset), schema))
        else:
            question = Question(_parquet(body, rows))
    except UnicodeDecodeError:
        raise InvalidValue(f"The body is no {charset} text.") from None
    if not question.bare:
        _check_rows(_row_count(question.data), rows)
    return question


def _row_count(data: Any) -> int:
    if isinstance(data, dict):
        return max((_row_count(part) for part in data.values()), default=0)
    return len(data) if hasattr(data, "__len__") and getattr(data, "ndim", 1) != 0 else 1


def _check_rows(found: int, rows: int | None) -> None:
    if rows is not None and found > rows:
        raise TooManyRows(f"The body has {found:,} rows; this server takes {rows:,} in one request.")


def _content_type(text: str) -> tuple[str, str]:
    kind, *parameters = (part.strip() for part in text.split(";"))
    kind = kind.lower() or JSON
    given = dict(part.partition("=")[::2] for part in parameters if part)
    charset = given.pop("charset", "utf-8").strip('"').lower()
    if kind not in (JSON, CSV, PARQUET):
        raise UnknownType(f"This server reads {JSON}, {CSV} and {PARQUET}; the body is {kind[:100]!r}.")
    if charset not in ("utf-8", "utf8"):
        raise UnknownType(f"This server reads utf-8; the body is in {charset[:100]!r}.")
    if given:
        raise UnknownType(f"The content type has a parameter {next(iter(given))[:100]!r}, which is not understood.")
    return kind, "utf-8"


def _json(text: str, schema: Schema | None, model: MLmodel | None) -> Question:
    try:
        fields = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidValue(f"The body is no JSON: {error}.") from None
    if not isinstance(fields, dict):
        raise InvalidValue(f"The body must be a JSON object with one of {', '.join(KEYS)}.")
    found = [key for key in KEYS if key in fields]
    if not found and any(key in fields for key in BARE_KEYS):
        return _bare(fields, model)
    if len(found) != 1:
        given = " and ".join(found) if found else "none of them"
        raise InvalidValue(f"The body must have exactly one of {', '.join(KEYS)}; it has {given}.")
    if unknown := sorted(fields.keys() - {*KEYS, "params"}):
        raise InvalidValue(f"The body has {unknown[:5]} beside {found[0]}; only params may stand there.")
    params = fields.get("params")
    if params is not None and not isinstance(params, dict):
        raise InvalidValue("params must be an object of name and value.")
    if model is not None and model.is_signature_from_type_hint:
        if found != ["inputs"]:
            raise InvalidValue(f"This model's signature comes from a type hint: give inputs, not {found[0]}.")
        return Question(fields["inputs"], params)
    try:
        data = _READERS[found[0]](fields[found[0]], schema)
    except InvalidValue:
        raise
    except (ValueError, TypeError) as error:
        raise InvalidValue(f"{found[0]} cannot be read: {_without_data(error)}.") from error
    return Question(data, params)


def _bare(fields: dict[str, Any], model: MLmodel | None) -> Question:
    """A body without any wrapping: what the signature has as params are params, all else is the data."""
    signature = model.signature if model else None
    names = {spec.name for spec in signature.params.params} if signature and signature.params else set()
    params = {key: value for key, value in fields.items() if key in names}
    return Question({key: value for key, value in fields.items() if key not in names}, params, bare=True)


def _without_data(error: Exception) -> str:
    """The words of a fault of ours; those of others may show the caller's data."""
    text = str(error)
    return text if text.startswith("column ") else type(error).__name__


def _split(value: Any, schema: Schema | None) -> Any:
    import pandas as pd

    if not isinstance(value, dict) or "data" not in value or (extra := value.keys() - {"columns", "data", "index"}):
        raise InvalidValue(f"dataframe_split must have data, and may have columns and index{_and_not(value)}.")
    del extra
    return fit_frame(pd.DataFrame(value["data"], columns=value.get("columns"), index=value.get("index")), schema)


def _and_not(value: Any) -> str:
    more = sorted(value.keys() - {"columns", "data", "index"}) if isinstance(value, dict) else []
    return f", and not {more[:5]}" if more else ""


def _records(value: Any, schema: Schema | None) -> Any:
    import pandas as pd

    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise InvalidValue("dataframe_records must be a list of objects, one a row.")
    return fit_frame(pd.DataFrame.from_records(value), schema)


def _instances(value: Any, schema: Schema | None) -> Any:
    if not isinstance(value, list):
        raise InvalidValue("instances must be a list, one entry a row.")
    if value and all(isinstance(row, dict) for row in value):
        if schema is not None and not schema.tensors:
            return _records(value, schema)
        return _arrays({key: [row[key] for row in value] for key in value[0]}, schema)
    return _rows(value, schema)


def _inputs(value: Any, schema: Schema | None) -> Any:
    import pandas as pd

    if isinstance(value, dict):
        if schema is None or schema.tensors:
            return _arrays(value, schema)
        columns = value if all(isinstance(column, list) for column in value.values()) else {}
        return fit_frame(pd.DataFrame(columns) if columns else pd.DataFrame([value]), schema)
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        return _records(value, schema)
    return _rows(value, schema)


def _rows(value: Any, schema: Schema | None) -> Any:
    import pandas as pd

    if schema is None:
        return np.asarray(value)
    if schema.tensors or not isinstance(value, list):
        return value
    names = [spec.name for spec in schema.columns]
    labels = names if all(name is not None for name in names) else None
    if value and not isinstance(value[0], list):
        value = [[entry] for entry in value]
    if labels and value and len(value[0]) != len(labels):
        raise InvalidValue(f"{len(value[0])} columns given, {len(labels)} expected: {labels}.")
    return fit_frame(pd.DataFrame(value, columns=labels), schema)


def _arrays(value: Mapping[str, Any], schema: Schema | None) -> Any:
    return {key: np.asarray(column) for key, column in value.items()} if schema is None else dict(value)


def _csv(text: str, schema: Schema | None) -> Any:
    import pandas as pd

    columns = schema.columns if schema is not None and not schema.tensors else ()
    texts = (DataType.STRING, DataType.BINARY)
    words: Any = {spec.name: str for spec in columns if spec.type in texts and spec.name is not None}
    try:
        frame = pd.read_csv(io.StringIO(text), dtype=words)
    except (ValueError, pd.errors.ParserError) as error:
        raise InvalidValue(f"The body is no CSV with a header: {type(error).__name__}.") from error
    if not isinstance(frame.index, pd.RangeIndex):
        raise InvalidValue("The body is no CSV with a header: its rows have more values than the header has names.")
    try:
        return fit_frame(frame, schema)
    except ValueError as error:
        raise InvalidValue(f"The CSV cannot be read: {error}.") from error


def _parquet(body: bytes, rows: int | None) -> Any:
    import pandas as pd

    try:
        import pyarrow.parquet
    except ImportError:
        raise UnknownType(f"This server reads no {PARQUET}, because pyarrow is not installed beside it.") from None
    try:
        if rows is not None:
            # A few bytes of Parquet can hold any number of equal rows.
            _check_rows(pyarrow.parquet.read_metadata(io.BytesIO(body)).num_rows, rows)
        return pd.read_parquet(io.BytesIO(body))
    except (ValueError, OSError) as error:
        raise InvalidValue(f"The body is no Parquet file: {type(error).__name__}.") from error


_READERS: Final = {
    "dataframe_split": _split,
    "dataframe_records": _records,
    "instances": _instances,
    "inputs": _inputs,
}
