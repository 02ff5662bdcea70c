"""Where a store's own files lie: folder, socket, lock, host.json.

Standard library only, because clients look for a running host here before they import anything
else of the server.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import tempfile
from typing import NamedTuple

MAX_SOCKET_PATH = 100  # bytes; the kernel's limit is 108, some systems have 104


class Places(NamedTuple):
    """Paths that belong to one store.

    url: the store's address with an absolute path. folder: holds the rest.
    artifacts: default place of the files. socket, lock, info: of the process that hosts the store.
    """

    url: str
    folder: str
    artifacts: str
    socket: str
    lock: str
    info: str


class HostInfo(NamedTuple):
    """What host.json says: who hosts the store."""

    pid: int
    socket: str
    on_demand: bool
    urls: list[str]
    version: str


def places(store_url: str, spool: str = "") -> Places:
    """The places of a store.

    store_url: ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or ``postgresql://…``.
    spool: the user's spool folder; the folders of PostgreSQL hosts lie beside it.

    A SQLite store ``x.db`` keeps its files in ``x.db.clew/``; the default store ``.clew/clew.db``
    keeps them in ``.clew/`` itself.
    """
    if store_url.startswith("sqlite:///"):
        database = os.path.abspath(store_url[len("sqlite:///") :])
        parent, name = os.path.split(database)
        own = name == "clew.db" and os.path.basename(parent) == ".clew"
        folder = parent if own else database + ".clew"
        url = "sqlite:///" + database
    else:
        url = store_url
        digest = hashlib.sha256(url.encode()).hexdigest()[:16]
        folder = os.path.join(os.path.dirname(os.path.abspath(spool)), "hosts", digest)
    return Places(
        url=url,
        folder=folder,
        artifacts=os.path.join(folder, "artifacts"),
        socket=socket_path(folder),
        lock=os.path.join(folder, "host.lock"),
        info=os.path.join(folder, "host.json"),
    )


def socket_path(folder: str) -> str:
    """The Unix socket of the host whose files lie in ``folder``; a short path if that one is too long."""
    path = os.path.join(folder, "host.sock")
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return os.path.join(tempfile.gettempdir(), f"clew-{os.getuid()}", digest + ".sock")


def read_info(path: str) -> HostInfo | None:
    """What host.json says, or None if there is none; whether that host lives is another question."""
    try:
        with open(path, encoding="utf-8") as f:
            data = json.load(f)
        return HostInfo(
            pid=int(data["pid"]),
            socket=str(data["socket"]),
            on_demand=bool(data["on_demand"]),
            urls=[str(u) for u in data["urls"]],
            version=str(data["version"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_info(path: str, info: HostInfo) -> None:
    """Write host.json in one step, so that readers never see half of it."""
    partial = f"{path}.{os.getpid()}"
    with open(partial, "w", encoding="utf-8") as f:
        json.dump(info._asdict(), f)
    os.replace(partial, path)


def answers(path: str, timeout_s: float = 1.0) -> bool:
    """Whether somebody accepts connections on the Unix socket at ``path``."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(timeout_s)
            probe.connect(path)
            return True
    except OSError:
        return False
