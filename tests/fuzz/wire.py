"""Requests as bytes on a socket, right and broken in every part."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from typing import NamedTuple

from hypothesis import strategies as st

from fuzz.calls import Call, calls
from fuzz.wild import mostly

WAIT_S = 0.25  # for an answer to what is not a whole request
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

_HEADERS = (
    *(b"Host: localhost", b"Host: evil.example", b"Host:", b"host: [", b"Host: localhost\r\nHost: localhost"),
    *(b"Origin: http://evil.example", b"Origin: null", b"Origin: http://["),
    *(
        b"Content-Type: application/json; charset=utf-16",
        b"Content-Type: text/plain",
        b"content-type:",
        b"Content-Type: \xff",
    ),
    *(b"Content-Length: 0", b"Content-Length: -1", b"Content-Length: 99999999999999999999", b"Content-Length: 5, 5"),
    *(b"Content-Length: 3", b"Content-Length: x", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: identity"),
    *(b"Content-Encoding: gzip", b"Content-Encoding: ", b"Accept-Encoding: br;q=x, gzip", b"TE: trailers"),
    *(b"Expect: 100-continue", b"Expect: nonsense", b"Connection: Upgrade\r\nUpgrade: websocket", b"Upgrade: h2c"),
    *(
        b"Range: bytes=0-0",
        b"Range: bytes=9-1",
        b"Range: bytes=-5",
        b"Range: bytes=0-1,3-4",
        b"Range: bytes=" + b"9" * 5000 + b"-",
    ),
    *(b'If-None-Match: "x", W/"y', b"If-Range: Mon, 99 Foo 2020", b"If-Modified-Since: \x80", b"Last-Event-ID: x\x7f"),
    *(b"Digest: sha-256=!!!", b"Repr-Digest: sha-256=:AAAA:", b"Content-Digest: sha-256=:" + b"A" * 3000 + b":"),
    *(
        b"X-Request-Id: a b",
        b"X-Request-Id: " + b"x" * 200,
        b"Cookie: " + b"c" * 60_000,
        b"X-Nul: a\x00b",
        b"X-Cr: a\rb",
    ),
    *(b" X-Folded: a\r\n b", b"X-No-Colon", b": no name", b"X Space: a", b"\xc3\xa9: \xc3\xa9", b"X: " + b"y" * 5000),
    b"\r\n".join(b"X-%d: y" % n for n in range(300)),
)
_VERSIONS = (b"HTTP/1.0", b"HTTP/2.0", b"HTTP/1.1 ", b"HTTP/9", b"http/1.1", b"ICY", b"")
_TARGETS = (
    *(
        b"*",
        b"http://evil.example/health",
        b"//health",
        b"/%",
        b"/%zz",
        b"/%00",
        b"/%ff%fe",
        b"/\xff\xfe",
        b"/\xc3\xa9",
        b"?",
    ),
    *(b"/api/2.0/mlflow/runs/get?run_id=%ff", b"/api/2.0/mlflow/runs/get?" + b"a=b&" * 4000, b"/" + b"a" * 60_000, b""),
    *(b"/api/2.0/mlflow/runs%2fget?run_id=x", b"/api/2.0/mlflow/./runs/get", b"/api//2.0//mlflow//experiments/search"),
    *(
        b"/get-artifact?path=%252e%252e%252fx&run_id=%00",
        b"/api/2.0/mlflow-artifacts/artifacts/%2e%2e/%2e%2e/etc/passwd",
    ),
    *(b"/api/clew/v1/events?topics=" + b"run:x," * 500, b"/api/clew/v1/events?topics=exp:0&since=" + b"9" * 5000),
    *(
        b"/api/clew/v1/changes?experiment_id=0&since=-1",
        b"/static-files/../app.py",
        b"/#fragment",
        b"/l/x?y=http://evil.example",
    ),
)


class Message(NamedTuple):
    """A request whose places are still to be filled. broken: may be no whole request."""

    call: Call
    method: bytes | None
    target: bytes | None
    version: bytes
    headers: tuple[bytes, ...]
    framing: str
    tail: bytes
    encoding: str

    def encoded(self, there: Mapping[str, str]) -> bytes:
        body = self.call.payload(there)
        if self.encoding != "utf-8":
            body = body.decode("utf-8", "replace").encode(self.encoding, "replace")
        query = self.call.query_string(there)
        target = (self.call.address(there) + ("?" + query if query else "")).encode()
        lines = [b" ".join((self.method or self.call.method.encode(), self.target or target, self.version))]
        lines += [b"Host: localhost", b"Content-Type: " + self.call.content_type.encode(), *self.headers]
        if self.framing == "length":
            lines.append(b"Content-Length: %d" % len(body))
        elif self.framing == "short":
            lines.append(b"Content-Length: %d" % (len(body) // 2))
        elif self.framing == "long":
            lines.append(b"Content-Length: %d" % (len(body) + 7))
        elif self.framing != "none":
            lines.append(b"Transfer-Encoding: chunked")
            body = _CHUNKED[self.framing](body)
        return b"\r\n".join((*lines, b"", b"")) + body + self.tail

    @property
    def whole(self) -> bool:
        return self.framing in ("length", "chunked") and not self.headers and self.version == b"HTTP/1.1"


def _chunks(body: bytes) -> bytes:
    pieces = [body[at : at + 17] for at in range(0, len(body), 17)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


_CHUNKED = {
    "chunked": _chunks,
    "no end": lambda body: b"%x\r\n%s\r\n" % (len(body), body) if body else b"",
    "wrong size": lambda body: b"%x\r\n%s\r\n0\r\n\r\n" % (len(body) + 3, body),
    "no size": lambda body: b"zz\r\n%s\r\n0\r\n\r\n" % body,
    "huge size": lambda body: b"f" * 40 + b"\r\n" + body,
    "extension": lambda body: (
        b"%x;a=b\r\n%s\r\n0\r\nX-Trailer: y\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    ),
}


def _or_none(values: tuple[bytes, ...]) -> st.SearchStrategy[bytes | None]:
    return mostly(st.none(), st.sampled_from(values) | st.binary(max_size=12))  # type: ignore[return-value]


def messages() -> st.SearchStrategy[Message]:
    """Requests with one or more parts broken."""
    return st.builds(
        Message,
        calls(),
        _or_none((b"get", b"PRI", b"CONNECT", b"G" * 3000, b"GET\t", b"PUT", b"DELETE", b"POST")),
        _or_none(_TARGETS),
        mostly(st.just(b"HTTP/1.1"), st.sampled_from(_VERSIONS)),
        st.lists(st.sampled_from(_HEADERS), max_size=2).map(tuple),
        mostly(st.sampled_from(("length", "chunked")), st.sampled_from(("short", "long", "none", *_CHUNKED))),
        mostly(st.just(b""), st.sampled_from((b"GET /health HTTP/1.1\r\n\r\n", b"\x00" * 50, b"\r\n\r\n"))),
        mostly(st.just("utf-8"), st.sampled_from(("utf-16", "utf-32", "utf-8-sig", "cp037"))),
    )


def exchange(port: int, request: bytes, *, whole: bool) -> tuple[int, bytes]:
    """(status, body) of the first answer; 0 where the server gave none. whole: whether one must come."""
    with socket.create_connection(("127.0.0.1", port), timeout=20 if whole else WAIT_S) as connection:
        answer = b""
        try:
            connection.sendall(request)
            while not _complete(answer, request):
                piece = connection.recv(65536)
                if not piece:
                    break
                answer += piece
        except (TimeoutError, ConnectionError):
            assert not whole, request[:500]
    head, _, body = answer.partition(b"\r\n\r\n")
    match = re.match(rb"HTTP/1\.1 (\d{3})", head)
    length = _LENGTH.search(head)
    return (int(match[1]) if match else 0), body[: int(length[1])] if length else body


def _complete(answer: bytes, request: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end or head.startswith(b"HTTP/1.1 100"):
        return False
    length = _LENGTH.search(head)
    if length is None or request.startswith(b"HEAD ") or head.startswith(b"HTTP/1.1 304"):
        return True
    return len(body) >= int(length[1])
