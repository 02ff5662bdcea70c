"""Content types and download names."""

from __future__ import annotations

import pytest

from clew.artifacts.content import content_type, disposition

TEXT = "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a.txt", TEXT),
        ("a/MLmodel", TEXT),
        ("mlproject", TEXT),
        ("x.JSON", TEXT),
        ("x.yaml", TEXT),
        ("x.py", TEXT),
        ("x.js", TEXT),
        ("x.xml", TEXT),
        ("x.csv", TEXT),
        ("x.png", "image/png"),
        ("x.pdf", "application/pdf"),
        ("x.html", "text/html"),
        ("x.pkl", "application/octet-stream"),
        ("x.unknown", "application/octet-stream"),
        ("x", "application/octet-stream"),
        ("x.tar.gz", "application/gzip"),
    ],
)
def test_content_types(path: str, kind: str) -> None:
    assert content_type(path) == kind


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("d/a b.txt", 'attachment; filename="a b.txt"'),
        ("ü.txt", "attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%BC.txt"),
        ('a"b\\c\r\nX: y', "attachment; filename=\"a_b_c__X: y\"; filename*=UTF-8''a%22b%5Cc%0D%0AX%3A%20y"),
        ("a%b+c", "attachment; filename=\"a_b+c\"; filename*=UTF-8''a%25b%2Bc"),
    ],
)
def test_dispositions_hold_any_name(path: str, expected: str) -> None:
    assert disposition(path) == expected
