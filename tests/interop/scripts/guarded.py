"""A move that needs approval, made by MLflow's own client: one clear error, which it does not repeat."""

import json
import os
import urllib.request
from uuid import uuid4

import mlflow
from expect import refused
from urllib3.connectionpool import HTTPConnectionPool

url = os.environ["MLFLOW_TRACKING_URI"]
mlflow.set_tracking_uri(url)
client = mlflow.MlflowClient()
name = f"guarded-{uuid4().hex[:8]}"


def native(who: str, path: str, body: dict | None = None) -> dict:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "X-Clew-User": who}
    with urllib.request.urlopen(urllib.request.Request(f"{url}/api/clew/v1/{path}", data, headers)) as answer:
        return json.load(answer)


client.create_registered_model(name)
with mlflow.start_run() as run:
    mlflow.log_metric("auc", 0.91)
client.create_model_version(name, "s3://bucket/m", run_id=run.info.run_id)
native("ana", f"models/{name}/rules", {"alias": "champion", "gate": "metrics.auc >= 0.9"})
native("ana", f"models/{name}/rules", {"stage": "Production", "approvals": 0, "gate": "metrics.auc >= 0.95"})

asked = []
send = HTTPConnectionPool.urlopen


def counted(*args: object, **kwargs: object) -> object:
    asked.append(str(kwargs.get("url")))
    return send(*args, **kwargs)


HTTPConnectionPool.urlopen = counted
told = refused("PERMISSION_DENIED", client.set_registered_model_alias, name, "champion", "1")
assert "needs approval" in told, told
told = refused("PERMISSION_DENIED", client.transition_model_version_stage, name, "1", "Production")
assert "metrics.auc is 0.91" in told, told
assert len([path for path in asked if path.endswith(("/alias", "/transition-stage"))]) == 2, asked
HTTPConnectionPool.urlopen = send

(waiting,) = native("bo", f"move-requests?name={name}&state=pending")["requests"]
assert waiting["version"] == "1"
native("bo", f"move-requests/{waiting['id']}/approve", {"note": "fine"})
client.set_registered_model_alias(name, "champion", "1")
assert client.get_model_version_by_alias(name, "champion").version == "1"
print("ok")
