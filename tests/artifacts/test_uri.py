"""Addresses of artifacts."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.artifacts.roots import open_root
from clew.artifacts.uri import check_path, join, local_path, proxied_path, scheme_of
from clew.errors import InvalidValue, NotSupported


@pytest.mark.parametrize(
    ("path", "clean"), [("", ""), ("a", "a"), ("a/b/", "a/b"), ("a//b", "a/b"), ("./a/./b", "a/b"), ("..a", "..a")]
)
def test_good_paths_are_normalised(path: str, clean: str) -> None:
    assert check_path(path) == clean


@given(st.text(alphabet="./%2e5cfF\\aC:#?\0", max_size=12))
def test_no_path_that_passes_leaves_its_root(path: str) -> None:
    try:
        clean = check_path(path)
    except InvalidValue:
        return
    assert os.path.normpath(os.path.join("/root/of/all", clean)).startswith("/root/of/all")
    assert "\0" not in clean


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("mlflow-artifacts:/7/x", "7/x"),
        ("mlflow-artifacts://host:5000/7/x", "7/x"),
        ("mlflow-artifacts:/", ""),
        ("https://h/p/api/2.0/mlflow-artifacts/artifacts/7/x", "7/x"),
        ("https://h/other/7", None),
        ("s3://b/x", None),
        ("/local", None),
    ],
)
def test_proxied_paths(uri: str, path: str | None) -> None:
    assert proxied_path(uri) == path


def test_proxied_paths_are_checked() -> None:
    for uri in ("mlflow-artifacts:/../x", "http://h/api/2.0/mlflow-artifacts/artifacts/%2e%2e/x"):
        with pytest.raises(InvalidValue):
            proxied_path(uri)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///a/b%20c", "/a/b c"),
        ("file:/a", "/a"),
        ("file://localhost/a", "/a"),
        ("/a/../b", "/b"),
        ("rel", os.path.abspath("rel")),
        ("file://far/a", None),
        ("s3://b/x", None),
    ],
)
def test_local_paths(uri: str, path: str | None) -> None:
    assert local_path(uri) == path


@pytest.mark.parametrize(
    ("read", "uri"),
    [
        (proxied_path, "http://[bad/x"),
        (proxied_path, "mlflow-artifacts://[bad/x"),
        (local_path, "file://[bad/x"),
    ],
)
def test_what_is_no_address_is_refused(read: Callable[[str], str | None], uri: str) -> None:
    with pytest.raises(InvalidValue, match="is no address"):
        read(uri)


def test_schemes_and_joins() -> None:
    assert [scheme_of(u) for u in ("S3://x", "a/b:c", "mlflow-artifacts:/", "C:/x")] == [
        "s3",
        "",
        "mlflow-artifacts",
        "",
    ]
    assert join("mlflow-artifacts:/7/", "/a/", "", "b") == "mlflow-artifacts:/7/a/b"


def test_other_places_are_refused_by_name() -> None:
    with pytest.raises(NotSupported, match="scheme 'hdfs' is not supported; supported are"):
        open_root("hdfs://host/x")
