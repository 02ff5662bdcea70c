"""Who may knock: the Host and Origin checks that keep foreign web pages out.

A page of another site can make a browser send requests to a server on this machine. Either it
re-binds its own name to our address (then Host is foreign) or it posts across origins (then
Origin is foreign). Both are refused before anything is read.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

FOREIGN_HOST = "Invalid Host header - possible DNS rebinding attack detected"
FOREIGN_ORIGIN = "Cross-origin request blocked"

_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
_REMEMBERED = 1000


class Gate:
    """Checks of the Host and Origin headers.

    allowed_hosts: names beside loopback and private addresses, with or without port; ``*`` as in
    shell patterns, a lone ``*`` allows all.
    """

    def __init__(self, allowed_hosts: Sequence[str] = ()) -> None:
        self._allowed = tuple(name.strip().lower() for name in allowed_hosts if name.strip())
        self._hosts: dict[bytes, bool] = {}
        self._origins: dict[tuple[bytes, bytes], bool] = {}

    def refusal(self, method: str, headers: Mapping[bytes, bytes]) -> str | None:
        """Why the request is refused, or None if it may pass."""
        host = headers.get(b"host", b"")
        good = self._hosts.get(host)
        if good is None:
            good = not host or self._host_allowed(host.decode("latin-1").lower())
            if len(self._hosts) < _REMEMBERED:
                self._hosts[host] = good
        if not good:
            return FOREIGN_HOST
        origin = headers.get(b"origin")
        if origin is None or method in _SAFE_METHODS:
            return None
        good = self._origins.get((origin, host))
        if good is None:
            good = self._origin_allowed(origin.decode("latin-1").lower(), host.decode("latin-1").lower())
            if len(self._origins) < _REMEMBERED:
                self._origins[origin, host] = good
        return None if good else FOREIGN_ORIGIN

    def _host_allowed(self, host: str) -> bool:
        name = _name_of(host)
        return _near(name) or any(fnmatchcase(host, p) or fnmatchcase(name, p) for p in self._allowed)

    def _origin_allowed(self, origin: str, host: str) -> bool:
        try:
            place = urlsplit(origin)
        except ValueError:  # an unclosed bracket
            return False
        if not place.netloc:  # "null": a sandboxed frame or a local file
            return False
        if place.netloc == host or _loopback(_name_of(place.netloc)):
            return True
        return any(p != "*" and fnmatchcase(_name_of(place.netloc), p) for p in self._allowed)


def _name_of(host: str) -> str:
    """The host without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _near(name: str) -> bool:
    if _loopback(name):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_private or address.is_link_local or address.is_unspecified
