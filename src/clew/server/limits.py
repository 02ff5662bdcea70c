"""How much of the server one may use at once; the options of ``clew server`` set them."""

from __future__ import annotations

from typing import Final, NamedTuple


class Limits(NamedTuple):
    """Limits of one server.

    body_bytes: of a request that is no artifact. event_streams: open at the same time.
    waiting_queries: reads that run or wait for a thread; more are told to come back.
    query_s: seconds after which a read is given up; 0 for never.
    index_bytes: memory for the column index; 0 leaves all searches to SQL.
    """

    body_bytes: int = 64 << 20
    event_streams: int = 1000
    waiting_queries: int = 256
    query_s: float = 60.0
    index_bytes: int = 1 << 30


DEFAULTS: Final = Limits()
