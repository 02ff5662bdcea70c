"""The OpenAPI document of a scoring server: what each of its models takes and gives."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
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


def describe_page(served: Sequence[Served]) -> str:
    """The same for people: a page that needs nothing from elsewhere."""
    models = "".join(_section(one) for one in served)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Clew scoring server</title>'
        f"<style>{_STYLE}</style></head><body><h1>Clew scoring server {escape(__version__)}</h1>"
        f"<p><code>POST /invocations</code> asks {escape(served[0].name)}; its machine-readable description is "
        f'<a href="openapi.json">openapi.json</a>.</p>{models}</body></html>'
    )


_STYLE: Final = (
    ":root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;"
    "max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}th,td{text-align:left;padding:.2rem 1rem .2rem 0}pre{overflow:auto}"
)
_EXAMPLES: Final[dict[str, object]] = {"boolean": True, "integer": 1, "number": 1.5, "string": "text", "array": []}


def _section(one: Served) -> str:
    row, params = _row(one), _params(one)
    columns = (
        (name, _words(kind), "yes" if name in row["required"] else "no") for name, kind in row["properties"].items()
    )
    given = (
        ((name, _words(kind), json.dumps(kind["default"], default=str)) for name, kind in params["properties"].items())
        if params
        else ()
    )
    example = {name: _EXAMPLES.get(str(kind.get("type")), None) for name, kind in row["properties"].items()}
    body = json.dumps({"dataframe_records": [example]} if example else {"inputs": []})
    command = f"curl -s localhost:5001/models/{one.name}/invocations -H 'Content-Type: application/json' -d '{body}'"
    return (
        f"<h2>{escape(one.name)}</h2><p>{escape(one.uri)}</p>"
        + _table(("column", "type", "required"), columns)
        + _table(("param", "type", "default"), given)
        + f"<pre>{escape(command)}</pre>"
    )


def _words(kind: dict[str, Any]) -> str:
    return str(kind.get("description") or kind.get("format") or kind.get("type") or "any")


def _table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if body else ""


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
