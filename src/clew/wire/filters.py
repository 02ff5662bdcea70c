# ruff: noqa: RUF012 - these are Structs, which copy their list defaults; the base lies in another module
"""Messages of ``filter/parse``: is a filter right, what are its parts, what may be typed next."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from clew.wire.mlflow import Message


class ParseFilter(Message, kw_only=True):
    """filter/parse: a filter before it is used, finished or not.

    entity: ``models`` are logged models. cursor: index of a character; asks for completions there.
    experiment_ids: where names and values of runs and logged models are looked up.
    """

    filter: str = ""
    entity: Literal["runs", "experiments", "models", "registered_models", "model_versions"] = "runs"
    cursor: int | None = None
    experiment_ids: list[str] = []


class FilterSpan(Message, kw_only=True, omit_defaults=False):
    """One token; start and stop are a half-open range of character indices."""

    start: int
    stop: int
    kind: Literal["key", "operator", "value", "keyword", "text", "bracket"]


class FilterFault(Message, kw_only=True, omit_defaults=False):
    """Something that is wrong between two character indices."""

    start: int
    stop: int
    message: str
    expected: str


class FilterCompletion(Message, kw_only=True, omit_defaults=False):
    """A text that may replace the characters from ``from`` up to ``to``.

    detail: of keys and values, how many of the newest runs have them.
    """

    text: str
    kind: Literal["prefix", "key", "summary", "operator", "value", "keyword"]
    start: int = msgspec.field(name="from")
    stop: int = msgspec.field(name="to")
    detail: str = ""


class ParseFilterResponse(Message, kw_only=True):
    """position: 0-based index of the first offending character; message and expected belong to it.

    tree: the filter as read, absent where it is empty or wrong.
    """

    ok: bool | None = None
    position: int | None = None
    message: str | None = None
    expected: str | None = None
    tree: dict[str, Any] | None = None
    spans: list[FilterSpan] = []
    faults: list[FilterFault] = []
    completions: list[FilterCompletion] = []
