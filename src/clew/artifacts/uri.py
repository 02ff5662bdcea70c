"""Artifact addresses and paths: the one place that decides which paths are safe."""

from __future__ import annotations

import os
import re
from typing import Final, Literal
from urllib.parse import SplitResult, unquote, urlsplit

from clew.errors import InvalidValue, NotSupported

PROXIED = "mlflow-artifacts:"
BUCKETS: Final[dict[str, Literal["s3", "gcs", "azure"]]] = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gcs",
    "az": "azure",
    "abfs": "azure",
    "abfss": "azure",
    "wasb": "azure",
    "wasbs": "azure",
}
"""Scheme of an address -> kind of object store."""
_HTTP_PROXY = "/api/2.0/mlflow-artifacts/artifacts/"
_DRIVE = re.compile(r"^[A-Za-z]:")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.\-]+):")
_ADDRESS = re.compile(r"^(file:|[a-z][a-z0-9+.\-]+:/)", re.IGNORECASE)  # one slash, as servers merge several
_MAX_ROUNDS = 8  # nobody encodes a name this often for a good reason


def check_path(path: str) -> str:
    """``path`` as a normalised relative path with ``/`` between names; "" is the root itself.

    Names are kept as they are, also with ``%`` and ``+`` in them; what counts as an escape is
    looked for in every round of percent-decoding.

    Raises:
        InvalidValue: absolute, an address, with ``..``, a drive letter, ``#``, ``?``, a backslash or NUL.
    """
    if "#" in path or "?" in path:
        raise _unsafe(path)
    plain = path
    for _ in range(_MAX_ROUNDS):
        if plain.startswith("/") or "\\" in plain or "\x00" in plain or ".." in plain.split("/"):
            raise _unsafe(path)
        if _DRIVE.match(plain) or _ADDRESS.match(plain):
            raise _unsafe(path)
        decoded = unquote(plain)
        if decoded == plain:
            return "/".join(name for name in path.split("/") if name not in ("", "."))
        plain = decoded
    raise _unsafe(path)


def _unsafe(path: str) -> InvalidValue:
    return InvalidValue(f"Invalid path: {path[:200]!r}. Give a relative path without '..', '#', '?' and backslashes.")


def join(uri: str, *names: str) -> str:
    """``uri`` with names appended, one ``/`` between."""
    parts = [uri.rstrip("/"), *(n.strip("/") for n in names if n.strip("/"))]
    return "/".join(parts)


def scheme_of(uri: str) -> str:
    """The scheme in lower case; "" for a plain folder."""
    match = _SCHEME.match(uri)
    return match[1].lower() if match else ""


def proxied_path(uri: str) -> str | None:
    """The path below the server's own artifact folder that ``uri`` names, or None if it names another place.

    ``mlflow-artifacts:/7/x``, ``mlflow-artifacts://host:port/7/x`` and
    ``http(s)://host/api/2.0/mlflow-artifacts/artifacts/7/x`` all give ``7/x``.

    Raises:
        InvalidValue: the path is not safe, or this is no address.
    """
    scheme = scheme_of(uri)
    if scheme == "mlflow-artifacts":
        return check_path(_split(uri).path.lstrip("/"))
    if scheme in ("http", "https"):
        _, found, rest = _split(uri).path.partition(_HTTP_PROXY)
        return check_path(rest) if found else None
    return None


def local_path(uri: str) -> str | None:
    """The absolute folder that a plain path or ``file:`` address names, or None for other schemes.

    Raises:
        InvalidValue: this is no address.
    """
    scheme = scheme_of(uri)
    if scheme == "":
        return os.path.abspath(uri)
    if scheme == "file":
        parts = _split(uri)
        if parts.netloc not in ("", "localhost"):
            return None
        return os.path.abspath(unquote(parts.path))
    return None


def _split(uri: str) -> SplitResult:
    try:
        return urlsplit(uri)
    except ValueError as e:
        raise InvalidValue(f"Artifact location {uri!r} is no address: {e}.") from None


def unsupported(uri: str) -> NotSupported:
    """The error for a place that this server cannot read or write."""
    return NotSupported(
        f"Artifact location {uri!r}: scheme {scheme_of(uri)!r} is not supported; supported are "
        "mlflow-artifacts:/ (kept by the server), file:/// and plain folders, s3://, gs://, and "
        "Azure's az://, abfss:// and wasbs://."
    )
