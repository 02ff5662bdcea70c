"""Bytes to messages and back, and errors to answers: the only place that knows HTTP's statuses.

Clean JSON is read by msgspec straight into the message; whatever that refuses is read again by
MLflow's lenient rules (``shape``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlencode

import msgspec

from clew import errors
from clew.errors import ClewError
from clew.wire import shape
from clew.wire.mlflow import Message
from clew.wire.routes import Route

M = TypeVar("M", bound=Message)

_encoder = msgspec.json.Encoder()
encode_response = _encoder.encode
"""A message as JSON bytes: None, unset fields and empty lists left out."""

_PART = re.compile(r"{(\w+)}")
_NUL = b"\\u0000"  # the only spelling that JSON has for it
_NO_PATH: Mapping[str, str] = {}

# error code -> HTTP status (rest_api facts, section 2); codes not listed are 500
STATUS: dict[str, int] = {
    "INVALID_PARAMETER_VALUE": 400,
    "BAD_REQUEST": 400,
    # MLflow answers this one with 500, and its client then repeats the call for minutes
    "INVALID_STATE": 400,
    "RESOURCE_ALREADY_EXISTS": 400,
    "UNAUTHENTICATED": 401,
    "CUSTOMER_UNAUTHORIZED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "NOT_FOUND": 404,
    "ENDPOINT_NOT_FOUND": 404,
    "RESOURCE_CONFLICT": 409,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "REQUEST_LIMIT_EXCEEDED": 429,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "NOT_IMPLEMENTED": 501,
    "TEMPORARILY_UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}


@cache
def _decoder(cls: type[Message]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(cls, strict=False)


def decode_request(
    route: Route, query: str, body: bytes | bytearray, path_params: Mapping[str, str] = _NO_PATH
) -> Message:
    """The request message of ``route``.

    query: the raw query string. body: the HTTP body, b"" if none. Arguments are looked for in
    the path, then in the body, then (unless it is a POST) in the query.

    Raises:
        InvalidValue: a field is missing or of a wrong type.
    """
    cls = route.request
    odd = any(name in body for name in shape.camel_names(cls)) or _NUL in body
    if body and not path_params and not query and not odd:
        try:
            message: Message = _decoder(cls).decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return decode_message(cls, body)
        shape.check_required(message)
        return message
    tree = _tree(body) if body and not route.raw else {}
    if query and (route.raw or route.method != "POST" or not body):
        tree = {**_query_tree(cls, query), **tree}
    if route.raw:
        tree.pop("body", None)
    tree.update(path_params)
    message = shape.read_message(cls, tree)
    shape.check_required(message)
    if route.raw:
        message.body = bytes(body)  # type: ignore[attr-defined]
    return message


def decode_message(cls: type[M], body: bytes | bytearray) -> M:
    """The message in a JSON body, by MLflow's lenient rules.

    Raises:
        InvalidValue: a field is missing or of a wrong type.
    """
    message = shape.read_message(cls, _tree(body))
    shape.check_required(message)
    return message


def _tree(body: bytes | bytearray) -> dict[str, Any]:
    """The JSON object in ``body``; {} if there is none."""
    try:
        tree = json.loads(body)
        if isinstance(tree, str):  # some clients encode twice
            tree = json.loads(tree)
    except (ValueError, RecursionError):
        return {}
    return tree if isinstance(tree, dict) else {}


def _query_tree(cls: type[Message], query: str) -> dict[str, Any]:
    lists = shape.list_fields(cls)
    tree: dict[str, Any] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        name, value = _plain(name), _plain(value)
        if name in lists:
            tree.setdefault(name, []).append(value)
        else:
            tree.setdefault(name, value)
    return tree


def _plain(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    return unquote(text) if "%" in text else text


def encode_request(route: Route, request: Message) -> tuple[str, bytes | None]:
    """What a client sends for ``request``: (path with query, body or None).

    Fields named in the path go there, and stay in the body because MLflow wants them in both.

    Raises:
        InvalidValue: a text is no Unicode.
    """
    try:
        return _encode_request(route, request)
    except UnicodeEncodeError as error:
        raise errors.InvalidValue(f"{error.object!r} holds characters that are no Unicode; replace them.") from None


def _encode_request(route: Route, request: Message) -> tuple[str, bytes | None]:
    def fill(match: re.Match[str]) -> str:
        return quote(str(getattr(request, match[1])), safe="")

    path = _PART.sub(fill, route.path)
    if route.raw:
        fields = {name: getattr(request, name) for name in request.__struct_fields__ if name != "body"}
        return f"{path}?{urlencode(fields)}", getattr(request, "body", b"")
    if route.method != "GET":
        return path, _encoder.encode(request)
    pairs = msgspec.to_builtins(request)
    for name in _PART.findall(route.path):
        pairs.pop(name, None)
    return (f"{path}?{urlencode(pairs, doseq=True)}" if pairs else path), None


def decode_response(route: Route, body: bytes) -> Message:
    """The answer of ``route``; words such as "NaN" become floats again.

    Raises:
        Corrupt: the body is not the JSON object that the route answers.
    """
    try:
        message: Message = _decoder(route.response).decode(body)
        return message
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError):
        raise errors.Corrupt(f"The answer of {route.path} is not JSON: {bytes(body[:200])!r}") from None
    try:
        return shape.read_message(route.response, tree)
    except errors.InvalidValue as e:
        raise errors.Corrupt(f"The answer of {route.path} has an unexpected form: {e}") from None


def error_body(error: ClewError) -> tuple[int, bytes]:
    """(HTTP status, JSON body) for an error.

    The body has MLflow's ``error_code`` and ``message``; ``clew`` names our class and its data,
    so that our client raises what the server raised.
    """
    detail: dict[str, object] = {"class": type(error).__name__}
    # a message may quote what cannot be written as UTF-8: half a surrogate pair, an odd file name
    message = error.message.encode("utf-8", "backslashreplace").decode()
    body: dict[str, object] = {"error_code": error.code, "message": message, "clew": detail}
    if isinstance(error, errors.InvalidFilter):
        detail.update(text=error.text, position=error.position, problem=error.problem, expected=error.expected)
    elif isinstance(error, errors.TooManyRequests):
        detail["retry_after_s"] = error.retry_after_s
    elif isinstance(error, errors.SequenceGap):
        body["seq"] = error.seq
    elif isinstance(error, errors.EditConflict):
        detail.update(stored=error.stored, offered=error.offered)
    elif isinstance(error, errors.CorruptUpload):
        detail["position"] = error.position
        return 400, _encoder.encode(body)  # the sender's fault, unlike other data loss
    return STATUS.get(error.code, 500), _encoder.encode(body)


_CLASSES: dict[str, type[ClewError]] = {
    cls.__name__: cls
    for cls in (
        errors.NotFound,
        errors.AlreadyExists,
        errors.Conflict,
        errors.InvalidValue,
        errors.Denied,
        errors.Unauthenticated,
        errors.Unavailable,
        errors.TooManyRequests,
        errors.DeadlineExceeded,
        errors.MissingPackage,
        errors.ForeignStore,
        errors.NotSupported,
        errors.Corrupt,
    )
}
_BY_STATUS: dict[int, type[ClewError]] = {
    400: errors.InvalidValue,
    401: errors.Unauthenticated,
    403: errors.Denied,
    404: errors.NotFound,
    405: errors.NotSupported,
    408: errors.Unavailable,
    409: errors.Conflict,
    413: errors.TooLarge,
    429: errors.TooManyRequests,
    501: errors.NotSupported,
    502: errors.Unavailable,
    503: errors.Unavailable,
    504: errors.Unavailable,
}
_CONFLICT_TEXTS: Sequence[str] = ("Changing param values is not allowed", "must be in the 'active' state")


def error_from(status: int, body: bytes) -> ClewError:
    """The error that a server answered, ours or MLflow's; body: what came, JSON or not."""
    tree = _tree(body)
    code, message = tree.get("error_code"), tree.get("message")
    if not isinstance(message, str):
        text = bytes(body[:500]).decode("utf-8", "replace").strip()
        message = text or f"the server answered HTTP status {status}"
    detail = tree.get("clew")
    if isinstance(detail, dict):
        return _own_error(detail, tree, message)
    if code == "RESOURCE_ALREADY_EXISTS":
        return errors.AlreadyExists(message)
    if any(text in message for text in _CONFLICT_TEXTS):
        return errors.Conflict(message)
    return _BY_STATUS.get(status, ClewError)(message)


def _own_error(detail: dict[str, Any], tree: dict[str, Any], message: str) -> ClewError:
    name = detail.get("class")
    if name == "InvalidFilter":
        place = detail.get("position")
        return errors.InvalidFilter(
            str(detail.get("text", "")),
            place if isinstance(place, int) else 0,
            str(detail.get("problem", message)),
            str(detail.get("expected", "")),
        )
    if name == "SequenceGap":
        seq = tree.get("seq")
        return errors.SequenceGap(message, seq if isinstance(seq, int) else 0)
    if name == "EditConflict":
        stored, offered = detail.get("stored"), detail.get("offered")
        return errors.EditConflict(
            message,
            stored=stored if isinstance(stored, dict) else {},
            offered=offered if isinstance(offered, dict) else {},
        )
    if name == "CorruptUpload":
        place = detail.get("position")
        return errors.CorruptUpload(message, place if isinstance(place, int) else 0)
    if name == "TooManyRequests":
        pause = detail.get("retry_after_s")
        return errors.TooManyRequests(message, float(pause) if isinstance(pause, (int, float)) else 1.0)
    return _CLASSES.get(str(name), ClewError)(message)
