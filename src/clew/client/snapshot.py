"""What a run's code was: uncommitted changes, and the packages that are installed.

Kept as ``clew/source/changes.diff`` and ``clew/source/packages.txt``. It is gathered once per process, beside the
training, so ``start_run`` does not wait for it; ``CLEW_SNAPSHOT=0`` leaves it out.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Final

from clew.client.notice import warn_once
from clew.client.receipt import Awaited
from clew.client.runlog import RunLog
from clew.client.source import program_folder

FOLDER: Final = "clew/source"
MAX_BYTES: Final = 1 << 20
_GIT_S: Final = 10.0
_STOP_S: Final = 5.0


class Snapshot:
    """The thread that keeps a run's snapshot.

    later: told of each file, for which the run's end does not wait.
    """

    def __init__(self, log: RunLog, later: Callable[[Awaited], object]) -> None:
        self._log = log
        self._later = later
        self._thread = threading.Thread(target=self._keep, name="clew-snapshot", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Wait until it is kept, 5 s at most."""
        self._thread.join(_STOP_S)

    def _keep(self) -> None:
        from clew.client import contents

        try:
            for name, text in gathered().items():
                with contents.draft(name) as file:
                    contents.write_text(file, text)
                    self._log.spool_file(file, f"{FOLDER}/{name}", self._later)
        except OSError as error:
            warn_once("snapshot", f"The source of run {self._log.run_id} is not kept: {error}")


_lock = threading.Lock()
_known: dict[str, str] | None = None


def gathered() -> dict[str, str]:
    """File name → text, secrets masked; the same for all runs of this process."""
    global _known
    with _lock:
        if _known is None:
            changes = _changes(program_folder())
            _known = {"packages.txt": _packages()} | ({"changes.diff": changes} if changes else {})
        return _known


def _changes(folder: str) -> str:
    """What ``git diff HEAD`` says, cut to 1 MB; empty without changes, git or checkout."""
    import subprocess

    from clew.client.secrets import masked

    command = ["git", "-C", folder, "-c", "core.fsmonitor=false", "diff", "--no-ext-diff", "--no-textconv", "HEAD"]
    try:
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        ) as git:
            timer = threading.Timer(_GIT_S, git.kill)
            timer.daemon = True
            timer.start()
            assert git.stdout is not None
            data = git.stdout.read(MAX_BYTES + 1)
            if len(data) > MAX_BYTES:
                git.kill()
            git.wait()
            timer.cancel()
    except OSError:
        return ""
    text = masked(data[:MAX_BYTES].decode("utf-8", "replace"))
    return text + f"\n… cut after {MAX_BYTES:,} bytes\n" if len(data) > MAX_BYTES else text


def _packages() -> str:
    """``name==version`` of what is installed, a line each, by name.

    Installers write both into the name of the package's folder of metadata, so none of these needs to be opened
    (``importlib.metadata`` parses each, ten times as long). A name is pip's, to which ``_`` and ``-`` are the same.
    """
    found: dict[str, str] = {}
    for folder in sys.path:
        try:
            entries = os.listdir(folder or ".")
        except OSError:
            continue  # a zip file, or a folder that is not there
        for entry in entries:
            stem, _, kind = entry.rpartition(".")
            if kind in ("dist-info", "egg-info"):
                name, version = (*stem.split("-"), "")[:2]
                found.setdefault(name.replace("_", "-"), version or _version_in(os.path.join(folder, entry)))
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items(), key=lambda p: p[0].lower()))


def _version_in(metadata: str) -> str:
    """The version that a folder of metadata tells whose name does not, as for ``setup.py develop``."""
    try:
        with open(os.path.join(metadata, "PKG-INFO"), encoding="utf-8", errors="replace") as file:
            return next((line.removeprefix("Version:").strip() for line in file if line.startswith("Version:")), "")
    except OSError:
        return ""


def _after_fork() -> None:
    """The thread that may hold the lock is not in the child."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
