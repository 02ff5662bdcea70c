"""HTTP as uvicorn speaks it: with a bound on what stands before a body, and nothing written to closed connections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MAX_HEAD_BYTES: Final = 512 * 1024  # more than any read of the socket gives at once


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose address and headers never end; nothing else bounds what they fill."""

    _in_head = True
    _head_bytes = 0
    _cycles: Sequence[RequestResponseCycle] = ()

    def data_received(self, data: bytes) -> None:
        """Take in what came."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.send_400_response(f"The request's address and headers are longer than {MAX_HEAD_BYTES >> 10} kB.")
                return
        super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, and close the connection; an answer that is under way ends there."""
        if self._abandon():
            self.transport.close()
        else:
            super().send_400_response(msg)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody reads any more."""
        self._abandon()
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        """The body follows."""
        self._in_head = False
        super().on_headers_complete()
        self._cycles = [cycle for cycle in (*self._cycles, self.cycle) if cycle and not cycle.response_complete]

    def _abandon(self) -> bool:
        """Tell the answers that are not complete that nobody reads them; whether there are any.

        uvicorn tells the newest request only, and one before it would write to a closed connection.
        """
        left = [cycle for cycle in self._cycles if not cycle.response_complete]
        for cycle in left:
            cycle.disconnected = True
            cycle.message_event.set()
        return bool(left)

    def on_message_complete(self) -> None:
        """The next request may follow."""
        self._in_head = True
        self._head_bytes = 0
        super().on_message_complete()
