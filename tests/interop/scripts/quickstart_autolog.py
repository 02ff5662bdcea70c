"""The quick start with autologging: no log call of the user's own. The tests change the first import alone."""

import json
import os

import mlflow
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split

mlflow.set_experiment(os.environ["EXPERIMENT"])
mlflow.autolog()

table = load_diabetes()
X_train, X_test, y_train, y_test = train_test_split(table.data, table.target, random_state=0)

with mlflow.start_run():
    forest = RandomForestRegressor(n_estimators=20, max_depth=6, max_features=3, random_state=0)
    forest.fit(X_train, y_train)
    predictions = forest.predict(X_test)

# The second form: autologging begins a run itself, and ends it.
RandomForestRegressor(n_estimators=5, max_depth=3, random_state=1).fit(X_train, y_train)
print(json.dumps({"predictions": predictions[:5].tolist()}))
