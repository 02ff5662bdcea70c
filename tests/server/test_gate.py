"""Foreign web pages stay out: Host and Origin checks."""

from __future__ import annotations

import pytest

from clew.server.app import App
from clew.server.gate import FOREIGN_HOST, FOREIGN_ORIGIN, Gate

from .conftest import API, Tracker


@pytest.mark.parametrize(
    ("host", "good"),
    [
        ("localhost", True),
        ("localhost:5000", True),
        ("LOCALHOST:5000", True),
        ("app.localhost:5000", True),
        ("127.0.0.1:5000", True),
        ("127.1.2.3", True),
        ("[::1]:5000", True),
        ("10.0.0.7", True),
        ("192.168.1.5:80", True),
        ("172.16.0.1", True),
        ("172.32.0.1", False),
        ("8.8.8.8", False),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("clew.corp.example:8080", True),
        ("corp.example", False),
        ("a.wild.example", True),
        ("wild.example", False),
    ],
)
def test_hosts(host: str, good: bool) -> None:
    gate = Gate(["clew.corp.example", "*.wild.example"])
    for _ in range(2):  # the second answer is a remembered one
        assert gate.refusal("GET", {b"host": host.encode()}) == (None if good else FOREIGN_HOST)


@pytest.mark.parametrize(
    ("origin", "good"),
    [
        ("http://[", False),
        ("http://[::1", False),
        ("http://localhost:5000", True),
        ("http://localhost:5173", True),
        ("http://127.0.0.1:9", True),
        ("https://clew.corp.example", True),
        ("https://named.example", True),
        ("http://evil.example", False),
        ("https://clew.corp.example.evil.example", False),
        ("null", False),
        ("", False),
    ],
)
def test_origins(origin: str, good: bool) -> None:
    gate = Gate(["clew.corp.example", "named.example"])
    headers = {b"host": b"clew.corp.example", b"origin": origin.encode()}
    assert gate.refusal("POST", headers) == (None if good else FOREIGN_ORIGIN)
    assert gate.refusal("GET", headers) is None


def test_a_lone_star_allows_all_hosts_but_no_foreign_origins() -> None:
    gate = Gate(["*"])
    assert gate.refusal("GET", {b"host": b"any.example"}) is None
    assert gate.refusal("POST", {b"host": b"any.example", b"origin": b"http://evil.example"}) == FOREIGN_ORIGIN


def test_refusals_reach_the_client_before_anything_is_read(lite: Tracker) -> None:
    answer = lite.request("GET", API + "experiments/get?experiment_id=0", headers={"host": "evil.example"})
    assert (answer.status, answer.text) == (403, FOREIGN_HOST)
    headers = {"origin": "http://evil.example", "content-type": "application/json"}
    answer = lite.request("POST", API + "runs/create", b"{}", headers)
    assert (answer.status, answer.text) == (403, FOREIGN_ORIGIN)
    assert lite.ok(API + "runs/search", {"experiment_ids": ["0"]}) == {}


def test_unix_sockets_have_no_hosts(lite: Tracker) -> None:
    lite.address = None
    assert lite.request("GET", "/health", headers={"host": "anything"}).status == 200


def test_named_hosts_pass(lite: Tracker) -> None:
    named = Tracker(App(lite.app.site, allowed_hosts=["clew.example"]))
    try:
        assert named.request("GET", "/health", headers={"host": "clew.example:5000"}).status == 200
    finally:
        named.close()
