"""The UI of an embedded store, served for as long as this process lives."""

from __future__ import annotations

import json
import os
import select
import subprocess
from typing import Any, Final

from clew import settings
from clew.client.host import START_S, adopt, python_module
from clew.client.link import Link
from clew.client.weblinks import ui_address
from clew.errors import Unavailable, shown
from clew.server.places import places

FRAMES: Final = ("http://localhost:*", "http://127.0.0.1:*", "https://localhost:*", "https://127.0.0.1:*")
"""Where notebooks that run on this machine have their pages."""
PORT: Final = 5000


class _Served:
    """The UI of an embedded store, served by a child process that ends with this one.

    The child holds the other end of a pipe, so that it notices the end even of a killed parent.
    """

    def __init__(self, link: Link, *, framed: bool) -> None:
        self.framed = framed
        command = [*python_module("clew.server.host"), "--store", link.uri, "--port", str(PORT)]
        for origin in FRAMES if framed else ():
            command += ["--frame-ancestors", origin]
        log = os.path.join(places(link.uri, settings.read().spool).folder, "ui.log")
        os.makedirs(os.path.dirname(log), exist_ok=True)
        with open(log, "ab") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        adopt(self.process)
        self.address = self._read_address(shown(link.uri), log)

    def _read_address(self, store: str, log: str) -> str:
        out: Any = self.process.stdout
        if select.select([out], [], [], START_S)[0] and (line := out.readline()):
            return str(json.loads(line)["urls"][0])
        self.stop()
        raise Unavailable(f"The UI of {store} cannot be served; {log} says why.")

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait(START_S)

    @property
    def lives(self) -> bool:
        return self.process.poll() is None


_served: dict[str, _Served] = {}


def serve_ui(link: Link, *, framed: bool) -> str:
    """Where the UI of a tracking URI is; that of an embedded store is served from here, unless it is served already.

    framed: pages of notebooks on this machine shall be able to frame it.

    Raises:
        Unavailable: the store cannot be opened, or no port is free.
    """
    own = _served.get(link.uri)
    if own is not None and own.lives and (own.framed or not framed):
        return own.address
    if own is not None and own.lives:
        own.stop()
    elif base := ui_address(link):
        return base
    own = _served[link.uri] = _Served(link, framed=framed)
    return own.address
