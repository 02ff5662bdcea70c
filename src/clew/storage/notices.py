"""PostgreSQL tells of every server's commits: one listening connection, made again when it is lost."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from clew.storage.changes import CHANNEL, Change, read_notice
from clew.storage.postgres import url_of

if TYPE_CHECKING:
    import psycopg

RETRY_S: Final = 1.0

_log = logging.getLogger("clew.storage")


class Notices:
    """Listens in a thread of its own.

    heard: called there with each change; with None where some may have been missed: after the connection
    was made (again), or when a group touched more than one notification can name.
    """

    def __init__(self, url: str, heard: Callable[[Change | None], None]) -> None:
        self._url = url_of(url)
        self._heard = heard
        self._stopping = threading.Event()
        self._gate = threading.Lock()
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, name="clew-notices", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread and its connection."""
        self._stopping.set()
        with self._gate:
            if self._socket is not None:
                with contextlib.suppress(OSError):  # the other side left first
                    self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread, which only waits for bytes
        self._thread.join()

    def _serve(self) -> None:
        import psycopg

        while not self._stopping.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                if not self._stopping.is_set():
                    _log.warning(
                        "the connection that hears of other servers' changes is lost, and made again: %s", error
                    )
                    self._stopping.wait(RETRY_S)

    def _listen(self) -> None:
        import psycopg

        # A server that vanished without a word is noticed within half a minute.
        connected = psycopg.connect(
            self._url, autocommit=True, keepalives_idle=15, keepalives_interval=5, keepalives_count=3
        )
        with connected as connection, self._wakeable(connection):
            connection.execute(f"LISTEN {CHANNEL}".encode())
            self._heard(None)
            if self._stopping.is_set():
                return
            for notice in connection.notifies():
                self._heard(read_notice(notice.payload))

    @contextlib.contextmanager
    def _wakeable(self, connection: psycopg.Connection) -> Iterator[None]:
        """The connection's socket is known to :meth:`close` inside the block."""
        with socket.socket(fileno=os.dup(connection.fileno())) as own:
            with self._gate:
                self._socket = own
            try:
                yield
            finally:
                with self._gate:
                    self._socket = None
