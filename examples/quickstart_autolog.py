# %% [markdown]
# # Quick start: autologging
#
# One line, `clew.autolog()`, records the params, metrics, data and model of a scikit-learn training.
# As a script: `python examples/quickstart_autolog.py [--tracking-uri URI] [--wine winequality-red.csv]`.

# %%
import argparse

import pandas as pd
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split

import clew

parser = argparse.ArgumentParser(description="The quick start: one line of autologging.")
parser.add_argument("--tracking-uri", help="server or store; default CLEW_TRACKING_URI, else the folder ./.clew")
parser.add_argument("--wine", metavar="PATH", help="train on this wine-quality CSV instead of the diabetes data")
options = parser.parse_args([] if "get_ipython" in globals() else None)
if options.tracking_uri:
    clew.set_tracking_uri(options.tracking_uri)

# %% [markdown]
# The data: how diabetes progressed within a year, or the quality of wines.

# %%
if options.wine is None:
    features, target = load_diabetes(return_X_y=True, as_frame=True)
else:
    table = pd.read_csv(options.wine, sep=";").rename(columns=lambda name: name.replace(" ", "_"))
    features, target = table.drop(columns="quality"), table["quality"]
x_train, x_test, y_train, y_test = train_test_split(features, target, random_state=0)

# %% [markdown]
# Switch autologging on, and train as always. What you compute on the predictions afterwards belongs to the run too.

# %%
clew.autolog()

with clew.start_run() as run:
    model = RandomForestRegressor(n_estimators=100, max_depth=6, max_features=3, random_state=0)
    model.fit(x_train, y_train)
    mean_squared_error(y_test, model.predict(x_test))  # is logged as mean_squared_error_x_test

# %% [markdown]
# What was recorded, and where to look at it.

# %%
done = clew.get_run(run.info.run_id)
print(f"run     {done.info.run_id}  {done.info.run_name}  {done.info.status}")
for name, value in sorted(done.data.metrics.items()):
    print(f"        {name} = {value:.4f}")
print(f"model   models:/{done.outputs.model_outputs[0].model_id}")
uri = clew.get_tracking_uri()
print(f"look at {uri}/runs/{run.info.run_id}" if uri.startswith("http") else "look at it: `clew ui`")
