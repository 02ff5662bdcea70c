"""MLflow's own autologging, sent to the server under test."""

from uuid import uuid4

import mlflow
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor

mlflow.set_experiment(f"autolog-{uuid4().hex[:8]}")
mlflow.autolog()
X, y = load_diabetes(return_X_y=True, as_frame=True)
model = RandomForestRegressor(n_estimators=10, max_depth=6, max_features=3, random_state=0).fit(X, y)
run = mlflow.last_active_run()
assert run.info.status == "FINISHED"
assert run.data.params["n_estimators"] == "10"
assert len(run.data.params) >= 17
assert 0.3 < run.data.metrics["training_r2_score"] < 1
assert run.data.tags["estimator_name"] == "RandomForestRegressor"
outputs = mlflow.MlflowClient().get_run(run.info.run_id).outputs.model_outputs
assert len(outputs) == 1
loaded = mlflow.pyfunc.load_model(f"models:/{outputs[0].model_id}")
assert abs(loaded.predict(X) - model.predict(X)).max() < 1e-9
print("ok")
