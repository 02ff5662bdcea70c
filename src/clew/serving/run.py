"""A scoring server as a process: sockets, log, end."""

from __future__ import annotations

import signal
import socket
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from types import FrameType

import uvicorn

from clew.errors import Unavailable
from clew.serving.app import DEFAULTS, Limits, ScoringApp
from clew.serving.models import Served

_GRACE_S = 10


class _Uvicorn(uvicorn.Server):
    """Uvicorn that a signal makes return, where it would die by that signal with fetched files left behind.

    ended_by: number of the signal.
    """

    ended_by = 0

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    @contextmanager
    def until_signal(self) -> Generator[None, None, None]:
        """SIGTERM and SIGINT end the server from here on, even before it runs."""
        before = {number: signal.signal(number, self._end_by) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _end_by(self, number: int, _frame: FrameType | None) -> None:
        self.ended_by = number
        self.should_exit = True


def serve(
    served: Sequence[Served],
    *,
    host: str,
    port: int,
    token: str = "",
    limits: Limits = DEFAULTS,
    announce: Callable[[str], None] = lambda _: None,
) -> int:
    """Answer until SIGTERM or SIGINT; the number of that signal. announce: told the address once it answers.

    Raises:
        Unavailable: the port is taken.
    """
    listening = _listen(host, port)
    # An array has no names of columns; the short way has compared them already (see ``plain``).
    warnings.filterwarnings("ignore", "X does not have valid feature names", UserWarning)
    app = ScoringApp(served, token=token, limits=limits)
    config = uvicorn.Config(
        app.asgi,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    shown = f"[{host}]" if ":" in host else host
    server = _Uvicorn(config)
    try:
        with server.until_signal():
            announce(f"http://{shown}:{listening.getsockname()[1]}")
            server.run(sockets=[listening])
    finally:
        app.close()
        listening.close()
    return server.ended_by


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise Unavailable(f"{host}:{port} cannot be listened on: {error.strerror}. Give another --port.") from error
    listening.listen(2048)
    return listening
