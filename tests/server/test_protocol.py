"""What comes before a request's body has a bound."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from clew.server.protocol import MAX_HEAD_BYTES
from crash.servers import ServerProcess, ask, free_port


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server process."""
    folder = tmp_path_factory.mktemp("protocol")
    process = ServerProcess(folder, f"sqlite:///{folder}/s.db", free_port())
    yield process
    process.process.kill()
    process.process.wait()


def flood(port: int, begin: bytes, piece: bytes) -> tuple[int, bytes]:
    """(bytes taken, answer) of a request that goes on until the server ends it."""
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        try:
            connection.sendall(begin)
            while sent < 40 * MAX_HEAD_BYTES:
                connection.sendall(piece)
                sent += len(piece)
        except ConnectionError:
            pass
        try:
            return sent, connection.recv(65536)
        except ConnectionError:
            return sent, b""


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\n", b"X-Many: y\r\n" * 1000),
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: ", b"y" * 10_000),
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\nX", b"y" * 10_000),
        (b"GET /health?", b"y" * 10_000),
    ],
    ids=["many", "long", "name", "address"],
)
def test_headers_without_end_are_cut_off(server: ServerProcess, begin: bytes, piece: bytes) -> None:
    sent, answer = flood(server.port, begin, piece)
    assert sent < 40 * MAX_HEAD_BYTES  # the rest lies in the sockets' buffers
    assert answer[:12] in (b"HTTP/1.1 400", b"")
    assert ask(server.port, "GET", "/health") == (200, "OK")
    assert "Traceback" not in server.log.read_text()


def test_requests_on_one_connection_are_counted_each(server: ServerProcess) -> None:
    head = b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"y" * 200_000 + b"\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        for _ in range(5):
            connection.sendall(head)
            answer = b""
            while not answer.endswith(b"OK"):
                answer += connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200")


def test_bodies_are_not_counted(server: ServerProcess) -> None:
    body = b"x" * (4 * MAX_HEAD_BYTES)
    head = b"PUT /api/2.0/mlflow-artifacts/artifacts/a.bin HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        for _ in range(2):
            connection.sendall(head % len(body) + body)
            answer = b""
            while not answer.endswith(b"{}"):  # head and body may come one after the other
                answer += connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200")


def test_nonsense_behind_a_request_ends_its_answer_and_the_server_stays(server: ServerProcess) -> None:
    body = b'{"experiment_ids": ["0"]}'
    head = b"POST /api/clew/v1/runs/table HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    request = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    for before in (1, 2, 3, 10) * 10:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(request * before)
            connection.sendall(b"\x00\x01 nonsense\r\n\r\n")
            while connection.recv(65536):
                pass
    assert server.status("/health") == 200
    assert "Traceback" not in server.log.read_text()
