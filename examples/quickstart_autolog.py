"""The quick start: one line of autologging records params, metrics, data and the model of a scikit-learn fit.

python examples/quickstart_autolog.py [--tracking-uri URI] [--wine winequality-red.csv]
"""

from __future__ import annotations

import argparse
from typing import Any

import pandas as pd
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split

import clew


def read_data(wine: str | None) -> tuple[Any, Any]:
    """Features and target: diabetes progression, or the quality of wines out of a CSV file with semicolons."""
    if wine is None:
        data = load_diabetes(as_frame=True)
        return data.data, data.target
    table = pd.read_csv(wine, sep=";").rename(columns=lambda name: name.replace(" ", "_"))
    return table.drop(columns="quality"), table["quality"]


def main() -> None:
    """Train a forest; Clew does the rest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracking-uri", help="server or store; default CLEW_TRACKING_URI, else the folder ./.clew")
    parser.add_argument("--wine", metavar="PATH", help="train on this wine-quality CSV instead of the diabetes data")
    options = parser.parse_args()
    if options.tracking_uri:
        clew.set_tracking_uri(options.tracking_uri)

    clew.autolog()

    with clew.start_run() as run:
        x_train, x_test, y_train, y_test = train_test_split(*read_data(options.wine), random_state=0)
        model = RandomForestRegressor(n_estimators=100, max_depth=6, max_features=3, random_state=0)
        model.fit(x_train, y_train)
        predictions = model.predict(x_test)
        mean_squared_error(y_test, predictions)  # is logged too, under the name of the data it was computed on

    done = clew.get_run(run.info.run_id)
    print(f"run     {done.info.run_id}  {done.info.run_name}  {done.info.status}")
    for name, value in sorted(done.data.metrics.items()):
        print(f"        {name} = {value:.4f}")
    print(f"model   models:/{done.outputs.model_outputs[0].model_id}")
    uri = clew.get_tracking_uri()
    print(f"look at {uri}/runs/{run.info.run_id}" if uri.startswith("http") else "look at it: `clew ui`")


if __name__ == "__main__":
    main()
