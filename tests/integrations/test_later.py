"""Metrics that are computed after training find the model's run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.metrics import mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import clew
from clew.entities.run import Run

Runs = Callable[[], list[Run]]

X, Y = load_diabetes(return_X_y=True)


def later(run: Run) -> dict[str, float]:
    return {name: value for name, value in run.data.metrics.items() if not name.startswith("training_")}


def test_names_hold_the_metric_and_the_variable_of_the_data(runs: Runs) -> None:
    clew.autolog(log_models=False)
    model = Lasso().fit(X[:300], Y[:300])
    held_out = X[300:]
    predicted = model.predict(held_out)
    first = mean_squared_error(Y[300:], predicted)
    mean_squared_error(Y[300:], y_pred=predicted)
    metrics.r2_score(Y[300:], predicted)
    model.score(held_out, Y[300:])
    (run,) = runs()
    assert later(run) == {
        "mean_squared_error_held_out": pytest.approx(first),
        "mean_squared_error-2_held_out": pytest.approx(first),
        "r2_score_held_out": pytest.approx(metrics.r2_score(Y[300:], predicted)),
        "Lasso_score_held_out": pytest.approx(model.score(held_out, Y[300:])),
    }
    assert clew.artifacts.load_dict(f"runs:/{run.info.run_id}/metric_info.json") == {
        "mean_squared_error_held_out": "mean_squared_error(y_true=<ndarray>, y_pred=predicted)",
        "mean_squared_error-2_held_out": "mean_squared_error(y_true=<ndarray>, y_pred=predicted)",
        "r2_score_held_out": "r2_score(y_true=<ndarray>, y_pred=predicted)",
        "r2_score-2_held_out": "r2_score(y_true=<ndarray>, y_pred=predicted)",  # computed for the comparison above
        "Lasso_score_held_out": "Lasso.score(X=held_out, y=<ndarray>)",
        "Lasso_score-2_held_out": "Lasso.score(X=held_out, y=<ndarray>)",
    }


def test_other_data_is_an_eval_input_and_training_data_is_not(runs: Runs) -> None:
    clew.autolog(log_models=False)
    train, held_out = X[:300], X[300:]
    model = Lasso().fit(train, Y[:300])
    mean_squared_error(Y[:300], model.predict(train))
    predicted = model.predict(held_out)
    mean_squared_error(Y[300:], predicted)
    metrics.r2_score(Y[300:], predicted)
    (run,) = runs()
    assert [entry.tags["mlflow.data.context"] for entry in run.inputs.dataset_inputs] == ["train", "eval"]


def test_each_model_has_its_own_run(runs: Runs) -> None:
    clew.autolog(log_models=False)
    low, high = Lasso(alpha=0.1).fit(X, Y), Lasso(alpha=1.0).fit(X, Y)
    predicted = low.predict(X)
    mean_squared_error(Y, high.predict(X))
    mean_squared_error(Y, predicted)
    first, second = runs()
    assert later(first)["mean_squared_error_X"] < later(second)["mean_squared_error_X"]


def test_probabilities_count_as_predictions(runs: Runs) -> None:
    clew.autolog(log_models=False)
    labels = (Y > 140).astype(int)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, labels)
    metrics.log_loss(labels, model.predict_proba(X))
    assert set(later(runs()[0])) == {"log_loss_X"}


def test_what_is_no_number_or_no_prediction_is_left_out(runs: Runs) -> None:
    clew.autolog(log_models=False)
    labels = (Y > 140).astype(int)
    model = LogisticRegression().fit(X, labels)
    metrics.confusion_matrix(labels, model.predict(X))
    metrics.accuracy_score(labels, model.predict(X).copy())
    assert later(runs()[0]) == {}


def test_it_can_be_switched_off(runs: Runs) -> None:
    clew.sklearn.autolog(log_models=False, log_post_training_metrics=False)
    model = Lasso().fit(X, Y)
    mean_squared_error(Y, model.predict(X))
    model.score(X, Y)
    assert later(runs()[0]) == {}


def test_data_without_a_name_has_a_stand_in(runs: Runs) -> None:
    clew.autolog(log_models=False)
    model = Lasso().fit(X, Y)
    mean_squared_error(Y, model.predict(np.array(X)))
    assert set(later(runs()[0])) == {"mean_squared_error_unknown_dataset"}
