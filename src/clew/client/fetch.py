"""A file on its way from the server to this machine: checked, and large ones in ranges, several at once.

Standard library only.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from clew.client.answers import check, message_of
from clew.client.http import Answer, Backoff, HttpSender
from clew.client.parts import LARGE_BYTES, sha256_of
from clew.errors import Corrupt, NotFound, Unavailable

_RANGE_BYTES: Final = 16 << 20
_AT_ONCE: Final = 4
_TRIES: Final = 6


class _Changed(Exception):
    """The file on the server is another one than when the download began."""


def get_file(sender: HttpSender, address: str, file: str, size: int | None = None) -> None:
    """Save what is at ``address`` as ``file``, which appears when it is whole and its SHA-256, if told, is right.

    size: bytes, if known. A large file that broke off is gone on with by the next call.

    Raises:
        NotFound: nothing lies there. Unavailable: the server is away. Corrupt: other bytes came than were stored.
    """
    os.makedirs(os.path.dirname(file) or ".", exist_ok=True)
    if size is None or size >= LARGE_BYTES:
        about = sender.send("HEAD", address)
        large = about.status == 200 and int(about.headers.get("content-length") or 0) >= LARGE_BYTES
        if large and about.headers.get("accept-ranges") == "bytes" and about.headers.get("etag"):
            try:
                _get_ranges(sender, address, file, about.headers)
                return
            except _Changed:
                pass
    _get_whole(sender, address, file)


def _get_whole(sender: HttpSender, address: str, file: str) -> None:
    import hashlib

    status, headers, pieces = sender.fetch(address)
    if status == 404:
        raise NotFound(message_of(Answer(status, headers, b"".join(pieces))) or f"Nothing lies at {address}.")
    if status >= 300:
        check(Answer(status, headers, b"".join(pieces), sender.where))
    expected, hashed = headers.get("x-clew-sha256"), hashlib.sha256()
    partial = f"{file}.{os.getpid()}.part"
    try:
        with open(partial, "wb") as out:
            for piece in pieces:
                out.write(piece)
                if expected:
                    hashed.update(piece)
        _compare(expected, hashed.hexdigest(), address)
        os.replace(partial, file)
    finally:
        if os.path.exists(partial):
            os.unlink(partial)


def _get_ranges(sender: HttpSender, address: str, file: str, about: Mapping[str, str]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    partial = _Partial(file, about["etag"], int(about["content-length"]))
    try:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            under_way = [pool.submit(_get_range, sender, address, partial, number) for number in partial.missing()]
            try:
                for one in under_way:
                    one.result()
            except BaseException as error:
                pool.shutdown(wait=True, cancel_futures=True)
                if isinstance(error, _Changed):
                    partial.remove()
                raise
    finally:
        partial.close()
    expected = about.get("x-clew-sha256")
    try:
        _compare(expected, sha256_of(partial.path) if expected else "", address)
    except Corrupt:
        partial.remove()
        raise
    partial.finish()


def _get_range(sender: HttpSender, address: str, partial: _Partial, number: int) -> None:
    first = number * _RANGE_BYTES
    stop = min(first + _RANGE_BYTES, partial.size)
    wanted = {"Range": f"bytes={first}-{stop - 1}", "If-Range": partial.etag}
    backoff = Backoff(0.1, 2.0)
    for left in range(_TRIES - 1, -1, -1):
        try:
            status, headers, pieces = sender.fetch(address, wanted)
            if status == 200:
                raise _Changed
            if status != 206:
                check(Answer(status, headers, b"".join(pieces), sender.where))
            at = first
            for piece in pieces:
                partial.write(piece, at)
                at += len(piece)
            if at == stop:
                partial.note(number)
                return
            problem = Unavailable(f"{sender.where} broke off")
        except Unavailable as error:
            problem = error
        if not left:
            raise problem
        time.sleep(backoff.pause_s())


class _Partial:
    """A file that is being fetched, with notes beside it of which ranges are there.

    path: of the bytes so far. etag: of the version that is fetched. size: bytes in the end.
    """

    def __init__(self, file: str, etag: str, size: int) -> None:
        self.path = file + ".clew-part"
        self.etag = etag
        self.size = size
        self._file = file
        self._notes = self.path + ".json"
        self._lock = threading.Lock()
        self._done = self._known()
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)

    def _known(self) -> set[int]:
        try:
            with open(self._notes, encoding="utf-8") as notes:
                found: dict[str, Any] = json.load(notes)
            same = os.path.exists(self.path) and (found["etag"], found["size"]) == (self.etag, self.size)
            return {int(number) for number in found["done"]} if same else set()
        except (OSError, ValueError, KeyError, TypeError):
            return set()

    def missing(self) -> list[int]:
        """Numbers of the ranges that are not there."""
        return [n for n in range(-(-self.size // _RANGE_BYTES)) if n not in self._done]

    def write(self, piece: bytes, at: int) -> None:
        """Put bytes in their place."""
        view = memoryview(piece)
        while view:
            written = os.pwrite(self._descriptor, view, at)
            view, at = view[written:], at + written

    def note(self, number: int) -> None:
        """A range is there."""
        with self._lock:
            self._done.add(number)
            partial = self._notes + ".new"
            with open(partial, "w", encoding="utf-8") as notes:
                json.dump({"etag": self.etag, "size": self.size, "done": sorted(self._done)}, notes)
            os.replace(partial, self._notes)

    def close(self) -> None:
        """Stop writing."""
        os.close(self._descriptor)

    def finish(self) -> None:
        """The file is whole."""
        os.replace(self.path, self._file)
        if os.path.exists(self._notes):
            os.unlink(self._notes)

    def remove(self) -> None:
        """Forget what came so far."""
        for path in (self.path, self._notes):
            if os.path.exists(path):
                os.unlink(path)


def _compare(expected: str | None, found: str, address: str) -> None:
    if expected and found != expected:
        raise Corrupt(f"{address} arrived with SHA-256 {found}, but was stored with {expected}; fetch it again.")
