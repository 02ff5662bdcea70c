"""The process that hosts a store: ``clew server``, ``clew ui`` and the embedded store's helper alike.

One process at a time hosts a SQLite store; it holds ``host.lock``. It listens on a Unix socket for
programs of the same user and, for ``clew server`` and ``clew ui``, on TCP for everyone else.

``python -m clew.server.host --store URL --on-demand`` is how clients start one.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import fcntl
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from clew import settings
from clew.errors import ClewError, InvalidValue, Unavailable
from clew.server import peer
from clew.server.limits import DEFAULTS, Limits
from clew.server.options import Options
from clew.server.places import HostInfo, Places, answers, places, read_info
from clew.server.workers import serve_in_processes

if TYPE_CHECKING:
    from clew.server.logs import Format

TAKEOVER_S = 20.0
UNTAKEN_MS = 120_000  # a client that takes nothing of its answer for so long is cut off


def serve(
    store_url: str,
    *,
    host: str = "127.0.0.1",
    port: int | None = 5000,
    next_free_port: bool = False,
    on_demand: bool = False,
    artifact_root: str | None = None,
    artifacts_destination: str | None = None,
    static_prefix: str = "",
    allowed_hosts: Sequence[str] = (),
    workers: int = 1,
    access_log: bool | None = None,
    log_format: Format = "text",
    limits: Limits = DEFAULTS,
    gc_every_s: float | None = None,
    frame_ancestors: Sequence[str] = (),
    lifeline: int | None = None,
    announce: Callable[[list[str]], None] | None = None,
) -> None:
    """Host a store until SIGTERM or SIGINT; returns when everything is written and closed.

    The parameters are those of :class:`Options`; artifacts_destination is its ``artifacts``.
    workers: processes; on SQLite always one (decision 21). announce: None prints one line with the address.

    Raises:
        Unavailable: the port is taken, or another server hosts the store.
        ForeignStore: the database is not Clew's.
        InvalidValue: an option makes no sense.
        KeyboardInterrupt: after an orderly end by SIGINT.
    """
    if workers < 1:
        raise InvalidValue(f"--workers must be at least 1. Got {workers}.")
    if workers > 1 and store_url.startswith("sqlite:"):
        _say(f"--workers {workers}: a SQLite store is served best by one process; this server runs one.")
        workers = 1
    options = Options(
        host=host,
        port=port,
        next_free_port=next_free_port,
        on_demand=on_demand,
        artifact_root=artifact_root,
        artifacts=artifacts_destination,
        static_prefix=static_prefix,
        allowed_hosts=allowed_hosts,
        access_log=access_log,
        log_format=log_format,
        limits=limits,
        gc_every_s=gc_every_s,
        frame_ancestors=frame_ancestors,
        lifeline=lifeline,
        announce=_announce if announce is None and port is not None else announce,
    )
    where = places(store_url, settings.read().spool)
    sockets = [bind_tcp(options)] if port is not None else []
    try:
        with hosting(where, options) as unix:
            if workers > 1:
                serve_in_processes(
                    lambda ready: _run(where, options.announcing(ready), sockets), workers, options.announce
                )
            else:
                _run(where, options, [*unix, *sockets])
    finally:
        for s in sockets:
            s.close()


def _announce(urls: list[str]) -> None:
    _say(f"Clew listens at {', '.join(urls)} (Ctrl+C ends it)")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the person at the terminal is meant


def bind_tcp(options: Options) -> socket.socket:
    """A listening TCP socket.

    Raises:
        Unavailable: the port is taken; the text names who has it, if it is a Clew.
        InvalidValue: the host is no address of this machine.
    """
    first = options.port or 0
    tries = range(first, min(first + 21, 65536)) if options.next_free_port and first else (first,)
    for port in tries:
        try:
            return _listen(options.host, port)
        except OSError as e:
            if e.errno == errno.EADDRINUSE:
                continue
            if e.errno == errno.EACCES:
                raise InvalidValue(
                    f"Port {port} needs more rights than this user has; choose one from 1024 on."
                ) from None
            raise InvalidValue(f"Cannot listen on host {options.host!r}: {e.strerror or e}.") from None
    raise Unavailable(peer.describe_port(options.host, first))


@contextlib.contextmanager
def hosting(where: Places, options: Options) -> Iterator[list[socket.socket]]:
    """Hold the store's lock; gives the bound Unix socket, which is removed at the end.

    Several servers may share a PostgreSQL store: only on-demand hosts lock there.

    Raises:
        Unavailable: another host keeps the store.
        AlreadyHosted: an on-demand host was wanted and one answers.
    """
    if not where.url.startswith("sqlite:") and not options.on_demand:
        os.makedirs(where.folder, mode=0o700, exist_ok=True)
        yield []
        return
    try:
        os.makedirs(where.folder, mode=0o700, exist_ok=True)
        lock = os.open(where.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as e:
        raise Unavailable(f"The store's folder {where.folder} cannot be written: {e.strerror}.") from None
    try:
        take_lock(lock, where, on_demand=options.on_demand)
        unix = _listen_unix(where.socket)
        try:
            yield [unix]
        finally:
            unix.close()
            _remove(where.socket)
            _remove(where.info)
    finally:
        os.close(lock)


class AlreadyHosted(ClewError):
    """A host of this store answers already; nothing is to be done."""


def take_lock(lock: int, where: Places, *, on_demand: bool, wait_s: float = TAKEOVER_S) -> None:
    """Take host.lock, from an on-demand host by asking it to end.

    Raises:
        AlreadyHosted: ``on_demand``, and the present host answers.
        Unavailable: another server keeps the store, or the present host does not end in time.
    """
    deadline = time.monotonic() + wait_s
    asked = 0
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            pass
        holder = read_info(where.info)
        if on_demand and answers(where.socket):
            raise AlreadyHosted("A host of this store is running.")
        if holder is not None and not on_demand:
            if not holder.on_demand:
                raise Unavailable(_kept_by(holder))
            if holder.pid != asked and peer.retire(holder.socket):
                asked = holder.pid
        if time.monotonic() > deadline:
            who = f"process {holder.pid}" if holder else "another process"
            raise Unavailable(
                f"The store's lock {where.lock} is held by {who}, which does not end; stop it, then try again."
            )
        time.sleep(0.02)


def _kept_by(holder: HostInfo) -> str:
    address = f" at {', '.join(holder.urls)}" if holder.urls else ""
    return (
        f"This store is served by another clew server, process {holder.pid}{address}. Use that one, or stop it "
        f"(kill {holder.pid}) and start again."
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    try:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # connections inherit it
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNTAKEN_MS)
        s.bind((host, port))
        s.listen(1024)
    except BaseException:
        s.close()
        raise
    return s


def _listen_unix(path: str) -> socket.socket:
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if os.stat(folder).st_uid != os.getuid():
        raise Unavailable(f"The folder {folder} of the host's socket belongs to another user; remove it or set TMPDIR.")
    _remove(path)  # we hold the lock, so whoever made it is gone
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        s.bind(path)
    except OSError as e:
        s.close()
        raise Unavailable(f"The socket {path} cannot be made: {e.strerror}.") from None
    finally:
        os.umask(before)
    s.listen(1024)
    return s


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def _run(where: Places, options: Options, sockets: list[socket.socket]) -> None:
    """Open the store, answer requests until the end, close the store."""
    # Imported here: the lock and the port are refused in milliseconds, without numpy and the rest.
    from clew.server.service import Service

    service = Service(where, options, sockets)
    try:
        with asyncio.Runner(loop_factory=service.loop_factory) as runner:
            runner.run(service.run())
    finally:
        service.close()
    if service.interrupted:
        raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m clew.server.host``: host a store on demand; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m clew.server.host", description="Hosts a Clew store on demand.")
    parser.add_argument("--store", required=True, help="sqlite:///… or postgresql://…")
    parser.add_argument("--on-demand", action="store_true", help="end when no client is connected any more")
    parser.add_argument(
        "--port",
        type=int,
        help="listen there too, or at the next free port; say where on standard output; end when standard input does",
    )
    parser.add_argument("--frame-ancestors", action="append", default=[], help="origin whose pages may frame the UI")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=settings.read().log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is meant for the script, not for its host
    try:
        if given.port is None:
            serve(given.store, port=None, on_demand=given.on_demand)
        else:
            serve(
                given.store,
                port=given.port,
                next_free_port=True,
                artifacts_destination=places(given.store, settings.read().spool).artifacts,
                frame_ancestors=given.frame_ancestors,
                lifeline=sys.stdin.fileno(),
                announce=lambda urls: print(json.dumps({"urls": urls}), flush=True),  # noqa: T201
            )
    except AlreadyHosted:
        return 0
    except ClewError as e:
        # One line, because the client that started us shows the last one.
        print(f"clew: {' '.join(str(e).split())}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
