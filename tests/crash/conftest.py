"""Scripts that log and are killed, on a store and spool of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.client import spool
from clew.client.shipper import Shipper, hold
from hosts import alive, eventually, stop_host


class Place:
    """A store, a spool, and the scripts that use them.

    Everything that a test starts ends with it.
    """

    def __init__(self, folder: Path, *, idle_s: float = 30.0) -> None:
        self.folder = folder
        self.uri = f"sqlite:///{folder}/store.db"
        self.spool = str(folder / "spool")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLEW_", "MLFLOW_", "PYTEST_"))}
        self.environ = kept | {
            "CLEW_TRACKING_URI": self.uri,
            "CLEW_SPOOL": self.spool,
            "CLEW_SNAPSHOT": "0",
            "CLEW_HOST_IDLE_S": str(idle_s),
        }
        self._scripts: list[subprocess.Popen[str]] = []

    @property
    def target(self) -> str:
        """The target folder in the spool."""
        return spool.target_folder(self.spool, self.uri)

    def start(self, code: str, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """A Python process that runs ``code``."""
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=self.folder,
            env=self.environ | environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._scripts.append(process)
        return process

    def shipper_pid(self) -> int | None:
        """The process that ships this place's journals."""
        return next(iter(self.shipper_pids()), None)

    def shipper_pids(self) -> list[int]:
        """The shippers of this place; those that come second go again at once."""
        return _holders(self.target)

    def ship(self) -> None:
        """Wait until the spool is empty, shipping in this process if nobody else does."""
        lock = hold(self.target, 0.0)
        if lock is None:
            eventually(self.empty)
            return
        try:
            Shipper(self.target, once=True).run()
        finally:
            os.close(lock)
        assert self.empty(), os.listdir(self.target)

    def empty(self) -> bool:
        """Whether nothing waits in the spool."""
        return not any(spool.writers(folder) for _, folder in spool.runs(self.target))

    def close(self) -> None:
        """End the scripts, the shipper and the host."""
        for script in self._scripts:
            if script.poll() is None:
                script.kill()
            script.communicate()
        pid = self.shipper_pid()
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            eventually(lambda: not alive(pid))
        if not self.uri.startswith("http"):
            stop_host(self.uri)


def _holders(argument: str) -> list[int]:
    """The live shippers that have ``argument`` as their last command line argument."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    words = file.read().decode(errors="replace").rstrip("\0").split("\0")
            except OSError:
                continue
            if words[-1] == argument and "clew.client.shipper" in " ".join(words) and alive(int(name)):
                found.append(int(name))
    return found


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A place whose host stays until the test ends."""
    it = Place(tmp_path)
    for name in ("CLEW_TRACKING_URI", "CLEW_SPOOL", "CLEW_HOST_IDLE_S"):
        monkeypatch.setenv(name, it.environ[name])
    yield it
    it.close()
