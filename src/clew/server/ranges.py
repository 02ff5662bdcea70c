"""Which bytes of a file a request wants: Range, If-Range and If-None-Match (RFC 9110, 13 and 14)."""

from __future__ import annotations

import re
from collections.abc import Mapping

_RANGE = re.compile(r"^bytes=(\d{0,18})-(\d{0,18})$")


def span(headers: Mapping[bytes, bytes], size: int, etag: bytes, modified: bytes) -> tuple[int, int] | None:
    """The bytes to send as (start, stop); None for a range outside of the file.

    modified: the file's Last-Modified. Several ranges at once, and ranges of another version of the file, get the
    whole file.
    """
    whole = 0, size
    condition = headers.get(b"if-range")
    match = _RANGE.match(headers.get(b"range", b"").decode("latin-1").strip())
    if match is None or (condition is not None and condition not in (etag, modified)):
        return whole
    first, last = match[1], match[2]
    if first:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return whole
    elif last:
        start, stop = max(0, size - int(last)), size
    else:
        return whole
    return (start, stop) if start < stop else None


def known(tags: bytes, etag: bytes) -> bool:
    """Whether the client has the file already: ``*``, or one of its tags fits."""
    return tags == b"*" or any(tag.strip().removeprefix(b"W/") == etag for tag in tags.split(b","))
