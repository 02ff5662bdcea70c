"""Logged models and metrics bound to them: one script for MLflow's client and for Clew's, against either server."""

import os
from uuid import uuid4

try:
    import mlflow
except ImportError:
    import clew as mlflow

import numpy as np

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = mlflow.MlflowClient()
experiment = mlflow.set_experiment(f"models-{uuid4().hex[:8]}")
dataset = mlflow.data.from_numpy(np.arange(3), name="dd")


def status(model) -> str:
    return model.status.name


def metrics(model_id: str) -> dict:
    return {m.key: (m.value, m.step, m.dataset_name) for m in mlflow.get_logged_model(model_id).metrics or ()}


assert mlflow.last_logged_model() is None
assert mlflow.get_active_model_id() is None
pending = mlflow.initialize_logged_model(name="a", params={"p": 1}, tags={"t": "x"}, model_type="kind")
assert (pending.name, pending.params, pending.model_type, status(pending)) == ("a", {"p": "1"}, "kind", "PENDING")
assert pending.experiment_id == experiment.experiment_id
assert not pending.source_run_id
assert pending.tags["t"] == "x"
assert pending.tags["mlflow.user"]
assert pending.model_uri == f"models:/{pending.model_id}"
assert mlflow.last_logged_model().model_id == pending.model_id
mlflow.log_model_params({"z": 1}, model_id=pending.model_id)
assert mlflow.get_logged_model(pending.model_id).params == {"p": "1", "z": "1"}
assert status(mlflow.finalize_logged_model(pending.model_id, "READY")) == "READY"
external = mlflow.create_external_model(name="ext")
assert (status(external), external.tags["mlflow.model.isExternal"]) == ("READY", "true")

with mlflow.start_run() as run:
    run_id = run.info.run_id
    inside = mlflow.initialize_logged_model(name="inside")
    assert inside.source_run_id == run_id
    with mlflow.set_active_model(name="active") as active:
        assert mlflow.get_active_model_id() == active.model_id
        mlflow.log_metric("x", 1.0)
        mlflow.log_metrics({"y": 2.0}, step=3)
        mlflow.log_model_params({"mp": "1"})
        client.log_metric(run_id, "by_client", 3.0)
    assert mlflow.get_active_model_id() is None
    mlflow.log_metric("unbound", 4.0)
    mlflow.log_metric("acc", 0.5, dataset=dataset, model_id=inside.model_id)
    mlflow.set_logged_model_tags(inside.model_id, {"k": 1})
    mlflow.set_logged_model_tags(inside.model_id, {"gone": 1})
    mlflow.delete_logged_model_tag(inside.model_id, "gone")
bound = mlflow.get_logged_model(active.model_id)
assert (bound.params, bound.source_run_id, status(bound)) == ({"mp": "1"}, run_id, "READY")
assert metrics(active.model_id) == {"x": (1.0, 0, None), "y": (2.0, 3, None), "by_client": (3.0, 0, None)}
assert metrics(inside.model_id) == {"acc": (0.5, 0, "dd")}
assert set(client.get_run(run_id).data.metrics) == {"x", "y", "by_client", "unbound", "acc"}
read = {m.model_id for m in client.get_run(run_id).inputs.model_inputs}
assert read == {active.model_id, inside.model_id}, read
tags = mlflow.get_logged_model(inside.model_id).tags
assert (tags["k"], "gone" in tags) == ("1", False)

again = mlflow.set_active_model(name="active")
assert again.model_id == active.model_id
assert mlflow.set_active_model(model_id=pending.model_id).name == "a"
mlflow.clear_active_model()
assert mlflow.get_active_model_id() is None

frame = mlflow.search_logged_models()
assert list(frame.columns) == [
    *("artifact_location", "creation_timestamp", "experiment_id", "last_updated_timestamp", "metrics", "model_id"),
    *("model_type", "name", "params", "source_run_id", "status", "status_message", "tags"),
]
assert dict(zip(frame["name"], frame["status"], strict=True)) == {
    "a": "READY",
    "ext": "READY",
    "active": "READY",
    "inside": "PENDING",
}
by_name = [{"field_name": "name", "ascending": True}]
assert [m.name for m in mlflow.search_logged_models(output_format="list", order_by=by_name, max_results=3)] == [
    *("a", "active", "ext")
]
found = mlflow.search_logged_models(
    filter_string="metrics.acc > 0.1",
    datasets=[{"dataset_name": "dd", "dataset_digest": dataset.digest}],
    output_format="list",
)
assert [m.name for m in found] == ["inside"]

with open("f.txt", "w", encoding="utf-8") as file:
    file.write("hi")
os.makedirs("tree/deep", exist_ok=True)
with open("tree/deep/g.txt", "w", encoding="utf-8") as file:
    file.write("deep")
client.log_model_artifact(inside.model_id, "f.txt")
client.log_model_artifacts(inside.model_id, "tree")
listed = [(f.path, f.is_dir, f.file_size) for f in client.list_logged_model_artifacts(inside.model_id)]
assert sorted(listed) == [("deep", True, None), ("f.txt", False, 2)], listed
assert [f.path for f in client.list_logged_model_artifacts(inside.model_id, "deep")] == ["deep/g.txt"]
# A run shows its models' files under their names.
listed = [(f.path, f.is_dir) for f in mlflow.artifacts.list_artifacts(run_id=run_id, artifact_path="inside")]
assert sorted(listed) == [("inside/deep", True), ("inside/f.txt", False)], listed
with open(
    mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="inside/deep/g.txt"), encoding="utf-8"
) as file:
    assert file.read() == "deep"
client.delete_logged_model(inside.model_id)
for wrong in (
    lambda: mlflow.get_logged_model(inside.model_id),
    lambda: mlflow.set_active_model(),
    lambda: mlflow.set_active_model(model_id="m-none"),
    lambda: mlflow.log_model_params({"a": 1}),
    lambda: mlflow.delete_logged_model_tag(external.model_id, "none"),
    lambda: mlflow.search_logged_models(output_format="spark"),
):
    try:
        wrong()
    except Exception:  # noqa: BLE001 - MLflow and Clew raise different classes
        continue
    raise AssertionError("not refused")
print("ok")
