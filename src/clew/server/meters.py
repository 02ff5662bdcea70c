"""Counts of what the server does; plain numbers, changed on the event loop only, so nothing locks."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Final

from clew.server.replies import Receive, Scope, Send

BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the histogram's buckets; one more bucket holds what took longer."""

_EMPTY: Final = [0] * (len(BOUNDS_S) + 1)
OTHER: Final = "other"


class Meters:
    """What was answered so far.

    requests: (route, method, hundreds of the status) -> count. times: route -> [count per bucket].
    seconds: route -> sum. in_flight: requests that are being answered. bytes_in, bytes_out: of artifacts.
    """

    __slots__ = ("bytes_in", "bytes_out", "in_flight", "requests", "seconds", "times")

    def __init__(self) -> None:
        self.requests: dict[tuple[str, str, int], int] = {}
        self.times: dict[str, list[int]] = {}
        self.seconds: dict[str, float] = {}
        self.in_flight = 0
        self.bytes_in = 0
        self.bytes_out = 0

    def note(self, scope: Scope, status: int, taken_s: float) -> None:
        """Count one finished request; its route is ``scope["route"]``, where one was found."""
        route: str = scope.get("route", OTHER)
        key = route, scope["method"], status // 100
        try:
            self.requests[key] += 1
            self.times[route][bisect_left(BOUNDS_S, taken_s)] += 1
            self.seconds[route] += taken_s
        except KeyError:
            self._first(key, taken_s)

    def _first(self, key: tuple[str, str, int], taken_s: float) -> None:
        route, method, status = key
        if method not in _METHODS:  # anyone can invent some, and each would stay here
            key = route, OTHER, status
        self.requests[key] = self.requests.get(key, 0) + 1
        self.times.setdefault(route, list(_EMPTY))[bisect_left(BOUNDS_S, taken_s)] += 1
        self.seconds[route] = self.seconds.get(route, 0.0) + taken_s

    def counted(self, receive: Receive, send: Send) -> tuple[Receive, Send]:
        """The same two, with the bodies that pass counted as artifacts."""

        async def receiving() -> Any:
            message = await receive()
            self.bytes_in += len(message.get("body", b""))
            return message

        async def sending(message: Any) -> None:
            self.bytes_out += len(message.get("body", b""))
            await send(message)

        return receiving, sending


_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
