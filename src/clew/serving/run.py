"""A scoring server as a process: sockets, log, end."""

from __future__ import annotations

import socket
import warnings
from collections.abc import Callable, Sequence

import uvicorn

from clew.errors import Unavailable
from clew.serving.app import DEFAULTS, Limits, ScoringApp
from clew.serving.models import Served

_GRACE_S = 10


def serve(
    served: Sequence[Served],
    *,
    host: str,
    port: int,
    token: str = "",
    limits: Limits = DEFAULTS,
    announce: Callable[[str], None] = lambda _: None,
) -> None:
    """Answer until a signal ends the process. announce: told the address once it answers.

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
    announce(f"http://{shown}:{listening.getsockname()[1]}")
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        app.close()
        listening.close()


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
