"""The table of routes is complete and free of clashes."""

from __future__ import annotations

import re

from clew.wire.routes import ROUTES
from clew.wire.shape import list_fields, required_texts


def test_no_two_routes_share_an_address() -> None:
    addresses = [
        (method, re.sub(r"{\w+}", "{}", path))
        for route in ROUTES.values()
        for method, path in ((route.method, route.path), *route.also)
    ]
    assert len(addresses) == len(set(addresses))


def test_path_fields_are_request_fields() -> None:
    for route in ROUTES.values():
        assert set(re.findall(r"{(\w+)}", route.path)) <= set(route.request.__struct_fields__)


def test_reading_routes_need_no_right_to_write() -> None:
    assert {
        r.permission for r in ROUTES.values() if r.method == "GET" and r.name not in ("ingest_cursor", "get_audit")
    } == {
        "read",
        "open",
    }


def test_required_and_repeated_fields_are_known() -> None:
    assert required_texts(ROUTES["log_batch"].request) == ("run_id",)
    assert list_fields(ROUTES["log_batch"].request) == {"metrics", "params", "tags"}
