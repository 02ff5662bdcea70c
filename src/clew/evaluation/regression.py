"""What is measured of a regressor; the names and formulas are MLflow's."""

from __future__ import annotations

from typing import Any

import numpy as np


def regressor_metrics(labels: Any, predictions: Any, weights: Any = None) -> dict[str, float]:
    """The metrics of predicted numbers.

    ``sum_on_target`` and ``mean_on_target`` tell of the labels themselves; ``max_error`` knows no weights.
    """
    from sklearn import metrics

    total = np.sum(np.asarray(labels) * (1 if weights is None else np.asarray(weights)))
    return {
        "example_count": len(labels),
        "mean_absolute_error": metrics.mean_absolute_error(labels, predictions, sample_weight=weights),
        "mean_squared_error": metrics.mean_squared_error(labels, predictions, sample_weight=weights),
        "root_mean_squared_error": metrics.root_mean_squared_error(labels, predictions, sample_weight=weights),
        "sum_on_target": float(total),
        "mean_on_target": float(total) / len(labels),
        "r2_score": metrics.r2_score(labels, predictions, sample_weight=weights),
        "max_error": metrics.max_error(labels, predictions),
        "mean_absolute_percentage_error": metrics.mean_absolute_percentage_error(
            labels, predictions, sample_weight=weights
        ),
    }
