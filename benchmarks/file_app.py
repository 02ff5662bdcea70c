"""The least that a server can do with a file: stream a body to disk, stream a file back."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

PIECE_BYTES = 1 << 20
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def write(file: Any, piece: bytearray) -> None:
    file.write(piece)


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """A bare ASGI application: PUT keeps the body in a file, GET sends it."""
    run = asyncio.get_running_loop().run_in_executor
    length = b"0"
    if scope["method"] == "PUT":
        with open("plain.bin", "wb", buffering=0) as file:
            gathered, more = bytearray(), True
            while more:
                message = await receive()
                gathered += message.get("body", b"")
                more = message.get("more_body", False)
                if len(gathered) >= PIECE_BYTES or not more:
                    await run(None, write, file, gathered)
                    gathered = bytearray()
            await run(None, os.fsync, file.fileno())
    elif scope["path"] == "/file":
        length = str(os.path.getsize("plain.bin")).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    if scope["method"] == "GET" and scope["path"] == "/file":
        with open("plain.bin", "rb", buffering=0) as file:
            while piece := await run(None, file.read, PIECE_BYTES):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), http="httptools", log_level="error", access_log=False, lifespan="off")
