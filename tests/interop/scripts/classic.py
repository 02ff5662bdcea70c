"""What classic MLflow scripts do, all in one: the same lines under MLflow and under ``import clew as mlflow``."""

import os
import time
from uuid import uuid4

try:
    import mlflow
    import mlflow.sklearn
    from mlflow.client import MlflowClient
    from mlflow.entities import Metric, Param, RunTag, ViewType
    from mlflow.exceptions import MlflowException
    from mlflow.models import infer_signature
except ImportError:
    import clew as mlflow
    import clew.sklearn
    from clew.client import MlflowClient
    from clew.entities import Metric, Param, RunTag, ViewType
    from clew.exceptions import MlflowException
    from clew.models import infer_signature

import numpy as np
import pandas as pd
from sklearn.linear_model import ElasticNet
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
assert mlflow.is_tracking_uri_set()
name = f"classic-{uuid4().hex[:8]}"
experiment = mlflow.set_experiment(name)
mlflow.set_experiment_tag("team", "blue")
mlflow.set_experiment_tags({"a": 1, "b": 2})
mlflow.config.enable_async_logging(False)

rng = np.random.default_rng(0)
data = pd.DataFrame(rng.normal(size=(80, 3)), columns=["x", "y", "z"])
target = data["x"] * 2 + data["y"]
train_x, test_x, train_y, test_y = train_test_split(data, target, random_state=0)

# A sweep of child runs, the way the quick starts do it.
best = None
with mlflow.start_run(run_name="sweep", description="all alphas") as parent:
    for alpha in (0.1, 0.5):
        with mlflow.start_run(run_name=f"alpha {alpha}", nested=True, tags={"kind": "trial"}) as child:
            model = ElasticNet(alpha=alpha).fit(train_x, train_y)
            error = float(np.sqrt(mean_squared_error(test_y, model.predict(test_x))))
            mlflow.log_param("alpha", alpha)
            mlflow.log_params({"l1_ratio": 0.5, "seed": 0})
            mlflow.log_metric("rmse", error)
            for epoch in range(3):
                mlflow.log_metrics({"loss": 1 / (epoch + 1), "acc": epoch / 10}, step=epoch)
            if best is None or error < best[0]:
                best = (error, child.info.run_id, model)
            assert mlflow.active_run().info.run_id == child.info.run_id
    mlflow.log_metric("best_rmse", best[0])
    mlflow.set_tag("stage", "done")
    signature = infer_signature(train_x, best[2].predict(train_x))
    logged = mlflow.sklearn.log_model(best[2], name="model", signature=signature, input_example=train_x.head(2))
assert mlflow.active_run() is None
assert mlflow.last_active_run().info.status == "FINISHED"
assert mlflow.get_parent_run(best[1]).info.run_id == parent.info.run_id

# What was logged comes back.
loaded = mlflow.pyfunc.load_model(logged.model_uri)
assert np.allclose(loaded.predict(test_x), best[2].predict(test_x))
assert np.allclose(mlflow.sklearn.load_model(f"runs:/{parent.info.run_id}/model").coef_, best[2].coef_)
runs = mlflow.search_runs(filter_string="tags.kind = 'trial'", order_by=["metrics.rmse ASC"])
assert runs.iloc[0].run_id == best[1]
assert runs["params.alpha"].tolist() == ["0.1", "0.5"]
assert set(runs["tags.mlflow.parentRunId"]) == {parent.info.run_id}
found = mlflow.search_runs([experiment.experiment_id], "metrics.best_rmse < 100", output_format="list")
assert [r.info.run_id for r in found] == [parent.info.run_id]
assert found[0].data.tags["mlflow.note.content"] == "all alphas"

# The client, by run id.
client = MlflowClient()
run = client.create_run(experiment.experiment_id, run_name="by client", tags={"k": "v"})
now = int(time.time() * 1000)
client.log_batch(
    run.info.run_id,
    metrics=[Metric("m", float(step), now, step) for step in range(5)],
    params=[Param("p", "1")],
    tags=[RunTag("t", "2")],
)
client.log_metric(run.info.run_id, "m", 9.0, step=9)
client.set_tag(run.info.run_id, "gone", "1")
client.delete_tag(run.info.run_id, "gone")
client.update_run(run.info.run_id, name="renamed")
client.set_terminated(run.info.run_id, "FAILED")
got = client.get_run(run.info.run_id)
assert (got.info.status, got.info.run_name) == ("FAILED", "renamed")
assert (got.data.metrics, got.data.params, got.data.tags["t"]) == ({"m": 9.0}, {"p": "1"}, "2")
assert "gone" not in got.data.tags
assert [m.step for m in client.get_metric_history(run.info.run_id, "m")] == [0, 1, 2, 3, 4, 9]
client.delete_run(run.info.run_id)
ids = [experiment.experiment_id]
assert run.info.run_id not in {r.info.run_id for r in client.search_runs(ids)}
assert run.info.run_id in {r.info.run_id for r in client.search_runs(ids, run_view_type=ViewType.ALL)}
client.restore_run(run.info.run_id)
page = client.search_runs(ids, max_results=2)
assert len(page) == 2
assert len(client.search_runs(ids, max_results=2, page_token=page.token)) == 2
assert mlflow.get_experiment_by_name(name).tags["team"] == "blue"
client.rename_experiment(experiment.experiment_id, name + "-new")
assert client.get_experiment(experiment.experiment_id).name == name + "-new"


# Mistakes have MLflow's class and words.
def fault(call, *args, **kwargs) -> MlflowException:
    try:
        call(*args, **kwargs)
    except MlflowException as error:
        return error
    raise AssertionError(f"not refused: {args} {kwargs}")


try:
    with mlflow.start_run(run_id=run.info.run_id):
        raise fault(mlflow.log_param, "p", "other", synchronous=True)
except MlflowException as error:
    said = str(error)
assert "Changing param values is not allowed" in said
assert client.get_run(run.info.run_id).info.status == "FAILED"
assert fault(client.get_run, "0" * 32).error_code == "RESOURCE_DOES_NOT_EXIST"
print("ok")
