"""Server processes of tests, and clients that never give up."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

API = "/api/2.0/mlflow/"
NATIVE = "/api/clew/v1/"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServerProcess:
    """A ``clew server`` on a port; its log is a file."""

    def __init__(self, folder: Path, store: str, port: int, *options: str, before: Any = None) -> None:
        self.port = port
        self.log = folder / f"server-{port}.log"
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("CLEW_", "MLFLOW_"))}
        command = [sys.executable, "-m", "clew", "server", "--port", str(port), "--backend-store-uri", store, *options]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, env=environ, stdout=log, stderr=log, stdin=subprocess.DEVNULL, preexec_fn=before
            )
        until = time.monotonic() + 60
        while self.status("/ready") != 200:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.02)

    def status(self, path: str) -> int:
        """The status of a GET; 0 where nobody answers."""
        try:
            return ask(self.port, "GET", path)[0]
        except (OSError, HTTPException):
            return 0

    def end(self, number: int) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)


def ask(port: int, method: str, path: str, fields: object = None) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        body = None if fields is None else json.dumps(fields)
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text[:1] == b"{" else text.decode()
    finally:
        connection.close()


def insist(ports: list[int], path: str, fields: object) -> Any:
    """The answer of a POST that must succeed in the end, at any of the servers."""
    until = time.monotonic() + 60
    for turn in range(10_000):
        try:
            status, answer = ask(ports[turn % len(ports)], "POST", path, fields)
        except (OSError, HTTPException) as error:
            status, answer = 0, error
        if status == 200:
            return answer
        assert status in (0, 429, 503), answer
        assert time.monotonic() < until, answer
        time.sleep(0.02)
    raise AssertionError("unreachable")


class Writer(threading.Thread):
    """Logs one point after the other to a run, first at ``ports[0]``, repeating each until it is acknowledged."""

    def __init__(self, ports: list[int], run_id: str) -> None:
        super().__init__()
        self.ports = ports
        self.run_id = run_id
        self.written = 0
        self.failure: BaseException | None = None
        self._stop_now = threading.Event()

    def run(self) -> None:
        try:
            while not self._stop_now.is_set():
                point = {"key": "loss", "value": self.written / 2, "timestamp": self.written, "step": self.written}
                insist(self.ports, API + "runs/log-metric", {"run_id": self.run_id, **point})
                self.written += 1
        except (AssertionError, OSError) as error:
            self.failure = error

    def finish(self) -> None:
        self._stop_now.set()
        self.join(90)
        assert self.failure is None, self.failure


def steps(port: int, run_id: str) -> list[int]:
    """The steps of a run's points as they are stored."""
    status, found = ask(port, "GET", f"{API}metrics/get-history?run_id={run_id}&metric_key=loss")
    assert status == 200, found
    return [point["step"] for point in found.get("metrics", ())]


class Events(threading.Thread):
    """An event stream, read until it ends; ``said`` is what came."""

    def __init__(self, port: int, topics: str) -> None:
        super().__init__(daemon=True)
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self._connection.request("GET", f"{NATIVE}events?topics={topics}")
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200
        self.said = ""
        self.start()

    def run(self) -> None:
        try:
            while piece := self._answer.read1(65536):
                self.said += piece.decode()
        except (OSError, HTTPException, ValueError):
            pass
        finally:
            self._answer.close()
            self._connection.close()

    def close(self) -> None:
        if self._connection.sock is not None:
            self._connection.sock.shutdown(socket.SHUT_RDWR)
        self.join(10)

    def changes(self) -> list[Any]:
        return [json.loads(data) for data in re.findall(r"event: change\ndata: (.*)\n", self.said)]
