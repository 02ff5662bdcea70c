"""How long calls to a server may take together, for callers who must not wait: ``with within(2.0): …``.

Standard library only.
"""

from __future__ import annotations

import time
from contextvars import ContextVar, Token
from typing import Final

_SHORTEST_S: Final = 0.05

_until: ContextVar[float | None] = ContextVar("clew_deadline", default=None)


class within:  # noqa: N801 - read as a word of a with statement
    """A block in whose thread or task no call waits longer than ``seconds`` after its beginning.

    Inside another such block the nearer end counts.
    """

    __slots__ = ("_seconds", "_token")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        until, outer = time.monotonic() + self._seconds, _until.get()
        self._token: Token[float | None] = _until.set(until if outer is None else min(until, outer))

    def __exit__(self, *_: object) -> None:
        _until.reset(self._token)


def left_s(usual_s: float) -> float:
    """The seconds that a wait may take: ``usual_s``, or less where a deadline is near.

    Raises:
        TimeoutError: the deadline has passed.
    """
    until = _until.get()
    if until is None:
        return usual_s
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("there is no time left to wait")
    return min(usual_s, max(left, _SHORTEST_S))


def spare_s(most_s: float) -> float:
    """The seconds that a pause may take: ``most_s``, or less, down to 0, where a deadline is near."""
    until = _until.get()
    return most_s if until is None else min(most_s, max(0.0, until - time.monotonic()))


def passed() -> bool:
    """Whether there is a deadline and it has passed, or as good as."""
    until = _until.get()
    return until is not None and until - time.monotonic() < _SHORTEST_S
