"""HTTP as uvicorn speaks it, with a bound on what stands before a request's body."""

from __future__ import annotations

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES: Final = 512 * 1024  # more than any read of the socket gives at once


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose address and headers never end; nothing else bounds what they fill."""

    _in_head = True
    _head_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Take in what came."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.send_400_response(f"The request's address and headers are longer than {MAX_HEAD_BYTES >> 10} kB.")
                return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """The body follows."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next request may follow."""
        self._in_head = True
        self._head_bytes = 0
        super().on_message_complete()
