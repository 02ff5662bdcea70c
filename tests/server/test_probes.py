"""``/ready`` and ``/metrics``: what operators and Prometheus ask."""

from __future__ import annotations

import re

import pytest

from clew.server.meters import Meters
from clew.storage.store import Store

from .conftest import Tracker
from .test_ingest import Journal


def figures(client: Tracker) -> dict[str, float]:
    """Every sample by its name and labels."""
    answer = client.get("/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_requests_are_counted_by_route_method_and_status(client: Tracker) -> None:
    client.new_run()
    client.get("/api/2.0/mlflow/runs/get", run_id="none")
    client.get("/nowhere")
    client.request("BREW", "/nowhere")
    found = figures(client)
    count = 'clew_http_requests_total{route="%s",method="%s",status="%s"}'
    assert found[count % ("create_run", "POST", "2xx")] == 1
    assert found[count % ("get_run", "GET", "4xx")] == 1
    assert found[count % ("other", "GET", "4xx")] == 1
    assert found[count % ("other", "other", "4xx")] == 1
    assert found['clew_http_request_seconds_bucket{route="create_run",le="+Inf"}'] == 1
    assert found['clew_http_request_seconds_count{route="create_run"}'] == 1
    assert found['clew_http_request_seconds_sum{route="create_run"}'] > 0
    assert found["clew_http_requests_in_flight"] == 1  # this one


def test_the_store_s_work_is_counted(client: Tracker, store: Store) -> None:
    journal = Journal()
    journal.begin()
    journal.key(1, "loss")
    for step in range(10):
        journal.point(1, step, 0.5)
    assert journal.send(client).status == 200
    before = figures(client)
    assert before["clew_journal_batches_total"] == 1
    assert before["clew_points_total"] == before["clew_uncompacted_points"] == 10
    assert before["clew_writes_total"] >= before["clew_commits_total"] >= 1
    store.compact()
    after = figures(client)
    assert after["clew_uncompacted_points"] == 0
    assert after["clew_compactions_total"] == 1
    assert after["clew_compaction_seconds_total"] > 0


def test_artifact_bytes_are_counted(client: Tracker) -> None:
    at = "/api/2.0/mlflow-artifacts/artifacts/a"
    client.request("PUT", at, [b"x" * 3000, b"y" * 2000])
    client.get(at)
    found = figures(client)
    assert found["clew_artifact_received_bytes_total"] == 5000
    assert found["clew_artifact_sent_bytes_total"] == 5000


def test_the_process_is_described(client: Tracker) -> None:
    found = figures(client)
    assert found["process_resident_memory_bytes"] > 1e6
    assert found["process_open_fds"] > 3
    assert found["process_cpu_seconds_total"] > 0
    (build,) = [name for name in found if name.startswith("clew_build_info")]
    assert re.search(r'version="\d', build)


def test_every_metric_is_described_once(client: Tracker) -> None:
    client.new_run()
    lines = client.get("/metrics").text.splitlines()
    kinds = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(kinds) == len(set(kinds))
    samples = {re.split(r"[ {]", line)[0] for line in lines if not line.startswith("#")}
    assert {re.sub("_(bucket|sum|count)$", "", s) for s in samples} == set(kinds)


def test_ready_while_the_store_answers(client: Tracker, store: Store) -> None:
    assert (client.get("/ready").status, client.get("/ready").text) == (200, "ready")
    store.close()
    answer = client.get("/ready")
    assert answer.status == 503
    assert "writes" in answer.text
    assert client.get("/health").status == 200


def test_a_server_that_ends_is_not_ready(lite: Tracker) -> None:
    async def end() -> None:
        lite.app.hub.close()

    lite._call(end())
    assert lite.get("/ready").status == 503


@pytest.mark.postgres
def test_a_lost_database_is_named(client: Tracker, store: Store, request: pytest.FixtureRequest) -> None:
    if store.dialect_name != "postgresql":
        pytest.skip("SQLite's file cannot go away")
    server = request.getfixturevalue("postgres_server")
    name = store.url.rpartition("@/")[2].partition("?")[0]
    server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    answer = client.get("/ready")
    server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert answer.status == 503
    assert "PostgreSQL" in answer.text


def test_buckets_hold_what_took_no_longer() -> None:
    meters = Meters()
    for taken_s in (0.001, 0.0011, 99.0):
        meters.note({"method": "GET", "route": "r"}, 200, taken_s)
    assert (meters.times["r"][0], meters.times["r"][1], meters.times["r"][-1]) == (1, 1, 1)
