"""Answers: the few shapes that all handlers send."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON = (b"content-type", b"application/json")
TEXT = (b"content-type", b"text/plain; charset=utf-8")
HTML = (b"content-type", b"text/html; charset=utf-8")

PAUSE_S = 60.0  # between two pieces of a body


class Disconnected(Exception):
    """The client closed the connection before its request was complete."""


class TooLarge(Exception):
    """The request's body is over the limit."""


class TooSlow(Exception):
    """The request's body stopped coming."""


class Reply:
    """A complete answer, to be sent by the app.

    headers: without Content-Length and the headers that every answer has.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes = b"", headers: Headers | None = None) -> None:
        self.status = status
        self.body = body
        self.headers = [JSON] if headers is None else headers


def text(status: int, words: str) -> Reply:
    """A plain-text answer."""
    return Reply(status, words.encode(), [TEXT])


async def read_body(receive: Receive, limit: int) -> bytes | bytearray:
    """The whole request body.

    Raises:
        Disconnected: the client left. TooLarge: over ``limit`` bytes. TooSlow: nothing came for a minute.
    """
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Disconnected
    body: bytes = message.get("body", b"")
    if len(body) > limit:
        raise TooLarge
    if not message.get("more_body"):
        return body
    whole = bytearray(body)
    while message.get("more_body"):
        try:
            async with asyncio.timeout(PAUSE_S):
                message = await receive()
        except TimeoutError:
            raise TooSlow from None
        if message["type"] == "http.disconnect":
            raise Disconnected
        whole += message.get("body", b"")
        if len(whole) > limit:
            raise TooLarge
    return whole
