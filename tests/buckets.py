"""Object stores of tests: servers on loopback that speak like the clouds, ended by whoever started them."""

from __future__ import annotations

import base64
import hmac
import http.client
import itertools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from email.utils import formatdate
from pathlib import Path
from urllib.parse import urlsplit

SECRET = "moto-secret-key"
# The account that Azurite has, published with it; no secret.
AZURITE_ACCOUNT = "devstoreaccount1"
AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class Emulator:
    """A process that serves an object store at ``url``, its data in a folder of its own."""

    def __init__(self, command: list[str], port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._numbers = itertools.count(1)
        self._folder = Path(tempfile.mkdtemp(prefix="clew-bucket-"))
        with open(self._folder / "log", "wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder)
        try:
            self._await(port)
        except BaseException:
            self.stop()
            raise

    def _await(self, port: int) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"the emulator did not start:\n{(self._folder / 'log').read_text()}")

    def new_name(self) -> str:
        return f"bucket{next(self._numbers)}"

    def request(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        assert answer.status < 300, (answer.status, content[:500])
        return content

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_s3() -> Emulator:
    """Moto's server; ``AWS_*`` of the caller's environment must not reach it."""
    port = free_port()
    return Emulator([sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], port)


def azurite() -> str | None:
    """The emulator of Azure's store, where someone installed it (``npm install -g azurite``)."""
    return shutil.which("azurite-blob")


def start_azure() -> Emulator:
    port, program = free_port(), azurite()
    assert program is not None
    command = [
        program,
        "--silent",
        "--inMemoryPersistence",
        "--skipApiVersionCheck",
        "--disableTelemetry",
        "--blobHost",
        "127.0.0.1",
    ]
    return Emulator([*command, "--blobPort", str(port)], port)


def new_container(server: Emulator) -> str:
    """The name of a fresh container in Azurite."""
    name = server.new_name()
    path = f"/{AZURITE_ACCOUNT}/{name}?restype=container"
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-12-02"}
    lines = [f"{key}:{value}" for key, value in headers.items()]
    signed = "\n".join(("PUT", *[""] * 11, *lines, f"/{AZURITE_ACCOUNT}/{AZURITE_ACCOUNT}/{name}", "restype:container"))
    digest = hmac.digest(base64.b64decode(AZURITE_KEY), signed.encode(), "sha256")
    headers["Authorization"] = f"SharedKey {AZURITE_ACCOUNT}:{base64.b64encode(digest).decode()}"
    server.request("PUT", path, b"", {**headers, "Content-Length": "0"})
    return name


def s3_environment(url: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "moto-key",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
    }


def cloud_variables() -> list[str]:
    """What of the environment would lead to somebody's real bucket."""
    return [name for name in os.environ if name.startswith(("AWS_", "AZURE_", "GOOGLE_", "MLFLOW_S3_", "STORAGE_"))]
