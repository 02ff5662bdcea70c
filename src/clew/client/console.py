"""What a run prints, kept with it: ``clew/console/<host>-<pid>/<number>.log``, pieces in order.

Opt-in, by ``clew.capture_console()`` or ``CLEW_CONSOLE=1``. Pieces go into the spool when they hold 64 KB, or 2 s after
their first line, so a process that is killed loses the last two seconds. Secrets are masked.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any, Final, TextIO

from clew import settings
from clew.client.notice import warn_once
from clew.client.runlog import RunLog

FOLDER: Final = "clew/console"
MAX_CHARACTERS: Final = 16 << 20
"""What a process keeps of one run; the rest is only printed."""
_PIECE: Final = 64 << 10
_WAIT_S: Final = 2.0

_asked: list[bool] = []
_open: list[Console] = []


def capture_console(enable: bool = True) -> None:
    """Keep what is printed during the runs that begin from now on, with them."""
    _asked[:] = [enable]


def wanted() -> bool:
    """Whether runs that begin now keep what is printed."""
    return _asked[0] if _asked else settings.read().console


class Console:
    """Takes what is printed while it is the innermost one, until it is stopped."""

    def __init__(self, log: RunLog) -> None:
        import socket

        self._log = log
        self._place = f"{FOLDER}/{socket.gethostname()}-{os.getpid()}"
        self._lock = threading.RLock()
        self._held: list[str] = []
        self._size = 0
        self._total = 0
        self._pieces = 0
        self._timer: threading.Timer | None = None
        _open.append(self)
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is not None and not isinstance(stream, _Tee):
                setattr(sys, name, _Tee(stream))

    def take(self, text: str) -> None:
        """Keep a text."""
        with self._lock:
            if self._total >= MAX_CHARACTERS:
                return
            self._total += len(text)
            if self._total >= MAX_CHARACTERS:
                text += f"\n… the run prints more than {MAX_CHARACTERS:,} characters; the rest is not kept\n"
            self._held.append(text)
            self._size += len(text)
            if self._size >= _PIECE:
                self._flush()
            elif self._timer is None:
                self._timer = threading.Timer(_WAIT_S, self._flush)
                self._timer.daemon = True
                self._timer.start()

    def _flush(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            text, self._held, self._size = "".join(self._held), [], 0
            if not text:
                return
            self._pieces += 1
            name = f"{self._pieces:06d}.log"
            from clew.client import contents
            from clew.client.secrets import masked

            try:
                with contents.draft(name) as file:
                    contents.write_text(file, masked(text))
                    self._log.spool_file(file, f"{self._place}/{name}")
            except OSError as error:
                warn_once("console", f"What run {self._log.run_id} prints is not kept: {error}")

    def stop(self) -> None:
        """Keep the rest, and let the streams be as they were when nobody listens any more."""
        if self in _open:
            _open.remove(self)
        self._flush()
        if not _open:
            for name in ("stdout", "stderr"):
                stream = getattr(sys, name)
                if isinstance(stream, _Tee):
                    setattr(sys, name, stream.stream)


class _Tee:
    """A stream that also tells the innermost console what is written to it."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        count = self.stream.write(text)
        if _open:
            _open[-1].take(text)
        return count

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def _after_fork() -> None:
    """A child's prints are its own: the parent's pieces and timers are not here."""
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
