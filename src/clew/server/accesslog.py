"""The access log: one line per request, written once per turn of the event loop."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

from clew.server.logs import Format, encode_line, timestamp
from clew.server.replies import Scope


class AccessLog:
    """Writes lines to a file descriptor (2 = standard error)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, form: Format = "json", descriptor: int = 2) -> None:
        self._loop = loop
        self._descriptor = descriptor
        self._lines: list[bytes] = []
        self._line = _json_line if form == "json" else _text_line

    def write(self, scope: Scope, status: int, taken_s: float, request_id: str) -> None:
        """Note one finished request."""
        if not self._lines:
            self._loop.call_soon(self.flush)
        self._lines.append(self._line(scope, status, round(taken_s * 1000, 3), request_id))

    def flush(self) -> None:
        """Write what has gathered."""
        lines, self._lines = self._lines, []
        if lines:
            try:
                os.write(self._descriptor, b"\n".join(lines) + b"\n")
            except OSError:  # a closed pipe must not stop the server
                pass


def _json_line(scope: Scope, status: int, ms: float, request_id: str) -> bytes:
    return encode_line(
        {
            "time": timestamp(time.time()),
            "level": "info",
            "logger": "clew.access",
            "message": f"{scope['method']} {scope['path']} {status}",
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "ms": ms,
            "client": _client(scope),
            "request_id": request_id,
        }
    )


def _text_line(scope: Scope, status: int, ms: float, request_id: str) -> bytes:
    path = ascii(scope["path"])[1:-1]  # no line breaks out of an address
    line = f"{timestamp(time.time())} {_client(scope)} {scope['method']} {path} {status} {ms} ms [{request_id}]"
    return line.encode()


def _client(scope: Scope) -> str:
    client: Any = scope.get("client")
    return str(client[0]) if client else "unix"
