"""Rules for names and lengths, the same for client and server.

Standard library only, because a log call checks its key here before it writes the journal.
Texts follow MLflow's (rest_api facts, section 5), since its clients match on them.
"""

from __future__ import annotations

import json
import posixpath
import re

from clew.errors import InvalidValue

MAX_KEY = 250
MAX_PARAM_VALUE = 6000
MAX_TAG_VALUE = 8000
MAX_EXPERIMENT_TAG_VALUE = 20_000
MAX_EXPERIMENT_NAME = 500
MAX_ARTIFACT_LOCATION = 2048
MAX_DATASET_NAME = 500
MAX_DATASET_DIGEST = 36
MAX_DATASET_SCHEMA = 1_048_575
MAX_DATASET_SOURCE = 65_535
MAX_DATASET_PROFILE = 16_777_215
MAX_INPUT_TAG_KEY = 255
MAX_INPUT_TAG_VALUE = 500
MAX_BATCH_METRICS = 1000
MAX_BATCH_PARAMS = 100
MAX_BATCH_TAGS = 100
MAX_BATCH_ITEMS = 1000

_ALLOWED = re.compile(r"^[/\w.\- :]*$")


def check_key(name: str, path: str = "name") -> None:
    """Refuse a metric, param or tag key that breaks a rule.

    path: what the message calls the field, e.g. ``metrics[0].name``.

    Raises:
        InvalidValue: no text, empty, over 250 characters, odd characters, or not a normalised relative path.
    """
    if name is None or name == "":
        raise InvalidValue(f"Missing value for required parameter '{path}'.")
    if not isinstance(name, str):
        raise InvalidValue(
            f"Invalid value {name!r} for parameter '{path}' supplied: expected a text, not {type(name).__name__}."
        )
    if len(name) > MAX_KEY:
        raise InvalidValue(f"'{path}' exceeds the maximum length of {MAX_KEY} characters. Got {len(name)} characters.")
    shown = json.dumps(name, ensure_ascii=False)
    if not _ALLOWED.match(name):
        raise InvalidValue(
            f"Invalid value {shown} for parameter '{path}' supplied: Names may only contain alphanumerics, "
            "underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/)."
        )
    normal = posixpath.normpath(name)
    if normal != name or normal == "." or normal.startswith(("..", "/")):
        raise InvalidValue(
            f"Invalid value {shown} for parameter '{path}' supplied: Names may be treated as files in certain cases, "
            "and must not resolve to other names when treated as such. "
            f"This name would resolve to {normal!r}"
        )


def legible(text: str) -> str:
    """``text`` with what is no Unicode replaced, as a file name in an old encoding has it: bytes as ``%FF``, else �."""
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        pass
    return "".join(_legible(c) if "\ud800" <= c <= "\udfff" else c for c in text)


def _legible(surrogate: str) -> str:
    code = ord(surrogate)
    return f"%{code & 0xFF:02X}" if 0xDC80 <= code <= 0xDCFF else "\ufffd"


def check_length(field: str, value: str, limit: int) -> None:
    """Refuse a text over its limit; lengths are in characters.

    Raises:
        InvalidValue: ``value`` is longer than ``limit``, or holds a NUL character.
    """
    if len(value) > limit:
        raise InvalidValue(f"'{field}' exceeds the maximum length of {limit} characters. Got {len(value)} characters.")
    if "\x00" in value:
        raise InvalidValue(f"'{field}' holds a NUL character, which no store can keep; remove it.")


def fit_length(field: str, value: str, limit: int, truncate: bool) -> str:
    """``value`` cut to ``limit`` characters where ``truncate`` allows it.

    Raises:
        InvalidValue: too long while ``truncate`` is false, or holds a NUL character.
    """
    if truncate and len(value) > limit:
        value = value[:limit]
    check_length(field, value, limit)
    return value


def check_batch(metrics: int, params: int, tags: int) -> None:
    """Refuse a batch over the limits (1000 metrics, 100 params, 100 tags, 1000 together).

    Raises:
        InvalidValue: one of the counts is too large.
    """
    counts = (
        ("metrics", metrics, MAX_BATCH_METRICS),
        ("params", params, MAX_BATCH_PARAMS),
        ("tags", tags, MAX_BATCH_TAGS),
    )
    for noun, got, limit in (*counts, ("metrics, params, and tags", metrics + params + tags, MAX_BATCH_ITEMS)):
        if got > limit:
            raise InvalidValue(
                f"A batch logging request can contain at most {limit} {noun}. Got {got} {noun}. "
                "Please split up the request and try again."
            )
