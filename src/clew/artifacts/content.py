"""Content types and download names of artifacts."""

from __future__ import annotations

import mimetypes
from functools import cache
from urllib.parse import quote

# Shown as text whatever the system's table says (rest_api facts, section 8).
_TEXT = frozenset(
    "txt log err cfg conf cnf cf ini properties prop hocon toml yaml yml xml json js py py3 csv tsv md rst "
    "mlmodel mlproject".split()
)
_COMPRESSED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}


@cache
def _table() -> mimetypes.MimeTypes:
    # without the system's files, so that every machine answers the same
    table = mimetypes.MimeTypes(filenames=())
    table.add_type("application/octet-stream", ".pkl")
    return table


def content_type(path: str) -> str:
    """The content type of a file, by its name only."""
    name = path.rpartition("/")[2].lower()
    if name.rpartition(".")[2] in _TEXT:
        return "text/plain; charset=utf-8"
    kind, encoding = _table().guess_type("/" + name)
    if encoding:
        return _COMPRESSED.get(encoding, "application/octet-stream")
    return kind or "application/octet-stream"


def disposition(path: str, *, inline: bool = False) -> str:
    """The Content-Disposition of a download, with an RFC 5987 name where ASCII does not do."""
    how = "inline" if inline else "attachment"
    name = path.rpartition("/")[2]
    plain = "".join(c if " " <= c <= "~" and c not in '"\\%' else "_" for c in name)
    if plain == name:
        return f'{how}; filename="{name}"'
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
