"""How a classifier does on its training data, as pictures: those that MLflow's autologging draws, as SVG."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from clew.integrations import drawing
from clew.integrations.sklearn.scores import Judged

_MOST_CLASSES: Final = 100
"""With more, nobody can read a matrix of them."""


def figures_of(estimator: Any, judged: Judged) -> Mapping[str, Callable[[], str]]:
    """File -> what draws it; none where the estimator is no classifier."""
    if judged.labels is None:
        return {}
    classes = _classes(judged)
    found: dict[str, Callable[[], str]] = {}
    if len(classes) <= _MOST_CLASSES:
        found["training_confusion_matrix.svg"] = lambda: _confusion_matrix(judged, classes)
    if len(classes) == 2:
        found["training_roc_curve.svg"] = lambda: _roc_curve(estimator, judged, classes[1])
        found["training_precision_recall_curve.svg"] = lambda: _precision_recall_curve(estimator, judged, classes[1])
    return found


def _confusion_matrix(judged: Judged, classes: Sequence[Any]) -> str:
    """How often each class is taken for which, as shares of the true class."""
    from sklearn import metrics

    shares = metrics.confusion_matrix(
        judged.targets, judged.labels, labels=classes, normalize="true", sample_weight=judged.weights
    )
    names = [str(one) for one in classes]
    return drawing.matrix("Normalized confusion matrix", names, shares.tolist(), "True label", "Predicted label")


def _roc_curve(estimator: Any, judged: Judged, positive: Any) -> str:
    """True against false positives."""
    from sklearn import metrics

    truth, likely = _likelihoods(estimator, judged, positive)
    wrong, right, _ = metrics.roc_curve(truth, likely, sample_weight=judged.weights)
    return drawing.curve(
        "ROC curve",
        f"False positive rate (positive: {positive})",
        "True positive rate",
        list(zip(wrong.tolist(), right.tolist(), strict=True)),
        f"AUC = {metrics.auc(wrong, right):.3f}",
        diagonal=True,
    )


def _precision_recall_curve(estimator: Any, judged: Judged, positive: Any) -> str:
    """Precision against recall, in steps."""
    from sklearn import metrics

    truth, likely = _likelihoods(estimator, judged, positive)
    precision, recall, _ = metrics.precision_recall_curve(truth, likely, sample_weight=judged.weights)
    mean = metrics.average_precision_score(truth, likely, sample_weight=judged.weights)
    # Between two thresholds the precision is that of the lower recall.
    points = list(zip(np.repeat(recall, 2)[1:].tolist(), np.repeat(precision, 2)[:-1].tolist(), strict=True))
    return drawing.curve(
        "Precision recall curve",
        f"Recall (positive: {positive})",
        "Precision",
        points,
        f"AP = {mean:.3f}",
        diagonal=False,
    )


def _classes(judged: Judged) -> Sequence[Any]:
    classes = np.unique(np.concatenate([np.ravel(np.asarray(part)) for part in (judged.targets, judged.labels)]))
    found: Sequence[Any] = classes.tolist()
    return found


def _likelihoods(estimator: Any, judged: Judged, positive: Any) -> tuple[Any, Any]:
    """What was of the positive class, and how likely it was said to be."""
    truth = np.ravel(np.asarray(judged.targets)) == positive
    if judged.chances is not None:
        return truth, np.asarray(judged.chances)[:, 1]
    return truth, estimator.decision_function(judged.features)
