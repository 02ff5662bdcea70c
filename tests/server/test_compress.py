"""Long answers of the native API are packed for who can read them so, and for nobody else."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from .conftest import API, NATIVE, Tracker

RUNS = 40


@pytest.fixture
def long(client: Tracker) -> dict[str, Any]:
    """A query with a long answer."""
    for number in range(RUNS):
        run_id = client.new_run(run_name=f"run {number}")
        params = [{"key": f"p{key}", "value": "x" * 40} for key in range(20)]
        client.ok(API + "runs/log-batch", {"run_id": run_id, "params": params})
    columns = [f"params.p{key}" for key in range(20)]
    return {"experiment_ids": ["0"], "columns": columns}


def ask(client: Tracker, path: str, fields: Any, **headers: str) -> Any:
    sent = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return client.request("POST", path, json.dumps(fields).encode(), sent)


def test_who_takes_gzip_gets_it(client: Tracker, long: dict[str, Any]) -> None:
    plain = ask(client, NATIVE + "runs/query", long)
    assert "content-encoding" not in plain.headers
    assert len(plain.body) > 2048
    for taken in ("gzip, deflate, br", "br;q=1.0, gzip;q=0.8", "*", "GZIP"):
        small = ask(client, NATIVE + "runs/query", long, accept_encoding=taken)
        assert (small.headers["content-encoding"], small.headers["vary"]) == ("gzip", "accept-encoding")
        assert int(small.headers["content-length"]) == len(small.body) < len(plain.body) / 2
        assert json.loads(gzip.decompress(small.body)) == plain.json()


def test_nobody_else_does(client: Tracker, long: dict[str, Any]) -> None:
    for refused in ("", "br", "gzip;q=0", "gzip; q=0.0", "identity"):
        assert "content-encoding" not in ask(client, NATIVE + "runs/query", long, accept_encoding=refused).headers
    search = {"experiment_ids": ["0"]}
    assert "content-encoding" not in ask(client, API + "runs/search", search, accept_encoding="gzip").headers
    assert "content-encoding" not in client.request("GET", NATIVE + "info", headers={"accept-encoding": "gzip"}).headers
