"""The least that a server can do with a log-metric request: read it, check it, answer ``{}``."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import uvicorn


class Point(msgspec.Struct):
    """The request."""

    run_id: str
    key: str
    value: float
    timestamp: int
    step: int = 0


decoder = msgspec.json.Decoder(Point, strict=False)
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def app(_scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """A bare ASGI application."""
    body = (await receive())["body"]
    if body:
        decoder.decode(body)
    head = [(b"content-type", b"application/json"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": b"{}"})


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off")
