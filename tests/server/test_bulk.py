"""One action on many runs."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from clew.server import bulk

from .conftest import API, NATIVE, Tracker

BULK = NATIVE + "runs/bulk"


def do(client: Tracker, action: str, runs: list[str], **fields: Any) -> Any:
    return client.ok(BULK, {"action": action, "run_ids": runs, **fields})


def stage(client: Tracker, run_id: str) -> str:
    return str(client.run(run_id)["info"]["lifecycle_stage"])


def test_tags_are_set_and_removed_and_failures_are_told(client: Tracker) -> None:
    runs = [client.new_run(tags=[{"key": "old", "value": "1"}]) for _ in range(3)]
    bare = client.new_run()
    client.ok(API + "runs/delete", {"run_id": runs[2]})
    tags = [{"key": "team", "value": "blue"}]
    found = do(client, "tag", [*runs, bare, "f" * 32, bare], tags=tags, delete_tags=["old"])
    assert found["done"] == 3
    assert [(f["run_id"], f["error_code"]) for f in found["failed"]] == [
        (runs[2], "INVALID_PARAMETER_VALUE"),
        ("f" * 32, "RESOURCE_DOES_NOT_EXIST"),
    ]
    assert "deleted" in found["failed"][0]["message"]
    for run_id in (*runs[:2], bare):
        assert client.tags(run_id)["team"] == "blue"
        assert "old" not in client.tags(run_id)


def test_renaming_by_template(client: Tracker) -> None:
    runs = [client.new_run(run_name=f"r{i}") for i in range(2)]
    client.ok(API + "runs/log-parameter", {"run_id": runs[0], "key": "lr", "value": "0.1"})
    client.log(runs[0], "acc", (1, 0.123456789))
    found = do(client, "rename", runs, template="{name}-{n}-{params.lr}-{metrics.acc}{tags.none}")
    assert found == {"done": 2}
    assert [client.run(r)["info"]["run_name"] for r in runs] == ["r0-1-0.1-0.123457", "r1-2--"]
    assert client.tags(runs[0])["mlflow.runName"] == "r0-1-0.1-0.123457"
    empty = do(client, "rename", runs[1:], template="{params.lr}")
    assert (empty["done"], "empty name" in empty["failed"][0]["message"]) == (0, True)


def test_deleting_and_restoring_by_filter_needs_the_number_that_was_seen(client: Tracker) -> None:
    runs = [client.new_run() for _ in range(5)]
    for i, run_id in enumerate(runs):
        client.log(run_id, "m", (0, float(i)))
    chosen = {"action": "delete", "experiment_ids": ["0"], "filter": "metrics.m >= 2"}
    assert "'expected_total'" in client.post(BULK, chosen).message
    answer = client.post(BULK, {**chosen, "expected_total": 2})
    assert (answer.status, answer.json()["clew"]["stored"]) == (409, {"total": 3})
    assert {stage(client, run_id) for run_id in runs} == {"active"}
    done = client.ok(BULK, {**chosen, "expected_total": 3})
    assert (done["done"], sorted(done["run_ids"])) == (3, sorted(runs[2:]))
    assert [stage(client, r) for r in runs] == ["active"] * 2 + ["deleted"] * 3
    back = {"action": "restore", "experiment_ids": ["0"], "expected_total": 3}
    assert client.ok(BULK, back)["done"] == 3
    assert {stage(client, run_id) for run_id in runs} == {"active"}


def test_moved_runs_keep_everything_and_go_on(client: Tracker) -> None:
    target = client.new_experiment("target")
    run_id = client.new_run()
    client.log(run_id, "m", *((s, s / 2) for s in range(50)))
    before = client.run(run_id)
    assert do(client, "move", [run_id, run_id], target_experiment_id=target) == {"done": 1}
    after = client.run(run_id)
    assert after["info"].pop("experiment_id") == target
    before["info"].pop("experiment_id")
    assert after == before
    client.log(run_id, "m", (50, 25.0))
    assert client.history(run_id, "m") == [(s, s / 2) for s in range(51)]
    left = client.ok(API + "runs/search", {"experiment_ids": ["0"]})
    assert "runs" not in left


def test_copies_have_their_own_files(client: Tracker) -> None:
    target = client.new_experiment("target")
    run_id = client.new_run()
    client.log(run_id, "m", (1, 1.0))
    files = "/api/2.0/mlflow-artifacts/artifacts"
    place = client.run(run_id)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:")
    for name in ("a.txt", "deep/er/b.txt", "deep/c%23.txt"):
        path = f"{files}{place}/{name}"
        assert client.request("PUT", path, name.encode()).status == 200
    found = do(client, "copy", [run_id, "f" * 32], target_experiment_id=target)
    assert (found["done"], [f["run_id"] for f in found["failed"]]) == (1, ["f" * 32])
    ((copied, copy_id),) = ((c["run_id"], c["copy_id"]) for c in found["copies"])
    assert copied == run_id
    info = client.run(copy_id)["info"]
    assert (info["experiment_id"], info["artifact_uri"]) == (target, f"mlflow-artifacts:/{target}/{copy_id}/artifacts")
    assert client.history(copy_id, "m") == [(1, 1.0)]
    assert client.request("DELETE", f"{files}{place}/deep").status == 200
    for name in ("a.txt", "deep/er/b.txt"):
        answer = client.get("/get-artifact", run_id=copy_id, path=name)
        assert answer.body == name.encode()
        assert answer.headers["x-clew-sha256"] == hashlib.sha256(name.encode()).hexdigest()


def test_files_outside_of_the_server_are_not_copied(client: Tracker) -> None:
    away = client.new_experiment("away", artifact_location="s3://bucket/x")
    run_id = client.new_run(away)
    (copy,) = do(client, "copy", [run_id], target_experiment_id="0")["copies"]
    uris = [client.run(r)["info"]["artifact_uri"] for r in (run_id, copy["copy_id"])]
    assert uris[0] == uris[1]


def test_many_runs_go_in_several_transactions(client: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_RUNS_AT_ONCE", 3)
    monkeypatch.setattr(bulk, "_SECONDS_AT_ONCE", 0.0)
    runs = [client.new_run() for _ in range(7)]
    found = do(client, "tag", [runs[0], "f" * 32, *runs[1:]], tags=[{"key": "k", "value": "v"}])
    assert (found["done"], [f["run_id"] for f in found["failed"]]) == (7, ["f" * 32])
    assert all(client.tags(run_id)["k"] == "v" for run_id in runs)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"action": "explode"}, "parameter 'action'"),
        ({"action": "delete"}, "Give 'run_ids'"),
        ({"action": "tag", "run_ids": ["x"]}, "needs 'tags'"),
        ({"action": "tag", "run_ids": ["x"], "tags": [{"key": "a,b", "value": ""}]}, "tags[0].key"),
        ({"action": "rename", "run_ids": ["x"]}, "needs a 'template'"),
        ({"action": "rename", "run_ids": ["x"], "template": "{params.}"}, "Unknown field {params.}"),
        ({"action": "move", "run_ids": ["x"]}, "needs 'target_experiment_id'"),
        ({"action": "copy", "run_ids": ["x"], "target_experiment_id": "77"}, "No Experiment with id=77"),
        ({"action": "delete", "run_ids": [str(i) for i in range(10_001)]}, "At most 10000 runs"),
        ({"action": "delete", "experiment_ids": ["0"], "filter": "metrics.", "expected_total": 1}, "Invalid"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is(lite: Tracker, fields: dict[str, Any], words: str) -> None:
    answer = lite.post(BULK, fields)
    assert answer.status in (400, 404)
    assert words in answer.message
