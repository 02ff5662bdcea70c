"""What a fitted estimator is worth on its training data, and how it got there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clew.integrations.dataset import rows_of, take
from clew.integrations.guard import attempt
from clew.integrations.randomness import undisturbed

# Series that estimators keep from their fit, by attribute; each is logged with its position as step.
_CURVES = ("loss_curve_", "validation_scores_", "train_score_", "validation_score_", "oob_scores_")


@dataclass
class Judged:
    """What an estimator makes of its training data.

    rows: how many were looked at; features, targets and weights are theirs.
    labels, chances: what a classifier answers, and with which probabilities; None where there are none.
    """

    rows: int
    features: Any
    targets: Any
    weights: Any
    labels: Any = None
    chances: Any = None
    scores: dict[str, float] = field(default_factory=dict)


def judge(estimator: Any, features: Any, targets: Any, weights: Any, *, pos_label: Any, max_rows: int) -> Judged:
    """Metrics named as MLflow's autologging names them.

    weights: sample weights given to ``fit``, or None.
    max_rows: with more rows than this, that many are looked at, evenly spread.
    """
    rows = rows_of(features)
    if rows > max_rows:
        chosen = np.linspace(0, rows - 1, max_rows).astype(int)
        features, targets, weights = (take(part, chosen) for part in (features, targets, weights))
        rows = max_rows
    judged = Judged(rows, features, targets, weights)
    with undisturbed():  # some estimators draw random numbers to answer
        scores = _scores(estimator, judged, pos_label)
    found = {f"training_{name}": value for name, value in scores.items() if value is not None}
    judged.scores = {name: float(value) for name, value in found.items()}
    return judged


def curves(estimator: Any) -> Mapping[str, list[float]]:
    """Series over the rounds of the fit, by metric name: loss and validation curves where the estimator keeps them."""
    found = {}
    estimator = _innermost(estimator)
    for attribute in _CURVES:
        values = attempt(lambda name=attribute: np.asarray(getattr(estimator, name, ()), dtype=float))  # type: ignore[misc]
        if values is not None and values.ndim == 1 and len(values):
            found[attribute.rstrip("_")] = values.tolist()
    return found


def _innermost(estimator: Any) -> Any:
    """What was trained in the end: a search's best, a pipeline's last step."""
    while True:
        steps = getattr(estimator, "steps", None)
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif isinstance(steps, list) and steps:
            estimator = steps[-1][-1]
        else:
            return estimator


def _scores(estimator: Any, judged: Judged, pos_label: Any) -> dict[str, float | None]:
    from sklearn.base import is_classifier, is_regressor

    if judged.targets is not None and is_classifier(estimator):
        return _classifier_scores(estimator, judged, pos_label)
    if judged.targets is not None and is_regressor(estimator):
        return _regressor_scores(estimator, judged.features, judged.targets, judged.weights)
    return {"score": _own_score(estimator, judged.features, judged.targets, None)}


def _classifier_scores(estimator: Any, judged: Judged, pos_label: Any) -> dict[str, float | None]:
    from sklearn import metrics
    from sklearn.base import ClassifierMixin

    features, targets, weights = judged.features, judged.targets, judged.weights
    labels = judged.labels = attempt(lambda: estimator.predict(features))
    if labels is None:
        return {}
    average = {"average": "weighted"} if pos_label is None else {"average": "binary", "pos_label": pos_label}
    named: dict[str, Callable[..., float]] = {
        "precision_score": metrics.precision_score,
        "recall_score": metrics.recall_score,
        "f1_score": metrics.f1_score,
    }
    scores = {
        name: attempt(lambda f=f: f(targets, labels, sample_weight=weights, zero_division=0, **average))  # type: ignore[misc]
        for name, f in named.items()
    }
    scores["accuracy_score"] = attempt(lambda: metrics.accuracy_score(targets, labels, sample_weight=weights))
    if hasattr(estimator, "predict_proba"):
        chances = judged.chances = attempt(lambda: estimator.predict_proba(features))
        if chances is not None:
            scores |= _chance_scores(estimator, targets, chances, weights)
    if type(estimator).score is ClassifierMixin.score:
        scores["score"] = scores["accuracy_score"]
    else:
        scores["score"] = _own_score(estimator, features, targets, weights)
    return scores


def _chance_scores(estimator: Any, targets: Any, chances: Any, weights: Any) -> dict[str, float | None]:
    from sklearn import metrics

    classes = getattr(estimator, "classes_", None)
    binary = getattr(chances, "ndim", 0) == 2 and chances.shape[1] == 2
    many: dict[str, Any] = {} if binary else {"average": "weighted", "multi_class": "ovo"}
    likely = chances[:, 1] if binary else chances
    return {
        "log_loss": attempt(lambda: metrics.log_loss(targets, chances, sample_weight=weights, labels=classes)),
        "roc_auc_score": attempt(
            lambda: metrics.roc_auc_score(targets, likely, sample_weight=weights if binary else None, **many)
        ),
    }


def _regressor_scores(estimator: Any, features: Any, targets: Any, weights: Any) -> dict[str, float | None]:
    from sklearn import metrics
    from sklearn.base import RegressorMixin

    values = attempt(lambda: estimator.predict(features))
    if values is None:
        return {}
    scores = {
        "mean_squared_error": attempt(lambda: metrics.mean_squared_error(targets, values, sample_weight=weights)),
        "mean_absolute_error": attempt(lambda: metrics.mean_absolute_error(targets, values, sample_weight=weights)),
        "r2_score": attempt(lambda: metrics.r2_score(targets, values, sample_weight=weights)),
        "root_mean_squared_error": attempt(
            lambda: metrics.root_mean_squared_error(targets, values, sample_weight=weights)
        ),
    }
    if type(estimator).score is RegressorMixin.score:
        scores["score"] = scores["r2_score"]
    else:
        scores["score"] = _own_score(estimator, features, targets, weights)
    return scores


def _own_score(estimator: Any, features: Any, targets: Any, weights: Any) -> float | None:
    if not hasattr(estimator, "score"):
        return None
    extra = {} if weights is None else {"sample_weight": weights}
    value = attempt(
        lambda: estimator.score(features, **extra) if targets is None else estimator.score(features, targets, **extra)
    )
    return float(value) if isinstance(value, float | np.floating | int) else None
