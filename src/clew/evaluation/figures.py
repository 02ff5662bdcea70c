"""Figures of a classification, drawn by matplotlib without its global state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from clew.evaluation.classification import Classes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Line = tuple[str, Any, Any]


def confusion_matrix(labels: Any, predictions: Any, classes: Classes, weights: Any) -> Figure:
    """How often each class is taken for which, as shares of the true class."""
    from sklearn import metrics

    shares = metrics.confusion_matrix(
        labels, predictions, labels=list(classes.labels), normalize="true", sample_weight=weights
    )
    figure, axes = _axes("Normalized confusion matrix", "Predicted label", "True label")
    size = min(8.0, 50 / len(classes.labels) + 1)
    metrics.ConfusionMatrixDisplay(shares, display_labels=classes.labels).plot(
        cmap="Blues", ax=axes, text_kw={"fontsize": size}, values_format=".2f"
    )
    axes.set_title("Normalized confusion matrix")
    axes.tick_params(labelsize=size)
    return figure


def roc_curve(labels: Any, chances: Any, classes: Classes, weights: Any) -> Figure:
    """True against false positives, a line per class, one for two classes."""
    from sklearn import metrics

    figure, axes = _axes("ROC curve", "False positive rate", "True positive rate", classes)
    for name, truth, likely in _versus_rest(labels, chances, classes):
        wrong, right, _ = metrics.roc_curve(truth, likely, sample_weight=weights)
        area = metrics.roc_auc_score(truth, likely, sample_weight=weights)
        axes.plot(wrong, right, linewidth=1, label=f"{name}AUC={area:.3f}")
    return _finish(figure, axes, [0, 1], [0, 1])


def precision_recall_curve(labels: Any, chances: Any, classes: Classes, weights: Any) -> Figure:
    """Precision against recall, a line per class, one for two classes."""
    from sklearn import metrics

    figure, axes = _axes("Precision recall curve", "Recall", "Precision", classes)
    for name, truth, likely in _versus_rest(labels, chances, classes):
        precision, recall, _ = metrics.precision_recall_curve(truth, likely, sample_weight=weights)
        mean = metrics.average_precision_score(truth, likely, sample_weight=weights)
        axes.plot(recall, precision, linewidth=1, drawstyle="steps-post", label=f"{name}AP={mean:.3f}")
    return _finish(figure, axes, [0, 1], [1, 0])


def calibration_curve(labels: Any, chances: Any, classes: Classes, bins: int, name: str) -> Figure:
    """How often what is said with a chance comes true, a line per class, one for two classes."""
    from sklearn import calibration

    figure, axes = _axes(f"{name} calibration", "Mean predicted probability", "Fraction of positives", classes)
    for label, truth, likely in _versus_rest(labels, chances, classes):
        came_true, said = calibration.calibration_curve(truth, likely, n_bins=bins)
        axes.plot(said, came_true, marker="o", markersize=3, label=label.rstrip(", ") or name)
    return _finish(figure, axes, [0, 1], [0, 1])


def lift_curve(labels: Any, chances: Any, classes: Classes) -> Figure:
    """How many more of a class are among the samples said to be likeliest than among all; two classes."""
    figure, axes = _axes("Lift curve", "Share of samples", "Lift", classes)
    columns = np.asarray(chances)
    for place, one in enumerate(classes.columns):
        truth = np.asarray(labels) == one
        if not truth.any():
            continue
        best_first = np.argsort(columns[:, place])[::-1]
        share = np.arange(1, len(truth) + 1) / len(truth)
        axes.plot(share, np.cumsum(truth[best_first]) / truth.sum() / share, label=f"Class {one}")
    return _finish(figure, axes, [0, 1], [1, 1])


def _versus_rest(labels: Any, chances: Any, classes: Classes) -> Sequence[Line]:
    """(what the legend says, truth, chance) of the positive class, or of each against all others."""
    if classes.binary:
        return [("", np.asarray(labels) == classes.positive, classes.chances_of_positive(chances))]
    columns = np.asarray(chances)
    of_each = [(one, np.asarray(labels) == one, columns[:, place]) for place, one in enumerate(classes.columns)]
    return [(f"{one}, ", truth, likely) for one, truth, likely in of_each if truth.any() and not truth.all()]


def _axes(title: str, x: str, y: str, classes: Classes | None = None) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 4.0), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    positive = f" (positive: {classes.positive})" if classes is not None and classes.binary else ""
    axes.set(title=title, xlabel=f"{x}{positive}", ylabel=y)
    return figure, axes


def _finish(figure: Figure, axes: Axes, x: list[float], y: list[float]) -> Figure:
    axes.plot(x, y, color="gray", alpha=0.4, linestyle="dashed")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8)
    return figure
