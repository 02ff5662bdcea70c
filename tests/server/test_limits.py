"""What one request, or many at once, may cost; beyond it comes an answer that names the cure."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from clew.artifacts.local import LocalStore
from clew.errors import DeadlineExceeded
from clew.server import tracking
from clew.server.app import App
from clew.server.context import Site
from clew.server.limits import Limits
from clew.storage.store import Store

from .conftest import API, NATIVE, Tracker

JSON = {"content-type": "application/json"}
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000000) SELECT count(*) FROM n"


@pytest.fixture
def narrow(store: Store, tmp_path: Path) -> Iterator[Tracker]:
    """A server that allows next to nothing."""
    limits = Limits(body_bytes=1000, waiting_queries=2, query_s=0.2)
    tracker = Tracker(App(Site(store, LocalStore(str(tmp_path / "a"))), limits=limits))
    yield tracker
    tracker.close()


@pytest.mark.parametrize("body", [b"x" * 1001, [b"x" * 600, b"x" * 600]])
def test_a_large_request_is_refused_but_a_large_artifact_is_not(narrow: Tracker, body: Any) -> None:
    answer = narrow.request("POST", API + "runs/create", body, JSON)
    assert answer.status == 413
    assert "--max-body-mb" in answer.message
    at = "/api/2.0/mlflow-artifacts/artifacts/big"
    assert narrow.request("PUT", at, [b"x" * 100_000]).status == 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_compressed_requests_are_refused_unread(lite: Tracker, encoding: str) -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    for path in (API + "runs/create", NATIVE + "ingest", "/api/2.0/mlflow-artifacts/artifacts/a"):
        answer = lite.request("POST", path, bomb, JSON | {"content-encoding": encoding})
        assert answer.status == 415
        assert "Content-Encoding" in answer.message


@pytest.mark.parametrize("depth", [50, 200, 500, 900, 980, 1500, 20_000, 1_000_000])
@pytest.mark.parametrize("inner", ["[%s]", '{"a":%s}'])
def test_json_as_deep_as_may_be_is_bad_input(lite: Tracker, depth: int, inner: str) -> None:
    begin, end = inner.split("%s")
    for field in ("experiment_id", "tags", "unknown"):
        body = f'{{"{field}":{begin * depth}1{end * depth}}}'
        for path in (API + "experiments/set-experiment-tag", API + "runs/log-batch", NATIVE + "runs/query"):
            answer = lite.request("POST", path, body.encode(), JSON)
            assert answer.status in (200, 400), answer.text


def test_a_query_that_takes_too_long_is_given_up(store: Store) -> None:
    with pytest.raises(DeadlineExceeded, match="--query-timeout"):
        store.read(lambda tx: tx.all(ENDLESS), 0.2)
    assert store.read(lambda tx: tx.one("SELECT 1")) == (1,)


def test_a_slow_search_is_answered_with_the_cure(narrow: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    slow(monkeypatch, lambda tx: tx.all(ENDLESS))
    answer = new_app(narrow).post(API + "runs/search", {"experiment_ids": ["0"]})
    assert (answer.status, answer.json()["error_code"]) == (504, "DEADLINE_EXCEEDED")
    assert "--query-timeout" in answer.message


def test_more_reads_than_may_wait_are_told_to_come_back(narrow: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Semaphore(0), threading.Event()

    def wait(_tx: Any) -> None:
        begun.release()
        assert go_on.wait(20)

    slow(monkeypatch, wait)
    client = new_app(narrow)
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(client.post, API + "runs/search", {"experiment_ids": ["0"]}) for _ in range(2)]
        for _ in waiting:
            assert begun.acquire(timeout=10)
        refused = client.post(API + "runs/search", {"experiment_ids": ["0"]})
        go_on.set()
        assert [w.result().status for w in waiting] == [200, 200]
    assert refused.status == 429
    assert refused.headers["retry-after"] == "1"
    assert client.post(API + "runs/search", {"experiment_ids": ["0"]}).status == 200


def slow(monkeypatch: pytest.MonkeyPatch, first: Any) -> None:
    """Let ``search_runs`` of the next application do ``first`` before it searches."""
    real = tracking.search_runs

    def search_runs(tx: Any, request: Any) -> Any:
        first(tx)
        return real(tx, request)

    monkeypatch.setattr(tracking, "SEARCHES", tuple(search_runs if h is real else h for h in tracking.SEARCHES))


def new_app(client: Tracker) -> Tracker:
    """The same site and limits, with the handlers as they are now."""
    old = client.app
    client.__dict__.pop("app")
    client.app = App(old.site, limits=old._limits)
    client._call(client._start())
    return client
