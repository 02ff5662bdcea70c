"""What is measured of a classifier; the names and formulas are MLflow's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from clew.client.notice import warn
from clew.errors import InvalidValue

if TYPE_CHECKING:
    import pandas as pd


class Classes:
    """The classes of a classification.

    labels: all of them, sorted; of two, the positive one is last.
    columns: the same, in the order of the columns of chances.
    positive: the positive one of two, else None.
    """

    def __init__(self, labels: Any, predictions: Any, listed: Any = None, positive: Any = None) -> None:
        """Listed: the classes, where not all of them occur. Positive: default the last of two.

        Raises:
            InvalidValue: there are fewer than two, or the positive one is not among them.
        """
        found = np.unique(np.concatenate([np.asarray(labels), np.asarray(predictions)]) if listed is None else listed)
        if len(found) < 2:
            raise InvalidValue(
                f"A classification has at least two classes, but the data have {len(found)}. "
                "evaluator_config={'label_list': […]} says which there are."
            )
        if positive is not None and positive not in found:
            raise InvalidValue(f"'pos_label' {positive!r} is not among the classes {found.tolist()}.")
        self.columns = found
        self.binary = len(found) == 2
        self.positive = None
        if self.binary:
            self.positive = found[-1] if positive is None else positive
            found = np.append(found[found != self.positive], self.positive)
        self.labels = found

    def chances_of_positive(self, chances: Any) -> Any:
        """The chance of the positive class for each sample."""
        return np.asarray(chances)[:, int(np.flatnonzero(self.columns == self.positive)[0])]


def binary_metrics(labels: Any, predictions: Any, classes: Classes, chances: Any, weights: Any) -> dict[str, float]:
    """The metrics of two classes.

    chances: a column for each class, or None; with them log_loss, roc_auc and precision_recall_auc are known too.
    """
    from sklearn import metrics

    found = _counts(labels, predictions, list(classes.labels))
    found |= _common(labels, predictions, classes, chances, weights, "binary")
    if chances is not None:
        truth, likely = np.asarray(labels) == classes.positive, classes.chances_of_positive(chances)
        found |= _where_known("roc_auc", lambda: metrics.roc_auc_score(truth, likely, sample_weight=weights))
        found |= _where_known(
            "precision_recall_auc", lambda: metrics.average_precision_score(truth, likely, sample_weight=weights)
        )
    return found


def multiclass_metrics(
    labels: Any, predictions: Any, classes: Classes, chances: Any, weights: Any, average: str
) -> dict[str, float]:
    """The metrics of three or more classes, averaged over them.

    average: scikit-learn's word for how; ``macro`` and ``weighted`` have a roc_auc.
    """
    from sklearn import metrics

    found = _common(labels, predictions, classes, chances, weights, average)
    if chances is not None and average in ("macro", "weighted"):
        found |= _where_known(
            "roc_auc",
            lambda: metrics.roc_auc_score(
                labels, chances, sample_weight=weights, average=average, multi_class="ovr", labels=classes.columns
            ),
        )
    return found


def per_class_table(labels: Any, predictions: Any, classes: Classes, chances: Any, weights: Any) -> pd.DataFrame:
    """The binary metrics of each class against all others, a row per class."""
    import pandas as pd

    rows = []
    for place, one in enumerate(classes.columns):
        truth, said = (np.asarray(labels) == one).astype(int), (np.asarray(predictions) == one).astype(int)
        versus = Classes(truth, said, listed=[0, 1])
        found = binary_metrics(truth, said, versus, None, weights)
        if chances is not None:
            likely = np.asarray(chances)[:, place]
            both = binary_metrics(truth, said, versus, np.column_stack([1 - likely, likely]), weights)
            found |= {key: both[key] for key in ("roc_auc", "precision_recall_auc") if key in both}
        rows.append({"positive_class": one, **found})
    return pd.DataFrame(rows)


def _counts(labels: Any, predictions: Any, order: list[Any]) -> dict[str, float]:
    from sklearn import metrics

    counts = metrics.confusion_matrix(labels, predictions, labels=order).ravel()
    names = ("true_negatives", "false_positives", "false_negatives", "true_positives")
    return {name: int(count) for name, count in zip(names, counts, strict=True)}


def _common(
    labels: Any, predictions: Any, classes: Classes, chances: Any, weights: Any, average: str
) -> dict[str, float]:
    from sklearn import metrics

    how = {"average": average, "pos_label": classes.positive, "sample_weight": weights, "zero_division": 0}
    found = {
        "example_count": len(labels),
        "accuracy_score": metrics.accuracy_score(labels, predictions, sample_weight=weights),
        "recall_score": metrics.recall_score(labels, predictions, **how),
        "precision_score": metrics.precision_score(labels, predictions, **how),
        "f1_score": metrics.f1_score(labels, predictions, **how),
    }
    if chances is not None:
        found |= _where_known(
            "log_loss", lambda: metrics.log_loss(labels, chances, labels=classes.columns, sample_weight=weights)
        )
    return found


def _where_known(name: str, compute: Callable[[], Any]) -> dict[str, float]:
    """The metric, or nothing where scikit-learn refuses it: labels of one class only have no ROC curve."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        try:
            return {name: float(compute())}
        except (ValueError, UserWarning) as error:
            warn(f"{name} is left out: {error}")
            return {}
