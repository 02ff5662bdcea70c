"""HTTP for the client and the shipper: a keep-alive pool over TCP, TLS or a Unix socket.

Standard library only. Answers come back as they are; what a status means is the caller's business.
"""

from __future__ import annotations

import http.client
import os
import random
import select
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Generator, Mapping
from typing import BinaryIO, Final, Protocol
from urllib.parse import unquote, urlsplit

from clew.client import deadline
from clew.client.source import user_name
from clew.errors import InvalidValue, Unavailable

CONNECT_S: Final = 5.0
TIMEOUT_S: Final = 60.0
CHUNK: Final = 1 << 18
_POOL: Final = 4

Body = bytes | BinaryIO


class Answer:
    """A response: status, headers in lower case, body, and what an error message calls the server."""

    __slots__ = ("body", "headers", "status", "where")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes, where: str = "The server") -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.where = where


class Sender(Protocol):
    """Whatever takes a request to a server and brings the answer back."""

    def send(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        patience_s: float = TIMEOUT_S,
    ) -> Answer:
        """The answer to one request.

        Raises:
            Unavailable: the server could not be reached or broke off.
        """

    def fetch(
        self,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        body: bytes | None = None,
    ) -> tuple[int, Mapping[str, str], Generator[bytes]]:
        """Status, headers and the body of an answer in pieces."""

    def close(self) -> None:
        """Close idle connections; the sender stays usable."""


class UnixConnection(http.client.HTTPConnection):
    """An HTTP connection over a Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout, blocksize=CHUNK)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class HttpSender:
    """Requests to one server, over connections that are kept.

    dial: a fresh, unconnected connection; asked again when the old ones are gone, so that a host
    which restarted elsewhere is found.
    where: what an error message calls the server.
    prefix: put before every path. token: sent as a bearer token. login: name and password, sent where there is none.
    Thread-safe.
    """

    def __init__(
        self,
        dial: Callable[[], http.client.HTTPConnection],
        *,
        where: str,
        prefix: str = "",
        token: str | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:
        self._dial = dial
        self.where = where
        self._prefix = prefix
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        if login and not token:
            self._headers["Authorization"] = "Basic " + b64encode(":".join(login).encode()).decode()
        self._headers["X-Clew-User"] = user_name().encode("ascii", "replace").decode()
        self._idle: list[http.client.HTTPConnection] = []
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def send(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        patience_s: float = TIMEOUT_S,
    ) -> Answer:
        """The answer to one request; patience_s: seconds without a byte of it.

        A kept connection that the server has closed meanwhile is replaced; nothing else is repeated here.

        Raises:
            Unavailable: the server could not be reached or broke off.
        """
        connection = self._take()
        try:
            response = self._request(connection, method, path, body, headers, patience_s)
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Unavailable(f"{self.where} does not answer: {reason(error)}") from error
        self._give(connection, response)
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, data, self.where)

    def fetch(
        self,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        body: bytes | None = None,
    ) -> tuple[int, Mapping[str, str], Generator[bytes]]:
        """Status, headers and the body of an answer in pieces, which are read to their end or closed.

        Raises:
            Unavailable: the server could not be reached or broke off.
        """
        connection = self._take()
        try:
            response = self._request(connection, method, path, body, headers, TIMEOUT_S)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Unavailable(f"{self.where} does not answer: {reason(error)}") from error
        return response.status, {k.lower(): v for k, v in response.getheaders()}, self._pieces(connection, response)

    def _pieces(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> Generator[bytes]:
        try:
            while piece := response.read(CHUNK):
                yield piece
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Unavailable(f"{self.where} broke off: {reason(error)}") from error
        except GeneratorExit:  # the reader has enough; what is left would be in the way of the next answer
            connection.close()
            raise
        self._give(connection, response)

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _request(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Body | None,
        headers: Mapping[str, str] | None,
        patience_s: float,
    ) -> http.client.HTTPResponse:
        sent = {**self._headers, **(headers or {})}
        if isinstance(body, bytes) and "Content-Type" not in sent:
            sent["Content-Type"] = "application/json"
        if connection.sock is None:
            connection.timeout = deadline.left_s(connection.timeout or CONNECT_S)
            connection.connect()
        _allow_time(connection.sock, patience_s)
        connection.request(method, self._prefix + path, body=body, headers=sent)
        return connection.getresponse()

    def _take(self) -> http.client.HTTPConnection:
        """A kept connection that is still open, or a fresh one."""
        if self._pid != os.getpid():  # a forked child must not speak on its parent's connections
            self._pid, self._lock = os.getpid(), threading.Lock()
            self.close()  # of the child's copies; the parent's stay open
        while True:
            with self._lock:
                if not self._idle:
                    break
                connection = self._idle.pop()
            if _open(connection):
                return connection
            connection.close()
        return self._dial()

    def _give(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        with self._lock:
            if not response.will_close and len(self._idle) < _POOL:
                self._idle.append(connection)
                return
        connection.close()


def _allow_time(connected: socket.socket | None, patience_s: float) -> None:
    """An answer may take longer than the connection may."""
    if connected is not None:
        connected.settimeout(deadline.left_s(patience_s))


def _open(connection: http.client.HTTPConnection) -> bool:
    """Whether an idle connection is still usable: a readable one has been closed by the server."""
    if connection.sock is None:
        return False
    readable, _, _ = select.select([connection.sock], [], [], 0)
    return not readable


def http_sender(
    url: str, token: str | None = None, timeout_s: float = CONNECT_S, *, login: tuple[str, str] | None = None
) -> HttpSender:
    """A sender for ``http://`` or ``https://`` ``url``; its path becomes the prefix of every request.

    login: name and password, for a server that asks for them and where there is no token; those in ``url`` come first.
    timeout_s: for connecting; an answer may take longer.

    Raises:
        InvalidValue: the address has no host or a port that is no number.
    """
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidValue(f"The tracking URI {url!r} cannot be read: {error}") from None
    if not host:
        raise InvalidValue(f"The tracking URI {url!r} names no host; expected http://host:port")
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise InvalidValue(f"The tracking URI {url!r} names an impossible host: {error}") from None
    name = host

    def dial() -> http.client.HTTPConnection:
        if parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(name, port, timeout=timeout_s, context=context, blocksize=CHUNK)
        return http.client.HTTPConnection(name, port, timeout=timeout_s, blocksize=CHUNK)

    where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if parts.username is not None:
        login = unquote(parts.username), unquote(parts.password or "")
    return HttpSender(dial, where=where, prefix=parts.path.rstrip("/"), token=token, login=login)


def unix_sender(find_socket: Callable[[], str], where: str, timeout_s: float = CONNECT_S) -> HttpSender:
    """A sender over the Unix socket that ``find_socket`` names at each dial."""
    return HttpSender(lambda: UnixConnection(find_socket(), timeout_s), where=where)


def reason(error: BaseException) -> str:
    """Why a connection failed, in few words, with the cure where it is not plain."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}); {_cure(error)}"
    if isinstance(error, ssl.SSLError) and error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST"):
        return "it does not speak TLS; is its address http:// instead of https://?"
    if isinstance(error, socket.gaierror):
        return f"its name is not known here ({error.strerror}); check the address, and the network"
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, http.client.RemoteDisconnected):
        return "it closed the connection without an answer"
    if isinstance(error, http.client.BadStatusLine):
        return "it does not speak HTTP; is its address https:// instead of http://?"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _cure(error: ssl.SSLCertVerificationError) -> str:
    if "not yet valid" in error.verify_message or "expired" in error.verify_message:
        return "check its dates, and this machine's clock"
    if "match" in error.verify_message:
        return "use the name that it was made for"
    return "set SSL_CERT_FILE to the certificate of the authority that made it"


class Backoff:
    """Growing pauses with jitter between attempts.

    first_s, longest_s: of the pause before jitter, which takes up to half of it away.
    """

    __slots__ = ("_first_s", "_longest_s", "_next_s")

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._next_s = first_s

    def pause_s(self) -> float:
        """The next pause, in seconds."""
        pause = self._next_s
        self._next_s = min(2 * pause, self._longest_s)
        return pause * (0.5 + random.random() / 2)

    def reset(self) -> None:
        """Begin again with the first pause."""
        self._next_s = self._first_s


def patiently(attempt: Callable[[], Answer], tries: int = 3) -> Answer:
    """``attempt``'s answer, tried again while the server is away or asks for a pause (429, 503).

    Raises:
        Unavailable: the last attempt did not reach the server.
    """
    backoff = Backoff(0.1, 2.0)
    for left in range(tries - 1, -1, -1):
        try:
            answer = attempt()
        except Unavailable:
            if not left:
                raise
        else:
            if answer.status not in (429, 503) or not left:
                return answer
        time.sleep(backoff.pause_s())
    raise AssertionError("unreachable")
