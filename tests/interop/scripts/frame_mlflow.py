"""Runs of every kind, and the frame that MLflow makes of them, left in ``frame.pickle``."""

import math

import mlflow

mlflow.set_experiment("frames")
for i in range(4):
    with mlflow.start_run(run_name=f"run {i}"):
        mlflow.log_params({"lr": 10.0**-i} | ({"only": "ä"} if i == 2 else {}))
        mlflow.log_metric("loss", math.nan if i == 1 else i / 3)
        if i % 2:
            mlflow.log_metric("acc", -i)
        mlflow.set_tag("stage", "ab"[i % 2])
mlflow.start_run()
mlflow.search_runs(order_by=["start_time DESC"]).to_pickle("frame.pickle")
mlflow.search_runs(filter_string="params.only = 'ä'").to_pickle("one.pickle")
mlflow.end_run()
print("ok")
