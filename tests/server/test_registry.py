"""The model registry beyond MLflow's: history, what stood where at a time, safe sources, and what holds what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import API, NATIVE, Tracker

NAME = "wine quality"


def register(client: Tracker, name: str = NAME, **fields: Any) -> str:
    """The number of a new version of ``name``, which is made if there is none."""
    client.post(API + "registered-models/create", {"name": name})
    made = client.ok(API + "model-versions/create", {"name": name, "source": "s3://bucket/m"} | fields)
    return str(made["model_version"]["version"])


def move(client: Tracker, version: str, stage: str, **fields: Any) -> None:
    client.ok(API + "model-versions/transition-stage", {"name": NAME, "version": version, "stage": stage} | fields)


def point(client: Tracker, alias: str, version: str, **fields: Any) -> None:
    client.ok(API + "registered-models/alias", {"name": NAME, "alias": alias, "version": version} | fields)


def history(client: Tracker, **fields: Any) -> Any:
    return client.get(NATIVE + "models/wine%20quality/history", **fields).json()


def state(client: Tracker, **fields: Any) -> tuple[dict[str, str], dict[str, str]]:
    found = client.get(NATIVE + "models/wine%20quality/at", **fields).json()
    aliases = {a["alias"]: a["version"] for a in found.get("aliases", ())}
    return aliases, {s["version"]: s["stage"] for s in found.get("stages", ())}


def test_history_tells_who_moved_what_from_where_to_where_and_why(client: Tracker) -> None:
    first, second = register(client), register(client)
    move(client, first, "Production", reason="passed the review")
    move(client, second, "Production", archive_existing_versions=True)
    body = {"name": NAME, "alias": "champion", "version": first, "reason": "canary"}
    client.request(
        "POST",
        API + "registered-models/alias",
        json.dumps(body).encode(),
        {"content-type": "application/json", "x-clew-user": "ana"},
    )
    point(client, "champion", second)
    point(client, "champion", second)  # nothing moves
    client.send("DELETE", API + "model-versions/delete", {"name": NAME, "version": second})
    told = [
        (m["kind"], m.get("version", ""), m.get("alias", ""), m.get("before", ""), m.get("after", ""))
        for m in history(client)["moves"]
    ]
    assert told == [
        ("version", "2", "", "2", ""),
        ("alias", "2", "champion", "2", ""),
        ("alias", "2", "champion", "1", "2"),
        ("alias", "1", "champion", "", "1"),
        ("stage", "2", "", "None", "Production"),
        ("stage", "1", "", "Production", "Archived"),
        ("stage", "1", "", "None", "Production"),
        ("version", "2", "", "", "2"),
        ("version", "1", "", "", "1"),
        ("model", "", "", "", NAME),
    ]
    why = {m.get("reason"): m.get("user") for m in history(client)["moves"] if m.get("reason")}
    assert why == {"canary": "ana", "passed the review": None}


def test_history_comes_in_pages(client: Tracker) -> None:
    register(client)
    for stage in ("Staging", "Production", "Archived"):
        move(client, "1", stage)
    first = history(client, max_results=2)
    assert first["more"]
    rest = history(client, before=first["moves"][-1]["id"])
    assert [m.get("after") for m in first["moves"] + rest["moves"]] == ["Archived", "Production", "Staging", "1", NAME]
    assert not rest.get("more")


def test_where_things_stood_at_a_time(client: Tracker) -> None:
    now = iter(range(1_000, 100_000, 1_000))
    client.app.site.store._place.clock = lambda: next(now)
    first, second = register(client), register(client)
    times = []
    for alias in (first, second, first, second, first):
        point(client, "champion", alias)
        times.append(int(history(client, max_results=1)["moves"][0]["timestamp"]))
    for time, version in zip(times, (first, second, first, second, first), strict=True):
        assert state(client, time=time) == ({"champion": version}, {"1": "None", "2": "None"})
        assert state(client, time=time + 999)[0] == {"champion": version}
    assert state(client, time=times[0] - 1)[0] == {}
    assert state(client, time=0) == ({}, {})
    move(client, second, "Staging")
    assert state(client) == ({"champion": first}, {"1": "None", "2": "Staging"})


@pytest.mark.parametrize(
    "source",
    [
        "/etc/passwd",
        "file:///etc/passwd",
        "file:/etc",
        "etc/passwd",
        "../x",
        "s3://bucket/../other",
        "s3://bucket/%2e%2e/other",
        "s3://bucket/%252e%252e/other",
        "s3://bucket/x?y=/../../z",
        "s3://bucket/x#/../../z",
        "mlflow-artifacts:/1/..%5c..%5cx",
        "s3://bucket/x\\..\\y",
        "s3://bucket/x\x00y",
        "http://[bad/x",
        "models:/",
        "models:/nothing",
        "models:/nothing/Bogus",
        "runs:/../../etc",
        "x" * 6000,
    ],
)
def test_sources_that_hide_another_place_are_refused(client: Tracker, source: str) -> None:
    client.ok(API + "registered-models/create", {"name": NAME})
    answer = client.post(API + "model-versions/create", {"name": NAME, "source": source})
    assert answer.status in (400, 404), answer.text
    assert (
        client.get(API + "registered-models/get", name=NAME).json()["registered_model"].get("latest_versions", []) == []
    )


def test_a_local_source_lies_inside_what_its_run_has(client: Tracker, tmp_path: Path) -> None:
    made = client.ok(API + "experiments/create", {"name": "local", "artifact_location": str(tmp_path / "files")})
    run_id = client.new_run(made["experiment_id"])
    root = Path(client.get(API + "runs/get", run_id=run_id).json()["run"]["info"]["artifact_uri"])
    (root / "model").mkdir(parents=True)
    (root / "way-out").symlink_to("/etc")
    assert register(client, source=str(root / "model"), run_id=run_id) == "1"
    for source in (str(root / "way-out"), str(root) + "-other", str(tmp_path), "/"):
        answer = client.post(API + "model-versions/create", {"name": NAME, "source": source, "run_id": run_id})
        assert answer.status == 400, source
        assert "not within the artifact directory" in answer.message
    assert (
        "run_id request parameter"
        in client.post(API + "model-versions/create", {"name": NAME, "source": str(root / "model")}).message
    )


def test_a_proxied_source_belongs_to_its_run(client: Tracker) -> None:
    mine, other = client.new_run(), client.new_run()
    roots = [client.get(API + "runs/get", run_id=r).json()["run"]["info"]["artifact_uri"] for r in (mine, other)]
    assert register(client, source=f"{roots[0]}/model", run_id=mine) == "1"
    answer = client.post(API + "model-versions/create", {"name": NAME, "source": f"{roots[1]}/model", "run_id": mine})
    assert answer.status == 400
    assert "outside the artifacts" in answer.message
    answer = client.post(API + "model-versions/create", {"name": NAME, "source": f"runs:/{other}/m", "run_id": mine})
    assert "another run" in answer.message
    assert register(client, source=f"runs:/{mine}/model") == "2"
    uri = client.get(API + "model-versions/get-download-uri", name=NAME, version="2").json()["artifact_uri"]
    assert uri == f"{roots[0]}/model"


def test_what_a_version_is_made_of_is_not_deleted_for_good(client: Tracker) -> None:
    made = client.ok(API + "experiments/create", {"name": "to go"})["experiment_id"]
    kept, gone = client.new_run(made), client.new_run(made)
    version = register(client, source=f"runs:/{kept}/model")
    client.ok(API + "experiments/delete", {"experiment_id": made})
    listed = client.ok(NATIVE + "trash/list", {"older_than": 0})
    assert [item["id"] for item in listed["items"]] == [gone]
    assert {left["id"] for left in listed["held"]} == {kept, made}
    client.ok(NATIVE + "trash/purge", {"older_than": 0})
    assert client.get(API + "runs/get", run_id=kept).status == 200
    assert client.get(API + "runs/get", run_id=gone).status == 404
    client.send("DELETE", API + "model-versions/delete", {"name": NAME, "version": version})
    client.ok(NATIVE + "trash/purge", {"older_than": 0})
    assert client.get(API + "runs/get", run_id=kept).status == 404
