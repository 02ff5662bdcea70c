"""Run calls: what is stored, what is refused, in MLflow's words."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import pytest

from .conftest import API, Tracker

RUNS = API + "runs/"


def test_create_run_has_mlflows_shape(client: Tracker) -> None:
    fields = {"experiment_id": "0", "user_id": "ann", "start_time": "1795453822252", "run_name": "first"}
    run = client.ok(RUNS + "create", fields)["run"]
    info = run["info"]
    assert len(info["run_id"]) == 32
    assert info["run_uuid"] == info["run_id"]
    assert (info["status"], info["user_id"], info["run_name"]) == ("RUNNING", "ann", "first")
    assert info["start_time"] == 1795453822252
    assert "end_time" not in info
    assert info["artifact_uri"] == f"mlflow-artifacts:/0/{info['run_id']}/artifacts"
    assert run["data"]["tags"] == [{"key": "mlflow.runName", "value": "first"}]
    assert run["inputs"] == {}


def test_a_run_without_anything_goes_to_the_default_experiment(client: Tracker) -> None:
    info = client.ok(RUNS + "create", {})["run"]["info"]
    assert (info["experiment_id"], info["start_time"], info["user_id"]) == ("0", 0, "")
    assert info["run_name"]


def test_run_names(client: Tracker) -> None:
    tag = [{"key": "mlflow.runName", "value": "by tag"}]
    assert client.ok(RUNS + "create", {"tags": tag})["run"]["info"]["run_name"] == "by tag"
    answer = client.post(RUNS + "create", {"tags": tag, "run_name": "other"})
    assert answer.status == 400
    assert "Both 'run_name' argument and 'mlflow.runName' tag are specified" in answer.message
    run_id = client.new_run(run_name="x")
    client.ok(RUNS + "update", {"run_id": run_id, "run_name": "y"})
    assert client.tags(run_id)["mlflow.runName"] == "y"
    client.ok(RUNS + "set-tag", {"run_id": run_id, "key": "mlflow.runName", "value": "z"})
    assert client.run(run_id)["info"]["run_name"] == "z"


def test_create_in_missing_or_deleted_experiment(client: Tracker) -> None:
    assert client.post(RUNS + "create", {"experiment_id": "77"}).status == 404
    number = client.new_experiment("gone")
    client.ok(API + "experiments/delete", {"experiment_id": number})
    answer = client.post(RUNS + "create", {"experiment_id": number})
    assert answer.status == 400
    assert "must be in the 'active' state" in answer.message


def test_update_changes_only_what_is_given(client: Tracker) -> None:
    run_id = client.new_run()
    done = client.ok(RUNS + "update", {"run_uuid": run_id, "status": "FINISHED", "end_time": "5000"})["run_info"]
    assert (done["status"], done["end_time"]) == ("FINISHED", 5000)
    for status, stored in ((4, "FAILED"), ("5", "KILLED"), ("NONSENSE", "KILLED"), (99, "KILLED")):
        assert client.ok(RUNS + "update", {"run_id": run_id, "status": status})["run_info"]["status"] == stored


@pytest.mark.parametrize(
    ("call", "fields"),
    [
        ("update", {"status": "FINISHED"}),
        ("log-metric", {"key": "m", "value": 1, "timestamp": 1}),
        ("log-parameter", {"key": "p", "value": "1"}),
        ("set-tag", {"key": "t", "value": "1"}),
        ("delete-tag", {"key": "t"}),
        ("log-batch", {"params": [{"key": "p", "value": "1"}]}),
        ("log-inputs", {"datasets": [{"dataset": {"name": "n", "digest": "d"}}]}),
        ("outputs", {"models": [{"model_id": "m-1", "step": 0}]}),
        (
            "log-model",
            {"model_json": '{"artifact_path": "a", "flavors": {}, "utc_time_created": "", "run_id": "x"}'},
        ),
    ],
)
def test_writes_to_unknown_and_deleted_runs_are_refused(client: Tracker, call: str, fields: dict[str, Any]) -> None:
    answer = client.post(RUNS + call, {"run_id": "0" * 32, **fields})
    assert (answer.status, answer.message) == (404, f"Run with id={'0' * 32} not found")
    run_id = client.new_run()
    client.ok(RUNS + "delete", {"run_id": run_id})
    answer = client.post(RUNS + call, {"run_id": run_id, **fields})
    assert answer.status == 400
    assert answer.message == f"The run {run_id} must be in the 'active' state. Current state is deleted."


def test_delete_and_restore_are_idempotent(client: Tracker) -> None:
    run_id = client.new_run()
    for call, stage in (("delete", "deleted"), ("restore", "active")):
        for _ in range(2):
            client.ok(RUNS + call, {"run_id": run_id})
        assert client.run(run_id)["info"]["lifecycle_stage"] == stage
        assert client.post(RUNS + call, {"run_id": "1" * 32}).status == 404


def test_numbers_survive(client: Tracker) -> None:
    run_id = client.new_run()
    sent: dict[str, Any] = {
        "nan": "NaN",
        "up": "Infinity",
        "down": "-Infinity",
        "text": "1.5",
        "true": True,
        "tiny": 5e-324,
        "big": 1.7976931348623157e308,
    }
    for key, value in sent.items():
        client.ok(RUNS + "log-metric", {"run_id": run_id, "key": key, "value": value, "timestamp": "7", "step": "-3"})
    bare = b'{"run_id": "%s", "key": "bare", "value": NaN, "timestamp": 7.9}' % run_id.encode()
    assert client.request("POST", RUNS + "log-metric", bare, {"content-type": "application/json"}).status == 200
    found = {m["key"]: m for m in client.run(run_id)["data"]["metrics"]}
    expected = sent | {"text": 1.5, "true": 1.0, "bare": "NaN"}
    assert {k: m["value"] for k, m in found.items()} == expected
    assert (found["nan"]["timestamp"], found["nan"]["step"]) == (7, -3)
    assert (found["bare"]["timestamp"], found["bare"]["step"]) == (7, 0)


def test_the_latest_value_has_the_largest_step(client: Tracker) -> None:
    run_id = client.new_run()
    client.log(run_id, "m", (5, 0.5), (1, 9.0), (3, 7.0))
    assert client.run(run_id)["data"]["metrics"][0]["value"] == 0.5


def test_equal_points_collapse(client: Tracker) -> None:
    run_id = client.new_run()
    for _ in range(3):
        client.log(run_id, "m", (1, 2.0))
    assert client.history(run_id, "m") == [(1, 2.0)]


def test_metrics_on_finished_runs_are_welcome(client: Tracker) -> None:
    run_id = client.new_run()
    client.ok(RUNS + "update", {"run_id": run_id, "status": "FINISHED"})
    client.log(run_id, "m", (1, 2.0))
    assert client.history(run_id, "m") == [(1, 2.0)]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"value": 1, "timestamp": 1}, "Missing value for required parameter 'key'"),
        ({"key": "m", "timestamp": 1}, "Missing value for required parameter 'value'"),
        ({"key": "m", "value": None, "timestamp": 1}, "Missing value for required parameter 'value'"),
        ({"key": "m", "value": 1}, "Missing value for required parameter 'timestamp'"),
        ({"key": "m", "value": "x", "timestamp": 1}, "Invalid value \"x\" for parameter 'value' supplied"),
        ({"key": "m", "value": [1], "timestamp": 1}, "Invalid value [1] for parameter 'value' supplied"),
        ({"key": "m", "value": 1, "timestamp": -1}, "Invalid value -1 for parameter 'timestamp' supplied"),
        ({"key": "m", "value": 1, "timestamp": 2**63}, "for parameter 'timestamp' supplied"),
        ({"key": "m", "value": 1, "timestamp": 1, "step": True}, "Value was of type 'bool'"),
        ({"key": "../x", "value": 1, "timestamp": 1}, "This name would resolve to '../x'"),
        ({"key": "a//b", "value": 1, "timestamp": 1}, "Invalid value \"a//b\" for parameter 'name' supplied"),
        ({"key": "a,b", "value": 1, "timestamp": 1}, "Names may only contain alphanumerics"),
        ({"key": "m" * 251, "value": 1, "timestamp": 1}, "exceeds the maximum length of 250 characters"),
    ],
)
def test_bad_metrics_are_refused(lite: Tracker, fields: dict[str, Any], text: str) -> None:
    answer = lite.post(RUNS + "log-metric", {"run_id": lite.new_run(), **fields})
    assert answer.status == 400, answer.text
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert text in answer.message


def test_names_of_any_script_are_welcome(client: Tracker) -> None:
    run_id = client.new_run()
    for key in ("größe", "学習率", "a/b.c-d e:f_1"):
        client.log(run_id, key, (1, 1.0))
        assert client.history(run_id, key) == [(1, 1.0)]


def test_params_are_written_once(client: Tracker) -> None:
    run_id = client.new_run()
    for _ in range(2):
        client.ok(RUNS + "log-parameter", {"run_id": run_id, "key": "p", "value": "1"})
    client.ok(RUNS + "log-parameter", {"run_id": run_id, "key": "empty"})
    answer = client.post(RUNS + "log-parameter", {"run_id": run_id, "key": "p", "value": "2"})
    assert answer.status == 400
    assert answer.message.startswith(
        "Changing param values is not allowed. Param with key='p' was already logged with value='1' for run ID="
    )
    assert answer.json()["clew"]["class"] == "Conflict"
    assert client.run(run_id)["data"]["params"] == [{"key": "empty", "value": ""}, {"key": "p", "value": "1"}]
    answer = client.post(RUNS + "log-parameter", {"run_id": run_id, "key": "n", "value": 5})
    assert answer.message.startswith("Invalid value 5 for parameter 'value' supplied: Hint: Value was of type 'int'.")
    assert answer.message.endswith("See the API docs for more information about request parameters.")


def test_long_values_are_cut_or_refused_as_the_site_says(client: Tracker) -> None:
    run_id = client.new_run()
    client.ok(RUNS + "log-parameter", {"run_id": run_id, "key": "p", "value": "x" * 6001})
    client.ok(RUNS + "set-tag", {"run_id": run_id, "key": "t", "value": "x" * 8001})
    assert len(client.run(run_id)["data"]["params"][0]["value"]) == 6000
    assert len(client.tags(run_id)["t"]) == 8000
    client.app.site.truncate = False
    answer = client.post(RUNS + "log-parameter", {"run_id": run_id, "key": "q", "value": "x" * 6001})
    assert "'Param value' exceeds the maximum length of 6000 characters" in answer.message
    assert client.post(RUNS + "set-tag", {"run_id": run_id, "key": "u", "value": "x" * 8001}).status == 400


def test_tags_are_overwritten_and_deleted(client: Tracker) -> None:
    run_id = client.new_run()
    for value in ("1", "2"):
        client.ok(RUNS + "set-tag", {"run_uuid": run_id, "key": "t", "value": value})
    assert client.tags(run_id)["t"] == "2"
    client.ok(RUNS + "delete-tag", {"run_id": run_id, "key": "t"})
    answer = client.post(RUNS + "delete-tag", {"run_id": run_id, "key": "t"})
    assert (answer.status, answer.message) == (404, f"No tag with name: t in run with id {run_id}")


def test_an_empty_name_changes_nothing(client: Tracker) -> None:
    run_id = client.new_run(run_name="kept")
    client.ok(RUNS + "set-tag", {"run_id": run_id, "key": "mlflow.runName", "value": ""})
    assert (client.run(run_id)["info"]["run_name"], client.tags(run_id)) == ("kept", {"mlflow.runName": "kept"})


def test_tokens_made_up_by_others_are_refused(client: Tracker) -> None:
    for name in ("a", "b"):
        client.ok(RUNS + "log-parameter", {"run_id": client.new_run(), "key": "p", "value": name})
    search = {"experiment_ids": ["0"], "order_by": ["params.p"], "max_results": 1}
    token = json.loads(base64.urlsafe_b64decode(client.ok(RUNS + "search", search)["next_page_token"]))
    for cell in ([0, "\ud800"], [0, "\x00"], [0, True], [3, None], [0, 1]):
        forged = json.dumps([*token[:2], [cell, *token[2][1:]]]).encode()
        answer = client.post(RUNS + "search", search | {"page_token": base64.urlsafe_b64encode(forged).decode()})
        assert (answer.status, "Invalid page token" in answer.message) == (400, True)


def test_a_nul_is_refused(client: Tracker) -> None:
    answer = client.post(RUNS + "set-tag", {"run_id": client.new_run(), "key": "t", "value": "a\0b"})
    assert (answer.status, "NUL" in answer.message) == (400, True)


# --- batches ----------------------------------------------------------------------------------


def test_a_batch_is_one_transaction(client: Tracker) -> None:
    run_id = client.new_run()
    client.ok(RUNS + "log-parameter", {"run_id": run_id, "key": "p", "value": "1"})
    batch = {
        "run_id": run_id,
        "metrics": [{"key": "m", "value": 1, "timestamp": 1}],
        "params": [{"key": "new", "value": "1"}, {"key": "p", "value": "2"}],
        "tags": [{"key": "t", "value": "1"}],
    }
    assert client.post(RUNS + "log-batch", batch).status == 400
    data = client.run(run_id)["data"]
    assert "metrics" not in data
    assert data["params"] == [{"key": "p", "value": "1"}]
    assert "t" not in client.tags(run_id)
    batch["params"] = [{"key": "new", "value": "1"}]
    batch["tags"] = [{"key": "t", "value": "1"}, {"key": "t", "value": "2"}]
    client.ok(RUNS + "log-batch", batch)
    assert client.tags(run_id)["t"] == "2"
    client.ok(RUNS + "log-batch", {"run_id": run_id})


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"metrics": [{"key": "m", "value": 1, "timestamp": 1}] * 1001}, "at most 1000 metrics. Got 1001 metrics."),
        ({"params": [{"key": f"p{i}", "value": ""} for i in range(101)]}, "at most 100 params. Got 101 params."),
        ({"tags": [{"key": f"t{i}", "value": ""} for i in range(101)]}, "at most 100 tags. Got 101 tags."),
        (
            {
                "metrics": [{"key": "m", "value": 1, "timestamp": 1}] * 950,
                "tags": [{"key": f"t{i}", "value": ""} for i in range(51)],
            },
            "at most 1000 metrics, params, and tags",
        ),
        (
            {"params": [{"key": "d", "value": "1"}, {"key": "d", "value": "1"}]},
            "Duplicate parameter keys have been submitted: ['d']. Please ensure the request contains only one",
        ),
        ({"metrics": [{"key": "m", "timestamp": 1}]}, "Missing value for required parameter 'metrics[0].value'"),
        (
            {"metrics": [{"key": "m", "value": 1, "timestamp": 1}, {"key": "m", "value": 1, "timestamp": "x"}]},
            "Invalid value \"x\" for parameter 'metrics[1].timestamp' supplied",
        ),
        (
            {"metrics": [{"key": "m", "value": 1, "timestamp": 1}, {"key": "a/", "value": 1, "timestamp": 1}]},
            "for parameter 'metrics[1].name' supplied",
        ),
        ({"metrics": [{"key": "m", "value": 1, "timestamp": -5}]}, "'metrics[0].timestamp'"),
        ({"params": [{"key": "a//", "value": "1"}]}, "for parameter 'params[0].key' supplied"),
        ({"tags": [{"key": "", "value": "1"}]}, "Missing value for required parameter 'tags[0].key'"),
        ({"metrics": {}}, "for parameter 'metrics' supplied"),
        ({"metrics": [5]}, "Invalid value 5 for parameter 'metrics[0]' supplied"),
    ],
)
def test_bad_batches_are_refused(lite: Tracker, fields: dict[str, Any], text: str) -> None:
    answer = lite.post(RUNS + "log-batch", {"run_id": lite.new_run(), **fields})
    assert answer.status == 400
    assert text in answer.message


def test_a_batch_binds_points_to_models_and_datasets(client: Tracker) -> None:
    run_id = client.new_run()
    model = client.ok(API + "logged-models", {"experiment_id": "0", "name": "m"})["model"]["info"]["model_id"]
    bound = {"key": "acc", "value": 0.5, "timestamp": 1, "model_id": model, "dataset_name": "d", "dataset_digest": "x"}
    free = {"key": "acc", "value": 0.25, "timestamp": 2, "step": 1}
    client.ok(RUNS + "log-batch", {"run_id": run_id, "metrics": [bound, free]})
    found = client.get(API + "metrics/get-history", run_id=run_id, metric_key="acc").json()["metrics"]
    assert found[0] == bound | {"step": 0}
    assert "model_id" not in found[1]
    data = client.get(API + f"logged-models/{model}").json()["model"]["data"]
    assert [(m["key"], m["value"], m["dataset_name"]) for m in data["metrics"]] == [("acc", 0.5, "d")]


# --- models, inputs, outputs ------------------------------------------------------------------


def test_log_model_appends_to_the_history_tag(client: Tracker) -> None:
    run_id = client.new_run()
    for path in ("a", "b"):
        model = {"artifact_path": path, "flavors": {}, "utc_time_created": "now", "run_id": run_id}
        client.ok(RUNS + "log-model", {"run_id": run_id, "model_json": json.dumps(model)})
    listed = json.loads(client.tags(run_id)["mlflow.log-model.history"])
    assert [m["artifact_path"] for m in listed] == ["a", "b"]
    answer = client.post(RUNS + "log-model", {"run_id": run_id, "model_json": '{"artifact_path": "a"}'})
    assert answer.status == 400
    assert "Model json is missing mandatory fields" in answer.message
    assert client.post(RUNS + "log-model", {"run_id": run_id, "model_json": "{"}).status == 400


def test_inputs_and_outputs_come_back_in_order(client: Tracker) -> None:
    run_id = client.new_run()
    for name in ("z", "a"):
        used = {"dataset": {"name": name, "digest": "d"}, "tags": [{"key": "mlflow.data.context", "value": "train"}]}
        client.ok(RUNS + "log-inputs", {"run_id": run_id, "datasets": [used], "models": [{"model_id": f"m-{name}"}]})
    client.ok(RUNS + "outputs", {"run_id": run_id, "models": [{"model_id": "m-out", "step": "3"}]})
    run = client.run(run_id)
    assert [d["dataset"]["name"] for d in run["inputs"]["dataset_inputs"]] == ["z", "a"]
    assert run["inputs"]["dataset_inputs"][0]["tags"] == [{"key": "mlflow.data.context", "value": "train"}]
    assert run["inputs"]["model_inputs"] == [{"model_id": "m-z"}, {"model_id": "m-a"}]
    assert run["outputs"]["model_outputs"] == [{"model_id": "m-out", "step": 3}]


@pytest.mark.parametrize(
    ("dataset", "text"),
    [
        ({"name": "n" * 501, "digest": "d"}, "exceeds the maximum length of 500"),
        ({"name": "n", "digest": "d" * 37}, "exceeds the maximum length of 36"),
        ({"name": "n", "digest": "d", "source": "s" * 65_536}, "exceeds the maximum length of 65535"),
    ],
)
def test_long_dataset_texts_are_refused(lite: Tracker, dataset: dict[str, str], text: str) -> None:
    fields = {"run_id": lite.new_run(), "datasets": [{"dataset": dataset}]}
    assert text in lite.post(RUNS + "log-inputs", fields).message
    assert lite.post(RUNS + "log-inputs", {"run_id": lite.new_run(), "datasets": "x"}).status == 400


# --- search -----------------------------------------------------------------------------------


def test_search_finds_by_filter_and_pages(client: Tracker) -> None:
    runs = [client.new_run(start_time=1000 + i) for i in range(3)]
    for i, run_id in enumerate(runs):
        client.log(run_id, "m", (1, math.nan if i == 0 else float(i)))
    found = client.ok(RUNS + "search", {"experiment_ids": ["0"], "filter": "metrics.m > 1 OR metrics.m < 2"})["runs"]
    assert [r["info"]["run_id"] for r in found] == [runs[2], runs[1]]
    page = client.ok(RUNS + "search", {"experiment_ids": [0, "77"], "max_results": 2, "order_by": ["metrics.m ASC"]})
    assert [r["data"]["metrics"][0]["value"] for r in page["runs"]] == [1.0, 2.0]
    more = {"experiment_ids": [0, "77"], "max_results": 2, "order_by": ["metrics.m ASC"]}
    last = client.ok(RUNS + "search", more | {"page_token": page["next_page_token"]})
    assert [r["data"]["metrics"][0]["value"] for r in last["runs"]] == ["NaN"]
    assert "next_page_token" not in last
    assert client.ok(RUNS + "search", {}) == {}
    assert client.ok(RUNS + "search", {"experiment_ids": ["77"]}) == {}
    client.ok(RUNS + "delete", {"run_id": runs[0]})
    deleted = client.ok(RUNS + "search", {"experiment_ids": ["0"], "run_view_type": "DELETED_ONLY"})["runs"]
    assert [r["info"]["run_id"] for r in deleted] == [runs[0]]
    assert len(client.ok(RUNS + "search", {"experiment_ids": ["0"], "run_view_type": "NONSENSE"})["runs"]) == 2


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"experiment_ids": ["x"]}, "Invalid experiment ID 'x'"),
        ({"experiment_ids": "1"}, "Invalid value \"1\" for parameter 'experiment_ids' supplied"),
        ({"experiment_ids": ["0"], "page_token": "!!"}, "Invalid page token"),
        ({"experiment_ids": ["0"], "filter": "a.b = 'c'"}, "Invalid entity type 'a'"),
        ({"experiment_ids": ["0"], "order_by": ["metrics.m SIDEWAYS"]}, "order"),
    ],
)
def test_bad_searches_are_refused(lite: Tracker, fields: dict[str, Any], text: str) -> None:
    answer = lite.post(RUNS + "search", fields)
    assert answer.status == 400, answer.text
    assert text in answer.message


@pytest.mark.parametrize("text", ["[" * 3000, "{", '"x"', "[]", "null", "9" * 5000])
def test_a_model_s_description_must_be_json_with_its_fields(lite: Tracker, text: str) -> None:
    answer = lite.post(API + "runs/log-model", {"run_id": lite.new_run(), "model_json": text})
    assert (answer.status, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("before", ["", "{}", "[" * 3000, "nonsense", "[]", '[{"a": 1}]', " [1, [2]]\n"])
def test_models_are_listed_after_whatever_the_tag_holds(lite: Tracker, before: str) -> None:
    run_id = lite.new_run()
    lite.ok(API + "runs/set-tag", {"run_id": run_id, "key": "mlflow.log-model.history", "value": before})
    described = {"artifact_path": "m", "flavors": {}, "utc_time_created": "t", "run_id": run_id}
    for _ in range(2):
        lite.ok(API + "runs/log-model", {"run_id": run_id, "model_json": json.dumps(described)})
    listed = json.loads(lite.tags(run_id)["mlflow.log-model.history"])
    known = json.loads(before) if before.strip()[:1] == "[" and len(before) < 100 else []
    assert listed == [*known, described, described]


def test_a_wrong_value_that_could_just_be_read_is_refused(lite: Tracker) -> None:
    for depth in range(800, 1000, 5):
        body = '{"run_id":"x","key":"k","value":%s}' % ("[" * depth + "]" * depth)
        answer = lite.request("POST", API + "runs/set-tag", body.encode(), {"content-type": "application/json"})
        assert answer.status == 400, answer.text
