"""TCP ports: which is free, and who holds one that is not."""

from __future__ import annotations

import os
import re
import socket
from http.client import HTTPConnection, HTTPException

import click

from clew.errors import Unavailable

TRIES = 100
ASK_S = 0.5
_LISTEN = "0A"  # state of a listening socket in /proc/net/tcp
_VERSION = re.compile(r"^\d+(\.\w+)+$")


def check_port(host: str, port: int) -> None:
    """Returns if ``port`` can be listened on.

    Raises:
        Unavailable: it is taken; the message says by whom as far as can be told. Or the address is not of this machine.
    """
    if port and not _free(host, port):
        raise Unavailable(
            f"Port {port} on {host} is taken by {holder(host, port)}. "
            f"Stop it, or choose another port, e.g. --port {_next_free(host, port + 1)}."
        )


def next_free_port(host: str, port: int) -> int:
    """``port``, or the next one after it that can be listened on.

    Raises:
        Unavailable: none of the next 100 is free.
    """
    return port if not port or _free(host, port) else _next_free(host, port + 1)


def holder(host: str, port: int) -> str:
    """Who listens on a port, e.g. ``a Clew server (process 4711, python)``."""
    kind = _kind(host, port)
    found = _process(port)
    return f"{kind} (process {found[0]}, {found[1]})" if found else kind


def _next_free(host: str, port: int) -> int:
    for candidate in range(port, min(port + TRIES, 65_536)):
        if _free(host, candidate):
            return candidate
    raise Unavailable(
        f"No port from {port} to {min(port + TRIES, 65_536) - 1} on {host} is free; name one with --port."
    )


def _free(host: str, port: int) -> bool:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # Without it a port that was in use a minute ago would count as taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return True
    except socket.gaierror as error:
        raise Unavailable(
            f"{host!r} is no address of this machine ({error.strerror}); choose another --host."
        ) from error
    except PermissionError as error:
        raise Unavailable(f"Port {port} needs administrator rights; choose one above 1023 with --port.") from error
    except OverflowError as error:
        raise click.BadParameter(f"{port} is no port; ports go from 0 to 65535.", param_hint="--port") from error
    except OSError as error:
        import errno

        if error.errno == errno.EADDRNOTAVAIL:
            raise Unavailable(f"{host} is no address of this machine; choose another --host.") from error
        return False


def _kind(host: str, port: int) -> str:
    """What kind of server answers there."""
    at = "127.0.0.1" if host in ("", "0.0.0.0", "::") else host
    if '"clew"' in _ask(at, port, "/api/clew/v1/info"):
        return "a Clew server"
    version = _ask(at, port, "/version").strip()
    return f"an MLflow server {version}" if _VERSION.match(version) else "another program"


def _ask(host: str, port: int, path: str) -> str:
    connection = HTTPConnection(host, port, timeout=ASK_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read(4096).decode("utf-8", "replace") if answer.status == 200 else ""
    except (OSError, HTTPException):
        return ""
    finally:
        connection.close()


def _process(port: int) -> tuple[int, str] | None:
    """(pid, name) of the listener, where the system tells it to this user (Linux)."""
    inodes = {f"socket:[{inode}]" for inode in _listening(port)}
    if not inodes:
        return None
    for name in os.listdir("/proc"):
        if not name.isdecimal():
            continue
        try:
            files = os.scandir(f"/proc/{name}/fd")
            with files:
                if any(os.readlink(entry.path) in inodes for entry in files):
                    with open(f"/proc/{name}/comm", encoding="utf-8") as file:
                        return int(name), file.read().strip()
        except OSError:
            continue  # another user's, or already gone
    return None


def _listening(port: int) -> list[str]:
    inodes = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, encoding="ascii") as file:
                rows = [line.split() for line in file.readlines()[1:]]
        except OSError:
            continue
        inodes += [r[9] for r in rows if r[3] == _LISTEN and int(r[1].rpartition(":")[2], 16) == port]
    return inodes
