# %% [markdown]
# # From data to a served model
#
# Look at data, train a baseline, register it, search for a better model in parallel, put that one into production,
# score a table with it and serve it over HTTP. As a script:
#
#     python examples/end_to_end.py [--tracking-uri URI] [--wine FOLDER] [--engine spark] [--trials 16]
#
# `--wine` reads the two wine-quality CSV files; without it the diabetes data of scikit-learn are taken.
# `--engine spark` searches with Hyperopt's SparkTrials instead of Optuna. Where PySpark is installed, Spark scores the
# table.

# %%
import argparse
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

import clew

parser = argparse.ArgumentParser(description="From data to a served model.")
parser.add_argument("--tracking-uri", help="server or store; default CLEW_TRACKING_URI, else the folder ./.clew")
parser.add_argument("--wine", metavar="FOLDER", help="where winequality-red.csv and winequality-white.csv lie")
parser.add_argument("--engine", choices=("optuna", "spark"), default="optuna", help="what searches (default: optuna)")
parser.add_argument("--trials", type=int, default=16, help="how many models the search trains (default: 16)")
options = parser.parse_args([] if "get_ipython" in globals() else None)

os.environ["PYSPARK_PYTHON"] = sys.executable  # Spark's workers need this interpreter, not the first one on PATH
if options.tracking_uri:
    clew.set_tracking_uri(options.tracking_uri)
experiment = clew.set_experiment("examples/end to end")
clew.set_experiment_tags(
    {"mlflow.experiment.primaryMetric.name": "auc", "mlflow.experiment.primaryMetric.greaterIsBetter": "True"}
)
uri = os.environ["CLEW_TRACKING_URI"] = clew.get_tracking_uri()  # for the commands that are started below
page = f"{uri}/experiments/{experiment.experiment_id}/runs" if uri.startswith("http") else "`clew ui`"

# %% [markdown]
# ## 1. The data
#
# The target is whether a wine is good (7 points or more), or whether diabetes progressed more than in three of four
# patients.

# %%
if options.wine:
    red = pd.read_csv(Path(options.wine, "winequality-red.csv"), sep=";").assign(is_red=1)
    white = pd.read_csv(Path(options.wine, "winequality-white.csv"), sep=";").assign(is_red=0)
    data = pd.concat([red, white], ignore_index=True).rename(columns=lambda name: name.replace(" ", "_"))
    name, target = "wine_quality", "quality"
    threshold = 7.0
else:
    data = load_diabetes(as_frame=True).frame
    name, target = "diabetes_progression", "target"
    threshold = float(data[target].quantile(0.75))
amounts = data[target].copy()
data[target] = (data[target] >= threshold).astype(int)
missing = int(data.isna().sum().sum())
print(f"{len(data):,} rows, {data.shape[1]} columns, {data[target].mean():.1%} positive, {missing} missing values")

# %% [markdown]
# ## 2. A look at them

# %%
columns = [column for column in data.columns if column not in (target, "is_red")]
histogram = Figure(figsize=(6, 3), layout="constrained")
axes = histogram.subplots()
axes.hist(amounts, bins=20)
axes.set(xlabel=target, ylabel="rows")

boxes = Figure(figsize=(10, 7), layout="constrained")
for axes, column in zip(boxes.subplots(3, 4).flat, columns, strict=False):
    axes.boxplot([data[column][data[target] == label] for label in (0, 1)], tick_labels=["no", "yes"], showfliers=False)
    axes.set_title(column, fontsize=9)

features = data.drop(columns=target).astype(float)  # whole numbers could not be missing when the model is asked
x_train, x_rest, y_train, y_rest = train_test_split(features, data[target], train_size=0.6, random_state=123)
x_val, x_test, y_val, y_test = train_test_split(x_rest, y_rest, train_size=0.5, random_state=123)
train_data = clew.data.from_pandas(x_train.assign(**{target: y_train}), targets=target, name=name)

# %% [markdown]
# ## 3. A baseline, as a model of its own kind
#
# A forest predicts classes; what is wanted is the chance of a positive. A `PythonModel` around it gives that.


# %%
class Chance(clew.pyfunc.PythonModel):
    """The chance of the positive class."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        """One number per row."""
        return self.model.predict_proba(model_input)[:, 1]


with clew.start_run(run_name="untuned_random_forest") as baseline:
    clew.log_input(train_data, context="train")
    clew.log_figure(histogram, "data/target.png")
    clew.log_figure(boxes, "data/features by class.png")
    forest = RandomForestClassifier(n_estimators=10, random_state=123).fit(x_train, y_train)
    chance = Chance(forest)
    clew.log_param("n_estimators", 10)
    clew.log_metric("auc", roc_auc_score(y_test, chance.predict(None, x_test)))
    clew.pyfunc.log_model(
        "random_forest_model",
        python_model=chance,
        signature=clew.models.infer_signature(x_train, chance.predict(None, x_train)),
        pip_requirements=["cloudpickle", "scikit-learn"],
    )
importances = pd.Series(forest.feature_importances_, x_train.columns).sort_values(ascending=False)
print("what matters:", ", ".join(f"{column} {share:.0%}" for column, share in importances.head(3).items()))

# %% [markdown]
# ## 4. Register it, and put it into production

# %%
found = clew.search_runs(filter_string='tags.mlflow.runName = "untuned_random_forest"')
first = clew.register_model(f"runs:/{found.iloc[0].run_id}/random_forest_model", name)
client = clew.MlflowClient()
client.transition_model_version_stage(name, first.version, "Production", archive_existing_versions=True)


def auc_in_production() -> float:
    """How good the model is that is in production now, whichever that is."""
    model = clew.pyfunc.load_model(f"models:/{name}/production")
    return float(roc_auc_score(y_test, model.predict(x_test)))


print(f"version {first.version} in production: AUC {auc_in_production():.4f}")

# %% [markdown]
# ## 5. Search for a better one, in parallel
#
# Each trial is a child of the search's run, with its params, its curves and its model.

# %%
clew.autolog(log_models=False)


def train(params: dict[str, Any]) -> float:
    """Train one model and log it to the active run; the AUC on the validation part."""
    fixed = {"objective": "binary:logistic", "eval_metric": "logloss", "seed": 123, "nthread": 1}
    booster = xgboost.train(
        fixed | params,
        xgboost.DMatrix(x_train, y_train),
        num_boost_round=300,
        evals=[(xgboost.DMatrix(x_val, y_val), "validation")],
        early_stopping_rounds=20,
        verbose_eval=False,
    )
    guess = booster.predict(xgboost.DMatrix(x_val))
    auc = float(roc_auc_score(y_val, guess))
    clew.log_metric("auc", auc)
    clew.xgboost.log_model(booster, "model", signature=clew.models.infer_signature(x_val, guess))
    return auc


def search_with_optuna() -> None:
    """Two trials at a time, in threads."""
    import optuna

    def objective(trial: optuna.Trial) -> float:
        return train(
            {
                "max_depth": trial.suggest_int("max_depth", 2, 12),
                "learning_rate": trial.suggest_float("learning_rate", 0.03, 0.5, log=True),
                "reg_alpha": trial.suggest_float("reg_alpha", 1e-5, 1.0, log=True),
                "reg_lambda": trial.suggest_float("reg_lambda", 1e-3, 10.0, log=True),
                "min_child_weight": trial.suggest_float("min_child_weight", 0.1, 20.0, log=True),
            }
        )

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=123))
    study.optimize(objective, n_trials=options.trials, n_jobs=2)


def search_with_spark() -> None:
    """Trials on Spark's workers, each in a process of its own."""
    from hyperopt import STATUS_OK, SparkTrials, fmin, hp, tpe
    from hyperopt.pyll import scope

    def objective(params: dict[str, Any]) -> dict[str, Any]:
        clew.autolog(log_models=False)  # the worker is another process
        return {"status": STATUS_OK, "loss": -train(params)}

    space = {
        "max_depth": scope.int(hp.quniform("max_depth", 2, 12, 1)),
        "learning_rate": hp.loguniform("learning_rate", np.log(0.03), np.log(0.5)),
        "reg_alpha": hp.loguniform("reg_alpha", np.log(1e-5), np.log(1.0)),
        "reg_lambda": hp.loguniform("reg_lambda", np.log(1e-3), np.log(10.0)),
        "min_child_weight": hp.loguniform("min_child_weight", np.log(0.1), np.log(20.0)),
    }
    trials = SparkTrials(parallelism=2, spark_session=spark_session())
    seed = np.random.default_rng(123)
    fmin(
        objective, space, algo=tpe.suggest, max_evals=options.trials, trials=trials, rstate=seed, show_progressbar=False
    )


def spark_session() -> Any:
    """Spark on this machine; asked again, the same session."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.master("local[2]").appName("end to end")
    quiet = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
    return builder.config(map=quiet).getOrCreate()


with clew.start_run(run_name="xgboost_models") as search:
    if options.engine == "spark":
        search_with_spark()
    else:
        search_with_optuna()

# %% [markdown]
# ## 6. The best one becomes version 2, and goes into production
#
# Whoever asks for the model in production gets the new one, and changes nothing.

# %%
found = clew.search_runs(
    filter_string=f"tags.mlflow.parentRunId = '{search.info.run_id}'", order_by=["metrics.auc DESC"]
)
best = found.iloc[0]
print(f"{len(found)} trials, best {best['tags.mlflow.runName']}: AUC {best['metrics.auc']:.4f} on the validation part")
second = clew.register_model(f"runs:/{best.run_id}/model", name)
client.transition_model_version_stage(name, first.version, "Archived")
client.transition_model_version_stage(name, second.version, "Production")
client.set_registered_model_alias(name, "champion", second.version)
print(f"version {second.version} in production: AUC {auc_in_production():.4f}")

# %% [markdown]
# ## 7. Score a table
#
# With Spark the model is a column function. Without it, `clew models predict` reads and writes Parquet of any size.

# %%
table, scored = Path("examples-end-to-end", "features.parquet"), Path("examples-end-to-end", "scored.parquet")
table.parent.mkdir(exist_ok=True)
x_train.to_parquet(table, index=False)
if importlib.util.find_spec("pyspark") and shutil.which("java"):
    from pyspark.sql.functions import struct

    spark = spark_session()
    spark.sparkContext.setLogLevel("ERROR")
    rows = spark.read.parquet(str(table))
    predict = clew.pyfunc.spark_udf(spark, f"models:/{name}/production", result_type="double")
    predictions = rows.withColumn("prediction", predict(struct(*rows.columns)))
    predictions.write.mode("overwrite").parquet(str(scored))
    print(f"Spark scored {predictions.count():,} rows into {scored}")
else:
    command = [
        "models",
        "predict",
        "-m",
        f"models:/{name}/production",
        "-i",
        str(table),
        "-o",
        str(scored),
        "--overwrite",
    ]
    subprocess.run([sys.executable, "-m", "clew", *command], check=True)
    print(f"`clew models predict` scored {len(x_train):,} rows into {scored}; Spark would have, had it been installed")
answers = pd.read_parquet(scored)
print(answers.head(3).to_string())
with clew.start_run(run_name="scored"):
    clew.set_tag("model", f"models:/{name}/{second.version}")
    clew.log_metric("rows", len(answers))
    clew.log_table(answers.head(1000), "scored.json")

# %% [markdown]
# ## 8. Serve it over HTTP

# %%
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
server = subprocess.Popen(
    [sys.executable, "-m", "clew", "models", "serve", "-m", f"models:/{name}/production", "--port", str(port)]
)
address = f"http://127.0.0.1:{port}"
try:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/ping", timeout=5).close()
            break
        except OSError:
            time.sleep(0.1)
    body = json.dumps({"dataframe_split": json.loads(x_test.head(5).to_json(orient="split", index=False))})
    headers = {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{address}/invocations", body.encode(), headers)) as answer:
        served = json.load(answer)["predictions"]
finally:
    server.terminate()
    server.wait()
local = clew.pyfunc.load_model(f"models:/{name}/production").predict(x_test.head(5))
print(pd.DataFrame({"served": served, "local": local}).to_string(index=False))

# %%
clew.flush()
print(f"look at {page}")
