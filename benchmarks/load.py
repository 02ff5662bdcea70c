"""A load generator that costs little itself: fixed request bytes over keep-alive sockets, one thread, epoll."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterable, Sequence
from time import perf_counter

PATIENCE_S = 300.0  # MLflow searches 100 k runs for half a minute


def post(path: str, body: bytes, content_type: str = "application/json") -> bytes:
    """The bytes of one POST request."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class _Line:
    """One connection with one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got = b""

    def answered(self) -> bytes | None:
        """Takes what came; the answer's body once it is whole.

        Raises:
            SystemExit: the answer is not 200.
        """
        part = self.socket.recv(262_144)
        if not part:
            raise SystemExit("the server hung up")
        self.got += part
        head, found, body = self.got.partition(b"\r\n\r\n")
        if not found:
            return None
        lower = head.lower()
        at = lower.find(b"content-length:")
        whole = len(body) >= int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else body.endswith(b"0\r\n\r\n")
        if not whole:
            return None
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"refused: {self.got[:600].decode(errors='replace')}")
        self.got = b""
        return body


def drive(port: int, queues: Sequence[Iterable[bytes]]) -> tuple[int, float]:
    """(requests answered, seconds): one connection per queue, each sends its requests in order."""
    lines = [(_Line(port), iter(queue)) for queue in queues]
    done = busy = 0
    start = perf_counter()
    with selectors.DefaultSelector() as ready:
        for line, queue in lines:
            request = next(queue, None)
            if request is not None:
                ready.register(line.socket, selectors.EVENT_READ, (line, queue))
                line.socket.sendall(request)
                busy += 1
        while busy:
            events = ready.select(PATIENCE_S)
            if not events:
                raise SystemExit("the server does not answer")
            for key, _ in events:
                line, queue = key.data
                if line.answered() is None:
                    continue
                done += 1
                request = next(queue, None)
                if request is None:
                    busy -= 1
                else:
                    line.socket.sendall(request)
        taken = perf_counter() - start
    for line, _ in lines:
        line.socket.close()
    return done, taken


def ask(port: int, request: bytes) -> bytes:
    """The body of one answer."""
    line = _Line(port)
    line.socket.sendall(request)
    body = None
    while body is None:
        body = line.answered()
    line.socket.close()
    return body


def deal(requests: Sequence[bytes], hands: int) -> list[Sequence[bytes]]:
    """The requests, shared out to ``hands`` connections."""
    return [requests[i::hands] for i in range(hands)]
