"""Experiment calls: answers, limits and texts that MLflow's clients match on."""

from __future__ import annotations

import pytest

from .conftest import API, Tracker

EXPERIMENTS = API + "experiments/"


def test_create_get_and_get_by_name(client: Tracker) -> None:
    number = client.new_experiment("vision", tags=[{"key": "team", "value": "a"}, {"key": "team", "value": "b"}])
    found = client.get(EXPERIMENTS + "get", experiment_id=number).json()["experiment"]
    assert found["name"] == "vision"
    assert found["artifact_location"] == f"mlflow-artifacts:/{number}"
    assert found["lifecycle_stage"] == "active"
    assert found["tags"] == [{"key": "team", "value": "b"}]  # the last of equal keys wins
    assert type(found["creation_time"]) is int
    assert client.get(EXPERIMENTS + "get-by-name", experiment_name="vision").json()["experiment"] == found


def test_default_experiment_exists(client: Tracker) -> None:
    found = client.get(EXPERIMENTS + "get", experiment_id="0").json()["experiment"]
    assert found["name"] == "Default"
    assert "tags" not in found  # empty lists are left out


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "Missing value for required parameter 'name'"),
        ({"name": ""}, "Missing value for required parameter 'name'"),
        ({"name": None}, "Missing value for required parameter 'name'"),
        ({"name": "x" * 501}, "'name' exceeds the maximum length of 500 characters"),
        ({"name": "x", "artifact_location": "s3://b/x?y"}, "URL can't include fragments or params"),
        ({"name": "x", "artifact_location": "s3://b/x#y"}, "URL can't include fragments or params"),
        ({"name": "x", "artifact_location": "/" * 2049}, "'artifact_location' exceeds the maximum length of 2048"),
        ({"name": "x", "tags": [{"key": "k" * 251, "value": ""}]}, "exceeds the maximum length of 250"),
        ({"name": "x", "tags": [{"key": "k", "value": "v" * 20001}]}, "exceeds the maximum length of 20000"),
        ({"name": 5}, "Invalid value 5 for parameter 'name' supplied: Hint: Value was of type 'int'"),
        ({"name": "x", "tags": {"k": "v"}}, "for parameter 'tags' supplied: Hint: Value was of type 'dict'"),
        ({"name": "x", "tags": [{"value": "v"}]}, "Missing value for required parameter 'tags[0].key'"),
    ],
)
def test_bad_creations_are_refused(lite: Tracker, fields: object, text: str) -> None:
    answer = lite.post(EXPERIMENTS + "create", fields)
    assert answer.status == 400
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert text in answer.message


def test_taken_names_are_refused_also_from_the_trash(client: Tracker) -> None:
    number = client.new_experiment("one")
    client.ok(EXPERIMENTS + "delete", {"experiment_id": number})
    answer = client.post(EXPERIMENTS + "create", {"name": "one"})
    assert answer.status == 400
    assert answer.json()["error_code"] == "RESOURCE_ALREADY_EXISTS"
    assert "already exists" in answer.message


def test_unknown_experiments(client: Tracker) -> None:
    answer = client.get(EXPERIMENTS + "get", experiment_id="999")
    assert (answer.status, answer.message) == (404, "No Experiment with id=999 exists")
    answer = client.get(EXPERIMENTS + "get", experiment_id="abc")
    assert answer.status == 400
    assert answer.message == "Invalid experiment ID 'abc'. Experiment ID must be a valid integer."
    answer = client.get(EXPERIMENTS + "get-by-name", experiment_name="no")
    assert (answer.status, answer.message) == (404, "Could not find experiment with name 'no'")
    assert "'experiment_id'" in client.get(EXPERIMENTS + "get").message


def test_rename_delete_restore(client: Tracker) -> None:
    number = client.new_experiment("a")
    run_id = client.new_run(number)
    client.ok(EXPERIMENTS + "update", {"experiment_id": number, "new_name": "b"})
    client.ok(EXPERIMENTS + "delete", {"experiment_id": number})
    assert client.get(EXPERIMENTS + "get", experiment_id=number).json()["experiment"]["lifecycle_stage"] == "deleted"
    assert client.run(run_id)["info"]["lifecycle_stage"] == "deleted"
    assert client.post(EXPERIMENTS + "delete", {"experiment_id": number}).status == 404
    renamed = client.post(EXPERIMENTS + "update", {"experiment_id": number, "new_name": "c"})
    # MLflow answers 500, and its client would then repeat the call for minutes
    assert renamed.status == 400
    assert renamed.json()["error_code"] == "INVALID_STATE"
    assert renamed.message == "Cannot rename a non-active experiment."
    client.ok(EXPERIMENTS + "restore", {"experiment_id": number})
    assert client.run(run_id)["info"]["lifecycle_stage"] == "active"
    assert client.post(EXPERIMENTS + "restore", {"experiment_id": number}).status == 404


def test_tags(client: Tracker) -> None:
    number = client.new_experiment("t")
    for value in ("1", "two\nlines", ""):
        client.ok(EXPERIMENTS + "set-experiment-tag", {"experiment_id": number, "key": "k", "value": value})
        tags = client.get(EXPERIMENTS + "get", experiment_id=number).json()["experiment"]["tags"]
        assert tags == [{"key": "k", "value": value}]
    client.ok(EXPERIMENTS + "delete-experiment-tag", {"experiment_id": number, "key": "k"})
    answer = client.post(EXPERIMENTS + "delete-experiment-tag", {"experiment_id": number, "key": "k"})
    assert (answer.status, answer.message) == (404, f"No tag with name: k in experiment with id {number}")
    client.ok(EXPERIMENTS + "delete", {"experiment_id": number})
    answer = client.post(EXPERIMENTS + "set-experiment-tag", {"experiment_id": number, "key": "k", "value": "v"})
    assert answer.status == 400
    assert "must be in the 'active' state" in answer.message


@pytest.mark.parametrize("key", ["", "a,b", "a\nb", "a/../b", "k" * 251])
def test_tag_keys_follow_the_rules_of_names(lite: Tracker, key: str) -> None:
    number = lite.new_experiment("odd tags")
    answers = [
        lite.post(EXPERIMENTS + "set-experiment-tag", {"experiment_id": number, "key": key, "value": "v"}),
        lite.post(EXPERIMENTS + "create", {"name": "more", "tags": [{"key": key, "value": "v"}]}),
    ]
    for answer in answers:
        assert (answer.status, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_search_pages_by_post_and_get(client: Tracker) -> None:
    for name in ("a", "b", "c"):
        client.new_experiment(name)
    page = client.ok(EXPERIMENTS + "search", {"max_results": "2", "order_by": ["name ASC"]})
    assert [e["name"] for e in page["experiments"]] == ["Default", "a"]
    rest = client.get(EXPERIMENTS + "search", max_results=2, order_by="name ASC", page_token=page["next_page_token"])
    assert rest.status == 200, rest.text
    assert [e["name"] for e in rest.json()["experiments"]] == ["b", "c"]
    assert "next_page_token" not in rest.json()
    assert client.ok(EXPERIMENTS + "search", {"filter": "name = 'none'"}) == {}
    client.ok(EXPERIMENTS + "delete", {"experiment_id": "0"})
    for view, names in (("DELETED_ONLY", ["Default"]), (2, ["Default"]), ("ACTIVE_ONLY", ["a", "b", "c"])):
        found = client.ok(EXPERIMENTS + "search", {"view_type": view})["experiments"]
        assert sorted(e["name"] for e in found) == names


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer"),
        (50001, "Invalid value 50001 for parameter 'max_results' supplied. It must be at most 50000"),
    ],
)
def test_page_sizes_have_limits(lite: Tracker, size: int, text: str) -> None:
    for path in ("experiments/search", "runs/search"):
        assert text in lite.post(API + path, {"max_results": size, "experiment_ids": ["0"]}).message


def test_a_bad_filter_says_where(lite: Tracker) -> None:
    answer = lite.post(EXPERIMENTS + "search", {"filter": "name = "})
    assert answer.status == 400
    assert answer.json()["clew"]["position"] == 7


def test_datasets_are_listed_once(client: Tracker) -> None:
    run_id = client.new_run()
    data = {"name": "iris", "digest": "d1", "source_type": "local", "source": "{}"}
    context = [{"key": "mlflow.data.context", "value": "train"}]
    for _ in range(2):
        client.ok(API + "runs/log-inputs", {"run_id": run_id, "datasets": [{"dataset": data, "tags": context}]})
    for path in ("/ajax-api/2.0/mlflow/experiments/search-datasets", "/api/2.0mlflow/experiments/search-datasets"):
        assert client.ok(path, {"experiment_ids": ["0"]})["dataset_summaries"] == [
            {"experiment_id": "0", "name": "iris", "digest": "d1", "context": "train"}
        ]
    path = EXPERIMENTS + "search-datasets"
    assert "must specify at least one experiment_id" in client.post(path, {}).message
    many = {"experiment_ids": [str(i) for i in range(21)]}
    assert "more than 20 experiment_ids. Received 21 experiment_ids." in client.post(path, many).message
