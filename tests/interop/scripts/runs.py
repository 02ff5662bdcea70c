"""Runs through MLflow's own client: birth, params, metrics, tags, nesting, history, trash."""

import math
import time
from uuid import uuid4

import expect
import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunStatus, RunTag, ViewType

client = MlflowClient()
mark = uuid4().hex[:8]
experiment = mlflow.set_experiment(f"runs-{mark}")

with mlflow.start_run(run_name="parent", tags={"team": "blue"}, description="a note") as parent:
    mlflow.log_param("lr", 0.001)
    mlflow.log_params({"layers": 3, "act": "relu", "läufe": "ü"})
    mlflow.log_metric("loss", 0.5, step=0)
    mlflow.log_metric("loss", 0.25, step=1)
    mlflow.log_metrics({"acc": 0.75, "f1": 0.5}, step=1)
    mlflow.set_tag("stage", "one")
    mlflow.set_tags({"stage": "two", "empty": ""})
    with mlflow.start_run(run_name="child", nested=True) as child:
        mlflow.log_metric("loss", 1.0)
    assert mlflow.active_run().info.run_id == parent.info.run_id

parent_id = parent.info.run_id
run = client.get_run(parent_id)
assert run.info.status == "FINISHED"
assert run.info.run_name == "parent"
assert run.info.experiment_id == experiment.experiment_id
assert run.info.end_time >= run.info.start_time > 1_500_000_000_000
assert run.info.artifact_uri.endswith(f"{parent_id}/artifacts")
assert run.data.params == {"lr": "0.001", "layers": "3", "act": "relu", "läufe": "ü"}
assert run.data.metrics == {"loss": 0.25, "acc": 0.75, "f1": 0.5}
assert run.data.tags["team"] == "blue"
assert run.data.tags["stage"] == "two"
assert run.data.tags["empty"] == ""
assert run.data.tags["mlflow.note.content"] == "a note"
assert run.data.tags["mlflow.runName"] == "parent"
assert client.get_parent_run(child.info.run_id).info.run_id == parent_id
children = client.search_runs([experiment.experiment_id], f"tags.mlflow.parentRunId = '{parent_id}'")
assert [r.info.run_id for r in children] == [child.info.run_id]

# A failing block marks its run as failed; a run is resumed by its id.
try:
    with mlflow.start_run(run_name="broken") as broken:
        raise RuntimeError("on purpose")
except RuntimeError:
    pass
assert client.get_run(broken.info.run_id).info.status == "FAILED"
with mlflow.start_run(run_id=broken.info.run_id):
    mlflow.log_metric("later", 2)
assert client.get_run(broken.info.run_id).info.status == "FINISHED"

# One batch; the history of a metric is whole, ordered and free of repeated points.
made = client.create_run(experiment.experiment_id, start_time=1_700_000_000_000, run_name="made")
run_id = made.info.run_id
points = [Metric("wave", math.sin(i), 1_700_000_000_000 + i, i) for i in range(900)]
client.log_batch(run_id, points, [Param(f"p{i}", str(i)) for i in range(50)], [RunTag(f"t{i}", "x") for i in range(50)])
client.log_batch(run_id, points[:10])
history = client.get_metric_history(run_id, "wave")
assert [(m.step, m.timestamp, m.value) for m in history] == [(p.step, p.timestamp, p.value) for p in points]
assert client.get_run(run_id).data.metrics["wave"] == points[-1].value
assert client.get_metric_history(run_id, "none") == []
client.log_metric(run_id, "order", 1.0, 20, 5)
client.log_metric(run_id, "order", 2.0, 10, 7)
client.log_metric(run_id, "order", 3.0, 10, -1)
assert [m.value for m in client.get_metric_history(run_id, "order")] == [3.0, 2.0, 1.0]
assert client.get_run(run_id).data.metrics["order"] == 2.0
client.log_metric(run_id, "odd", math.nan, 1, 0)
client.log_metric(run_id, "odd", math.inf, 2, 1)
client.log_metric(run_id, "odd", -math.inf, 3, 2)
odd = [m.value for m in client.get_metric_history(run_id, "odd")]
assert math.isnan(odd[0])
assert odd[1] >= 1.7e308
assert odd[2] <= -1.7e308
client.log_metric(run_id, "nan", math.nan, 1, 0)
assert math.isnan(client.get_run(run_id).data.metrics["nan"])

# Sending without waiting, as training loops do.
mlflow.log_metric("soon", 1.0, run_id=run_id, synchronous=False).wait()
assert client.get_run(run_id).data.metrics["soon"] == 1.0

# What may change, and what may not.
client.log_param(run_id, "p1", "1")
assert "p1" in expect.refused("INVALID_PARAMETER_VALUE", client.log_param, run_id, "p1", "other")
expect.refused("INVALID_PARAMETER_VALUE", client.log_batch, run_id, params=[Param("new", "1"), Param("p1", "other")])
assert "new" not in client.get_run(run_id).data.params
client.set_tag(run_id, "mlflow.runName", "renamed")
assert client.get_run(run_id).info.run_name == "renamed"
client.update_run(run_id, status="KILLED", name="again")
assert client.get_run(run_id).data.tags["mlflow.runName"] == "again"
assert client.get_run(run_id).info.status == "KILLED"
client.delete_tag(run_id, "t1")
assert "t1" not in client.get_run(run_id).data.tags
expect.refused("RESOURCE_DOES_NOT_EXIST", client.delete_tag, run_id, "t1")
client.log_param(run_id, "long", "x" * 6001)
assert client.get_run(run_id).data.params["long"] == "x" * 6000
client.set_terminated(run_id, RunStatus.to_string(RunStatus.FINISHED), end_time=int(time.time() * 1000))

for name in ("../up", "a//b", "bad|name", "k" * 251):
    expect.refused("INVALID_PARAMETER_VALUE", client.log_metric, run_id, name, 1.0)
expect.refused("RESOURCE_DOES_NOT_EXIST", client.get_run, "0" * 32)
expect.refused("RESOURCE_DOES_NOT_EXIST", client.log_metric, "0" * 32, "k", 1.0)
expect.refused("RESOURCE_DOES_NOT_EXIST", client.create_run, "99999999")

client.delete_run(run_id)
assert client.get_run(run_id).info.lifecycle_stage == "deleted"
expect.refused("INVALID_PARAMETER_VALUE", client.log_metric, run_id, "after", 1.0)
assert run_id not in [r.info.run_id for r in client.search_runs([experiment.experiment_id])]
trash = client.search_runs([experiment.experiment_id], run_view_type=ViewType.DELETED_ONLY)
assert [r.info.run_id for r in trash] == [run_id]
client.restore_run(run_id)
client.log_metric(run_id, "after", 1.0)
assert client.get_run(run_id).data.metrics["after"] == 1.0
print("ok")
