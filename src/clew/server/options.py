"""What a host is asked for: which address, which folders, for how long."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from clew import settings
from clew.server import peer
from clew.server.limits import DEFAULTS, Limits

if TYPE_CHECKING:
    from clew.server.logs import Format


class Options:
    """How to serve a store.

    host, port: TCP address; port 0 = any free one, None = no TCP. next_free_port: if the port is taken,
    try the 20 after it. on_demand: end after ``idle_s`` seconds without connections.
    artifact_root: prefix of new experiments' artifact locations (``--default-artifact-root``).
    artifacts: folder of the files that the server keeps (``--artifacts-destination``).
    static_prefix, allowed_hosts, access_log, log_format, limits: see ``app.App``; access_log None = on for a TCP
    server, off where one person looks at a store of their own (``next_free_port`` on loopback).
    gc_every_s: pause between two applications of the experiments' retention rules; None: never by itself.
    frame_ancestors: see ``pages.Pages``. lifeline: a file descriptor; the host ends when its other end is closed.
    announce: called with the http addresses once requests are answered.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
        next_free_port: bool = False,
        on_demand: bool = False,
        idle_s: float | None = None,
        artifact_root: str | None = None,
        artifacts: str | None = None,
        static_prefix: str = "",
        allowed_hosts: Sequence[str] = (),
        access_log: bool | None = None,
        log_format: Format = "text",
        limits: Limits = DEFAULTS,
        gc_every_s: float | None = None,
        frame_ancestors: Sequence[str] = (),
        lifeline: int | None = None,
        announce: Callable[[list[str]], None] | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.next_free_port = next_free_port
        self.on_demand = on_demand
        self.idle_s = settings.read().host_idle_s if idle_s is None else idle_s
        self.artifact_root = artifact_root
        self.artifacts = artifacts
        self.static_prefix = static_prefix
        self.allowed_hosts = allowed_hosts
        self.loopback = port is None or peer.is_loopback(host)
        serving_others = port is not None and not (next_free_port and self.loopback)
        self.log_format: Format = log_format
        self.limits = limits
        self.access_log = serving_others if access_log is None else access_log
        self.gc_every_s = gc_every_s
        self.frame_ancestors = frame_ancestors
        self.lifeline = lifeline
        self.announce = announce

    def announcing(self, announce: Callable[[list[str]], None]) -> Options:
        """The same with another ``announce``."""
        twin = copy.copy(self)
        twin.announce = announce
        return twin
