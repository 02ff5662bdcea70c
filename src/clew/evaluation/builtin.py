"""Metrics of scikit-learn's, ready for ``evaluate(extra_metrics=[clew.metrics.mae()])``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clew.evaluation.metrics import EvaluationMetric, make_metric


def _of_numbers(name: str, *, greater_is_better: bool) -> Callable[[], EvaluationMetric]:
    def eval_fn(predictions: Any, targets: Any, sample_weight: Any = None) -> float:
        from sklearn import metrics

        return float(getattr(metrics, name)(targets, predictions, sample_weight=sample_weight))

    return _maker(eval_fn, name, greater_is_better)


def _of_classes(name: str) -> Callable[[], EvaluationMetric]:
    def eval_fn(
        predictions: Any, targets: Any, pos_label: Any = 1, average: str = "binary", sample_weight: Any = None
    ) -> float:
        from sklearn import metrics

        function = getattr(metrics, name)
        return float(function(targets, predictions, pos_label=pos_label, average=average, sample_weight=sample_weight))

    return _maker(eval_fn, name, True)


def _max_error(predictions: Any, targets: Any) -> float:
    from sklearn import metrics

    return float(metrics.max_error(targets, predictions))


def _maker(eval_fn: Callable[..., float], name: str, greater_is_better: bool) -> Callable[[], EvaluationMetric]:
    def make() -> EvaluationMetric:
        return make_metric(eval_fn=eval_fn, greater_is_better=greater_is_better, name=name)

    make.__doc__ = f"The metric ``{name}``, computed by scikit-learn."
    return make


mae = _of_numbers("mean_absolute_error", greater_is_better=False)
mse = _of_numbers("mean_squared_error", greater_is_better=False)
rmse = _of_numbers("root_mean_squared_error", greater_is_better=False)
mape = _of_numbers("mean_absolute_percentage_error", greater_is_better=False)
r2_score = _of_numbers("r2_score", greater_is_better=True)
max_error = _maker(_max_error, "max_error", False)
recall_score = _of_classes("recall_score")
precision_score = _of_classes("precision_score")
f1_score = _of_classes("f1_score")
