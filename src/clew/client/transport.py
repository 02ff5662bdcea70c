"""Calls of the route table over HTTP: one method, typed requests in, typed responses out.

``call`` raises the same errors that the server raised.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any, Final, TypeVar

from clew.client import deadline
from clew.client.answers import is_page, message_of, refused, stranger
from clew.client.http import Answer, Backoff, HttpSender
from clew.errors import ClewError, Corrupt, Denied, TooManyRequests, Unavailable
from clew.wire import codec
from clew.wire.mlflow import Message
from clew.wire.routes import ROUTES, Route

T = TypeVar("T")

_TRIES: Final = 4
_LONGEST_PAUSE_S: Final = 5.0

# Writes whose second sending changes nothing: they set a value, or carry their own id.
_REPEATABLE: Final = frozenset(
    "start_run update_run set_tag log_metric log_parameter log_batch log_inputs log_outputs "
    "set_experiment_tag set_logged_model_tags log_logged_model_params finalize_logged_model "
    "delete_run restore_run ingest query_runs query_experiments series parse_filter".split()
)


class Transport:
    """Typed calls to one server.

    sender: takes the bytes there; HTTP over TCP, TLS or a Unix socket, or an app in this process.
    Thread-safe if the sender is.
    """

    def __init__(self, sender: HttpSender) -> None:
        self.sender = sender

    def call(self, name: str, request: Message) -> Any:
        """The response of the route ``name`` to ``request``.

        Raises:
            ClewError: what the server refused, as the class that it raised.
            Unavailable: it could not be reached, also not by trying again where that is safe.
        """
        route = ROUTES[name]
        path, body = codec.encode_request(route, request)
        return self._patiently(route, lambda: self._once(route, path, body))

    def stream(self, name: str, request: Message) -> Generator[bytes]:
        """The answer of a streamed route in pieces, which must be read to their end.

        Raises:
            ClewError: as in :meth:`call`. Unavailable: also from the iterator, when the server breaks off.
        """
        route = ROUTES[name]
        path, body = codec.encode_request(route, request)
        return self._patiently(route, lambda: self._open(route, path, body))

    def _patiently(self, route: Route, attempt: Callable[[], T]) -> T:
        repeatable = route.permission in ("open", "read") or route.name in _REPEATABLE
        backoff = Backoff(0.1, _LONGEST_PAUSE_S)
        for left in range(_TRIES - 1, -1, -1):
            try:
                return attempt()
            except TooManyRequests as error:
                if not left or deadline.passed() or error.retry_after_s > _LONGEST_PAUSE_S:
                    raise
                _pause(max(backoff.pause_s(), error.retry_after_s))
            except Unavailable as error:
                if not left or not repeatable or deadline.passed() or error.retry_after_s > _LONGEST_PAUSE_S:
                    raise
                _pause(max(backoff.pause_s(), error.retry_after_s))
        raise AssertionError("unreachable")

    def _once(self, route: Route, path: str, body: bytes | None) -> Message:
        answer = self.sender.send(route.method, path, body)
        if answer.status >= 300 or is_page(answer):
            raise _error_of(answer)
        try:
            return codec.decode_response(route, answer.body)
        except Corrupt:
            raise stranger(answer) from None

    def _open(self, route: Route, path: str, body: bytes | None) -> Generator[bytes]:
        status, headers, pieces = self.sender.fetch(path, method=route.method, body=body)
        if status >= 300 or "text/html" in headers.get("content-type", ""):
            raise _error_of(Answer(status, headers, b"".join(pieces), self.sender.where))
        return pieces


def _error_of(answer: Answer) -> ClewError:
    """The error that a response stands for; the typed one where a tracking server says it."""
    if message_of(answer) is None:
        return refused(answer)
    error = codec.error_from(answer.status, answer.body)
    if type(error) is ClewError or isinstance(error, Denied):
        return refused(answer)  # which says who answers
    return error


def _pause(seconds: float) -> None:
    """Wait before the next attempt, but not longer than callers may wait."""
    time.sleep(min(seconds, deadline.spare_s(_LONGEST_PAUSE_S)))
