"""What a host asks other programs: whose is this port, and would you end."""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
from typing import Any

from clew.server.listener import listening_process

_TIMEOUT_S = 2.0


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout_s: float = _TIMEOUT_S) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def retire(path: str) -> bool:
    """Ask the on-demand host behind a Unix socket to end; whether it agreed."""
    connection = UnixConnection(path)
    try:
        connection.request("POST", "/api/clew/v1/host/retire", b"{}", {"Content-Type": "application/json"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def describe_port(host: str, port: int) -> str:
    """Who holds a port, and the way out."""
    info = ask_info(host, port)
    if info is None:
        found = listening_process(port)
        who = f"process {found[0]} ({found[1]})" if found else "another program"
        return f"Port {port} is taken by {who}; choose a free one with --port, or stop that program."
    store = f" with the store {info['store_uri']}" if info.get("store_uri") else ""
    return (
        f"Port {port} is taken by a Clew server, process {info.get('pid')}{store}: "
        f"use it at http://{host}:{port}, stop it (kill {info.get('pid')}), or choose another port with --port."
    )


def ask_info(host: str, port: int) -> dict[str, Any] | None:
    """What the Clew at this address says of itself, or None if it is something else."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    connection = http.client.HTTPConnection(near, port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/api/clew/v1/info")
        answer = connection.getresponse()
        data = json.loads(answer.read(65536)) if answer.status == 200 else None
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return data if isinstance(data, dict) and data.get("name") == "clew" else None
