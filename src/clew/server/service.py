"""The running part of a host: store, app and sockets on one event loop, until there is a reason to end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Generator

import uvicorn

from clew import __version__, settings
from clew.artifacts.roots import open_root
from clew.artifacts.uri import local_path
from clew.errors import ClewError
from clew.ids import now_ms
from clew.server import purger, uploads
from clew.server.app import App
from clew.server.context import Site
from clew.server.deliverer import Deliverer
from clew.server.options import Options
from clew.server.places import HostInfo, Places, write_info
from clew.server.protocol import BoundedProtocol
from clew.server.reaper import Reaper
from clew.storage import life
from clew.storage.columns.index import ColumnIndex
from clew.storage.store import Store

logger = logging.getLogger("clew.server")

PROXIED_ROOT = "mlflow-artifacts:/"
_SWEEP_EVERY_S = 24 * 3600.0
_GRACE_S = 10  # for requests in flight when the host ends
_KEEP_ALIVE_S = 75
_SWITCH_S = 0.0005  # a heavy read gives way to the loop and the committer so soon; Python's own 5 ms halve the writes


class _Uvicorn(uvicorn.Server):
    """Uvicorn without its own signal handling, which ends the process by the signal."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class Service:
    """A store being served.

    interrupted: whether SIGINT ended it.

    Raises (when made): ForeignStore, Unavailable: the store cannot be opened.
    """

    def __init__(self, where: Places, options: Options, sockets: list[socket.socket]) -> None:
        self.interrupted = False
        self._where = where
        self._options = options
        self._sockets = sockets
        root = options.artifact_root or PROXIED_ROOT
        folder = local_path(root)
        if folder is not None and "://" not in root:
            root = folder  # a plain folder is meant relative to where the server was started
        index = ColumnIndex(max_bytes=options.limits.index_bytes, folder=os.path.join(where.folder, "cache"))
        self._store = Store.open(where.url, artifact_root=root, columns=index)
        kept = open_root(_artifacts_of(where, options))
        roots = None if options.loopback else [f for f in (folder, getattr(kept, "root", None)) if f]
        site = Site(
            self._store,
            kept,
            truncate=settings.read().truncate,
            local_roots=roots,
            on_demand=options.on_demand,
            retire=self._end if options.on_demand else None,
            private_webhooks=settings.read().webhook_private,
        )
        self._deliverer = Deliverer(self._store, site.outbound)
        prefix = "/" + options.static_prefix.strip("/") if options.static_prefix.strip("/") else ""
        site.urls = [_address(s) + prefix for s in sockets if s.family != socket.AF_UNIX]
        self._site = site
        self._reaper = Reaper(settings.read().heartbeat_s, at_once=options.on_demand)
        self._app = App(
            site,
            static_prefix=options.static_prefix,
            allowed_hosts=options.allowed_hosts,
            access_log=options.access_log,
            log_format=options.log_format,
            limits=options.limits,
            frame_ancestors=options.frame_ancestors,
        )
        config = uvicorn.Config(
            self._app,
            http=BoundedProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_GRACE_S,
        )
        self._server = _Uvicorn(config)
        self.loop_factory = config.get_loop_factory()

    async def run(self) -> None:
        """Serve until a signal, a retirement or idleness."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            if signal.getsignal(number) is not signal.SIG_IGN:
                with contextlib.suppress(RuntimeError, ValueError):  # not in the main thread: the caller ends us
                    loop.add_signal_handler(number, self._end_by, number)
        sys.setswitchinterval(_SWITCH_S)
        self._app.start()
        self._deliverer.start()
        if self._options.lifeline is not None:
            loop.add_reader(self._options.lifeline, self._end_with, self._options.lifeline)
        loops = (self._watch, self._sweep, self._tidy)
        tasks = [asyncio.create_task(forever()) for forever in loops]
        await self._server.serve(sockets=self._sockets)
        for task in tasks:
            task.cancel()

    def close(self) -> None:
        """Finish the queue and close the store."""
        self._deliverer.stop()
        self._app.stop()
        self._store.close()
        logger.info("Clew has ended.")

    def _end_by(self, number: int) -> None:
        self.interrupted = number == signal.SIGINT
        self._end()

    def _end_with(self, lifeline: int) -> None:
        if not os.read(lifeline, 4096):
            asyncio.get_running_loop().remove_reader(lifeline)
            self._end()

    def _end(self) -> None:
        # First out of sight, so that whoever looks for a host from now on starts the next one
        # and does not take this one's last moments for a host that stays.
        if any(s.family == socket.AF_UNIX for s in self._sockets):
            for path in (self._where.info, self._where.socket):
                with contextlib.suppress(OSError):
                    os.unlink(path)
        self._app.hub.close()  # uvicorn would wait for the streams
        self._server.should_exit = True

    async def _watch(self) -> None:
        """Say that we listen, end runs that fell silent, end ourselves when nobody is left."""
        while not self._server.started:
            await asyncio.sleep(0.002)
        self._tell()
        last_used_s = time.monotonic()
        reap_at_s = 0.0
        while not self._server.should_exit:
            now_s = time.monotonic()
            if now_s >= reap_at_s:
                reap_at_s = now_s + self._reaper.every_s
                await self._reap()
            if self._server.server_state.connections:
                last_used_s = now_s
            elif self._options.on_demand and now_s - last_used_s > self._options.idle_s:
                self._end()
            await asyncio.sleep(min(0.2, self._options.idle_s / 5 + 0.01))

    async def _sweep(self) -> None:
        """Remove what broken uploads left, now and once a day."""
        while True:
            try:
                await asyncio.to_thread(uploads.sweep, self._site, now_ms())
            except ClewError as e:  # an object store that is away; tomorrow is another day
                logger.warning("What broken uploads left could not be removed: %s", e)
            await asyncio.sleep(_SWEEP_EVERY_S)

    async def _tidy(self) -> None:
        """Apply the retention rules every so often."""
        while self._options.gc_every_s is not None:
            await asyncio.sleep(self._options.gc_every_s)
            try:
                moved, gone = await asyncio.to_thread(purger.tidy, self._site)
            except ClewError as e:  # a busy or full disk; the next round tries again
                logger.warning("The retention rules could not be applied: %s", e)
                continue
            logger.info("Retention: %d runs went to the trash, %d were deleted for good.", moved, gone.runs)

    def _tell(self) -> None:
        urls = self._site.urls
        unix = [s for s in self._sockets if s.family == socket.AF_UNIX]
        if unix:
            info = HostInfo(os.getpid(), self._where.socket, self._options.on_demand, urls, __version__)
            write_info(self._where.info, info)
        if self._options.announce is not None:
            self._options.announce(urls)

    async def _reap(self) -> None:
        silent_since_ms = self._reaper.silent_since(now_ms())
        if silent_since_ms is None:
            return
        try:
            killed = await self._app.commits.write(lambda tx: life.reap_silent(tx, silent_since_ms))
        except ClewError as e:  # a busy or full disk; the next round tries again
            logger.warning("Silent runs could not be looked for: %s", e)
            return
        for run_id in killed:
            silence_s = self._reaper.silence_ms / 1000
            logger.warning("Run %s gave no sign of life for %g s and is KILLED.", run_id, silence_s)


def _artifacts_of(where: Places, options: Options) -> str:
    if options.artifacts:
        return options.artifacts
    # A server on PostgreSQL has no folder of its own that its administrator would look into.
    return where.artifacts if where.url.startswith("sqlite:") or options.on_demand else "./mlartifacts"


def _address(s: socket.socket) -> str:
    host, port = s.getsockname()[:2]
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
