"""Short links: a few characters for a long address inside the UI."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from clew.errors import NotFound
from clew.storage.engine import Tx, WriteTx

ID_LENGTH: Final = 8  # characters of base64url


def make_link(tx: WriteTx, path: str) -> str:
    """The id of the link to ``path``; the same path has the same one."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(path.encode()).digest()).decode()
    for start in range(len(digest) - ID_LENGTH):  # two paths may share the beginning of their digests
        link_id = digest[start : start + ID_LENGTH]
        tx.run(
            "INSERT INTO short_link (id, path, created_ms) VALUES (:id, :path, :now) ON CONFLICT (id) DO NOTHING",
            id=link_id,
            path=path,
            now=tx.place.clock(),
        )
        if get_link(tx, link_id) == path:
            return link_id
    raise AssertionError("no free place in a digest of 256 bits")


def get_link(tx: Tx, link_id: str) -> str:
    """The path that a link leads to.

    Raises:
        NotFound: there is no such link.
    """
    row = tx.one("SELECT path FROM short_link WHERE id = :id", id=link_id)
    if row is None:
        raise NotFound(f"There is no short link {link_id!r}; check that the whole address was copied.")
    return str(row[0])
