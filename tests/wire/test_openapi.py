"""The OpenAPI document says what the table of routes says, and is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from clew.wire import codec
from clew.wire.openapi import document
from clew.wire.routes import ROUTES

DOCUMENT: dict[str, Any] = msgspec.to_builtins(document("1.2.3"))
OPERATIONS = [(path, method, o) for path, item in DOCUMENT["paths"].items() for method, o in item.items()]


def nodes(tree: Any) -> Iterator[Any]:
    yield tree
    for child in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from nodes(child)


def test_every_route_and_every_other_address_of_it_is_there() -> None:
    found = {(method.upper(), path) for path, method, _ in OPERATIONS}
    assert found == {at for route in ROUTES.values() for at in ((route.method, route.path), *route.also)}
    names = [o["operationId"] for _, _, o in OPERATIONS]
    assert len(names) == len(set(names))
    assert set(ROUTES) <= set(names)


def test_every_reference_leads_somewhere() -> None:
    for node in nodes(DOCUMENT):
        if isinstance(node, dict) and isinstance(node.get("$ref"), str):
            target: Any = DOCUMENT
            for name in node["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            assert isinstance(target, dict)


def test_operations_are_complete() -> None:
    for path, method, operation in OPERATIONS:
        inside = re.findall(r"{(\w+)}", path)
        parameters = operation.get("parameters", [])
        assert sorted(p["name"] for p in parameters if p["in"] == "path") == sorted(inside)
        assert all(p["required"] for p in parameters if p["in"] == "path")
        assert all(p["schema"] for p in parameters)
        assert len({(p["name"], p["in"]) for p in parameters}) == len(parameters)
        assert (method != "get") == ("requestBody" in operation)
        assert operation["summary"]
        assert operation["x-clew-permission"] in ("open", "read", "write", "manage")
        assert set(operation["responses"]) == {"200", "default"}


def test_fields_are_described_where_they_travel() -> None:
    paths = DOCUMENT["paths"]
    suggest = {p["name"]: p for p in paths["/api/clew/v1/suggest"]["get"]["parameters"]}
    assert suggest["kind"]["schema"]["enum"] == ["metric", "param", "tag"]
    assert (suggest["experiment_ids"]["in"], suggest["experiment_ids"]["explode"]) == ("query", True)
    ingest = paths["/api/clew/v1/ingest"]["post"]
    assert set(ingest["requestBody"]["content"]) == {"application/octet-stream"}
    assert {p["name"] for p in ingest["parameters"]} == {"writer", "run_id", "first_seq", "salt", "slot"}
    view = paths["/api/clew/v1/views/{view_id}"]["patch"]
    body = view["requestBody"]["content"]["application/json"]["schema"]
    assert "view_id" not in body["properties"]
    assert body["required"] == ["revision"]


def test_floats_may_be_words() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["LogMetric"]["properties"]["value"] == {"$ref": "#/components/schemas/Float"}
    assert not any(
        isinstance(node, dict) and node.get("type") == "number"
        for name, schema in schemas.items()
        if name != "Float"
        for node in nodes(schema)
    )


def test_it_travels_as_the_message_of_its_route() -> None:
    body = codec.encode_response(document("1.2.3"))
    again = codec.decode_response(ROUTES["openapi"], body)
    assert again == document("1.2.3")
