"""What operators ask a server: whether it is ready, and what it counts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from clew.errors import ClewError
from clew.server.hub import Hub
from clew.server.meters import Meters
from clew.server.prometheus import CONTENT_TYPE, exposition
from clew.server.replies import Reply, text
from clew.storage.store import Store

ANSWER_S: Final = 5.0  # a database that takes longer counts as away


class Probes:
    """Answers ``/ready`` and ``/metrics``. queries: gives how many reads run or wait."""

    def __init__(self, store: Store, hub: Hub, meters: Meters, queries: Callable[[], int]) -> None:
        self._store = store
        self._hub = hub
        self._meters = meters
        self._queries = queries

    async def answer(self, path: str) -> Reply | None:
        """The answer; None for what is no probe."""
        if path == "/metrics":
            body = exposition(self._meters, self._store.figures(), self._hub.readers, self._queries())
            return Reply(200, body, [(b"content-type", CONTENT_TYPE)])
        if path == "/ready":
            reason = await self._reason()
            return text(503, reason) if reason else text(200, "ready")
        return None

    async def _reason(self) -> str:
        """Why this server should get no requests now; "" if it should."""
        if self._hub.closed:
            return "The server is ending."
        if not self._store.writing:
            return "The thread that writes to the store has ended; restart the server."
        try:
            # Not in the readers' threads, which may all be busy: that is load, not a fault.
            await asyncio.wait_for(asyncio.to_thread(self._store.read, lambda tx: tx.one("SELECT 1")), ANSWER_S)
        except TimeoutError:
            return f"The database did not answer within {ANSWER_S:g} s."
        except ClewError as error:
            return error.message
        return ""
