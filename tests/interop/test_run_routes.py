"""Each call on runs and their metrics as it travels; on MLflow's own server where it is slow."""

from __future__ import annotations

import math
from typing import Any

import pytest

from interop.wire import Wire, pairs

pytestmark = pytest.mark.interop
NONE = "0" * 32


def point(key: str, value: Any, step: int = 0, **more: Any) -> dict[str, Any]:
    return {"key": key, "value": value, "timestamp": 1000 + step, "step": step} | more


def test_create_run(wire: Wire) -> None:
    experiment_id = wire.experiment()
    made = wire.ok(
        "create_run", experiment_id=experiment_id, user_id="ann", start_time="7", tags=[{"key": "a", "value": ""}]
    )
    info, tags = made["run"]["info"], pairs(made["run"]["data"]["tags"])
    assert info["run_id"] == info["run_uuid"]
    assert len(info["run_id"]) == 32
    assert (info["status"], info["user_id"], info["start_time"]) == ("RUNNING", "ann", 7)
    assert info["artifact_uri"].endswith(f"/{info['run_id']}/artifacts")
    assert "end_time" not in info
    assert tags == {"a": "", "mlflow.runName": info["run_name"]}
    assert info["run_name"].count("-") == 2
    named = wire.ok("create_run", experiment_id=experiment_id, tags=[{"key": "mlflow.runName", "value": "n"}])["run"]
    assert named["info"]["run_name"] == "n"
    wire.invalid(
        "create_run",
        "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values",
        experiment_id=experiment_id,
        run_name="x",
        tags=[{"key": "mlflow.runName", "value": "y"}],
    )
    wire.absent("create_run", "No Experiment with id=999999999 exists", experiment_id="999999999")
    wire.ok("delete_experiment", experiment_id=experiment_id)
    wire.invalid("create_run", "must be in the 'active' state", experiment_id=experiment_id)
    if wire.clew:  # MLflow fails in its SQL
        assert wire.ok("create_run")["run"]["info"]["experiment_id"] == "0"


def test_get_run(wire: Wire) -> None:
    run_id = wire.run()
    by_id = wire.ok("get_run", run_id=run_id)
    assert wire.ok("get_run", run_uuid=run_id) == by_id
    assert wire.ok("get_run", run_id=run_id, run_uuid=NONE) == by_id
    assert "metrics" not in by_id["run"]["data"]
    wire.ok("delete_run", run_id=run_id)
    assert wire.read(run_id)["info"]["lifecycle_stage"] == "deleted"
    wire.absent("get_run", f"Run with id={NONE} not found", run_id=NONE)
    wire.invalid("get_run", "Missing value for required parameter 'run_id'")


def test_update_run(wire: Wire) -> None:
    run_id = wire.run(run_name="before")
    got = wire.ok("update_run", run_uuid=run_id, status="FINISHED", end_time=9)["run_info"]
    assert (got["status"], got["end_time"], got["run_name"]) == ("FINISHED", 9, "before")
    assert wire.ok("update_run", run_id=run_id, status=5)["run_info"]["status"] == "KILLED"
    assert wire.ok("update_run", run_id=run_id, status="NONSENSE")["run_info"]["status"] == "KILLED" or not wire.clew
    wire.ok("update_run", run_id=run_id, run_name="after")
    run = wire.read(run_id)
    assert run["info"]["run_name"] == pairs(run["data"]["tags"])["mlflow.runName"] == "after"
    wire.absent("update_run", f"Run with id={NONE} not found", run_id=NONE, status="FINISHED")
    wire.ok("delete_run", run_id=run_id)
    wire.invalid("update_run", "must be in the 'active' state", run_id=run_id, status="FINISHED")


def test_delete_run(wire: Wire) -> None:
    run_id = wire.run()
    for _ in range(2):
        assert wire.ok("delete_run", run_id=run_id) == {}
    wire.absent("delete_run", f"Run with id={NONE} not found", run_id=NONE)
    assert wire.call("delete_run", run_uuid=run_id).status in (400, 404)


def test_restore_run(wire: Wire) -> None:
    run_id = wire.run()
    wire.ok("delete_run", run_id=run_id)
    for _ in range(2):
        assert wire.ok("restore_run", run_id=run_id) == {}
    assert wire.read(run_id)["info"]["lifecycle_stage"] == "active"
    wire.absent("restore_run", f"Run with id={NONE} not found", run_id=NONE)


def test_log_metric(wire: Wire) -> None:
    run_id = wire.run()
    for fields in (point("a", 1, 1), point("a", "2.5", 2), point("a", 3, 0)):
        assert wire.ok("log_metric", run_id=run_id, **fields) == {}
    for _ in range(2):  # the same again is the same
        assert wire.ok("log_metric", run_uuid=run_id, key="a", value=4, timestamp="5", step="-1") == {}
    assert wire.read(run_id)["data"]["metrics"] == [{"key": "a", "value": 2.5, "timestamp": 1002, "step": 2}]
    history = wire.ok("get_metric_history", run_id=run_id, metric_key="a")["metrics"]
    assert [(m["step"], m["value"]) for m in history] == [(-1, 4.0), (0, 3.0), (1, 1.0), (2, 2.5)]
    for field in ("key", "value", "timestamp"):
        fields = {k: v for k, v in point("a", 1).items() if k != field}
        wire.invalid("log_metric", f"Missing value for required parameter '{field}'", run_id=run_id, **fields)
    wire.invalid("log_metric", "Missing value for required parameter 'run_id'", **point("a", 1))
    wire.invalid("log_metric", "Invalid value \"x\" for parameter 'value' supplied", run_id=run_id, **point("a", "x"))
    wire.absent("log_metric", f"Run with id={NONE} not found", run_id=NONE, **point("a", 1))
    for name in ("../x", "a//b", "/a", "a/", "."):
        wire.invalid("log_metric", "must not resolve to other names", run_id=run_id, **point(name, 1))
    wire.invalid("log_metric", "Names may only contain alphanumerics", run_id=run_id, **point("a|b", 1))
    wire.invalid("log_metric", "exceeds the maximum length of 250 characters", run_id=run_id, **point("k" * 251, 1))
    wire.ok("update_run", run_id=run_id, status="FINISHED")
    wire.ok("log_metric", run_id=run_id, **point("late", 1))
    wire.ok("delete_run", run_id=run_id)
    text = f"The run {run_id} must be in the 'active' state. Current state is deleted."
    wire.invalid("log_metric", text, run_id=run_id, **point("a", 9))


def test_numbers_travel_in_every_spelling(wire: Wire) -> None:
    run_id = wire.run()
    words = {"nan": "NaN", "up": "Infinity", "down": "-Infinity"}
    for key, word in words.items():
        wire.ok("log_metric", run_id=run_id, **point(key, word))
    values = {m["key"]: m["value"] for m in wire.read(run_id)["data"]["metrics"]}
    if not wire.clew:
        assert values == {"nan": "NaN", "up": 1.7976931348623157e308, "down": -1.7976931348623157e308}
        return
    assert values == words
    for key, value in {"nan": math.nan, "up": math.inf, "down": -math.inf}.items():  # bare, as Python writes them
        wire.ok("log_metric", run_id=run_id, **point(key, value, 1))
    assert {m["key"]: m["value"] for m in wire.read(run_id)["data"]["metrics"]} == words


def test_log_parameter(wire: Wire) -> None:
    run_id = wire.run()
    for _ in range(2):
        assert wire.ok("log_parameter", run_id=run_id, key="p", value="1") == {}
    wire.ok("log_parameter", run_uuid=run_id, key="empty")
    wire.ok("log_parameter", run_id=run_id, key="long", value="x" * 6001)
    assert pairs(wire.read(run_id)["data"]["params"]) == {"p": "1", "empty": "", "long": "x" * 6000}
    wire.invalid(
        "log_parameter",
        "Changing param values is not allowed. Param with key='p' was already logged with value='1' for run "
        f"ID='{run_id}'. Attempted logging new value '2'.",
        run_id=run_id,
        key="p",
        value="2",
    )
    wire.invalid("log_parameter", "Invalid value 5 for parameter 'value' supplied", run_id=run_id, key="q", value=5)
    wire.invalid("log_parameter", "Missing value for required parameter 'key'", run_id=run_id, value="1")
    wire.absent("log_parameter", f"Run with id={NONE} not found", run_id=NONE, key="p", value="1")


def test_set_tag(wire: Wire) -> None:
    run_id = wire.run(run_name="before")
    for value in ("1", "2", ""):
        assert wire.ok("set_tag", run_uuid=run_id, key="k", value=value) == {}
        assert pairs(wire.read(run_id)["data"]["tags"])["k"] == value
    wire.ok("set_tag", run_id=run_id, key="long", value="x" * 8001)
    assert pairs(wire.read(run_id)["data"]["tags"])["long"] == "x" * 8000
    wire.ok("set_tag", run_id=run_id, key="mlflow.runName", value="after")
    assert wire.read(run_id)["info"]["run_name"] == "after"
    wire.invalid("set_tag", "exceeds the maximum length of 250 characters", run_id=run_id, key="k" * 251, value="v")
    wire.absent("set_tag", f"Run with id={NONE} not found", run_id=NONE, key="k", value="v")
    wire.ok("delete_run", run_id=run_id)
    wire.invalid("set_tag", "must be in the 'active' state", run_id=run_id, key="k", value="v")


def test_delete_tag(wire: Wire) -> None:
    run_id = wire.run(tags=[{"key": "k", "value": "v"}])
    assert wire.ok("delete_tag", run_id=run_id, key="k") == {}
    assert "k" not in pairs(wire.read(run_id)["data"]["tags"])
    wire.absent("delete_tag", f"No tag with name: k in run with id {run_id}", run_id=run_id, key="k")
    wire.absent("delete_tag", f"Run with id={NONE} not found", run_id=NONE, key="k")
    wire.ok("delete_run", run_id=run_id)
    wire.invalid("delete_tag", "must be in the 'active' state", run_id=run_id, key="mlflow.runName")


def test_log_batch(wire: Wire) -> None:
    run_id = wire.run()
    one = {"key": "p", "value": "1"}
    tags = [{"key": "t", "value": "1"}, {"key": "t", "value": "2"}]
    wire.ok("log_batch", run_id=run_id)
    assert wire.ok("log_batch", run_id=run_id, metrics=[point("m", 1)], params=[one], tags=tags) == {}
    data = wire.read(run_id)["data"]
    assert pairs(data["tags"])["t"] == "2"
    for kind, count, most in (("metrics", 1001, 1000), ("params", 101, 100), ("tags", 101, 100)):
        items = [point(f"n{n}", n) if kind == "metrics" else {"key": f"n{n}", "value": "v"} for n in range(count)]
        text = f"A batch logging request can contain at most {most} {kind}. Got {count} {kind}."
        wire.invalid("log_batch", text, run_id=run_id, **{kind: items})
    many = [point("m", n, n) for n in range(950)], [{"key": f"n{n}", "value": "v"} for n in range(51)]
    text = "A batch logging request can contain at most 1000 metrics, params, and tags. Got 1001"
    wire.invalid("log_batch", text, run_id=run_id, metrics=many[0], params=many[1])
    twice = (
        "Duplicate parameter keys have been submitted: ['d']. Please ensure the request contains only one param value"
    )
    wire.invalid("log_batch", twice, run_id=run_id, params=[{"key": "d", "value": "1"}, {"key": "d", "value": "2"}])
    lacking = "Missing value for required parameter 'metrics[0].value'"
    wire.invalid("log_batch", lacking, run_id=run_id, metrics=[{"key": "a", "timestamp": 1}])
    for kind, place in (("metrics", "metrics[0].name"), ("params", "params[0].key"), ("tags", "tags[0].key")):
        item = point("../x", 1) if kind == "metrics" else {"key": "../x", "value": "v"}
        wire.invalid("log_batch", f"for parameter '{place}' supplied", run_id=run_id, **{kind: [item]})
    # nothing of a refused batch is stored
    conflict = [{"key": "new", "value": "1"}, {"key": "p", "value": "other"}]
    wire.invalid(
        "log_batch", "Changing param values is not allowed", run_id=run_id, metrics=[point("m", 5, 5)], params=conflict
    )
    assert wire.read(run_id)["data"] == data
    wire.absent("log_batch", f"Run with id={NONE} not found", run_id=NONE, tags=tags)
    wire.invalid(
        "log_batch", "for parameter 'run_id'" if not wire.clew else "required parameter 'run_id'", run_uuid=run_id
    )


def test_log_model(wire: Wire) -> None:
    import json

    run_id = wire.run()
    described = {"artifact_path": "m", "flavors": {}, "utc_time_created": "2020-01-01", "run_id": run_id}
    for _ in range(2):
        assert wire.ok("log_model", run_id=run_id, model_json=json.dumps(described)) == {}
    history = json.loads(pairs(wire.read(run_id)["data"]["tags"])["mlflow.log-model.history"])
    assert [entry["artifact_path"] for entry in history] == ["m", "m"]
    wire.invalid("log_model", "Model json is missing mandatory fields", run_id=run_id, model_json="{}")
    wire.invalid("log_model", "Malformed model info", run_id=run_id, model_json="{")
    wire.invalid("log_model", "Missing value for required parameter 'model_json'", run_id=run_id)


def test_log_inputs(wire: Wire) -> None:
    experiment_id = wire.experiment()
    run_id, model_id = wire.run(experiment_id), wire.model(experiment_id)
    tags = [{"key": "mlflow.data.context", "value": "train"}]
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "first", "schema": "{}", "profile": "{}"}
    used = {"tags": tags, "dataset": dataset}
    assert wire.ok("log_inputs", run_id=run_id, datasets=[used], models=[{"model_id": model_id}]) == {}
    again = {"tags": [], "dataset": dataset | {"source": "second"}}
    wire.ok("log_inputs", run_id=run_id, datasets=[again])
    inputs = wire.read(run_id)["inputs"]
    assert inputs == {"dataset_inputs": [used], "model_inputs": [{"model_id": model_id}]}
    assert wire.call("log_inputs", run_id=run_id, datasets="x").status == 400
    long = {"dataset": dataset | {"name": "n" * 501}}
    wire.invalid("log_inputs", "exceeds the maximum length of 500", run_id=run_id, datasets=[long])
    wire.invalid("log_inputs", "Missing value for required parameter 'run_id'", datasets=[used])


def test_log_outputs(wire: Wire) -> None:
    experiment_id = wire.experiment()
    run_id, model_id = wire.run(experiment_id), wire.model(experiment_id)
    assert wire.ok("log_outputs", run_id=run_id, models=[{"model_id": model_id, "step": 3}]) == {}
    assert wire.read(run_id)["outputs"] == {"model_outputs": [{"model_id": model_id, "step": 3}]}
    assert wire.call("log_outputs", run_id=run_id).status == 400


def test_search_runs(wire: Wire) -> None:
    home, other = wire.experiment(), wire.experiment()
    ids = [wire.run(home, start_time=n) for n in range(1, 4)]
    away = wire.run(other, start_time=9)
    for n, run_id in enumerate(ids[:2]):
        wire.ok("log_metric", run_id=run_id, **point("acc", n))

    def found(*homes: str, **fields: Any) -> list[str]:
        return [r["info"]["run_id"] for r in wire.ok("search_runs", experiment_ids=homes, **fields).get("runs", ())]

    assert found(home) == ids[::-1]
    assert found(home, other, max_results="1") == [away]
    assert found(home, "999999999") == ids[::-1]
    assert found() == []
    assert found(home, filter="metrics.acc >= 0", order_by=["metrics.acc ASC"]) == ids[:2]
    page = wire.ok("search_runs", experiment_ids=[home], max_results=2)
    last = wire.ok("search_runs", experiment_ids=[home], max_results=2, page_token=page["next_page_token"])
    assert [r["info"]["run_id"] for r in last["runs"]] == ids[:1]
    assert "next_page_token" not in last
    assert "next_page_token" not in wire.ok("search_runs", experiment_ids=[home], max_results=3)
    wire.ok("delete_run", run_id=ids[0])
    for view, expected in ((1, ids[:0:-1]), ("DELETED_ONLY", ids[:1]), ("ALL", ids[::-1]), ("X", ids[:0:-1])):
        assert found(home, run_view_type=view) == expected
    for field, value in (("max_results", 50001), ("max_results", 0)):
        text = f"Invalid value {value} for parameter 'max_results' supplied"
        wire.invalid("search_runs", text, experiment_ids=[home], **{field: value})
    wire.invalid("search_runs", "Invalid page token", experiment_ids=[home], page_token="!")
    for bad in ("acc.b.c >", "bogus.acc = 1", "metrics.acc = 'x'", "lifecycle_stage = 'x'"):
        wire.invalid("search_runs", "", experiment_ids=[home], filter=bad)
    for order in ("metrics.acc SIDEWAYS", "metrics.acc ASC, metrics.b DESC", "dataset.name"):
        wire.invalid("search_runs", "", experiment_ids=[home], order_by=[order])
    assert wire.call("search_runs", experiment_ids="1").status == 400
    if wire.clew:  # MLflow: nothing found; INTERNAL_ERROR
        assert wire.ok("search_runs", experiment_ids=[int(home)]) == wire.ok("search_runs", experiment_ids=[home])
        wire.invalid("search_runs", "", experiment_ids=[home], order_by=["metrics.acc", "metrics.acc DESC"])


def test_get_metric_history(wire: Wire) -> None:
    run_id = wire.run()
    points = [point("m", n, n) for n in range(5)]
    wire.ok("log_batch", run_id=run_id, metrics=points)
    both = {"run_id": run_id, "metric_key": "m"}
    page = wire.ok("get_metric_history", **both, max_results=3)
    assert page["metrics"] == points[:3]
    rest = wire.ok("get_metric_history", **both, max_results=3, page_token=page["next_page_token"])
    assert rest == {"metrics": points[3:]}
    assert wire.ok("get_metric_history", run_uuid=run_id, metric_key="m", max_results=25_000) == {"metrics": points}
    assert wire.ok("get_metric_history", run_id=run_id, metric_key="none", max_results=1) == {}
    wire.invalid("get_metric_history", "Missing value for required parameter 'metric_key'", run_id=run_id)
    wire.invalid("get_metric_history", "page token", **both, max_results=3, page_token="!")
    if wire.clew:
        wire.invalid("get_metric_history", "max_results", **both, max_results=0)
        assert wire.ok("get_metric_history", **both) == {"metrics": points}


def test_get_metric_history_bulk(wire: Wire) -> None:
    experiment_id = wire.experiment()
    run_ids = sorted(wire.run(experiment_id) for _ in range(2))
    for run_id in run_ids:
        wire.ok("log_batch", run_id=run_id, metrics=[point("m", n, n) for n in range(3)])
    found = wire.ok("get_metric_history_bulk", run_id=run_ids, metric_key="m", max_results=4)["metrics"]
    assert [(m["run_id"], m["step"]) for m in found] == [
        (run_ids[0], 0),
        (run_ids[0], 1),
        (run_ids[0], 2),
        (run_ids[1], 0),
    ]
    name = "GetMetricHistoryBulk request"
    wire.invalid("get_metric_history_bulk", f"{name} must specify at least one run_id.", metric_key="m")
    wire.invalid("get_metric_history_bulk", f"{name} must specify a metric_key.", run_id=run_ids)
    text = f"{name} cannot specify more than 100 run_ids. Received 101 run_ids."
    wire.invalid("get_metric_history_bulk", text, run_id=["x"] * 101, metric_key="m")


def test_get_metric_history_bulk_interval(wire: Wire) -> None:
    experiment_id = wire.experiment()
    run_ids = [wire.run(experiment_id) for _ in range(2)]
    for run_id, count in zip(run_ids, (10, 20), strict=True):
        wire.ok("log_batch", run_id=run_id, metrics=[point("m", n, n) for n in range(count)])

    def steps(*ids: str, **fields: Any) -> list[list[int]]:
        answer = wire.ok("get_metric_history_bulk_interval", run_ids=ids, metric_key="m", **fields)
        return [[m["step"] for m in answer.get("metrics", ()) if m["run_id"] == i] for i in ids]

    assert steps(run_ids[0], start_step=0, end_step=4, max_results=5) == [[0, 1, 2, 3, 4]]
    assert steps(*run_ids) == [list(range(10)), list(range(20))]
    if wire.clew:  # the rule of MLflow up to 3.13; 3.17 takes rows of each run for itself
        assert steps(run_ids[0], max_results=5) == [[0, 2, 4, 6, 8, 9]]
        assert steps(*run_ids, max_results=5) == [[0, 4, 8, 9], [0, 4, 8, 9, 12, 16, 19]]
    name = "get_metric_history_bulk_interval"
    wire.invalid(name, "Missing value for required parameter 'run_ids'.", metric_key="m")
    wire.invalid(name, "Missing value for required parameter 'metric_key'", run_ids=run_ids)
    many = "GetMetricHistoryBulkInterval request must specify at most 100 run_ids. Received 101 run_ids."
    wire.invalid(name, many, run_ids=["x"] * 101, metric_key="m")
    for most in (0, 2501):
        wire.invalid(name, "max_results must be between 1 and 2500", run_ids=run_ids, metric_key="m", max_results=most)
    backwards = "end_step must be greater than start_step. Found start_step=1 and end_step=0."
    wire.invalid(name, backwards, run_ids=run_ids, metric_key="m", start_step=1, end_step=0)
    half = "If either start step or end step are specified, both must be specified."
    wire.invalid(name, half, run_ids=run_ids, metric_key="m", start_step=1)
