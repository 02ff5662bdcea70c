"""The same flow through Clew's own client, against any server: MLflow's or Clew's."""

import math
import os
import tempfile
from uuid import uuid4

import clew
from clew import ClewClient
from clew.errors import ClewError, InvalidValue, NotFound

mark = uuid4().hex[:8]
clew.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = ClewClient()


def refused(kind: type[ClewError], call: object, *args: object, **kwargs: object) -> None:
    try:
        call(*args, **kwargs)
    except kind:
        return
    raise AssertionError(f"not refused: {args} {kwargs}")


# Experiments.
made = clew.create_experiment(f"clew-{mark}", tags={"team": "blue"})
experiment = clew.set_experiment(f"clew-{mark}")
assert experiment.experiment_id == made
assert client.get_experiment(made).tags["team"] == "blue"
assert [e.name for e in clew.search_experiments(filter_string=f"name = 'clew-{mark}'")] == [f"clew-{mark}"]
refused(ClewError, client.create_experiment, f"clew-{mark}")
refused(NotFound, client.get_experiment, "99999999")

# A run with everything, and one inside it.
with clew.start_run(run_name="parent", tags={"a": "1"}) as run:
    clew.log_param("lr", 0.001)
    clew.log_params({"layers": 3, "act": "relu"})
    for step in range(2500):
        clew.log_metric("loss", 1 / (step + 1), step=step)
    clew.log_metrics({"acc": 0.75, "f1": 0.5}, step=1)
    clew.log_metric("odd", math.nan, step=0)
    clew.set_tag("stage", "two")
    clew.set_tags({"more": "3", "again": "4"})
    with clew.start_run(run_name="child", nested=True) as child:
        clew.log_metric("loss", 5.0)
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(f"{folder}/tree/deep")
        for path in ("one.txt", "tree/two.txt", "tree/deep/three.txt"):
            with open(f"{folder}/{path}", "w", encoding="utf-8") as file:
                file.write(path)
        clew.log_artifact(f"{folder}/one.txt")
        clew.log_artifacts(f"{folder}/tree", artifact_path="tree")
        clew.log_text("hello", "notes/hello.txt")
        clew.log_dict({"a": [1, 2]}, "config.json")
run_id = run.info.run_id

got = clew.get_run(run_id)
assert got.info.status == "FINISHED"
assert got.info.run_name == "parent"
assert got.info.experiment_id == made
assert got.data.params == {"lr": "0.001", "layers": "3", "act": "relu"}
assert got.data.metrics["loss"] == 1 / 2500
assert got.data.metrics["acc"] == 0.75
assert math.isnan(got.data.metrics["odd"])
for key, value in {"a": "1", "stage": "two", "more": "3", "again": "4", "mlflow.runName": "parent"}.items():
    assert got.data.tags[key] == value, key
assert got.data.tags["mlflow.user"]
assert clew.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == run_id
history = client.get_metric_history(run_id, "loss")
assert [(m.step, m.value) for m in history] == [(s, 1 / (s + 1)) for s in range(2500)]

# Search, with pages.
for number in range(5):
    with clew.start_run(run_name=f"trial-{number}"):
        clew.log_param("n", number)
        clew.log_metric("score", number * 0.5)
names = [
    r.info.run_name
    for r in client.search_runs([made], "metrics.score >= 0.5 AND params.n != '3'", order_by=["metrics.score DESC"])
]
assert names == ["trial-4", "trial-2", "trial-1"], names
first = client.search_runs([made], order_by=["metrics.score DESC"], max_results=2)
second = client.search_runs([made], order_by=["metrics.score DESC"], max_results=2, page_token=first.token)
assert [r.info.run_name for r in (*first, *second)] == ["trial-4", "trial-3", "trial-2", "trial-1"]
frame = clew.search_runs([made], filter_string="metrics.score > 1.2", order_by=["metrics.score ASC"])
assert frame["metrics.score"].tolist() == [1.5, 2.0]
assert frame["params.n"].tolist() == ["3", "4"]
refused(InvalidValue, client.search_runs, [made], "metrics.score >")

# Files come back.
assert sorted(f.path for f in client.list_artifacts(run_id)) == ["config.json", "notes", "one.txt", "tree"]
with tempfile.TemporaryDirectory() as folder:
    local = client.download_artifacts(run_id, "tree", folder)
    with open(f"{local}/deep/three.txt", encoding="utf-8") as file:
        assert file.read() == "tree/deep/three.txt"

# A run by its id again; one that fails; the trash.
with clew.start_run(run_id=run_id):
    clew.log_metric("later", 1.0)
assert clew.get_run(run_id).data.metrics["later"] == 1.0
try:
    with clew.start_run(run_name="broken") as broken:
        raise RuntimeError("on purpose")
except RuntimeError:
    pass
assert clew.get_run(broken.info.run_id).info.status == "FAILED"
client.delete_run(run_id)
assert clew.get_run(run_id).info.lifecycle_stage == "deleted"
client.restore_run(run_id)
assert clew.get_run(run_id).info.lifecycle_stage == "active"
refused(NotFound, clew.get_run, "0" * 32)
print("ok")
