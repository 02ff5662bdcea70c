"""Seeing to it that a shipper runs: as a process of its own, or as a thread where none may be started.

Standard library only.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from clew.client import spool
from clew.client.notice import warn_once
from clew.client.telling import Telling

if TYPE_CHECKING:
    import subprocess

_IN_VAIN_S: Final = 30.0
"""Pause between two shippers where the last one was turned away by the target and ended."""
_STILLBORN_S: Final = 3.0
_STILLBORN: Final = 2
"""Shippers that fail so soon after their start, one after the other, before a thread takes their place."""


class Launcher:
    """Starts the shipper of one target folder whenever none listens there.

    mode: ``process`` or ``thread``; it becomes ``thread`` by itself where no process can be started.
    offline: never start one. telling: what the user is told about the target.
    """

    def __init__(self, folder: str, mode: str, *, offline: bool = False) -> None:
        self.folder = folder
        self.offline = offline
        self.mode = mode if sys.executable else "thread"  # an embedded interpreter cannot start another one
        self.telling = Telling(folder)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._stillborn = 0
        self._started_at: float | None = None
        self._no_process = ""  # why there cannot be one

    def tend(self, *, hindered: bool = False) -> bool:
        """Wake the shipper, or start one; False where nobody will look now.

        hindered: the last shipper ended because the target turned it away, so the next one waits a little.
        Never raises for what the machine refuses.
        """
        if self.offline:
            return False
        if spool.wake(self.folder):
            return True
        if not self._lock.acquire(blocking=False):
            return True  # a signal handler, or another thread that is at it
        try:
            return self._start(hindered)
        finally:
            self._lock.release()

    def _start(self, hindered: bool) -> bool:
        now = time.monotonic()
        if hindered and self._started_at is not None and now - self._started_at < _IN_VAIN_S:
            return False
        self._look_after_child(now)
        self._started_at = now
        if self.mode == "process":
            try:
                self._start_process()
                return True
            except OSError as error:
                self.mode, self._no_process = "thread", error.strerror or str(error)
        return self._start_thread()

    def _look_after_child(self, now: float) -> None:
        """Count shippers that failed at once, as where a sandbox lets a process start and do nothing."""
        if self._child is None or self._started_at is None or self._child.poll() is None:
            return
        failed = self._child.returncode > 0 or self._child.returncode == -getattr(signal, "SIGSYS", 0)
        self._stillborn = self._stillborn + 1 if failed and now - self._started_at < _STILLBORN_S else 0
        if self._stillborn >= _STILLBORN:
            self.mode = "thread"
            self._no_process = f"it ends with status {self._child.returncode}; see {self.folder}/shipper.log"

    def _start_process(self) -> None:
        import subprocess

        from clew.client.host import adopt, python_module

        with open(os.path.join(self.folder, "shipper.log"), "ab") as out:
            self._child = subprocess.Popen(
                [*python_module("clew.client.shipper", bare=True), self.folder],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                cwd="/",
            )
        adopt(self._child)

    def _start_thread(self) -> bool:
        from clew.client import shipper

        if self._thread is not None and self._thread.is_alive():
            return True
        thread = threading.Thread(target=shipper.serve, args=(self.folder,), name="clew-shipper", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # the limit of processes counts threads too
            warn_once(
                f"shipper-{self.folder}",
                f"Nothing is sent now, since this process may start neither a process nor a thread ({error}). "
                f"What is logged goes into {self.folder}; `clew sync` sends it.",
            )
            return False
        self._thread = thread
        if self._no_process:
            warn_once(
                f"shipper-{self.folder}",
                f"The process that sends what is logged cannot be started ({self._no_process}), so a thread of this "
                "process does it. CLEW_SHIPPER=thread chooses that from the beginning.",
            )
        return True
