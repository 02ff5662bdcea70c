"""Who asks: the caller of the request that is being answered."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final

from clew.entities.audit import Actor

USER_HEADER: Final = b"x-clew-user"
MAX_NAME: Final = 200  # characters of the name that are kept
SERVER: Final = Actor("", "server")
"""The server itself, when it acts by a rule."""

_asking: ContextVar[Actor] = ContextVar("clew_actor", default=SERVER)


def identify(headers: Mapping[bytes, bytes], client: Any) -> None:
    """Note who sent the request; for the rest of its task.

    client: (address, port) of the peer, or None for the Unix socket. The name is advisory until accounts exist.
    """
    name = headers.get(USER_HEADER, b"").decode("utf-8", "replace").replace("\0", "")[:MAX_NAME]
    _asking.set(Actor(name, client[0] if client else "local"))


def asking() -> Actor:
    """Who sent the request; to be asked in its handler, not in a job, which another task may run."""
    return _asking.get()
