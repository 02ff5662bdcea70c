"""Is a model good enough, and better than the one before: thresholds for metrics of evaluations."""

from __future__ import annotations

from collections.abc import Mapping

from clew.errors import ClewError, InvalidValue
from clew.evaluation.result import EvaluationResult

_SMALLEST_GAIN = 1e-10


class ModelValidationFailed(ClewError):
    """A model's metrics miss thresholds; the text has a line for each."""

    code = "BAD_REQUEST"


class MetricThreshold:
    """What a metric has to reach.

    threshold: at least (at most, where lower is better) this value.
    min_absolute_change: better than the baseline by this much. min_relative_change: by this share of its magnitude,
        0 to 1; a baseline of 0 has just to be bettered.

    Raises:
        InvalidValue: none of them is given, one is out of its range, or ``greater_is_better`` is no boolean.
    """

    def __init__(
        self,
        threshold: float | None = None,
        min_absolute_change: float | None = None,
        min_relative_change: float | None = None,
        greater_is_better: bool | None = None,
    ) -> None:
        if threshold is None and min_absolute_change is None and min_relative_change is None:
            raise InvalidValue("Give MetricThreshold a threshold, min_absolute_change or min_relative_change.")
        if not isinstance(greater_is_better, bool):
            raise InvalidValue("Give MetricThreshold greater_is_better: True or False.")
        _check_number("threshold", threshold)
        _check_number("min_absolute_change", min_absolute_change)
        _check_number("min_relative_change", min_relative_change)
        if min_absolute_change is not None and not min_absolute_change > 0:
            raise InvalidValue(f"min_absolute_change must be positive, not {min_absolute_change}.")
        if min_relative_change is not None and not 0 <= min_relative_change <= 1:
            raise InvalidValue(f"min_relative_change must be between 0 and 1, not {min_relative_change}.")
        self.threshold = threshold
        self.min_absolute_change = min_absolute_change
        self.min_relative_change = min_relative_change
        self.greater_is_better = greater_is_better

    def __repr__(self) -> str:
        names = ("threshold", "min_absolute_change", "min_relative_change", "greater_is_better")
        given = [f"{name}={getattr(self, name)}" for name in names if getattr(self, name) is not None]
        return f"MetricThreshold({', '.join(given)})"


def validate_evaluation_results(
    validation_thresholds: Mapping[str, MetricThreshold],
    candidate_result: EvaluationResult,
    baseline_result: EvaluationResult | None = None,
) -> None:
    """Accept a model whose metrics reach their thresholds; those of changes compare with the baseline.

    Raises:
        ModelValidationFailed: it misses some. InvalidValue: the thresholds are no mapping of names to thresholds.
    """
    pairs = validation_thresholds.items() if isinstance(validation_thresholds, Mapping) else [("", None)]
    if not all(isinstance(name, str) and isinstance(wanted, MetricThreshold) for name, wanted in pairs):
        raise InvalidValue("validation_thresholds must be a mapping of metric names to MetricThreshold objects.")
    before = baseline_result.metrics if baseline_result is not None else {}
    faults = []
    for name, wanted in validation_thresholds.items():
        faults += _faults(name, wanted, candidate_result.metrics.get(name), before.get(name))
    if faults:
        raise ModelValidationFailed("\n".join(faults))


def _faults(name: str, wanted: MetricThreshold, value: float | None, baseline: float | None) -> list[str]:
    """What a metric misses, in words."""
    if value is None:
        return [f"The candidate has no metric {name}."]
    found = []
    bound = "at least" if wanted.greater_is_better else "at most"
    if wanted.threshold is not None and not _reaches(wanted, value, wanted.threshold):
        found.append(f"{name} is {value:g}; it must be {bound} {wanted.threshold:g}.")
    for kind, change in (("absolute", wanted.min_absolute_change), ("relative", wanted.min_relative_change)):
        if not change:
            continue
        if baseline is None:
            found.append(f"The baseline has no metric {name} to compare with.")
            break
        goal = _goal(wanted, baseline, change, relative=kind == "relative")
        if not _reaches(wanted, value, goal):
            found.append(
                f"{name} is {value:g}, the baseline's {baseline:g}; with the least {kind} change of {change:g} it must "
                f"be {bound} {goal:g}."
            )
    return found


def _goal(wanted: MetricThreshold, baseline: float, change: float, *, relative: bool) -> float:
    step = change * abs(baseline) if relative else change
    if relative and baseline == 0:
        step = _SMALLEST_GAIN
    return baseline + step if wanted.greater_is_better else baseline - step


def _reaches(wanted: MetricThreshold, value: float, goal: float) -> bool:
    # NaN reaches nothing: each comparison with it is false.
    return value >= goal if wanted.greater_is_better else value <= goal


def _check_number(name: str, value: object) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise InvalidValue(f"{name} must be a number, not {value!r}.")
