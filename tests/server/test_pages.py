"""The web pages: every UI address gives the page, assets are cached for good, policies hold."""

from __future__ import annotations

import base64
import gzip
import hashlib
from pathlib import Path

import pytest

from clew.errors import InvalidValue
from clew.server.pages import Pages

SCRIPT = 'document.documentElement.dataset.theme="dark"'
PAGE = f'<html><head><base href="/"><script>{SCRIPT}</script><script src="./assets/a-1.js"></script></head></html>'


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "assets" / "a-1.js").write_text("let a")
    (tmp_path / "assets" / "a-1.js.br").write_bytes(b"brotli")
    (tmp_path / "assets" / "a-1.js.gz").write_bytes(gzip.compress(b"let a"))
    return str(tmp_path)


@pytest.mark.parametrize("path", ["/", "/experiments", "/experiments/3/runs", "/runs/abc/artifacts/a/b", "/s/x"])
def test_ui_addresses_give_the_page(folder: str, path: str) -> None:
    page = Pages(folder=folder).find(path, {})
    assert page is not None
    assert b"<html>" in page.body


@pytest.mark.parametrize("path", ["/nothing", "/assets/missing.js", "/assets/../index.html", "/api/x"])
def test_other_addresses_give_nothing(folder: str, path: str) -> None:
    assert Pages(folder=folder).find(path, {}) is None


def test_inline_scripts_are_allowed_by_hash_only(folder: str) -> None:
    page = Pages(folder=folder).find("/", {})
    assert page is not None
    policy = dict(page.headers)[b"content-security-policy"].decode()
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert "default-src 'self'" in policy
    assert "frame-src 'self' blob:" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy


def test_assets_are_compressed_and_kept_for_good(folder: str) -> None:
    pages = Pages(folder=folder)
    for accepted, body in ((b"gzip, br", b"brotli"), (b"gzip", gzip.compress(b"let a")), (b"", b"let a")):
        asset = pages.find("/assets/a-1.js", {b"accept-encoding": accepted})
        assert asset is not None
        assert asset.body[:2] == body[:2]
        assert b"immutable" in dict(asset.headers)[b"cache-control"]
    etag = dict(asset.headers)[b"etag"]
    again = pages.find("/assets/a-1.js", {b"if-none-match": etag})
    assert again is not None
    assert (again.status, again.body) == (304, b"")


def test_the_page_knows_its_prefix(folder: str) -> None:
    page = Pages("/team", folder).find("/experiments", {})
    assert page is not None
    assert b'<base href="/team/">' in page.body
    assert dict(page.headers)[b"cache-control"] == b"no-cache"


def test_pages_built_later_appear(tmp_path: Path) -> None:
    pages = Pages(folder=str(tmp_path))
    first = pages.find("/", {})
    assert first is not None
    assert b"make ui" in first.body
    (tmp_path / "index.html").write_text(PAGE)
    built = pages.find("/", {})
    assert built is not None
    assert b"<base" in built.body


def test_an_unknown_address_shows_a_browser_the_page_as_not_found(folder: str) -> None:
    pages = Pages(folder=folder)
    etag = dict(pages.find("/", {}).headers)[b"etag"]  # type: ignore[union-attr]
    shown = pages.missing({b"accept": b"text/html,*/*", b"if-none-match": etag})
    assert shown.status == 404
    assert b"<base" in shown.body
    assert pages.missing({b"accept": b"application/json"}).body == b"Not Found"


def test_who_may_frame_the_pages_is_said_by_an_option(folder: str) -> None:
    page = Pages(folder=folder, frame_ancestors=["https://hub.example", "http://localhost:*"]).find("/", {})
    assert page is not None
    assert b"frame-ancestors https://hub.example http://localhost:*;" in dict(page.headers)[b"content-security-policy"]
    for odd in ("*", "https://a; script-src *", "https://a https://b", "hub.example", "https://a\r\nx: y"):
        with pytest.raises(InvalidValue, match="is no origin"):
            Pages(folder=folder, frame_ancestors=[odd])
