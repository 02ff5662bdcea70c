"""The web pages: files of ``server/static``, held in memory with their compressed forms."""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import re
from collections.abc import Mapping, Sequence

import msgspec

from clew.errors import InvalidValue
from clew.server.replies import HTML, Headers, Reply, text

STATIC = os.path.join(os.path.dirname(__file__), "static")

# First parts of the addresses that the UI's own router understands (ui.md section 3).
_UI = frozenset(("", "experiments", "runs", "models", "compare", "search", "admin", "settings", "s"))
_INLINE = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
_ORIGIN = re.compile(r"https?://[\w.*\-\[\]:]+")
_BASE = re.compile(rb"<base\s+href=\"[^\"]*\"\s*/?>")
_TYPES = {
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".mjs": b"text/javascript; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".json": b"application/json",
    ".map": b"application/json",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
    ".ico": b"image/x-icon",
    ".woff2": b"font/woff2",
    ".wasm": b"application/wasm",
    ".txt": b"text/plain; charset=utf-8",
    ".webmanifest": b"application/manifest+json",
}
_NOT_BUILT = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Clew</title>
<body style="font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:4em auto;padding:0 1em">
<h1>The web pages are not built</h1>
<p>The server works; its API answers. To build the pages, run <code>make ui</code> in a checkout of the
source (Node 20 or newer is needed), then reload. Packages from an index contain them already.</p></body></html>
"""


class Asset(msgspec.Struct, frozen=True):
    """One file. bodies: content encoding (b"" for none) -> bytes."""

    bodies: dict[bytes, bytes]
    etag: bytes
    headers: Headers


class Pages:
    """Finds the file for a path; read from disk at the first request.

    prefix: path under which the site lies; it is written into index.html's base address.
    frame_ancestors: whose pages may show the UI in a frame, e.g. ``https://notebooks.example``, ``http://localhost:*``;
        by default nobody's, since a page around the UI could make people click what they do not see.

    Raises:
        InvalidValue: one of them is no origin.
    """

    def __init__(self, prefix: str = "", folder: str = STATIC, frame_ancestors: Sequence[str] = ()) -> None:
        for origin in frame_ancestors:
            if not _ORIGIN.fullmatch(origin):
                raise InvalidValue(
                    f"{origin!r} is no origin; expected e.g. https://notebooks.example or http://localhost:*"
                )
        self._prefix = prefix
        self._folder = folder
        self._framed_by = " ".join(frame_ancestors) or "'none'"
        self._assets: dict[str, Asset] | None = None

    def find(self, path: str, headers: Mapping[bytes, bytes]) -> Reply | None:
        """The page or asset at ``path``, or None if no such page exists."""
        assets = self._assets
        if assets is None:
            assets = self._assets = self._load()
        asset = assets.get(path)
        if asset is None and path.split("/", 2)[1] in _UI:
            asset = assets.get("/index.html")
            if asset is None:
                self._assets = None  # look again next time: it may be built meanwhile
                return Reply(200, _NOT_BUILT, [HTML, (b"cache-control", b"no-store")])
        if asset is None:
            return None
        if headers.get(b"if-none-match") == asset.etag:
            return Reply(304, b"", asset.headers)
        accepted = headers.get(b"accept-encoding", b"")
        for encoding in (b"br", b"gzip"):
            if encoding in accepted and encoding in asset.bodies:
                return Reply(200, asset.bodies[encoding], [*asset.headers, (b"content-encoding", encoding)])
        return Reply(200, asset.bodies[b""], asset.headers)

    def missing(self, headers: Mapping[bytes, bytes]) -> Reply:
        """The answer where nothing is: to a browser the UI, which says so and shows ways on."""
        if b"text/html" not in headers.get(b"accept", b""):
            return text(404, "Not Found")
        page = self.find("/", {k: v for k, v in headers.items() if k != b"if-none-match"})
        if page is None:
            return text(404, "Not Found")
        return Reply(404, page.body, [header for header in page.headers if header[0] != b"etag"])

    def _load(self) -> dict[str, Asset]:
        assets: dict[str, Asset] = {}
        for folder, _, names in os.walk(self._folder):
            for name in names:
                full = os.path.join(folder, name)
                if not name.endswith((".br", ".gz")):
                    path = "/" + os.path.relpath(full, self._folder).replace(os.sep, "/")
                    assets[path] = self._index(_read(full)) if path == "/index.html" else _asset(path, full)
        return assets

    def _index(self, body: bytes) -> Asset:
        base = b'<base href="%s/">' % self._prefix.encode()
        body = _BASE.sub(base, body, count=1)
        headers: Headers = [
            (b"content-type", _TYPES[".html"]),
            (b"cache-control", b"no-cache"),
            (b"vary", b"accept-encoding"),
            (b"content-security-policy", content_security_policy(body, self._framed_by)),
        ]
        return _with_etag({b"": body, b"gzip": gzip.compress(body, 9, mtime=0)}, headers)


def content_security_policy(page: bytes, framed_by: str) -> bytes:
    """What the page may load: this site's own files, and the inline scripts that it has now, by hash."""
    hashes = [
        "'sha256-" + base64.b64encode(hashlib.sha256(script).digest()).decode() + "'"
        for script in _INLINE.findall(page)
        if script.strip()
    ]
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src 'self'", *hashes)),
            "style-src 'self' 'unsafe-inline'",  # the charts place their parts by style attributes
            "img-src 'self' data: blob:",
            "frame-src 'self' blob:",  # a PDF's bytes go into a frame under a type that the pages set
            "object-src 'none'",
            f"frame-ancestors {framed_by}",
            "base-uri 'self'",
        )
    ).encode()


def _asset(path: str, full: str) -> Asset:
    bodies = {b"": _read(full)}
    for encoding, suffix in ((b"br", ".br"), (b"gzip", ".gz")):
        if os.path.exists(full + suffix):
            bodies[encoding] = _read(full + suffix)
    # the build puts a hash of the content into the names under assets/
    fresh = b"public, max-age=31536000, immutable" if path.startswith("/assets/") else b"no-cache"
    kind = _TYPES.get(os.path.splitext(path)[1], b"application/octet-stream")
    headers: Headers = [(b"content-type", kind), (b"cache-control", fresh), (b"vary", b"accept-encoding")]
    return _with_etag(bodies, headers)


def _with_etag(bodies: dict[bytes, bytes], headers: Headers) -> Asset:
    etag = f'"{hashlib.sha256(bodies[b""]).hexdigest()[:32]}"'.encode()
    return Asset(bodies=bodies, etag=etag, headers=[*headers, (b"etag", etag)])


def _read(path: str) -> bytes:
    with open(path, "rb") as f:
        return f.read()
