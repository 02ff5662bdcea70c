"""The access log: one JSON object per request, written once per turn of the event loop."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

import msgspec

from clew.server.replies import Scope


class AccessLog:
    """Writes lines to a file descriptor (2 = standard error)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, descriptor: int = 2) -> None:
        self._loop = loop
        self._descriptor = descriptor
        self._lines: list[bytes] = []
        self._encode = msgspec.json.Encoder().encode

    def write(self, scope: Scope, status: int, started_s: float, request_id: str) -> None:
        """Note one finished request; started_s: by ``time.perf_counter``."""
        client: Any = scope.get("client")
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "ms": round((time.perf_counter() - started_s) * 1000, 3),
            "client": client[0] if client else "unix",
            "request_id": request_id,
        }
        if not self._lines:
            self._loop.call_soon(self.flush)
        self._lines.append(self._encode(line))

    def flush(self) -> None:
        """Write what has gathered."""
        lines, self._lines = self._lines, []
        if lines:
            try:
                os.write(self._descriptor, b"\n".join(lines) + b"\n")
            except OSError:  # a closed pipe must not stop the server
                pass
