"""Seeing to it that a shipper runs: as a process of its own, or as a thread where none may be started.

Standard library only.
"""

from __future__ import annotations

import os
import sys
import threading

from clew.client import spool
from clew.client.notice import warn_once


class Launcher:
    """Starts the shipper of one target folder whenever none listens there.

    mode: ``process`` or ``thread``. offline: never start one.
    """

    def __init__(self, folder: str, mode: str, *, offline: bool = False) -> None:
        self.folder = folder
        self.offline = offline
        self.mode = mode if sys.executable else "thread"  # an embedded interpreter cannot start another one
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def tend(self) -> None:
        """Wake the shipper, or start one. Never raises for what the machine refuses."""
        if self.offline or spool.wake(self.folder):
            return
        if not self._lock.acquire(blocking=False):
            return  # a signal handler, or another thread that is at it
        try:
            if self.mode == "thread":
                self._start_thread()
            else:
                self._start_process()
        except OSError as error:
            warn_once(
                "shipper",
                f"The shipper process cannot be started ({error.strerror}); what is logged stays in {self.folder} "
                "until `clew sync`. CLEW_SHIPPER=thread ships from inside this process.",
            )
        finally:
            self._lock.release()

    def _start_process(self) -> None:
        import subprocess

        from clew.client.host import adopt, python_module

        with open(os.path.join(self.folder, "shipper.log"), "ab") as out:
            child = subprocess.Popen(
                [*python_module("clew.client.shipper", bare=True), self.folder],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                cwd="/",
            )
        adopt(child)

    def _start_thread(self) -> None:
        from clew.client import shipper

        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=shipper.serve, args=(self.folder,), name="clew-shipper", daemon=True)
            self._thread.start()
