"""The API in OpenAPI 3.1, made from the table of routes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from clew.wire.document import OpenAPI
from clew.wire.mlflow import Message
from clew.wire.routes import ROUTES, Route

Json = dict[str, Any]

_REF: Final = "#/components/schemas/{name}"
_PART: Final = re.compile(r"{(\w+)}")
# A float that JSON has no number for travels as a word.
_FLOAT: Final[Json] = {
    "title": "Float",
    "description": "A float; NaN and the infinities are words.",
    "anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}],
}
_ERROR: Final[Json] = {
    "title": "Error",
    "type": "object",
    "required": ["error_code", "message"],
    "properties": {
        "error_code": {"type": "string", "description": "One of MLflow's error codes."},
        "message": {"type": "string", "description": "The cause and the cure."},
        "clew": {"type": "object", "description": "The class of the error in Clew, and its data."},
    },
}
_PERMISSIONS: Final = {
    "open": "needs no identity",
    "read": "needs the right to read",
    "write": "needs the right to write",
    "manage": "needs the right to manage the server",
}


def document(version: str) -> OpenAPI:
    """All routes of the table, MLflow's and Clew's own.

    version: of the server. Routes under ``/api/2.0`` and ``/api/3.0`` have twins under ``/ajax-api``, left out here.
    """
    types = list(dict.fromkeys(t for r in ROUTES.values() for t in (r.request, r.response)))
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    refs = dict(zip(types, schemas, strict=True))
    paths: dict[str, Json] = {}
    for route in ROUTES.values():
        for index, (method, path) in enumerate(((route.method, route.path), *route.also)):
            name = route.name if index == 0 else f"{route.name}_{index + 1}"
            paths.setdefault(path, {})[method.lower()] = _operation(route, name, method, path, refs, components)
    found: Json = {"schemas": components, "responses": {"Error": _error_response()}}
    return OpenAPI(
        openapi="3.1.0",
        info={
            "title": "Clew",
            "version": version,
            "description": "The REST API of Clew, an experiment tracker that MLflow's clients work with unchanged.",
        },
        paths=_floats(paths),
        components=_floats(found) | {"schemas": _floats(components) | {"Float": _FLOAT, "Error": _ERROR}},
    )


def _operation(
    route: Route, name: str, method: str, path: str, refs: dict[type[Message], Json], components: Json
) -> Json:
    fields = _PART.findall(path)
    request = _resolved(refs[route.request], components)
    made: Json = {
        "operationId": name,
        "tags": ["clew" if path.startswith("/api/clew/") else "mlflow"],
        "summary": _summary(route.request, name),
        "x-clew-permission": route.permission,
        "description": f"This call {_PERMISSIONS[route.permission]}.",
        "responses": {
            "200": {
                "description": "Done.",
                "content": {media: {} for media in route.media}
                or {"application/json": {"schema": refs[route.response]}},
            },
            "default": {"$ref": "#/components/responses/Error"},
        },
    }
    in_query = method == "GET" or route.raw
    parameters = [_parameter(n, "path", request) for n in fields]
    if in_query:
        parameters += [_parameter(n, "query", request) for n in request["properties"] if n not in (*fields, "body")]
    if parameters:
        made["parameters"] = parameters
    if route.raw:
        made["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": {}}}}
    elif not in_query:
        made["requestBody"] = _json_body(request, fields, refs[route.request])
    return made


def _json_body(request: Json, fields: Sequence[str], ref: Json) -> Json:
    """The body of a call; what stands in its path need not be repeated there."""
    if not fields:
        return {"required": True, "content": {"application/json": {"schema": ref}}}
    rest = {
        "type": "object",
        "properties": {name: schema for name, schema in request["properties"].items() if name not in fields},
        "required": [name for name in request.get("required", ()) if name not in fields],
    }
    return {"required": bool(rest["required"]), "content": {"application/json": {"schema": rest}}}


def _parameter(name: str, place: str, request: Json) -> Json:
    schema = request["properties"][name]
    required = place == "path" or name in request.get("required", ())
    made: Json = {"name": name, "in": place, "required": required, "schema": schema}
    if place == "query" and schema.get("type") == "array":
        made |= {"style": "form", "explode": True}
    return made


def _resolved(schema: Json, components: Json) -> Json:
    resolved: Json = components[schema["$ref"].rpartition("/")[2]]
    return resolved


def _summary(request: type[Message], name: str) -> str:
    """The first line of what is said of the request, else the call's name in words."""
    said = (request.__doc__ or "").strip().partition("\n")[0]
    return said if said and said != (Message.__doc__ or "").strip() else name.replace("_", " ").capitalize()


def _error_response() -> Json:
    return {
        "description": "What went wrong. The status is that of MLflow's error codes.",
        "content": {"application/json": {"schema": {"$ref": _REF.format(name="Error")}}},
    }


def _floats(node: Any) -> Any:
    """``node`` with every plain number replaced by the float that also has words."""
    if isinstance(node, dict):
        if node.get("type") == "number":
            rest = {key: value for key, value in node.items() if key == "default"}
            return {"$ref": _REF.format(name="Float")} | rest
        return {key: _floats(value) for key, value in node.items()}
    return [_floats(item) for item in node] if isinstance(node, list) else node
