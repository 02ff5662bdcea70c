# %% [markdown]
# # Quick start: the logging API
#
# What you want to see later is logged by hand: params, a metric, a model, a table of predictions and a picture.
# As a script: `python examples/quickstart_logging_api.py [--tracking-uri URI] [--wine winequality-red.csv]`.

# %%
import argparse

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split

import clew

parser = argparse.ArgumentParser(description="The quick start: params, metrics, models and files by hand.")
parser.add_argument("--tracking-uri", help="server or store; default CLEW_TRACKING_URI, else the folder ./.clew")
parser.add_argument("--wine", metavar="PATH", help="train on this wine-quality CSV instead of the diabetes data")
options = parser.parse_args([] if "get_ipython" in globals() else None)
if options.tracking_uri:
    clew.set_tracking_uri(options.tracking_uri)

# %%
if options.wine is None:
    features, target = load_diabetes(return_X_y=True, as_frame=True)
else:
    table = pd.read_csv(options.wine, sep=";").rename(columns=lambda name: name.replace(" ", "_"))
    features, target = table.drop(columns="quality"), table["quality"]
x_train, x_test, y_train, y_test = train_test_split(features, target, random_state=0)

# %% [markdown]
# Everything inside of the block belongs to one run. The names are yours.

# %%
num_trees, max_depth, max_features = 100, 6, 3

with clew.start_run(run_name="logged by hand") as run:
    model = RandomForestRegressor(
        n_estimators=num_trees, max_depth=max_depth, max_features=max_features, random_state=0
    ).fit(x_train, y_train)
    predictions = model.predict(x_test)

    clew.log_param("num_trees", num_trees)
    clew.log_param("maxdepth", max_depth)
    clew.log_param("max_feat", max_features)
    clew.log_metric("mse", mean_squared_error(y_test, predictions))
    clew.sklearn.log_model(model, "random-forest-model", input_example=x_train.head(5))

    np.savetxt("predictions.csv", predictions, delimiter=",", header="prediction", comments="")
    clew.log_artifact("predictions.csv")

    residuals = pd.DataFrame({"residual": y_test.to_numpy() - predictions})
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(residuals["residual"], linewidth=1)
    axes.set(xlabel="observation", ylabel="residual", title="Residuals")
    figure.savefig("residuals_plot.png")
    clew.log_artifact("residuals_plot.png")

# %% [markdown]
# The same without files in between: a figure, a table and a text go into the run as they are.

# %%
with clew.start_run(run_id=run.info.run_id):
    clew.log_figure(figure, "figures/residuals.png")
    clew.log_table(residuals.reset_index(), "residuals.json")
    clew.log_text("Trained by the quick start.\n", "notes.md")

# %%
done = clew.get_run(run.info.run_id)
print(f"run     {done.info.run_id}  {done.info.run_name}  {done.info.status}")
print(f"        mse = {done.data.metrics['mse']:.2f}  {done.data.params}")
for file in clew.artifacts.list_artifacts(run_id=run.info.run_id):
    print(f"        {file.path}")
loaded = clew.pyfunc.load_model(f"runs:/{run.info.run_id}/random-forest-model")
print(f"model   predicts as before: {bool(np.array_equal(loaded.predict(x_test), predictions))}")
uri = clew.get_tracking_uri()
print(f"look at {uri}/runs/{run.info.run_id}" if uri.startswith("http") else "look at it: `clew ui`")
