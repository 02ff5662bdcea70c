"""Each call on experiments as it travels: answers, error codes, texts; on MLflow's own server where it is slow."""

from __future__ import annotations

import uuid

import pytest

from interop.wire import Wire, pairs

pytestmark = pytest.mark.interop
MANY = "999999999"


def test_create_experiment(wire: Wire) -> None:
    name = uuid.uuid4().hex
    made = wire.ok("create_experiment", name=name, tags=[{"key": "a", "value": "x\ny"}])
    assert list(made) == ["experiment_id"]
    assert made["experiment_id"].isdigit()
    wire.refused("create_experiment", 400, "RESOURCE_ALREADY_EXISTS", "already exists", name=name)
    wire.invalid("create_experiment", "Missing value for required parameter 'name'")
    wire.invalid("create_experiment", "Missing value for required parameter 'name'", name="")
    wire.invalid("create_experiment", "Invalid value 5 for parameter 'name' supplied", name=5)
    wire.invalid("create_experiment", "'name' exceeds the maximum length of 500 characters", name="x" * 501)
    for location in ("s3://b/x#y", "s3://b/x?y")[: 2 if wire.clew else 1]:  # MLflow 3.17 lets the second pass
        text = "'artifact_location' URL can't include fragments or params."
        wire.invalid("create_experiment", text, name=name + "2", artifact_location=location)
    wire.invalid("create_experiment", "2048", name=name + "2", artifact_location="s3://b/" + "x" * 2048)
    wire.ok("delete_experiment", experiment_id=made["experiment_id"])
    wire.refused("create_experiment", 400, "RESOURCE_ALREADY_EXISTS", "already exists", name=name)
    if wire.clew:  # MLflow says that the experiment exists
        twice = wire.experiment(tags=[{"key": "a", "value": "1"}, {"key": "a", "value": "2"}])
        assert pairs(wire.ok("get_experiment", experiment_id=twice)["experiment"]["tags"]) == {"a": "2"}


def test_get_experiment(wire: Wire) -> None:
    experiment_id = wire.experiment()
    got = wire.ok("get_experiment", experiment_id=experiment_id)["experiment"]
    assert got["lifecycle_stage"] == "active"
    assert got["artifact_location"].endswith("/" + experiment_id)
    assert type(got["creation_time"]) is type(got["last_update_time"]) is int
    assert "tags" not in got
    wire.ok("delete_experiment", experiment_id=experiment_id)
    assert wire.ok("get_experiment", experiment_id=experiment_id)["experiment"]["lifecycle_stage"] == "deleted"
    wire.absent("get_experiment", f"No Experiment with id={MANY} exists", experiment_id=MANY)
    wire.invalid(
        "get_experiment", "Invalid experiment ID 'abc'. Experiment ID must be a valid integer.", experiment_id="abc"
    )
    wire.invalid("get_experiment", "Missing value for required parameter 'experiment_id'")
    assert wire.ok("get_experiment", experiment_id="0")["experiment"]["name"] == "Default"


def test_get_experiment_by_name(wire: Wire) -> None:
    name = uuid.uuid4().hex
    experiment_id = wire.ok("create_experiment", name=name)["experiment_id"]
    for _ in range(2):
        got = wire.ok("get_experiment_by_name", experiment_name=name)["experiment"]
        assert got["experiment_id"] == experiment_id
        wire.call("delete_experiment", experiment_id=experiment_id)
    assert got["lifecycle_stage"] == "deleted"
    wire.absent("get_experiment_by_name", f"Could not find experiment with name '{name}x'", experiment_name=name + "x")


def test_search_experiments(wire: Wire) -> None:
    mark = uuid.uuid4().hex
    ids = [wire.ok("create_experiment", name=f"{mark}-{n}")["experiment_id"] for n in range(3)]
    mine = {"filter": f"name LIKE '{mark}%'", "order_by": ["name ASC"], "max_results": 2}
    page = wire.ok("search_experiments", **mine)
    assert [e["experiment_id"] for e in page["experiments"]] == ids[:2]
    last = wire.ok("search_experiments", **mine, page_token=page["next_page_token"])
    assert [e["experiment_id"] for e in last["experiments"]] == ids[2:]
    assert "next_page_token" not in last
    whole = wire.ok("search_experiments", **mine | {"max_results": 3})
    assert "next_page_token" not in whole  # a full last page
    assert wire.ok("search_experiments", **mine | {"filter": "name = 'none'"}) == {}
    wire.ok("delete_experiment", experiment_id=ids[0])
    for view in (2, "DELETED_ONLY"):
        found = wire.ok("search_experiments", **mine, view_type=view)["experiments"]
        assert [e["experiment_id"] for e in found] == ids[:1]
    query = {"filter": mine["filter"], "order_by": ["name DESC"], "max_results": "5", "view_type": "ALL"}
    got = wire.request("GET", "/ajax-api/2.0/mlflow/experiments/search", query=query).json()
    assert [e["experiment_id"] for e in got["experiments"]] == ids[::-1]
    many = "Invalid value 50001 for parameter 'max_results' supplied"
    wire.invalid("search_experiments", many, max_results=50001)
    wire.invalid("search_experiments", "Invalid value 0 for parameter 'max_results' supplied", max_results=0)
    wire.invalid("search_experiments", "Invalid page token", max_results=1, page_token="!")
    for bad in ("nonsense = 'x'", "name >", "name = 'x' junk"):
        wire.invalid("search_experiments", "", max_results=1, filter=bad)
    if wire.clew:  # MLflow takes an absent limit for 0
        assert len(wire.ok("search_experiments", filter=mine["filter"])["experiments"]) == 2


def test_update_experiment(wire: Wire) -> None:
    experiment_id, other, name = wire.experiment(), wire.experiment(), uuid.uuid4().hex
    before = wire.ok("get_experiment", experiment_id=experiment_id)["experiment"]
    assert wire.ok("update_experiment", experiment_id=experiment_id, new_name=name) == {}
    after = wire.ok("get_experiment", experiment_id=experiment_id)["experiment"]
    assert after["name"] == name
    assert after["last_update_time"] >= before["last_update_time"]
    wire.refused(
        "update_experiment", 400, "RESOURCE_ALREADY_EXISTS", "already exists", experiment_id=other, new_name=name
    ) if wire.clew else None
    wire.invalid("update_experiment", "Missing value for required parameter 'new_name'", experiment_id=experiment_id)
    wire.absent("update_experiment", f"No Experiment with id={MANY} exists", experiment_id=MANY, new_name="x" + name)
    wire.ok("delete_experiment", experiment_id=experiment_id)
    answer = wire.call("update_experiment", experiment_id=experiment_id, new_name="y" + name)
    assert answer.status == (400 if wire.clew else 500)  # a 500 is repeated for minutes
    assert answer.json()["error_code"] == "INVALID_STATE"


def test_delete_experiment(wire: Wire) -> None:
    experiment_id = wire.experiment()
    run_id = wire.run(experiment_id)
    assert wire.ok("delete_experiment", experiment_id=experiment_id) == {}
    assert wire.read(run_id)["info"]["lifecycle_stage"] == "deleted"
    wire.absent("delete_experiment", experiment_id, experiment_id=experiment_id)
    wire.absent("delete_experiment", MANY, experiment_id=MANY)
    wire.invalid("delete_experiment", "Missing value for required parameter 'experiment_id'")


def test_restore_experiment(wire: Wire) -> None:
    experiment_id = wire.experiment()
    run_id = wire.run(experiment_id)
    wire.absent("restore_experiment", experiment_id, experiment_id=experiment_id)
    wire.ok("delete_experiment", experiment_id=experiment_id)
    assert wire.ok("restore_experiment", experiment_id=experiment_id) == {}
    assert wire.read(run_id)["info"]["lifecycle_stage"] == "active"
    wire.absent("restore_experiment", MANY, experiment_id=MANY)


def test_set_experiment_tag(wire: Wire) -> None:
    experiment_id = wire.experiment()

    def tag(**fields: object) -> dict[str, object]:
        return {"experiment_id": experiment_id, "key": "k", "value": "v"} | fields

    for value in ("1", "line\nline", "", "x" * 20_000):
        assert wire.ok("set_experiment_tag", **tag(value=value)) == {}
        assert pairs(wire.ok("get_experiment", experiment_id=experiment_id)["experiment"]["tags"]) == {"k": value}
    wire.invalid("set_experiment_tag", "exceeds the maximum length of 250 characters", **tag(key="k" * 251))
    wire.invalid("set_experiment_tag", "exceeds the maximum length of 20000 characters", **tag(value="x" * 20_001))
    wire.invalid("set_experiment_tag", "Missing value for required parameter 'key'", **tag(key=""))
    wire.absent("set_experiment_tag", f"No Experiment with id={MANY} exists", **tag(experiment_id=MANY))
    wire.ok("delete_experiment", experiment_id=experiment_id)
    wire.invalid("set_experiment_tag", "must be in the 'active' state", **tag())


def test_delete_experiment_tag(wire: Wire) -> None:
    experiment_id = wire.experiment(tags=[{"key": "k", "value": "v"}])
    assert wire.ok("delete_experiment_tag", experiment_id=experiment_id, key="k") == {}
    assert "tags" not in wire.ok("get_experiment", experiment_id=experiment_id)["experiment"]
    wire.absent(
        "delete_experiment_tag",
        f"No tag with name: k in experiment with id {experiment_id}",
        experiment_id=experiment_id,
        key="k",
    )


def test_search_datasets(wire: Wire) -> None:
    experiment_id = wire.experiment()
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "s"}
    tags = [{"key": "mlflow.data.context", "value": "train"}]
    for _ in range(2):
        wire.ok("log_inputs", run_id=wire.run(experiment_id), datasets=[{"tags": tags, "dataset": dataset}])
    found = wire.ok("search_datasets", experiment_ids=[experiment_id])["dataset_summaries"]
    assert found == [{"experiment_id": experiment_id, "name": "d", "digest": "1", "context": "train"}]
    if wire.clew:  # older clients use this address
        path, body = (
            "/api/2.0mlflow/experiments/search-datasets",
            b'{"experiment_ids": ["%s"]}' % experiment_id.encode(),
        )
        answer = wire.request("POST", path, body, {"Content-Type": "application/json"})
        assert answer.json() == {"dataset_summaries": found}
    assert wire.ok("search_datasets", experiment_ids=[wire.experiment()]) == {}
    wire.invalid(
        "search_datasets", "SearchDatasets request must specify at least one experiment_id.", experiment_ids=[]
    )
    wire.invalid(
        "search_datasets",
        "SearchDatasets request cannot specify more than 20 experiment_ids. Received 21 experiment_ids.",
        experiment_ids=[str(n) for n in range(21)],
    )
