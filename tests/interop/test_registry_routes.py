"""Each call of the model registry as it travels; on MLflow's own server where it is slow."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from interop.wire import Wire, pairs

pytestmark = pytest.mark.interop


def new_name() -> str:
    return f"wine-{uuid.uuid4().hex[:12]}"


def model(wire: Wire, **fields: Any) -> str:
    """The name of a new registered model."""
    name = new_name()
    wire.ok("create_registered_model", name=name, **fields)
    return name


def version(wire: Wire, name: str, **fields: Any) -> str:
    """The number of a new version, made of files in a bucket."""
    fields = {"source": "s3://bucket/model"} | fields
    return str(wire.ok("create_model_version", name=name, **fields)["model_version"]["version"])


def read(wire: Wire, name: str) -> Any:
    return wire.ok("get_registered_model", name=name)["registered_model"]


def read_version(wire: Wire, name: str, number: str) -> Any:
    return wire.ok("get_model_version", name=name, version=number)["model_version"]


def test_create_registered_model(wire: Wire) -> None:
    name = new_name()
    made = wire.ok("create_registered_model", name=name, description="d", tags=[{"key": "a", "value": "1"}])
    made = made["registered_model"]
    assert (made["name"], made["description"], pairs(made["tags"])) == (name, "d", {"a": "1"})
    assert int(made["creation_timestamp"]) == int(made["last_updated_timestamp"]) > 0
    wire.refused(
        "create_registered_model", 400, "RESOURCE_ALREADY_EXISTS", f"Registered Model (name={name}) already", name=name
    )
    for bad in ("a/b", "a:b"):
        wire.invalid("create_registered_model", "Invalid model name", name=bad)
    wire.invalid("create_registered_model", "Missing value for required parameter 'name'")


def test_rename_registered_model(wire: Wire) -> None:
    old, new, other = model(wire, tags=[{"key": "a", "value": "1"}]), new_name(), model(wire)
    number = version(wire, old)
    wire.ok("set_registered_model_alias", name=old, alias="best", version=number)
    assert wire.ok("rename_registered_model", name=old, new_name=new)["registered_model"]["name"] == new
    kept = read(wire, new)
    assert pairs(kept["tags"]) == {"a": "1"}
    assert kept["aliases"] == [{"alias": "best", "version": number}]
    assert read_version(wire, new, number)["name"] == new
    wire.absent("get_registered_model", f"Registered Model with name={old} not found", name=old)
    wire.refused("rename_registered_model", 400, "RESOURCE_ALREADY_EXISTS", "already exists", name=new, new_name=other)
    wire.absent("rename_registered_model", "not found", name=old, new_name=new_name())


def test_update_registered_model(wire: Wire) -> None:
    name = model(wire)
    wire.ok("update_registered_model", name=name, description="better")
    assert read(wire, name)["description"] == "better"
    wire.absent("update_registered_model", "not found", name=new_name(), description="x")


def test_delete_registered_model(wire: Wire) -> None:
    name = model(wire)
    number = version(wire, name)
    assert wire.ok("delete_registered_model", name=name) == {}
    wire.absent("get_registered_model", "not found", name=name)
    wire.absent("get_model_version", "not found", name=name, version=number)
    wire.absent("delete_registered_model", "not found", name=name)
    wire.ok("create_registered_model", name=name)
    assert "latest_versions" not in read(wire, name)


def test_get_registered_model(wire: Wire) -> None:
    name = model(wire)
    first, second = version(wire, name), version(wire, name)
    assert [v["version"] for v in read(wire, name)["latest_versions"]] == [second]
    wire.ok("transition_model_version_stage", name=name, version=first, stage="Staging")
    latest = {v["version"]: v["current_stage"] for v in read(wire, name)["latest_versions"]}
    assert latest == {first: "Staging", second: "None"}
    wire.absent("get_registered_model", "Registered Model with name=none not found", name="none")


def test_search_registered_models(wire: Wire) -> None:
    prefix = uuid.uuid4().hex[:8]
    names = [f"{prefix}-{letter}" for letter in "bac"]
    for name in names:
        wire.ok("create_registered_model", name=name, tags=[{"key": "k", "value": name[-1]}])

    def found(filter_string: str, **fields: Any) -> list[str]:
        answer = wire.ok("search_registered_models", filter=filter_string, **fields)
        return [m["name"] for m in answer.get("registered_models", ())]

    mine = f"name LIKE '{prefix}%'"
    assert found(mine) == sorted(names)
    assert found(mine, order_by=["name DESC"]) == sorted(names, reverse=True)
    assert found(f"name ILIKE '{prefix.upper()}-A'") == [f"{prefix}-a"]
    assert found(f"{mine} AND tags.k = 'b'") == [f"{prefix}-b"]
    assert found(f"name = '{prefix}-none'") == []
    page = wire.ok("search_registered_models", filter=mine, max_results=2)
    rest = wire.ok("search_registered_models", filter=mine, max_results=2, page_token=page["next_page_token"])
    assert [m["name"] for m in page["registered_models"] + rest["registered_models"]] == sorted(names)
    assert not rest.get("next_page_token")
    wire.invalid("search_registered_models", "Invalid", filter="bogus = 'x'")
    wire.invalid("search_registered_models", "Invalid", filter=mine, order_by=["bogus"])
    wire.invalid("search_registered_models", "max_results", max_results=1001)
    if wire.clew:  # MLflow's R client asks like this, and MLflow's server refuses it
        answer = wire.request(
            "POST",
            "/api/2.0/mlflow/registered-models/search",
            b'{"max_results": "1"}',
            {"Content-Type": "application/json"},
        )
        assert answer.status == 200
        assert found(f"name = '{prefix}-a' OR tags.k = 'c'") == [f"{prefix}-a", f"{prefix}-c"]


def test_get_latest_versions(wire: Wire) -> None:
    name = model(wire)
    first, second = version(wire, name), version(wire, name)
    wire.ok("transition_model_version_stage", name=name, version=first, stage="production")

    def latest(**fields: Any) -> dict[str, str]:
        answer = wire.ok("get_latest_versions", name=name, **fields)
        return {v["current_stage"]: v["version"] for v in answer.get("model_versions", ())}

    assert latest() == {"None": second, "Production": first}
    assert latest(stages=["Production"]) == {"Production": first}
    assert latest(stages=["Staging"]) == {}
    wire.invalid("get_latest_versions", "Invalid Model Version stage", name=name, stages=["Bogus"])
    wire.absent("get_latest_versions", "not found", name=new_name())
    answer = wire.request("GET", "/api/2.0/mlflow/registered-models/get-latest-versions", query={"name": name})
    assert answer.status == 200


def test_set_registered_model_tag(wire: Wire) -> None:
    name = model(wire)
    for value in ("1", "2"):
        wire.ok("set_registered_model_tag", name=name, key="a", value=value)
    assert pairs(read(wire, name)["tags"]) == {"a": "2"}
    wire.absent("set_registered_model_tag", "not found", name=new_name(), key="a", value="1")
    wire.invalid("set_registered_model_tag", "Missing value for required parameter", name=name, value="1")


def test_delete_registered_model_tag(wire: Wire) -> None:
    name = model(wire, tags=[{"key": "a", "value": "1"}])
    for _ in range(2):
        wire.ok("delete_registered_model_tag", name=name, key="a")
    assert "tags" not in read(wire, name)
    wire.absent("delete_registered_model_tag", "not found", name=new_name(), key="a")


def test_set_registered_model_alias(wire: Wire) -> None:
    name = model(wire)
    first, second = version(wire, name), version(wire, name)
    for number in (first, second):
        wire.ok("set_registered_model_alias", name=name, alias="champion", version=number)
    assert read(wire, name)["aliases"] == [{"alias": "champion", "version": second}]
    assert read_version(wire, name, second)["aliases"] == ["champion"]
    assert "aliases" not in read_version(wire, name, first)
    for bad in ("latest", "LATEST", "v1", "V12", "a b", "a@b", "a" * 256):
        wire.invalid("set_registered_model_alias", "", name=name, alias=bad, version=first)
    wire.absent("set_registered_model_alias", "not found", name=name, alias="a", version="99")
    wire.absent("set_registered_model_alias", "not found", name=new_name(), alias="a", version="1")


def test_delete_registered_model_alias(wire: Wire) -> None:
    name = model(wire)
    wire.ok("set_registered_model_alias", name=name, alias="champion", version=version(wire, name))
    for _ in range(2):
        wire.ok("delete_registered_model_alias", name=name, alias="champion")
    assert "aliases" not in read(wire, name)
    wire.absent("delete_registered_model_alias", "not found", name=new_name(), alias="a")


def test_get_model_version_by_alias(wire: Wire) -> None:
    name = model(wire)
    number = version(wire, name)
    wire.ok("set_registered_model_alias", name=name, alias="champion", version=number)
    found = wire.ok("get_model_version_by_alias", name=name, alias="champion")["model_version"]
    assert (found["version"], found["aliases"]) == (number, ["champion"])
    wire.invalid("get_model_version_by_alias", "Registered model alias none not found", name=name, alias="none")
    wire.absent("get_model_version_by_alias", "not found", name=new_name(), alias="champion")


def test_create_model_version(wire: Wire) -> None:
    name, run_id = model(wire), wire.run()
    made = wire.ok(
        "create_model_version",
        name=name,
        source="s3://bucket/a",
        run_id=run_id,
        run_link="http://x/y",
        description="d",
        tags=[{"key": "a", "value": "1"}],
    )["model_version"]
    assert (made["name"], made["version"], made["source"], made["run_id"]) == (name, "1", "s3://bucket/a", run_id)
    assert (made["run_link"], made["description"], pairs(made["tags"])) == ("http://x/y", "d", {"a": "1"})
    assert (made["current_stage"], made["status"]) == ("None", "READY")
    second = version(wire, name)
    wire.ok("delete_model_version", name=name, version=second)
    assert version(wire, name) == "3"
    plain = read_version(wire, name, "3")
    assert (plain["description"], plain["run_id"], plain["run_link"]) == ("", "", "")
    wire.absent("create_model_version", "not found", name=new_name(), source="s3://bucket/a")
    wire.invalid("create_model_version", "Missing value for required parameter 'source'", name=name)
    for bad in ("/etc", "file:///etc", "s3://bucket/../x", "s3://bucket/%2e%2e/x", "mlflow-artifacts:/1/%252e%252e/x"):
        wire.invalid("create_model_version", "Invalid model version source", name=name, source=bad)


def test_a_version_of_a_logged_model(wire: Wire) -> None:
    name, experiment_id = model(wire), wire.experiment()
    run_id = wire.run(experiment_id)
    model_id = wire.model(experiment_id, name="net", source_run_id=run_id)
    source = f"models:/{model_id}"
    number = version(wire, name, source=source, model_id=model_id, run_id=run_id)
    told = wire.ok("get_logged_model", model_id=model_id)["model"]["info"]
    assert name in pairs(told["tags"])["mlflow.modelVersions"]
    uri = wire.ok("get_model_version_download_uri", name=name, version=number)["artifact_uri"]
    if wire.clew:
        assert uri == told["artifact_uri"]
        wire.invalid(
            "create_model_version",
            "Invalid model version source",
            name=name,
            source=source,
            model_id=wire.model(experiment_id),
        )
        wire.ok("delete_model_version", name=name, version=number)
        told = wire.ok("get_logged_model", model_id=model_id)["model"]["info"]
        assert pairs(told["tags"])["mlflow.modelVersions"] == "[]"


def test_get_model_version(wire: Wire) -> None:
    name = model(wire)
    number = version(wire, name)
    assert read_version(wire, name, number)["source"] == "s3://bucket/model"
    wire.invalid("get_model_version", "Parameter 'version' must be an integer, got 'abc'", name=name, version="abc")
    wire.absent("get_model_version", f"Model Version (name={name}, version=9) not found", name=name, version="9")


def test_update_model_version(wire: Wire) -> None:
    name = model(wire)
    number = version(wire, name)
    wire.ok("update_model_version", name=name, version=number, description="better")
    assert read_version(wire, name, number)["description"] == "better"
    wire.absent("update_model_version", "not found", name=name, version="9", description="x")


def test_transition_model_version_stage(wire: Wire) -> None:
    name = model(wire)
    first, second = version(wire, name), version(wire, name)
    moved = wire.ok("transition_model_version_stage", name=name, version=first, stage="PRODUCTION")
    assert moved["model_version"]["current_stage"] == "Production"
    wire.ok(
        "transition_model_version_stage",
        name=name,
        version=second,
        stage="Production",
        archive_existing_versions=True,
    )
    assert read_version(wire, name, first)["current_stage"] == "Archived"
    assert read_version(wire, name, second)["current_stage"] == "Production"
    wire.invalid("transition_model_version_stage", "Invalid Model Version stage", name=name, version=first, stage="B")
    wire.absent("transition_model_version_stage", "not found", name=name, version="9", stage="Staging")
    if wire.clew:
        third = version(wire, name)
        for stage in ("None", "Archived"):  # MLflow answers 500
            wire.invalid(
                "transition_model_version_stage",
                "cannot archive",
                name=name,
                version=third,
                stage=stage,
                archive_existing_versions=True,
            )
        wire.ok(  # as R sends it; MLflow answers 400
            "transition_model_version_stage",
            name=name,
            version=third,
            stage="Production",
            archive_existing_versions="TRUE",
        )
        assert read_version(wire, name, second)["current_stage"] == "Archived"


def test_delete_model_version(wire: Wire) -> None:
    name = model(wire)
    number = version(wire, name)
    wire.ok("set_registered_model_alias", name=name, alias="champion", version=number)
    assert wire.ok("delete_model_version", name=name, version=number) == {}
    assert "aliases" not in read(wire, name)
    wire.absent("delete_model_version", "not found", name=name, version=number)


def test_search_model_versions(wire: Wire) -> None:
    name, other, run_id = model(wire), model(wire), wire.run()
    first = version(wire, name, run_id=run_id)
    second = version(wire, name, source="s3://bucket/other", tags=[{"key": "k", "value": "x"}])
    version(wire, other)

    def found(filter_string: str, **fields: Any) -> list[str]:
        answer = wire.ok("search_model_versions", filter=filter_string, **fields)
        return [v["version"] for v in answer.get("model_versions", ())]

    mine = f"name = '{name}'"
    assert found(mine) == [second, first]
    assert found(mine, order_by=["version_number ASC"]) == [first, second]
    assert found(f"run_id = '{run_id}'") == [first]
    assert found(f"{mine} AND source_path LIKE '%other'") == [second]
    assert found(f"{mine} AND version_number > 1") == [second]
    assert found(f"{mine} AND tags.k = 'x'") == [second]
    page = wire.ok("search_model_versions", filter=mine, max_results=1)
    rest = wire.ok("search_model_versions", filter=mine, max_results=1, page_token=page["next_page_token"])
    assert [v["version"] for v in page["model_versions"] + rest["model_versions"]] == [second, first]
    wire.invalid("search_model_versions", "Invalid", filter="bogus = 'x'")
    if wire.clew:
        wire.ok("transition_model_version_stage", name=name, version=first, stage="Staging")
        assert found(f"{mine} AND stage = 'Staging'") == [first]


def test_get_model_version_download_uri(wire: Wire) -> None:
    name, copy = model(wire), model(wire)
    number = version(wire, name)
    copied = version(wire, copy, source=f"models:/{name}/{number}")
    for one, chosen in ((name, number), (copy, copied)):
        uri = wire.ok("get_model_version_download_uri", name=one, version=chosen)["artifact_uri"]
        assert uri == "s3://bucket/model"
    wire.absent("get_model_version_download_uri", "not found", name=name, version="9")


def test_set_model_version_tag(wire: Wire) -> None:
    name = model(wire)
    number = version(wire, name)
    for value in ("1", "2"):
        wire.ok("set_model_version_tag", name=name, version=number, key="a", value=value)
    assert pairs(read_version(wire, name, number)["tags"]) == {"a": "2"}
    wire.absent("set_model_version_tag", "not found", name=name, version="9", key="a", value="1")


def test_delete_model_version_tag(wire: Wire) -> None:
    name = model(wire)
    number = version(wire, name, tags=[{"key": "a", "value": "1"}])
    for _ in range(2):
        wire.ok("delete_model_version_tag", name=name, version=number, key="a")
    assert "tags" not in read_version(wire, name, number)
    wire.absent("delete_model_version_tag", "not found", name=name, version="9", key="a")
