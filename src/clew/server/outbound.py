"""Requests of the server to addresses that users named: signed, bounded, and not into the server's own network."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from clew.errors import InvalidValue

TIMEOUT_S: Final = 10.0
MAX_URL: Final = 500
MAX_ANSWER: Final = 1000  # bytes of the receiver's answer that are looked at
_PORTS: Final = {"http": 80, "https": 443}
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class Answer(NamedTuple):
    """What a receiver said. text: the beginning."""

    status: int
    text: str


def check_url(url: str, *, private: bool) -> str:
    """The address, if it may be sent to as far as its text tells.

    private: whether addresses of the server's own network are allowed.

    Raises:
        InvalidValue: it is no http or https address, holds credentials, or names a private address.
    """
    if len(url) > MAX_URL:
        raise InvalidValue(f"The webhook's URL is longer than {MAX_URL} characters.")
    parts = _split(url)
    try:
        literal = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        literal = None
    local = parts.hostname == "localhost" or (parts.hostname or "").endswith(".localhost")
    if not private and (local or (literal is not None and not is_public(literal))):
        raise _private(parts.hostname or "")
    return url


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address leads out of the server's own network, also when it wraps an older one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None and not is_public(inner):
            return False
    return address.is_global and not address.is_multicast


def signature(secret: str, delivery_id: str, timestamp: str, body: bytes) -> str:
    """MLflow's: ``v1,`` and base64 of HMAC-SHA256 over ``<delivery id>.<timestamp>.<body>``."""
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


class Outbound:
    """Sends POSTs; thread-safe.

    private: whether addresses of the server's own network are allowed.
    """

    def __init__(self, *, private: bool) -> None:
        self.private = private
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The receiver's answer; redirections are not followed, and no proxy is used.

        Raises:
            InvalidValue: the address may not be sent to. OSError: nobody answers, or not in time.
        """
        parts = _split(check_url(url, private=self.private))
        connection = self._connect(parts)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body, dict(headers))
            answer = connection.getresponse()
            return Answer(answer.status, answer.read1(MAX_ANSWER).decode("utf-8", "replace"))
        except http.client.HTTPException as error:
            raise OSError(f"the answer is no HTTP: {type(error).__name__}") from None
        finally:
            if connection.sock is not None:
                with self._lock:
                    self._open.discard(connection.sock)
            connection.close()

    def hang_up(self) -> None:
        """Break off what is under way."""
        with self._lock:
            for one in self._open:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:  # it ended by itself
                    continue

    def _connect(self, parts: SplitResult) -> http.client.HTTPConnection:
        """A connection to an address that was looked at: the name is resolved once, so that no second answer counts."""
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        if not self.private and not all(is_public(ipaddress.ip_address(a.partition("%")[0])) for a in found):
            raise _private(host)
        raw = socket.create_connection((found[0], port), timeout=TIMEOUT_S)
        try:
            if parts.scheme == "https":
                raw = ssl.create_default_context().wrap_socket(raw, server_hostname=host)
        except BaseException:
            raw.close()
            raise
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        connection.sock = raw
        with self._lock:
            self._open.add(raw)
        return connection


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidValue(f"Invalid webhook URL: {error}.") from None
    if parts.scheme not in _PORTS:
        raise InvalidValue(f"Invalid webhook URL scheme: '{parts.scheme[:20]}'. Allowed schemes are: http, https.")
    if not host:
        raise InvalidValue("Invalid webhook URL: it names no host.")
    if not url.isascii() or any(c <= " " or c == "\x7f" for c in url):
        raise InvalidValue("Invalid webhook URL: write it in ASCII, other characters percent-encoded, without spaces.")
    if parts.username is not None or parts.password is not None:
        raise InvalidValue("Invalid webhook URL: it must hold no user name and password; sign with a secret instead.")
    return parts


def _private(host: str) -> InvalidValue:
    return InvalidValue(
        f"Invalid webhook URL: {host} is, or leads to, an address of this server's own network. Where that is meant,"
        " start the server with CLEW_WEBHOOK_PRIVATE=1."
    )
