"""``clew.metrics``: metrics for ``clew.evaluate(extra_metrics=[…])``."""

from clew.evaluation.builtin import (
    f1_score,
    mae,
    mape,
    max_error,
    mse,
    precision_score,
    r2_score,
    recall_score,
    rmse,
)
from clew.evaluation.metrics import EvaluationMetric, MetricValue, make_metric

__all__ = [
    "EvaluationMetric",
    "MetricValue",
    "f1_score",
    "mae",
    "make_metric",
    "mape",
    "max_error",
    "mse",
    "precision_score",
    "r2_score",
    "recall_score",
    "rmse",
]
