"""Uploads that clients send to the object store itself, by signed addresses that the server gives them.

S3 has calls for such uploads; Azure collects blocks. Google's store signs them with a key that
obstore does not show, so there the server takes the file itself.
"""

from __future__ import annotations

import base64
import http.client
import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from obstore.store import AzureStore, S3Store

from clew import settings
from clew.artifacts.faults import explain_answer
from clew.artifacts.objects import ObjectStore
from clew.artifacts.signing import access_key_of, resign
from clew.artifacts.store import ArtifactStore
from clew.errors import InvalidValue, Unavailable

MAX_PARTS = 10_000
SIGNED_S = 3600
_TIMEOUT_S = 60.0
_UPLOAD_ID = re.compile(rb"<UploadId>([^<]+)</UploadId>")
_CODE = re.compile(rb"<Code>(\w{1,80})</Code>")


class SentPart(NamedTuple):
    """A part that a client says it has sent. number: from 1. etag, url: as the store and we gave them."""

    number: int
    etag: str
    url: str


class Multipart(Protocol):
    """One object store's way of uploads in parts; signs_any_name: an address can be signed for every object."""

    signs_any_name: bool

    def create(self, path: str, count: int) -> tuple[str, list[str]]:
        """(upload id, signed address of each part); valid for an hour."""
        ...

    def complete(self, path: str, upload_id: str, parts: Sequence[SentPart]) -> None:
        """Make the file out of its parts appear.

        Raises:
            InvalidValue: the store does not know such an upload or part.
        """
        ...

    def abort(self, path: str, upload_id: str) -> None:
        """Drop what was sent; without effect if there is none."""
        ...


def multipart(place: ArtifactStore) -> Multipart | None:
    """The way of ``place``, or None where it has none."""
    if isinstance(place, ObjectStore):
        if isinstance(place.client, S3Store):
            secret = settings.read().s3_keys
            return S3Multipart(place, *secret) if secret else None
        if isinstance(place.client, AzureStore) and settings.read().azure_key:
            return AzureMultipart(place)
    return None


class S3Multipart:
    """CreateMultipartUpload and what follows, of S3 and what speaks like it."""

    signs_any_name = True

    def __init__(self, place: ObjectStore, access_key: str, secret_key: str) -> None:
        self._place = place
        self._access_key = access_key
        self._secret_key = secret_key

    def create(self, path: str, count: int) -> tuple[str, list[str]]:
        """(upload id, signed address of each part)."""
        answer = _ask(self._place.shown, "POST", self._signed("POST", path, {"uploads": ""}))
        found = _UPLOAD_ID.search(answer)
        if found is None:
            raise Unavailable(f"{self._place.shown} began no multipart upload; does it speak S3?")
        upload_id = found[1].decode()
        urls = [
            self._signed("PUT", path, {"partNumber": str(number), "uploadId": upload_id})
            for number in range(1, count + 1)
        ]
        return upload_id, urls

    def complete(self, path: str, upload_id: str, parts: Sequence[SentPart]) -> None:
        """Make the object out of its parts appear."""
        listed = "".join(
            f"<Part><PartNumber>{p.number}</PartNumber><ETag>{escape(p.etag)}</ETag></Part>" for p in parts
        )
        body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
        answer = _ask(self._place.shown, "POST", self._signed("POST", path, {"uploadId": upload_id}), body)
        if b"<Error>" in answer:  # S3 may say so after it began to answer with 200
            code = _CODE.search(answer)
            raise explain_answer(self._place.shown, 0, code[1].decode() if code else "InternalError")

    def abort(self, path: str, upload_id: str) -> None:
        """Drop what was sent."""
        _ask(self._place.shown, "DELETE", self._signed("DELETE", path, {"uploadId": upload_id}), gone_is_fine=True)

    def _signed(self, method: str, path: str, parameters: dict[str, str]) -> str:
        url = self._place.sign("PUT", path, SIGNED_S)
        if access_key_of(url) != self._access_key:
            raise Unavailable(
                f"{self._place.shown}: the object store is used with other credentials than AWS_ACCESS_KEY_ID; "
                "start the server again with one pair of keys."
            )
        return resign(method, url, parameters, self._secret_key)


class AzureMultipart:
    """Put Block and Put Block List; blocks that are never listed vanish after a week."""

    signs_any_name = False

    def __init__(self, place: ObjectStore) -> None:
        self._place = place

    def create(self, path: str, count: int) -> tuple[str, list[str]]:
        """("", signed address of each block); the blocks of one file share one list."""
        signed = self._place.sign("PUT", path, SIGNED_S)
        # twelve characters: their Base64 needs no escaping in an address
        ids = (base64.b64encode(f"clew{number:08d}".encode()).decode() for number in range(1, count + 1))
        return "", [f"{signed}&comp=block&blockid={block}" for block in ids]

    def complete(self, path: str, upload_id: str, parts: Sequence[SentPart]) -> None:  # noqa: ARG002 - no such id here
        """Put the blocks together."""
        blocks = [parse_qs(urlsplit(part.url).query).get("blockid", [""])[0] for part in parts]
        listed = "".join(f"<Latest>{escape(block)}</Latest>" for block in blocks)
        body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'.encode()
        _ask(self._place.shown, "PUT", self._place.sign("PUT", path, SIGNED_S) + "&comp=blocklist", body)

    def abort(self, path: str, upload_id: str) -> None:
        """Nothing to do: see the class."""


def _ask(shown: str, method: str, url: str, body: bytes = b"", *, gone_is_fine: bool = False) -> bytes:
    """The store's answer to one signed call.

    Raises:
        InvalidValue: it refuses what the client sent. Denied, NotFound, Unavailable: see ``faults``.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)
    try:
        headers = {"Content-Type": "application/xml", "Content-Length": str(len(body)), "Host": parts.netloc}
        connection.request(method, f"{parts.path}?{parts.query}", body, headers)
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException):
        raise explain_answer(shown, 0, "") from None
    finally:
        connection.close()
    if answer.status < 300 or (gone_is_fine and answer.status == 404):
        return content
    found = _CODE.search(content)
    code = found[1].decode() if found else ""
    if answer.status in (400, 404) and code not in ("NoSuchBucket", "ContainerNotFound"):
        raise InvalidValue(f"{shown} refuses this multipart upload ({code or answer.status}); begin it anew.")
    raise explain_answer(shown, answer.status, code)
