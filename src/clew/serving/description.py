"""The OpenAPI document of a scoring server: what each of its models takes and gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from clew import __version__
from clew.packaging.schema import ColumnSpec, DataType, TensorSpec
from clew.serving.models import Served

_TYPES: Final[dict[DataType, dict[str, str]]] = {
    DataType.BOOLEAN: {"type": "boolean"},
    DataType.INTEGER: {"type": "integer", "format": "int32"},
    DataType.LONG: {"type": "integer", "format": "int64"},
    DataType.FLOAT: {"type": "number", "format": "float"},
    DataType.DOUBLE: {"type": "number", "format": "double"},
    DataType.STRING: {"type": "string"},
    DataType.BINARY: {"type": "string", "format": "byte"},
    DataType.DATETIME: {"type": "string", "format": "date-time"},
}


def describe(served: Sequence[Served]) -> dict[str, Any]:
    """The document."""
    paths: dict[str, Any] = {"/invocations": {"post": _operation(served[0])}}
    for one in served:
        paths[f"/models/{one.name}/invocations"] = {"post": _operation(one)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Clew scoring server", "version": __version__},
        "paths": paths,
    }


def _operation(one: Served) -> dict[str, Any]:
    row, params = _row(one), _params(one)
    extra = {"params": params} if params else {}
    forms: list[dict[str, Any]] = [
        {"dataframe_records": {"type": "array", "items": row}},
        {"dataframe_split": {"type": "object", "required": ["data"]}},
        {"instances": {"type": "array"}},
        {"inputs": {}},
    ]
    bodies = [{"type": "object", "required": [next(iter(form))], "properties": {**form, **extra}} for form in forms]
    return {
        "summary": f"Predictions of {one.uri}",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"oneOf": bodies}},
                "text/csv": {"schema": {"type": "string"}},
                "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
            },
        },
        "responses": {
            "200": {
                "description": "predictions",
                "content": {"application/json": {"schema": {"type": "object", "required": ["predictions"]}}},
            },
            "400": {"description": "The body does not fit the model's signature; the message lists every fault."},
            "415": {"description": "A content type that is not read."},
        },
    }


def _row(one: Served) -> dict[str, Any]:
    signature = one.model.metadata.signature
    specs = signature.inputs.inputs if signature and signature.inputs else ()
    properties = {str(spec.name): _type(spec) for spec in specs if spec.name is not None}
    needed = [str(spec.name) for spec in specs if spec.name is not None and getattr(spec, "required", True)]
    return {"type": "object", "properties": properties, "required": needed}


def _params(one: Served) -> dict[str, Any]:
    signature = one.model.metadata.signature
    specs = signature.params.params if signature and signature.params else ()
    return (
        {
            "type": "object",
            "properties": {
                spec.name: {
                    **(_TYPES.get(spec.type, {}) if isinstance(spec.type, DataType) else {}),
                    "default": spec.default,
                }
                for spec in specs
            },
        }
        if specs
        else {}
    )


def _type(spec: ColumnSpec | TensorSpec) -> dict[str, Any]:
    if isinstance(spec, TensorSpec):
        return {"type": "array", "description": f"{spec.dtype}, shape {list(spec.shape)}"}
    return dict(_TYPES.get(spec.type, {})) if isinstance(spec.type, DataType) else {}
