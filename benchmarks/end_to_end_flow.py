"""The flow from data to a served model, with the calls that Clew and MLflow share; prints the seconds of each stage.

python benchmarks/end_to_end_flow.py clew|mlflow URI TRIALS [FOLDER with more packages]
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import urllib.request
from pathlib import Path
from subprocess import DEVNULL, Popen

START = time.perf_counter()
library, uri, trials = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.path += sys.argv[4:]
os.environ["MLFLOW_TRACKING_URI"] = os.environ["CLEW_TRACKING_URI"] = uri
stages: list[tuple[str, float]] = []


def stage(name: str) -> None:
    """What was done since the last call is called so."""
    stages.append((name, time.perf_counter() - START - sum(seconds for _, seconds in stages)))


tracker = importlib.import_module(library)
models = importlib.import_module(f"{library}.models")
for module in ("pyfunc", "xgboost"):
    importlib.import_module(f"{library}.{module}")
stage(f"import {library}")

import numpy as np
import optuna
import xgboost
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

tracker.set_experiment("end to end")
features, amounts = load_diabetes(return_X_y=True, as_frame=True)
worse = (amounts >= amounts.quantile(0.75)).astype(int)
x_train, x_rest, y_train, y_rest = train_test_split(features, worse, train_size=0.6, random_state=123)
x_val, x_test, y_val, y_test = train_test_split(x_rest, y_rest, train_size=0.5, random_state=123)
stage("other imports and data")


class Chance(tracker.pyfunc.PythonModel):  # type: ignore[name-defined, misc]
    def __init__(self, model: RandomForestClassifier) -> None:
        self.model = model

    def predict(self, context: object, model_input: object, params: object = None) -> object:
        return self.model.predict_proba(model_input)[:, 1]


with tracker.start_run(run_name="forest") as baseline:
    chance = Chance(RandomForestClassifier(n_estimators=10, random_state=123).fit(x_train, y_train))
    tracker.log_param("n_estimators", 10)
    tracker.log_metric("auc", roc_auc_score(y_test, chance.predict(None, x_test)))
    signature = models.infer_signature(x_train, chance.predict(None, x_train))
    requirements = ["cloudpickle", "scikit-learn"]
    tracker.pyfunc.log_model(name="model", python_model=chance, signature=signature, pip_requirements=requirements)
stage("baseline with its model")

client = tracker.MlflowClient()


def put_into_production(run_id: str) -> float:
    version = tracker.register_model(f"runs:/{run_id}/model", "diabetes")
    client.transition_model_version_stage("diabetes", version.version, "Production", archive_existing_versions=True)
    return float(roc_auc_score(y_test, tracker.pyfunc.load_model("models:/diabetes/Production").predict(x_test)))


put_into_production(baseline.info.run_id)
stage("register, stage, load")

tracker.xgboost.autolog(log_models=False)


def objective(trial: optuna.Trial) -> float:
    params = {
        "objective": "binary:logistic",
        "max_depth": trial.suggest_int("max_depth", 2, 8),
        "learning_rate": trial.suggest_float("learning_rate", 0.03, 0.5, log=True),
        "nthread": 1,
    }
    with tracker.start_run(nested=True, parent_run_id=search.info.run_id):
        validation = xgboost.DMatrix(x_val, y_val)
        booster = xgboost.train(
            params,
            xgboost.DMatrix(x_train, y_train),
            num_boost_round=200,
            evals=[(validation, "validation")],
            early_stopping_rounds=20,
            verbose_eval=False,
        )
        guess = booster.predict(validation)
        auc = float(roc_auc_score(y_val, guess))
        tracker.log_metric("auc", auc)
        tracker.xgboost.log_model(booster, name="model", signature=models.infer_signature(x_val, guess))
    return auc


optuna.logging.set_verbosity(optuna.logging.WARNING)
with tracker.start_run(run_name="search") as search:
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=1))
    study.optimize(objective, n_trials=trials, n_jobs=2)
if library == "clew":
    tracker.flush()
stage(f"search, {trials} trials")

found = tracker.search_runs(
    filter_string=f"tags.mlflow.parentRunId = '{search.info.run_id}'", order_by=["metrics.auc DESC"]
)
assert len(found) == trials
put_into_production(found.iloc[0].run_id)
stage("find the best, register, stage, load")

x_train.to_parquet("rows.parquet")
port = os.environ["SERVE_PORT"]
command = [sys.executable, "-m", library, "models", "serve", "-m", "models:/diabetes/Production", "--port", port]
environ = (
    os.environ
    | {
        "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"],  # MLflow looks uvicorn up there
        "PYTHONPATH": os.pathsep.join([*sys.argv[4:], os.environ.get("PYTHONPATH", "")]),
    }
)
server = Popen(
    [*command, "--env-manager", "local"], env=environ, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True
)
try:
    for _ in range(3000):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5).close()
            break
        except OSError:
            assert server.poll() is None, "the scoring server ended"
            time.sleep(0.05)
    body = json.dumps({"dataframe_split": json.loads(x_test.head(5).to_json(orient="split", index=False))}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/invocations", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        served = json.load(answer)["predictions"]
finally:
    os.killpg(server.pid, 15)
    server.wait()
local = tracker.pyfunc.load_model("models:/diabetes/Production").predict(x_test.head(5))
assert np.allclose(served, local)
stage("serve and ask")
print(json.dumps(stages))
