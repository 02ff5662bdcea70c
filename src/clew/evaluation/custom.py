"""Metrics of the user's own: each argument of their function found by its name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from clew.client.notice import warn
from clew.errors import InvalidValue
from clew.evaluation.metrics import EvaluationMetric, MetricValue, is_number, numbers_of

if TYPE_CHECKING:
    import pandas as pd


class Known(NamedTuple):
    """What arguments are found in.

    frame: the columns ``prediction`` and, where there are labels, ``target``.
    others: the model's further columns, or None. config: ``evaluator_config``.
    prediction_names, target_names: by which predictions and labels may be asked for.
    """

    frame: pd.DataFrame
    features: pd.DataFrame
    others: pd.DataFrame | None
    config: Mapping[str, Any]
    prediction_names: frozenset[str]
    target_names: frozenset[str]


def compute(metrics: Sequence[EvaluationMetric], known: Known, values: dict[str, MetricValue]) -> None:
    """Add each metric's value to ``values``, those that need others after these.

    Raises:
        InvalidValue: something in ``metrics`` is no metric, or an argument is nowhere to be found.
    """
    for metric in metrics:
        if not isinstance(metric, EvaluationMetric):
            raise InvalidValue(f"extra_metrics takes metrics made by make_metric, not {type(metric).__name__}.")
    waiting = list(metrics)
    while waiting:
        lacking: dict[str, list[str]] = {}
        still = []
        for metric in waiting:
            arguments, missing = _arguments(metric, known, values)
            if missing:
                lacking[metric.name] = missing
                still.append(metric)
                continue
            value = _checked(metric, metric.eval_fn(*arguments))
            if value is not None:
                values[metric.key] = value
        if len(still) == len(waiting):
            raise InvalidValue(_complaint(lacking, known))
        waiting = still


def _arguments(
    metric: EvaluationMetric, known: Known, values: Mapping[str, MetricValue]
) -> tuple[list[Any], list[str]]:
    """(arguments in order, names of those that are not known)."""
    parameters = inspect.signature(metric.eval_fn).parameters
    names = list(parameters)
    if len(names) == 2 and names[0] != "predictions" and names[1] != "targets":
        return [known.frame.copy(), numbers_of(values)], []  # the older form: (eval_df, builtin_metrics)
    found, missing = [], []
    for name, parameter in parameters.items():
        place = known.config.get("col_mapping", {}).get(name, name)
        hit, value = _look_up(place, known, values)
        if hit:
            found.append(value)
        elif parameter.default is not inspect.Parameter.empty:
            found.append(parameter.default)
        elif parameter.kind is inspect.Parameter.VAR_KEYWORD or parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            continue
        else:
            missing.append(name)
    return found, missing


def _look_up(place: Any, known: Known, values: Mapping[str, MetricValue]) -> tuple[bool, Any]:
    """(whether it is known, the value) of a column, a metric, or an entry of the config."""
    if not isinstance(place, str):
        return True, place  # the mapping has the whole column
    if place in known.prediction_names:
        return True, known.frame["prediction"]
    if place in known.target_names:
        return ("target" in known.frame, known.frame.get("target"))
    if place == "metrics":
        return True, dict(values)
    if place in known.features.columns:
        return True, known.features[place]
    if known.others is not None and place in known.others.columns:
        return True, known.others[place]
    if place in known.config:
        return True, known.config[place]
    for key, value in values.items():
        if key.partition("/")[0] == place:
            return True, value
    return False, None


def _checked(metric: EvaluationMetric, value: Any) -> MetricValue | None:
    """What a metric's function returned as a value; None, with a warning, where it is none."""
    if is_number(value):
        return MetricValue(aggregate_results={metric.name: float(value)})
    if not isinstance(value, MetricValue):
        problem = f"it returned {'None' if value is None else f'a {type(value).__name__}'}"
    elif any(not is_number(v) for v in (value.aggregate_results or {}).values() if v is not None):
        problem = "its aggregate_results are no numbers"
    else:
        return value
    warn(f"The metric {metric.name!r} is left out: {problem}.")
    return None


def _complaint(lacking: Mapping[str, list[str]], known: Known) -> str:
    wants = "; ".join(f"{name} needs {', '.join(missing)}" for name, missing in lacking.items())
    columns = [*known.features.columns, *(known.others.columns if known.others is not None else ())]
    return (
        f"Metrics cannot be computed: {wants}. There are the columns {', '.join(map(str, columns))}, predictions"
        f"{' and targets' if 'target' in known.frame else ', but no targets'}. "
        "evaluator_config={'col_mapping': {<argument>: <column>}} says which column an argument means."
    )
