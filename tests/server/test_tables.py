"""Tables: whole answers as Arrow and Parquet, the same as the JSON answers, streamed and stopped."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import math
import random
import struct
import sys
import threading
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import ipc, parquet

from clew.server import streams
from clew.storage import runtable

from .conftest import API, NATIVE, Tracker

RUNS, METRICS = NATIVE + "runs/table", NATIVE + "metrics/table"
INFO = ["run_id", "experiment_id", "run_name", "status", "user_id", "artifact_uri", "start_time", "end_time"]


def table(client: Tracker, path: str = RUNS, **fields: Any) -> pa.Table:
    answer = client.post(path, {"experiment_ids": ["0"], **fields})
    assert answer.status == 200, answer.text
    if fields.get("format") == "parquet":
        assert answer.headers["content-type"] == "application/vnd.apache.parquet"
        return parquet.read_table(io.BytesIO(answer.body))
    assert answer.headers["content-type"] == "application/vnd.apache.arrow.stream"
    return ipc.open_stream(answer.body).read_all()


def column(found: pa.Table, name: str) -> list[Any]:
    return found.column(name).to_pylist()


def log(client: Tracker, run_id: str, **fields: dict[str, Any]) -> None:
    client.ok(
        API + "runs/log-batch",
        {
            "run_id": run_id,
            "metrics": [
                {"key": k, "value": v, "timestamp": 5, "step": 1} for k, v in fields.get("metrics", {}).items()
            ],
            "params": [{"key": k, "value": v} for k, v in fields.get("params", {}).items()],
            "tags": [{"key": k, "value": v} for k, v in fields.get("tags", {}).items()],
        },
    )


def test_runs_as_csv_and_json(client: Tracker) -> None:
    run = client.new_run(start_time=1_700_000_000_123, run_name="=cmd", user_id="u")
    log(client, run, metrics={"m": "NaN", "n": 0.1}, params={"p": "-1e-3", "q": "a,b"}, tags={"t": "ä"})
    bare = client.new_run(start_time=1_700_000_000_000, run_name="b")
    asked = {"experiment_ids": ["0"], "attributes": ["run_id", "run_name", "start_time"], "tag_keys": ["t"]}
    answer = client.post(RUNS, {**asked, "format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert list(csv.reader(io.StringIO(answer.text))) == [
        ["run_id", "run_name", "start_time", "metrics.m", "metrics.n", "params.p", "params.q", "tags.t"],
        [run, "'=cmd", "2023-11-14T22:13:20.123+00:00", "NaN", "0.1", "-1e-3", "a,b", "ä"],
        [bare, "b", "2023-11-14T22:13:20.000+00:00", "", "", "", "", ""],
    ]
    first, second = client.post(RUNS, {**asked, "format": "json"}).json()
    assert (first["run_name"], first["metrics.m"], first["metrics.n"], first["tags.t"]) == ("=cmd", "NaN", 0.1, "ä")
    assert set(second) == {"run_id", "run_name", "start_time"}
    assert client.post(RUNS, {**asked, "filter": "metrics.m > 5", "format": "json"}).json() == []
    assert client.post(METRICS, {"run_ids": [run], "format": "csv"}).status == 400


@pytest.mark.parametrize("form", ["arrow", "parquet"])
def test_a_row_per_run_with_every_column(client: Tracker, form: str) -> None:
    first = client.new_run(start_time=1_700_000_000_123, run_name="a", user_id="u")
    second = client.new_run(start_time=1_700_000_000_456, run_name="b")
    log(client, first, metrics={"m": "NaN", "inf": "-Infinity"}, params={"p": "1"}, tags={"t": "ä"})
    log(client, second, metrics={"m": 1.5}, params={"q": ""})
    client.ok(API + "runs/update", {"run_id": first, "status": "FINISHED", "end_time": 1_700_000_001_000})
    found = table(client, order_by=["start_time"], format=form)
    assert found.column_names == [
        *INFO,
        *("metrics.inf", "metrics.m", "params.p", "params.q", "tags.mlflow.runName", "tags.t"),
    ]
    assert column(found, "run_id") == [first, second]
    assert column(found, "status") == ["FINISHED", "RUNNING"]
    assert column(found, "user_id") == ["u", ""]
    assert [t and t.timestamp() for t in column(found, "end_time")] == [1_700_000_001, None]
    assert found.schema.field("start_time").type == pa.timestamp("ms", tz="UTC")
    nan, value = column(found, "metrics.m")
    assert (math.isnan(nan), value) == (True, 1.5)
    assert column(found, "metrics.inf") == [-math.inf, None]
    assert (column(found, "params.p"), column(found, "params.q")) == (["1", None], [None, ""])
    assert column(found, "tags.t") == ["ä", None]


def test_only_the_asked_columns_in_the_order_asked(client: Tracker) -> None:
    log(client, client.new_run(), metrics={"a": 1, "b": 2, "c": 3}, params={"p": "x"}, tags={"t": "y"})
    asked = {"metric_keys": ["c", "none", "a"], "param_keys": [], "tag_keys": ["t"], "attributes": ["status", "run_id"]}
    found = table(client, **asked)
    assert found.column_names == ["status", "run_id", "metrics.c", "metrics.none", "metrics.a", "tags.t"]
    assert [column(found, f"metrics.{key}") for key in ("c", "none", "a")] == [[3], [None], [1]]


def test_every_float_is_exact(client: Tracker) -> None:
    noise = random.Random(7)
    values = {}
    while len(values) < 500:
        (value,) = struct.unpack("<d", noise.randbytes(8))
        if math.isfinite(value):
            values[f"m{len(values)}"] = value
    values |= {"tiny": 5e-324, "huge": sys.float_info.max}
    log(client, client.new_run(), metrics=values)
    (row,) = table(client, attributes=[]).to_pylist()
    assert {key: row[f"metrics.{key}"] for key in values} == values


def test_all_runs_of_all_experiments_in_the_order_of_the_search(
    client: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtable, "_FIRST_ROWS", 2)
    monkeypatch.setattr(runtable, "MAX_ROWS", 3)
    monkeypatch.setattr(runtable, "_LOOKED_AT", 4)
    other = client.new_experiment("other")
    runs = [client.new_run(("0", other)[i % 2], start_time=1000 + i) for i in range(20)]
    for i, run_id in enumerate(runs):
        log(client, run_id, metrics={"m": i} if i != 7 else {}, params={f"p{i % 3}": str(i)})
    asked = {"experiment_ids": ["0", other], "order_by": ["metrics.m DESC"]}
    found = table(client, **asked)
    page = client.ok(API + "runs/search", {**asked, "max_results": 1000})["runs"]
    assert column(found, "run_id") == [run["info"]["run_id"] for run in page]
    for row, run in zip(found.to_pylist(), page, strict=True):
        data = {k: v for k, v in row.items() if k.startswith(("metrics.", "params.")) and v is not None}
        assert data == {
            f"{kind}.{one['key']}": one["value"] for kind in ("metrics", "params") for one in run["data"].get(kind, ())
        }
    few = table(client, **asked, filter="metrics.m >= 15", max_results=3)
    assert column(few, "metrics.m") == [19, 18, 17]
    assert "params.p0" in few.column_names


def test_the_trash_is_a_view(client: Tracker) -> None:
    kept, gone = client.new_run(), client.new_run()
    client.ok(API + "runs/delete", {"run_id": gone})
    assert column(table(client), "run_id") == [kept]
    assert column(table(client, view="DELETED_ONLY"), "run_id") == [gone]
    assert table(client, experiment_ids=["77"]).num_rows == 0
    assert table(client, filter="metrics.none > 1").column_names == INFO


@pytest.mark.parametrize(
    ("path", "fields", "said"),
    [
        (RUNS, {"filter": "metrics.m >"}, "Invalid filter string at position"),
        (RUNS, {"attributes": ["colour"]}, "Invalid attribute 'colour'"),
        (RUNS, {"max_results": 0}, "max_results"),
        (RUNS, {"experiment_ids": ["x"]}, "experiment ID"),
        (RUNS, {"metric_keys": "m"}, "metric_keys"),
        (METRICS, {"run_ids": ["x"] * 10_001}, "at most 10,000 run_ids"),
    ],
)
def test_what_is_wrong_is_told_as_json(client: Tracker, path: str, fields: dict[str, Any], said: str) -> None:
    answer = client.post(path, {"experiment_ids": ["0"], **fields})
    assert (answer.status, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), answer.text
    assert said in answer.message


def test_without_pyarrow_the_answer_names_the_extra(lite: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for path in (RUNS, METRICS):
        answer = lite.post(path, {"experiment_ids": ["0"]})
        assert (answer.status, answer.json()["error_code"]) == (501, "NOT_IMPLEMENTED")
        assert "clew[arrow]" in answer.message


@pytest.mark.parametrize("form", ["arrow", "parquet"])
def test_every_point_of_the_named_runs(client: Tracker, form: str) -> None:
    first, second = client.new_run(), client.new_run()
    client.log(first, "b", (2, 0.5), (1, 0.25))
    client.log(first, "a", *[(step, step / 8) for step in range(900)])
    client.log(second, "a", (0, 1.0))
    client.app.site.store.compact(everything=True)
    client.log(second, "a", (-3, 7.0))
    found = table(client, METRICS, run_ids=[second, first, "f" * 32], format=form)
    assert found.column_names == [
        *("run_id", "key", "step", "timestamp", "value", "model_id", "dataset_name", "dataset_digest")
    ]
    rows = list(zip(*(column(found, name) for name in ("run_id", "key", "step", "value")), strict=True))
    assert rows[:2] == [(second, "a", -3, 7.0), (second, "a", 0, 1.0)]
    assert rows[2:902] == [(first, "a", step, step / 8) for step in range(900)]
    assert rows[902:] == [(first, "b", 1, 0.25), (first, "b", 2, 0.5)]
    assert column(found, "timestamp")[0].timestamp() == 0.997
    assert set(column(found, "model_id")) == {None}
    some = table(client, METRICS, run_ids=[first], keys=["a"], start_step=10, end_step=12)
    assert column(some, "step") == [10, 11, 12]
    assert table(client, METRICS, run_ids=[]).num_rows == 0


def test_points_of_the_runs_that_match_with_what_they_are_bound_to(client: Tracker) -> None:
    run_id, other = client.new_run(), client.new_run()
    bound = {"dataset_name": "d", "dataset_digest": "1a", "model_id": "m-1"}
    metrics = [
        {"key": "m", "value": "NaN", "timestamp": 1, "step": 0, **bound},
        {"key": "m", "value": "Infinity", "timestamp": 1, "step": 1},
    ]
    client.ok(API + "runs/log-batch", {"run_id": run_id, "metrics": metrics, "tags": [{"key": "t", "value": "x"}]})
    client.log(other, "m", (0, 1.0))
    found = table(client, METRICS, filter="tags.t = 'x'")
    assert column(found, "run_id") == [run_id, run_id]
    nan, infinity = column(found, "value")
    assert (math.isnan(nan), infinity) == (True, math.inf)
    assert column(found, "model_id") == ["m-1", None]
    assert column(found, "dataset_name") == ["d", None]
    assert column(found, "dataset_digest") == ["1a", None]


class Reader:
    """Takes the first piece of a table, waits until it is told to go on, and may leave instead."""

    def __init__(self, client: Tracker) -> None:
        self.begun = threading.Event()
        self.pieces = 0
        self._client = client
        self._body = json.dumps({"experiment_ids": ["0"]}).encode()
        client._call(self._start())

    async def _start(self) -> None:
        self._left = asyncio.Event()
        self._asked = False
        headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": RUNS, "headers": headers, "client": ("127.0.0.1", 1)}
        self._task = asyncio.ensure_future(self._client.app(scope | {"query_string": b""}, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self._body}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message.get("body"):
            self.pieces += 1
            self.begun.set()
            await self._left.wait()

    def leave(self) -> None:
        async def leave() -> None:
            self._left.set()
            await self._task

        self._client._call(leave())


@pytest.fixture
def batches_of_one(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Batches are one run each; the sizes of those that were read."""
    read: list[int] = []
    whole = runtable._read

    def counted(tx: Any, rns: Any, keys: Any) -> Any:
        read.append(len(rns))
        return whole(tx, rns, keys)

    monkeypatch.setattr(runtable, "MAX_ROWS", 1)
    monkeypatch.setattr(runtable, "_read", counted)
    return read


def test_a_reader_that_is_slow_or_leaves_stops_the_work(client: Tracker, batches_of_one: list[int]) -> None:
    for _ in range(30):
        client.new_run()
    reader = Reader(client)
    assert reader.begun.wait(10)
    reader.leave()
    assert reader.pieces <= 3
    assert len(batches_of_one) <= 2 + streams._AHEAD + 2
    assert table(client).num_rows == 30  # nothing is held any more


def test_one_snapshot_whatever_is_written_meanwhile(client: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtable, "MAX_ROWS", 1)
    runs = [client.new_run() for _ in range(6)]
    for run_id in runs:
        log(client, run_id, metrics={"m": 1})
    whole, site = runtable._read, client.app.site

    def slowed(tx: Any, rns: Any, keys: Any) -> Any:
        def change(other: Any) -> None:
            other.run("UPDATE latest_metric SET value = 2")
            other.run("UPDATE run SET name = 'new'")

        site.store.write(change)
        return whole(tx, rns, keys)

    monkeypatch.setattr(runtable, "_read", slowed)
    found = table(client)
    assert set(column(found, "metrics.m")) == {1.0}
    assert "new" not in column(found, "run_name")


def test_a_failure_in_the_middle_leaves_the_answer_without_an_end(
    client: Tracker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        client.new_run()
    whole, calls = runtable._read, []

    def failing(tx: Any, rns: Any, keys: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("disk")
        return whole(tx, rns, keys)

    monkeypatch.setattr(runtable, "MAX_ROWS", 1)
    monkeypatch.setattr(runtable, "_read", failing)
    answer = client.post(RUNS, {"experiment_ids": ["0"]})
    assert answer.status == 200
    assert ipc.open_stream(answer.body).read_next_batch().num_rows == 1
    assert "broke off" in caplog.text


def test_too_many_tables_at_once_are_told_to_wait(lite: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_WAITING", -streams.THREADS)
    answer = lite.post(RUNS, {"experiment_ids": ["0"]})
    assert (answer.status, answer.headers["retry-after"]) == (429, "5")
