"""``clew.ui()`` outside of notebooks: the address of a page, of a server or of an embedded store's own UI."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import clew
from clew.client import uihost
from clew.errors import NotFound
from clew.server.places import places, read_info
from hosts import alive, eventually


def page_of(capsys: pytest.CaptureFixture[str], *what: object) -> str:
    capsys.readouterr()
    clew.ui(*what)
    return capsys.readouterr().out.splitlines()[-1]


def test_an_embedded_store_s_ui_is_served_from_here(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    experiment = clew.set_experiment("my experiment")
    with clew.start_run() as run:
        assert page_of(capsys).endswith(f"/runs/{run.info.run_id}")
    base = page_of(capsys).partition("/experiments/")[0]
    assert page_of(capsys) == f"{base}/experiments/{experiment.experiment_id}"
    assert page_of(capsys, run.info.run_id) == page_of(capsys, clew.get_run(run.info.run_id))
    assert page_of(capsys, "my experiment") == page_of(capsys, experiment) == page_of(capsys)
    with pytest.raises(NotFound):
        clew.ui("nothing")
    with urllib.request.urlopen(f"{base}/health", timeout=10) as answer:
        assert answer.read() == b"OK"
    info = read_info(places(store).info)
    assert info is not None
    assert info.urls == [base]
    link = clew.get_run(run.info.run_id)._repr_html_()
    assert f'href="{base}/runs/{run.info.run_id}"' in link
    with clew.start_run() as second:  # logging goes on through the same host
        clew.log_metric("m", 1.0)
    assert clew.get_run(second.info.run_id).data.metrics == {"m": 1.0}


def policy(base: str) -> str:
    with urllib.request.urlopen(f"{base}/", timeout=10) as answer:
        found = answer.headers["content-security-policy"]
    return "" if found is None else str(found)


def test_notebooks_may_frame_it_only_when_asked(store: str) -> None:
    link = clew.client.session.session.link
    closed = uihost.serve_ui(link, framed=False)
    before = policy(closed)
    framed = uihost.serve_ui(link, framed=True)
    if not before:
        pytest.skip("the web pages are not built")
    assert "frame-ancestors 'none'" in before
    assert "frame-ancestors http://localhost:* http://127.0.0.1:*" in policy(framed)
    assert uihost.serve_ui(link, framed=False) == framed


SCRIPT = """
import os, sys
import clew
clew.ui()
sys.stdin.readline()
os.kill(os.getpid(), 9)
"""


def test_it_ends_with_the_process_whatever_ends_that(store: str, own_session: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=own_session
    )
    with child:
        assert child.stdout is not None
        base = child.stdout.readline().strip().rstrip("/")
        info = read_info(places(store).info)
        assert info is not None
        assert info.urls == [base]
        assert alive(info.pid)
        child.communicate("\n")
    eventually(lambda: not alive(info.pid))


def test_a_server_needs_no_other(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("CLEW_OFFLINE", "1")
    clew.set_tracking_uri("http://127.0.0.1:9")
    run = clew.start_run()
    assert page_of(capsys) == f"http://127.0.0.1:9/runs/{run.info.run_id}"
    clew.end_run()
