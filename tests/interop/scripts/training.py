"""A training as people write it; it asks nothing of the server, so it runs the same with none.

Times are given where they would differ from target to target.
"""

import os

import numpy as np
import pandas as pd

import clew as mlflow

NOW = 1_700_000_000_000

mlflow.set_experiment(os.environ["EXPERIMENT"])
frame = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5]})
data = mlflow.data.from_pandas(frame, source="/data/train.csv", targets="b", name="train")
os.makedirs("results/deep", exist_ok=True)
np.savetxt("results/predictions.csv", frame["b"] / 3, header="prediction")
with open("results/deep/blob.bin", "wb") as file:
    file.write(bytes(range(256)) * 300)

with mlflow.start_run(run_name="sweep", tags={"team": "blue"}, description="two trials"):
    mlflow.log_params({"seed": 7, "opt": {"lr": 0.1, "betas": (0.9, 0.99)}, "long": "x" * 900, "größe": "ü"})
    mlflow.log_input(data, context="training", tags={"split": "all"})
    for trial, lr in enumerate((0.1, 0.01)):
        with mlflow.start_run(run_name=f"trial {trial}", nested=True, tags={"kind": "trial"}):
            mlflow.log_param("lr", lr)
            for step in range(1200):
                mlflow.log_metrics({"loss": lr / (step + 1), "acc": step / 7}, step=step, timestamp=NOW + step)
            mlflow.log_metric("loss", lr, step=5, timestamp=NOW + 5000)  # a second value of a step
            mlflow.log_metric("last", float(trial), step=-3, timestamp=NOW)
    mlflow.log_metric("tiny", 5e-324, timestamp=NOW)
    mlflow.log_metric("minus zero", -0.0, timestamp=NOW)
    mlflow.set_tags({"stage": "begun", "gone": 1})
    mlflow.set_tag("stage", "done")
    mlflow.delete_tag("gone")
    mlflow.log_artifacts("results", "results")
    mlflow.log_artifact("results/predictions.csv")
    mlflow.log_text("ü\n", "notes/text.txt")
    mlflow.log_dict({"a": [1, None]}, "notes/config.json")

try:
    with mlflow.start_run(run_name="failed"):
        mlflow.log_metric("x", 1.0, timestamp=NOW)
        raise ZeroDivisionError("as people's scripts do")
except ZeroDivisionError:
    pass

if not os.environ.get("CLEW_OFFLINE"):  # it is the server that makes a logged model
    with mlflow.start_run(run_name="modelled"):
        model = mlflow.initialize_logged_model(name="net", params={"depth": 3}, tags={"t": "x"}, model_type="kind")
        mlflow.log_metric("val", 0.5, step=2, timestamp=NOW, dataset=data, model_id=model.model_id)
        mlflow.finalize_logged_model(model.model_id, "READY")
print("ok")
