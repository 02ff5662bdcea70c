"""The quick start with the logging API: params, a metric, a model, a table and a plot. The tests change one import."""

import json
import os

import matplotlib as mpl
import mlflow
import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from sklearn.model_selection import train_test_split

mpl.use("Agg")
import matplotlib.pyplot as plt

mlflow.set_experiment(os.environ["EXPERIMENT"])
table = load_diabetes()
X_train, X_test, y_train, y_test = train_test_split(table.data, table.target, random_state=0)

alpha, l1_ratio = 0.05, 0.3
with mlflow.start_run():
    model = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, random_state=0)
    model.fit(X_train, y_train)
    predictions = model.predict(X_test)

    mlflow.log_param("alpha", alpha)
    mlflow.log_param("l1_ratio", l1_ratio)
    mlflow.log_metric("rmse", mean_squared_error(y_test, predictions) ** 0.5)
    mlflow.log_metric("mae", mean_absolute_error(y_test, predictions))
    mlflow.log_metric("r2", r2_score(y_test, predictions))
    mlflow.sklearn.log_model(model, "model")

    np.savetxt("predictions.csv", predictions, delimiter=",")
    mlflow.log_artifact("predictions.csv")

    residuals = pd.DataFrame(predictions - y_test, columns=["Test residuals"])
    plt.plot(residuals)
    plt.xlabel("Observation")
    plt.ylabel("Residual")
    plt.title("Residuals")
    plt.savefig("residuals_plot.png")
    mlflow.log_artifact("residuals_plot.png")
print(json.dumps({"predictions": predictions[:5].tolist()}))
