# ruff: noqa: RUF012 - this is a Struct, which copies its defaults; the base lies in another module
"""The message that describes the API."""

from __future__ import annotations

from typing import Any

from clew.wire.mlflow import Message


class OpenAPI(Message, kw_only=True):
    """An OpenAPI document; its parts are JSON as OpenAPI 3.1 says."""

    openapi: str = ""
    info: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    components: dict[str, Any] = {}
