"""SHA-256 in headers: ``x-clew-sha256`` (hex) and RFC 9530's ``Repr-Digest``."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from clew.errors import InvalidValue
from clew.server.replies import Headers

_HEX = re.compile(r"[0-9a-f]{64}")
_REPR = re.compile(rb"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]{44}):")


def check_sha256(text: str) -> str:
    """``text`` in lower case.

    Raises:
        InvalidValue: it is no SHA-256 in hex.
    """
    if not _HEX.fullmatch(text.lower()):
        raise InvalidValue(f"Invalid SHA-256 {text[:100]!r}: 64 hex digits are needed.")
    return text.lower()


def promised(headers: Mapping[bytes, bytes]) -> str | None:
    """The SHA-256 (hex) that a request says its body has; other algorithms of Repr-Digest are passed over.

    Raises:
        InvalidValue: a header cannot be read.
    """
    given = headers.get(b"x-clew-sha256")
    if given is not None:
        return check_sha256(given.decode("latin-1"))
    match = _REPR.search(headers.get(b"repr-digest", b""))
    if match is None:
        return None
    try:
        return base64.b64decode(match[1], validate=True).hex()
    except binascii.Error:
        raise InvalidValue("Invalid Repr-Digest header: sha-256 is no Base64.") from None


def compare(expected: str | None, found: str, what: str) -> None:
    """Refuse bytes that are not those promised.

    Raises:
        InvalidValue: they differ; nothing was stored.
    """
    if expected is not None and expected != found:
        raise InvalidValue(
            f"{what} arrived with SHA-256 {found}, but {expected} was announced; nothing was stored. Send it again."
        )


def digest_headers(sha256: str) -> Headers:
    """How an answer tells the SHA-256 of the whole file."""
    encoded = base64.b64encode(bytes.fromhex(sha256))
    return [(b"x-clew-sha256", sha256.encode()), (b"repr-digest", b"sha-256=:" + encoded + b":")]
