"""A server behind a door that can answer wrongly in every way that networks and proxies know."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGE = b"<html><body>Please log in</body></html>"


class Wrong:
    """A wrong answer: status, headers and body; or what is sent instead of one."""

    def __init__(
        self, status: int, body: bytes = b"", *, kind: str = "application/json", headers: dict[str, str] | None = None
    ) -> None:
        self.status = status
        self.body = body
        self.headers = {"Content-Type": kind, **(headers or {})}


def refusal(status: int, code: str, message: str, **headers: str) -> Wrong:
    """A refusal as a tracking server words it."""
    body = json.dumps({"error_code": code, "message": message}).encode()
    return Wrong(status, body, headers={k.replace("_", "-"): v for k, v in headers.items()})


def page(status: int) -> Wrong:
    """A web page, as a proxy or a login gives it."""
    return Wrong(status, PAGE, kind="text/html; charset=utf-8")


BREAK_OFF = Wrong(0)
"""The connection ends without an answer."""
SILENCE = Wrong(-1)
"""The request is taken and never answered."""
GIBBERISH = Wrong(-2)
"""Something that is no HTTP."""


class Door:
    """An address that leads to a server on ``port``, unless ``answer`` has a wrong answer to a request.

    answer: called with method, path and headers; None lets the request through.
    requests: method and path of all requests so far.
    """

    def __init__(self, port: int) -> None:
        self.answer: Callable[[str, str, dict[str, str]], Wrong | None] = lambda *_: None
        self.requests: list[str] = []
        self._closing = threading.Event()
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {k.lower(): v for k, v in self.headers.items()}
                door.requests.append(f"{self.command} {self.path}")
                wrong = door.answer(self.command, self.path, headers)
                if wrong is None:
                    self._let_through(port, body)
                elif wrong.status > 0:
                    self._say(wrong.status, wrong.headers, wrong.body)
                else:
                    if wrong is SILENCE:
                        door._closing.wait(60)
                    elif wrong is GIBBERISH:
                        self.wfile.write(b"\x15\x03\x01\x00\x02\x02\x0a\r\n\r\n")
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815

            def _let_through(self, port: int, body: bytes) -> None:
                connection = HTTPConnection("127.0.0.1", port, timeout=30)
                try:
                    sent = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
                    connection.request(self.command, self.path, body, sent)
                    answer = connection.getresponse()
                    data = answer.read()
                except (OSError, HTTPException):
                    self.close_connection = True
                    return
                finally:
                    connection.close()
                kept = {k: v for k, v in answer.getheaders() if k.lower() not in ("connection", "content-length")}
                self._say(answer.status, kept, data)

            def _say(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # a client that had enough

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def always(self, wrong: Wrong | None) -> None:
        """Answer everything like this; None lets everything through."""
        self.answer = lambda *_: wrong

    def close(self) -> None:
        """Shut it; who waits for an answer waits no longer."""
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def real_server(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """``clew server`` on a store in ``folder``; it ends with the block."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("CLEW_", "MLFLOW_"))}
    with open(folder / "server.log", "ab") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "clew", "server", "--port", str(port)),
                *("--backend-store-uri", f"sqlite:///{folder}/s.db"),
            ],
            env=environ | {"CLEW_SPOOL": str(folder / "spool")},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 60
        while not _answers(port):
            assert process.poll() is None, (folder / "server.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
