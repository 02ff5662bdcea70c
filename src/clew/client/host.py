"""The host of an embedded store: found by its socket, started where there is none.

Standard library only.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import time
from typing import Final

from clew.errors import Unavailable, shown
from clew.server.places import Places, answers, places, read_info

START_S: Final = 20.0
"""How long a starting host may take until its socket answers."""


def find_or_start(store_url: str, spool: str = "") -> str:
    """The Unix socket of the process that hosts ``store_url``, started on demand if none runs.

    spool: the user's spool folder, beside which a PostgreSQL host keeps its files.

    Raises:
        Unavailable: the host did not come up; the text has its last words.
    """
    place = places(store_url, spool)
    found = find(place)
    return found or _start(place)


def find(place: Places) -> str | None:
    """The socket of the running host of a store, or None."""
    info = read_info(place.info)
    if info is not None and info.socket and answers(info.socket):
        return info.socket
    return None


def _start(place: Places) -> str:
    try:
        os.makedirs(place.folder, exist_ok=True)
        log = os.path.join(place.folder, "host.log")
        begin = os.path.getsize(log) if os.path.exists(log) else 0
        with open(log, "ab") as out:
            child = subprocess.Popen(
                [*python_module("clew.server.host"), "--store", place.url, "--on-demand"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
    except OSError as error:
        raise Unavailable(
            f"The store {shown(place.url)} cannot be opened: {error.strerror} ({error.filename})"
        ) from error
    deadline = time.monotonic() + START_S
    pause = 0.01
    while time.monotonic() < deadline:
        found = find(place)
        if found:
            _reap_later(child)
            return found
        if child.poll() not in (None, 0):
            raise Unavailable(f"The store {shown(place.url)} cannot be opened. {_last_words(log, begin)}")
        # A child that ended well left the lock to a host that another process started.
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    _reap_later(child)
    raise Unavailable(
        f"The host of {shown(place.url)} did not answer within {START_S:.0f} s. {_last_words(log, begin)}"
    )


def python_module(name: str, *, bare: bool = False) -> list[str]:
    """The command that runs a module of this very package, whatever the working directory holds.

    bare: without site-packages, for modules that need the standard library only.
    """
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    code = f"import runpy, sys; sys.path.append({package!r}); runpy.run_module({name!r}, run_name='__main__')"
    return [sys.executable, *(["-I", "-S"] if bare else ["-P"]), "-c", code]


def _last_words(log: str, begin: int) -> str:
    try:
        with open(log, "rb") as file:
            file.seek(begin)
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    if not lines:
        return f"It said nothing in {log}."
    return f"It said: {lines[-1].removeprefix('clew: ')} (all of it in {log})"


_children: list[subprocess.Popen[bytes]] = []


@atexit.register
def _let_go() -> None:
    """They outlive us on purpose, so Python need not warn that nobody waits for them."""
    for child in _children:
        if child.poll() is None:
            child.returncode = 0


def _reap_later(child: subprocess.Popen[bytes]) -> None:
    """Keep a detached child until it has ended, so that neither a zombie nor a ResourceWarning remains."""
    _children[:] = [c for c in _children if c.poll() is None]
    if child.poll() is None:
        _children.append(child)


def adopt(child: subprocess.Popen[bytes]) -> None:
    """Look after a process that was started to outlive this one."""
    _reap_later(child)
