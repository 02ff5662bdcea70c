"""From a run to production: one script for MLflow's client and for Clew's, against either server."""

import os
from uuid import uuid4

try:
    import mlflow
    import mlflow.pyfunc
    import mlflow.sklearn
except ImportError:
    import clew as mlflow
    import clew.pyfunc
    import clew.sklearn

import numpy as np
from sklearn.linear_model import LinearRegression

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = mlflow.MlflowClient()
mark = uuid4().hex[:8]
name = f"wine quality-{mark}"
mlflow.set_experiment(f"registry-{mark}")
X = np.arange(12.0).reshape(6, 2)
models = [LinearRegression().fit(X, X.sum(axis=1) * factor) for factor in (1, 2)]


def same(uri: str, index: int) -> bool:
    loaded = (mlflow.sklearn.load_model(uri), mlflow.pyfunc.load_model(uri))
    return all(np.allclose(model.predict(X), models[index].predict(X)) for model in loaded)


def stages() -> dict:
    return {str(v.version): v.current_stage for v in client.search_model_versions(f"name = '{name}'")}


with mlflow.start_run() as run:
    logged = mlflow.sklearn.log_model(models[0], name="model")
first = mlflow.register_model(f"runs:/{run.info.run_id}/model", name, tags={"how": "by hand"})
assert (first.name, str(first.version), first.run_id) == (name, "1", run.info.run_id)
assert dict(client.get_model_version(name, 1).tags) == {"how": "by hand"}
assert first.current_stage == "None"
assert same(f"models:/{name}/1", 0)

with mlflow.start_run():
    second = mlflow.sklearn.log_model(models[1], name="model", registered_model_name=name)
assert int(second.registered_model_version) == 2
assert same(f"models:/{name}/latest", 1)

client.transition_model_version_stage(name, 1, "Production")
assert same(f"models:/{name}/production", 0)
client.transition_model_version_stage(name, "2", "Production", archive_existing_versions=True)
assert stages() == {"1": "Archived", "2": "Production"}
assert same(f"models:/{name}/Production", 1)
assert [str(v.version) for v in client.get_latest_versions(name, ["Production"])] == ["2"]

client.set_registered_model_alias(name, "champion", 1)
assert same(f"models:/{name}@champion", 0)
client.set_registered_model_alias(name, "champion", 2)
assert same(f"models:/{name}@champion", 1)
assert str(client.get_model_version_by_alias(name, "champion").version) == "2"
model = client.get_registered_model(name)
assert {alias: str(version) for alias, version in model.aliases.items()} == {"champion": "2"}
assert {v.current_stage for v in model.latest_versions} == {"Archived", "Production"}

client.update_registered_model(name, description="of wine")
client.set_registered_model_tag(name, "team", "a")
client.update_model_version(name, 2, description="better")
client.set_model_version_tag(name, 2, "checked", "yes")
assert [m.name for m in client.search_registered_models(f"name = '{name}'")] == [name]
assert [m.name for m in mlflow.search_registered_models(filter_string=f"tags.team = 'a' AND name = '{name}'")] == [name]
found = mlflow.search_model_versions(filter_string=f"name = '{name}' AND tags.checked = 'yes'")
assert [(str(v.version), v.description) for v in found] == [("2", "better")]

copied = client.copy_model_version(f"models:/{name}@champion", f"{name} copy")
assert (copied.name, str(copied.version)) == (f"{name} copy", "1")
assert same(f"models:/{name} copy/1", 1)
client.delete_registered_model_alias(name, "champion")
client.delete_model_version_tag(name, 2, "checked")
client.delete_model_version(name, 1)
assert list(stages()) == ["2"]
client.rename_registered_model(name, f"{name}, red")
assert client.get_registered_model(f"{name}, red").name == f"{name}, red"
client.delete_registered_model(f"{name}, red")
assert client.search_model_versions(f"name = '{name}, red'") == []
print("ok")
