"""Experiments through MLflow's own client; runs against a Clew or an MLflow server."""

from uuid import uuid4

import expect
from mlflow import MlflowClient
from mlflow.entities import ViewType

client = MlflowClient()
mark = uuid4().hex[:8]

default = client.get_experiment("0")
assert default.name == "Default"
assert default.lifecycle_stage == "active"

first = client.create_experiment(f"{mark}/vision", tags={"team": "blue", "note": "line one\nline two"})
second = client.create_experiment(f"{mark}/text", artifact_location=None)
third = client.create_experiment(f"{mark}/sound", tags={"team": "red"})
assert first.isdigit()

got = client.get_experiment(first)
assert (got.experiment_id, got.name, got.lifecycle_stage) == (first, f"{mark}/vision", "active")
assert got.tags == {"team": "blue", "note": "line one\nline two"}
assert got.artifact_location.rstrip("/").endswith(first)
assert got.creation_time == got.last_update_time > 1_500_000_000_000
assert dict(client.get_experiment_by_name(f"{mark}/vision")) == dict(got)
assert client.get_experiment_by_name(f"{mark}/none") is None


def names(filter_string: str = "", **more: object) -> list[str]:
    both = f"name LIKE '{mark}/%'" + (f" AND {filter_string}" if filter_string else "")
    return [e.name.removeprefix(f"{mark}/") for e in client.search_experiments(filter_string=both, **more)]


assert names(order_by=["name ASC"]) == ["sound", "text", "vision"]
assert names(order_by=["name DESC"]) == ["vision", "text", "sound"]
assert names("tags.team = 'blue'") == ["vision"]
assert names("tags.team != 'blue'") == ["sound"]
assert names("name ILIKE '%VIS%'") == ["vision"]
assert names(f"creation_time >= {got.creation_time}", order_by=["experiment_id ASC"]) == ["vision", "text", "sound"]

page = client.search_experiments(filter_string=f"name LIKE '{mark}/%'", order_by=["name ASC"], max_results=2)
assert [e.name for e in page] == [f"{mark}/sound", f"{mark}/text"]
rest = client.search_experiments(
    filter_string=f"name LIKE '{mark}/%'", order_by=["name ASC"], max_results=2, page_token=page.token
)
assert [e.name for e in rest] == [f"{mark}/vision"]
assert not rest.token

client.set_experiment_tag(first, "team", "green")
client.set_experiment_tag(first, "空", "值")
assert client.get_experiment(first).tags["team"] == "green"
assert client.get_experiment(first).tags["空"] == "值"
client.rename_experiment(second, f"{mark}/language")
assert client.get_experiment(second).name == f"{mark}/language"

run = client.create_run(third)
client.delete_experiment(third)
assert client.get_experiment(third).lifecycle_stage == "deleted"
assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
assert names(order_by=["name"]) == ["language", "vision"]
assert names(view_type=ViewType.DELETED_ONLY) == ["sound"]
assert len(names(view_type=ViewType.ALL)) == 3
expect.refused("RESOURCE_ALREADY_EXISTS", client.create_experiment, f"{mark}/sound")
client.restore_experiment(third)
assert client.get_experiment(third).lifecycle_stage == "active"
assert client.get_run(run.info.run_id).info.lifecycle_stage == "active"

expect.refused("RESOURCE_ALREADY_EXISTS", client.create_experiment, f"{mark}/vision")
expect.refused("RESOURCE_DOES_NOT_EXIST", client.get_experiment, "99999999")
expect.refused("INVALID_PARAMETER_VALUE", client.get_experiment, "abc")
expect.refused("INVALID_PARAMETER_VALUE", client.search_experiments, filter_string="nonsense = 'x'")
print("ok")
