"""Requests out of the route table, and those to the routes whose bodies are no JSON."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from hypothesis import strategies as st
from msgspec import inspect

from clew.wire import frames
from clew.wire.routes import ROUTES, Route
from fuzz.wild import LONG, PATH, RAWS, Tree, anything, chosen, message, mostly, odd_int, odd_text, of_type, real

_PART = re.compile(r"{(\w+)}")
_REAL = re.compile("⟪(\\w+)⟫")
_RAW = re.compile(rb'"\\u27e6([^"]*?)\\u27e7"')
_TEXT = inspect.StrType()


class Call(NamedTuple):
    """A request whose places are still to be filled.

    fields: of the path. query: pairs. tree: of the JSON body; body: instead of it.
    """

    method: str
    path: str
    fields: dict[str, Tree] = {}  # noqa: RUF012
    query: dict[str, Tree] = {}  # noqa: RUF012
    tree: Tree = None
    body: bytes | None = None
    content_type: str = "application/json"

    def address(self, there: Mapping[str, str]) -> str:
        def part(match: re.Match[str]) -> str:
            return quote(as_text(fill(self.fields.get(match[1], ""), there)), safe="")

        return _PART.sub(part, self.path)

    def query_string(self, there: Mapping[str, str]) -> str:
        pairs = {name: fill(value, there) for name, value in self.query.items()}
        return urlencode(
            [
                (as_text(name), as_text(one))
                for name, value in pairs.items()
                for one in (value if isinstance(value, list) else [value])
            ]
        )

    def payload(self, there: Mapping[str, str]) -> bytes:
        if self.body is not None:
            return self.body
        return b"" if self.tree is None else encoded(fill(self.tree, there))


def as_text(value: Tree) -> str:
    """A value as it stands in an address; halves of surrogate pairs become bytes that are no UTF-8."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text.encode("utf-8", "surrogatepass").decode("latin-1") if _has_half(text) else text


def _has_half(text: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in text)


def encoded(tree: Tree) -> bytes:
    """JSON, with the raw pieces in place."""
    return _RAW.sub(lambda match: RAWS.get(match[1].decode(), b"0"), json.dumps(tree).encode())


def fill(tree: Tree, there: Mapping[str, str]) -> Tree:
    """The tree with what exists now in the places for it."""
    if isinstance(tree, str):
        return _REAL.sub(lambda match: there.get(match[1]) or LONG.get(match[1], "none"), tree)
    if isinstance(tree, list):
        return [fill(item, there) for item in tree]
    if isinstance(tree, dict):
        return {name: fill(item, there) for name, item in tree.items()}
    return tree


@st.composite
def route_call(draw: st.DrawFn, route: Route) -> Call:
    """A call of a route: its fields where they belong, at times elsewhere or twice."""
    method, path = draw(st.sampled_from([(route.method, route.path), *route.also]))
    if path.startswith("/api/2.0/") and draw(st.integers(0, 9)) == 0:
        path = "/ajax-api" + path[len("/api") :]
    tree: Any = draw(message(route.request))
    named = {name: tree.pop(name, "") for name in _PART.findall(path)}
    named = {name: draw(of_type(_TEXT, name)) if value == "" else value for name, value in named.items()}
    if route.raw:
        tree = draw(mostly(_OF_JOURNAL, st.just(tree)))
        return Call(method, path, named, tree, body=draw(_journal()), content_type="application/octet-stream")
    if method == "GET":
        return Call(method, path, named, tree)
    stray = tree if draw(st.integers(0, 7)) == 0 else {}
    if draw(st.integers(0, 19)) == 0:
        return Call(method, path, named, stray, draw(anything))
    if draw(st.integers(0, 19)) == 0:
        return Call(method, path, named, stray, encoded_twice(tree))
    return Call(method, path, named, stray, tree)


def encoded_twice(tree: Tree) -> Tree:
    return json.dumps(tree)


SALT = 7


@st.composite
def _journal(draw: st.DrawFn) -> bytes:
    """Slots with right checksums: points and records of every number, with contents of every kind."""
    slots = draw(mostly(st.just(named_slots()), st.just(b"")))
    for _ in range(draw(st.integers(0, 4))):
        when = draw(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 10**12))
        if draw(st.booleans()):
            value, step = draw(st.floats()), draw(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 9))
            slots += sealed(frames.POINT.pack(when, value, step, draw(st.integers(0, 4))), len(slots))
            continue
        number = draw(st.integers(0, 14))
        payload = draw(st.binary(max_size=60)) if draw(st.integers(0, 9)) == 0 else encoded(draw(_record(number)))
        told = None if draw(st.integers(0, 9)) else draw(st.sampled_from((0, 1, 10**6, 2**63, 2**64 - 1)))
        slots += record(number, payload, len(slots), when, told)
    return slots + (draw(st.binary(max_size=40)) if draw(st.integers(0, 19)) == 0 else b"")


def named_slots() -> bytes:
    """What gives the keys 1 and 2 their names."""
    first = record(frames.KEY, b'{"id":1,"key":"loss"}', 0)
    return first + record(frames.KEY, b'{"id":2,"key":"acc","context":1}', len(first))


def record(number: int, payload: bytes, at: int, when: int = 0, told: int | None = None) -> bytes:
    """A record's slots from byte ``at`` on; told: the length that it claims, the true one for None."""
    claimed = len(payload) if told is None else told
    slots = sealed(frames.HEAD.pack(when, claimed, 0, frames.RECORD_BASE + number), at)
    for i in range(0, len(payload), frames.CONTENT_BYTES):
        slots += sealed(payload[i : i + frames.CONTENT_BYTES].ljust(frames.CONTENT_BYTES, b"\0"), at + len(slots))
    return slots


def sealed(content: bytes, at: int) -> bytes:
    slot = at // frames.SLOT_BYTES
    return content + frames.CRC.pack(zlib.crc32(content, SALT ^ slot) or 1)


_OF_JOURNAL: st.SearchStrategy[Tree] = st.fixed_dictionaries(
    {
        "writer": real("writer"),
        "run_id": real("run_id") | real("new_run_id"),
        "first_seq": real("seq"),
        "salt": st.just(SALT),
        "slot": st.just(0),
    }
)
_FIELDS = {
    frames.KEY: ("id", "key", "context"),
    frames.PARAM: ("key", "value"),
    frames.TAG: ("key", "value"),
    frames.TAG_DELETE: ("key",),
    frames.RUN_START: ("experiment", "experiment_id", "name", "tags", "parent", "start_ms", "user"),
    frames.RUN_END: ("status", "end_ms"),
    frames.INPUT: ("dataset", "tags", "model_id"),
    frames.OUTPUT: ("model_id", "step"),
    frames.ARTIFACT: ("path", "file", "size", "sha256", "copied"),
    frames.CONTEXT: ("id", "model_id", "dataset_name", "dataset_digest", "rank"),
}
_OWN: dict[str, st.SearchStrategy[Tree]] = {
    "id": st.integers(0, 4),
    "context": st.integers(0, 2),
    "status": chosen("FINISHED", "FAILED", "nonsense"),
    "tags": st.dictionaries(odd_text, odd_text, max_size=2),
    "dataset": st.fixed_dictionaries(
        {"name": odd_text, "digest": odd_text, "source_type": odd_text, "source": odd_text}
    ),
    "experiment": chosen("Default", "new"),
    "step": odd_int,
    "value": odd_text,
    "name": odd_text,
}


def _record(number: int) -> st.SearchStrategy[Tree]:
    fields = {name: _OWN[name] if name in _OWN else of_type(_TEXT, name) for name in _FIELDS.get(number, ())}
    right: st.SearchStrategy[Tree] = st.fixed_dictionaries({}, optional=fields)
    return mostly(right, st.dictionaries(odd_text, anything, max_size=3), anything)


_FILES = "/api/2.0/mlflow-artifacts/"
_NATIVE = "/api/clew/v1/"
_body = st.just(b"data") | st.binary(max_size=60)
_FILE_PATHS = (
    *(_FILES + "artifacts/{path}", _FILES + "artifacts", _FILES + "presigned/{path}", _FILES + "{path}"),
    *(_FILES + f"mpu/{verb}/{{path}}" for verb in ("create", "complete", "abort", "nothing")),
    *("/get-artifact", "/ajax-api/2.0/mlflow/upload-artifact", "/ajax-api/2.0/mlflow/get-artifact"),
    *(_NATIVE + f"artifacts/{call}" for call in ("view", "zip", "nothing")),
    *(_NATIVE + f"artifacts/uploads/{{upload_id}}/parts/{part}" for part in ("0", "{path}")),
    "/api/2.0/mlflow/logged-models/{id}/artifacts/files",
)
_OTHER_PATHS = (
    *("/", "/health", "/ready", "/version", "/metrics", "/l/{path}", "/static-files/{path}", "/{path}", "//{path}"),
    *("/experiments/{path}", "/api/3.0/mlflow/server-info", "/api/2.0/mlflow/{path}", _NATIVE + "{path}"),
)


@st.composite
def file_call(draw: st.DrawFn) -> Call:
    """A call of a route that is in no table."""
    path: Any = draw(mostly(PATH, odd_text))
    kinds = draw(st.sampled_from((("run_id",), ("run_uuid",), ("model_id",), ("run_id", "model_id"), ())))
    who = {kind: draw(of_type(_TEXT, kind)) for kind in kinds}
    about = {**who, "path": path, "artifact_file_path": path}
    method = draw(chosen("GET", "GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"))
    within = {"path": path, "id": draw(of_type(_TEXT, "model_id")), "upload_id": draw(of_type(_TEXT, "upload_id"))}
    at = draw(st.sampled_from(_FILE_PATHS) | st.sampled_from(_OTHER_PATHS))
    if "mpu" in at:
        tree: Any = {"path": path, "num_parts": draw(odd_int), "parts": draw(anything)}
        return Call("POST", at, within, about, tree)
    return Call(method, at, within, about, body=draw(_body))


def calls() -> st.SearchStrategy[Call]:
    """Any call, each route as often as the others."""
    files = file_call()
    routes = [route_call(route) for name, route in ROUTES.items() if name != "retire_host"]
    return st.integers(0, 7).flatmap(lambda turn: files if turn == 0 else st.one_of(routes))


__all__ = ["Call", "calls"]
