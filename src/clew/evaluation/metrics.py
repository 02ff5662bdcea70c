"""Metrics as values: what one is called, how it is computed, what came out; names as in MLflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from clew.errors import InvalidValue


class MetricValue(msgspec.Struct):
    """What a metric came to.

    scores: one per row, as a list, array or Series, or None. justifications: a text per row, or None.
    aggregate_results: numbers by name; mean, variance and 90th percentile of numeric scores where not given.
    """

    scores: Sequence[Any] | None = None
    justifications: Sequence[str] | None = None
    aggregate_results: dict[str, float] | None = None

    def __post_init__(self) -> None:
        self.scores = None if self.scores is None else list(self.scores)
        self.justifications = None if self.justifications is None else list(self.justifications)
        if self.aggregate_results is None and self.scores and all(is_number(score) for score in self.scores):
            import numpy as np

            self.aggregate_results = {
                "mean": float(np.mean(self.scores)),
                "variance": float(np.var(self.scores)),
                "p90": float(np.percentile(self.scores, 90)),
            }


class EvaluationMetric:
    """A metric that ``evaluate`` computes besides its own; made by :func:`make_metric`.

    eval_fn: computes it. greater_is_better: which way is up.
    """

    def __init__(
        self,
        eval_fn: Callable[..., Any],
        name: str,
        greater_is_better: bool,
        long_name: str | None = None,
        version: str | None = None,
        metric_details: str | None = None,
        metric_metadata: Mapping[str, Any] | None = None,
        genai_metric_args: Mapping[str, Any] | None = None,
    ) -> None:
        self.eval_fn = eval_fn
        self.name = name
        self.greater_is_better = greater_is_better
        self.long_name = long_name or name
        self.version = version
        self.metric_details = metric_details
        self.metric_metadata = metric_metadata
        self.genai_metric_args = genai_metric_args

    @property
    def key(self) -> str:
        """What it is logged as: the name, with the version where it has one."""
        return f"{self.name}/{self.version}" if self.version else self.name

    def __call__(self, **kwargs: Any) -> Any:
        """What the function gives for these arguments."""
        return self.eval_fn(**kwargs)

    def __repr__(self) -> str:
        return f"EvaluationMetric(name={self.name}, greater_is_better={self.greater_is_better})"


def make_metric(
    *,
    eval_fn: Callable[..., Any],
    greater_is_better: bool,
    name: str | None = None,
    long_name: str | None = None,
    version: str | None = None,
    metric_details: str | None = None,
    metric_metadata: Mapping[str, Any] | None = None,
    genai_metric_args: Mapping[str, Any] | None = None,
) -> EvaluationMetric:
    """A metric for ``evaluate(extra_metrics=[…])``.

    eval_fn: a function of ``predictions`` and ``targets`` (pandas Series), ``metrics`` (values by name), columns of the
        data or of the model's answer by their names, other metrics by theirs, and entries of ``evaluator_config``; it
        returns a number or a :class:`MetricValue`. With two arguments of other names it gets a frame with the columns
        ``prediction`` and ``target``, and the numbers that are known so far.
    name: default the function's.

    Raises:
        InvalidValue: the function has no name and none is given, or the name holds a ``/``.
    """
    chosen = name or getattr(eval_fn, "__name__", None)
    if chosen is None or chosen == "<lambda>":
        raise InvalidValue("Give make_metric a name: the function has none of its own.")
    if "/" in chosen:
        raise InvalidValue(f"Invalid metric name {chosen!r}: names of metrics hold no '/'.")
    return EvaluationMetric(
        eval_fn, chosen, greater_is_better, long_name, version, metric_details, metric_metadata, genai_metric_args
    )


def numbers_of(values: Mapping[str, MetricValue]) -> dict[str, float]:
    """Metric values as numbers by the names that they are logged under."""
    found = {}
    for key, value in values.items():
        for part, number in (value.aggregate_results or {}).items():
            if number is not None:
                found[key if part == key.partition("/")[0] else f"{key}/{part}"] = float(number)
    return found


def is_number(value: object) -> bool:
    """Whether this is a number, of Python or NumPy."""
    import numpy as np

    return isinstance(value, int | float | np.number)
