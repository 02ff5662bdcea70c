"""What autologging draws of scikit-learn's estimators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn import metrics
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

import clew
from clew.entities.run import Run
from clew.integrations.sklearn import figures

Runs = Callable[[], list[Run]]

X = np.random.default_rng(0).random((120, 4))
Y = (X.sum(1) + X[:, 0] > 2.4).astype(int)
CURVES = {"training_roc_curve.svg", "training_precision_recall_curve.svg"}


def drawn(runs: Runs) -> set[str]:
    (run,) = runs()
    assert "autolog.error" not in run.data.tags
    return {file.path for file in clew.artifacts.list_artifacts(run_id=run.info.run_id)}


@pytest.mark.parametrize(
    ("model", "targets", "files"),
    [
        (LogisticRegression(), Y, {"training_confusion_matrix.svg", *CURVES}),
        (LogisticRegression(), np.where(Y, "yes", "no"), {"training_confusion_matrix.svg", *CURVES}),
        (LinearSVC(), Y, {"training_confusion_matrix.svg", *CURVES}),
        (make_pipeline(StandardScaler(), LogisticRegression()), Y, {"training_confusion_matrix.svg", *CURVES}),
        (LogisticRegression(), np.arange(120) % 20, {"training_confusion_matrix.svg"}),
        (Lasso(), Y, set()),
    ],
)
def test_classifiers_have_figures_and_everything_a_page(model: Any, targets: Any, files: set[str], runs: Runs) -> None:
    clew.autolog(log_models=False)
    model.fit(X, targets)
    assert drawn(runs) == {"estimator.html", *files}
    (run,) = runs()
    page = clew.artifacts.load_text(f"runs:/{run.info.run_id}/estimator.html")
    assert type(model).__name__ in page
    assert "utf-8" in page.lower()
    for file in files:
        assert ElementTree.fromstring(clew.artifacts.load_text(f"runs:/{run.info.run_id}/{file}")).tag.endswith("svg")


def test_figures_tell_what_scikit_learn_finds(runs: Runs) -> None:
    clew.autolog(log_models=False)
    model = LogisticRegression().fit(X, Y)
    (run,) = runs()

    def told(name: str) -> str:
        return str(clew.artifacts.load_text(f"runs:/{run.info.run_id}/training_{name}.svg"))

    likely = model.predict_proba(X)[:, 1]
    assert f"AUC = {metrics.roc_auc_score(Y, likely):.3f}" in told("roc_curve")
    assert f"AP = {metrics.average_precision_score(Y, likely):.3f}" in told("precision_recall_curve")
    shares = metrics.confusion_matrix(Y, model.predict(X), normalize="true")
    assert all(f">{share:.2f}<" in told("confusion_matrix") for share in shares.ravel())


def test_figures_can_be_left_out(runs: Runs) -> None:
    clew.sklearn.autolog(log_figures=False, log_models=False)
    LogisticRegression().fit(X, Y)
    assert drawn(runs) == set()


def test_a_figure_that_fails_costs_the_figure_alone(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    clew.autolog(log_models=False, silent=True)
    monkeypatch.setattr(figures, "_roc_curve", lambda *_: 1 / 0)
    LogisticRegression().fit(X, Y)
    (run,) = runs()
    assert "ZeroDivisionError" in run.data.tags["autolog.error"]
    files = {file.path for file in clew.artifacts.list_artifacts(run_id=run.info.run_id)}
    assert files == {"estimator.html", "training_confusion_matrix.svg", "training_precision_recall_curve.svg"}


def test_weights_and_rows_count_as_in_the_metrics(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(figures, "_confusion_matrix", lambda judged, _: seen.append(judged) or "")
    clew.sklearn.autolog(max_metric_rows=50, log_models=False)
    LogisticRegression().fit(X, Y, sample_weight=np.arange(120.0))
    assert (seen[0].rows, len(seen[0].targets), len(seen[0].weights), len(seen[0].labels)) == (50, 50, 50, 50)


def curve(runs: Runs, key: str) -> list[float]:
    (run,) = (run for run in runs() if "mlflow.parentRunId" not in run.data.tags)
    return [point.value for point in clew.get_metric_history(run.info.run_id, key)]


def test_curves_of_boosting_by_histograms(runs: Runs) -> None:
    clew.autolog(log_models=False)
    model = HistGradientBoostingClassifier(max_iter=4, early_stopping=True, random_state=1).fit(X, Y)
    assert curve(runs, "train_score") == model.train_score_.tolist()
    assert curve(runs, "validation_score") == model.validation_score_.tolist()


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_curves_of_what_is_inside_a_pipeline_inside_a_search(runs: Runs) -> None:
    clew.autolog(log_models=False)
    steps = make_pipeline(StandardScaler(), MLPClassifier((3,), max_iter=5, early_stopping=True, random_state=1))
    search = GridSearchCV(steps, {"mlpclassifier__alpha": [0.1, 0.2]}, cv=2).fit(X, Y)
    network = search.best_estimator_[-1]
    assert curve(runs, "loss_curve") == network.loss_curve_
    assert curve(runs, "validation_scores") == network.validation_scores_
