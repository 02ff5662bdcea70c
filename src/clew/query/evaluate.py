"""A checked tree run over entities in memory: short, slow, and what every faster way must agree with."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

from clew.entities.experiment import Experiment
from clew.entities.metric import Metric
from clew.entities.model import LoggedModel
from clew.entities.run import Run
from clew.query.ast import (
    PATTERN_OPS,
    And,
    Comparison,
    Expr,
    Field,
    FieldKind,
    FreeText,
    InList,
    IsNull,
    Not,
    Or,
    Value,
    ValueType,
)
from clew.query.fields import EXPERIMENTS, MODELS, RUNS, Fields
from clew.query.match import matcher
from clew.query.mean import mean
from clew.query.number import parse_number
from clew.query.order import Order

T = TypeVar("T")
Values = Sequence[Value]
"""All values that a field has in one entity: none where it is absent, several for datasets."""

Read = Callable[[Field], Values]
History = Callable[[str, str], Sequence[Metric]]
"""(run id, key) -> every point of the series, equal ones once, in any order."""

DatasetRef = tuple[str, str | None]
"""(name, digest); None stands for any digest."""

ID_PREFIX = 4
"""Characters from which on a bare word is compared with the beginning of ids; fewer would hit by chance."""

_TESTS: dict[str, Callable[[object, object], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,  # type: ignore[dict-item]
    ">=": operator.ge,  # type: ignore[dict-item]
    "<": operator.lt,  # type: ignore[dict-item]
    "<=": operator.le,  # type: ignore[dict-item]
}


def matches(expr: Expr | None, read: Read, fields: Fields) -> bool:
    """Whether an entity, seen through ``read``, fulfils ``expr``."""
    if expr is None:
        return True
    if isinstance(expr, And):
        return all(matches(item, read, fields) for item in expr.items)
    if isinstance(expr, Or):
        return any(matches(item, read, fields) for item in expr.items)
    if isinstance(expr, Not):
        return not matches(expr.item, read, fields)
    if isinstance(expr, FreeText):
        return _found(expr.text, read, fields)
    return holds(expr, read(expr.field))


def holds(leaf: Comparison | InList | IsNull, values: Values) -> bool:
    """Whether a leaf is true of an entity in which its field has ``values``."""
    if isinstance(leaf, IsNull):
        return bool(values) is leaf.negated
    if isinstance(leaf, InList):
        values = _comparable(values, leaf.field, leaf.values[0])
        return any((value in leaf.values) is not leaf.negated for value in values)
    return _compare(leaf, values)


def _compare(expr: Comparison, values: Values) -> bool:
    values = _comparable(values, expr.field, expr.value)
    if expr.op in PATTERN_OPS:
        test = matcher(expr.op, str(expr.value))
        return any(test(str(value)) for value in values)
    return any(_TESTS[expr.op](value, expr.value) for value in values)


def _comparable(values: Values, field: Field, other: Value) -> Values:
    if field.type is not ValueType.MIXED or isinstance(other, str):
        return values
    numbers = (parse_number(str(value)) for value in values)
    return [number for number in numbers if number is not None]


def _found(text: str, read: Read, fields: Fields) -> bool:
    contains = matcher("~", text)
    if any(contains(str(name)) for name in read(fields.name)):
        return True
    (own_id,) = read(fields.id)
    if fields.id_whole:
        return own_id == text
    return len(text) >= ID_PREFIX and str(own_id).startswith(text.lower())


def read_run(run: Run, history: History) -> Read:
    """The values of a run's fields."""
    info, data = run.info, run.data

    def read(field: Field) -> Values:
        if field.kind is FieldKind.ATTRIBUTE:
            value = info.status.value if field.name == "status" else getattr(info, field.name)
            return () if value is None else (value,)
        if field.kind is FieldKind.DATASET:
            return _dataset_values(run, field.name)
        if field.summary:
            value = _summary(field, history(info.run_id, field.name))
            return () if value is None else (value,)
        table = (
            data.metrics
            if field.kind is FieldKind.METRIC
            else data.params
            if field.kind is FieldKind.PARAM
            else data.tags
        )
        return (table[field.name],) if field.name in table else ()

    return read


def _summary(field: Field, points: Sequence[Metric]) -> float | None:
    ordered = sorted(points, key=_place)
    values = np.array([point.value for point in ordered], np.float64)
    numbers = values[~np.isnan(values)]
    match field.summary:
        case "count" | "nans":
            found = len(values) if field.summary == "count" else len(values) - len(numbers)
            return float(found) if len(values) else None
        case "first":
            return ordered[0].value if ordered else None
        case "min" | "max":
            return float(numbers.min() if field.summary == "min" else numbers.max()) if len(numbers) else None
        case "at":
            there = [point.value for point in ordered if point.step == field.argument]
            return there[-1] if there else None
        case "tail":
            return mean(values[-field.argument :])
    return mean(values)


def _place(point: Metric) -> tuple[int, int, bool, float]:
    """Where a point stands in its series; NaN comes before every number of the same step and time."""
    nan = math.isnan(point.value)
    return (point.step, point.timestamp, not nan, 0.0 if nan else point.value)


def _dataset_values(run: Run, name: str) -> Values:
    inputs = run.inputs.dataset_inputs
    if name == "context":
        return [one.tags["mlflow.data.context"] for one in inputs if "mlflow.data.context" in one.tags]
    return [getattr(one.dataset, name) for one in inputs]


def read_experiment(experiment: Experiment) -> Read:
    """The values of an experiment's fields."""

    def read(field: Field) -> Values:
        if field.kind is FieldKind.TAG:
            return (experiment.tags[field.name],) if field.name in experiment.tags else ()
        return (getattr(experiment, field.name),)

    return read


def read_model(model: LoggedModel, datasets: Sequence[DatasetRef] = ()) -> Read:
    """The values of a logged model's fields; metrics only of ``datasets``, if any are given."""

    def read(field: Field) -> Values:
        if field.kind is FieldKind.METRIC:
            points = (metric for metric in model.metrics if metric.key == field.name)
            return [m.value for m in points if not datasets or any(_measured_on(m, one) for one in datasets)]
        if field.kind is FieldKind.ATTRIBUTE:
            value = getattr(model, field.name)
            return (value.value if field.name == "status" else value,)
        table = model.params if field.kind is FieldKind.PARAM else model.tags
        return (table[field.name],) if field.name in table else ()

    return read


def _measured_on(metric: Metric, dataset: DatasetRef) -> bool:
    name, digest = dataset
    return metric.dataset_name == name and digest in (None, metric.dataset_digest)


def select_runs(
    runs: Iterable[Run], expr: Expr | None, order: Sequence[Order] = (), history: History = lambda _run, _key: ()
) -> list[Run]:
    """The runs that fulfil ``expr``, in order; ties by start time, newest first, then by id.

    The names in ``expr`` and ``order`` must be settled.
    """
    kept = [run for run in runs if matches(expr, read_run(run, history), RUNS)]
    kept.sort(key=lambda run: (-run.info.start_time, run.info.run_id))
    return _sorted(kept, order, lambda run, by: _first(read_run(run, history)(by.field)))


def select_experiments(
    experiments: Iterable[Experiment], expr: Expr | None, order: Sequence[Order] = ()
) -> list[Experiment]:
    """The experiments that fulfil ``expr``, in order.

    Without an order the newest come first, equally old ones by ascending id; ties of an order by descending id.
    """
    kept = [one for one in experiments if matches(expr, read_experiment(one), EXPERIMENTS)]
    kept.sort(key=lambda one: int(one.experiment_id), reverse=bool(order))
    if not order:
        kept.sort(key=lambda one: -one.creation_time)
    return _sorted(kept, order, _experiment_key)


def _experiment_key(experiment: Experiment, by: Order) -> Value | None:
    value = _first(read_experiment(experiment)(by.field))
    is_number = by.field.kind is FieldKind.ATTRIBUTE and by.field.name == "experiment_id"
    return int(value) if is_number and value is not None else value


def select_models(
    models: Iterable[LoggedModel],
    expr: Expr | None,
    order: Sequence[Order] = (),
    datasets: Sequence[DatasetRef] = (),
) -> list[LoggedModel]:
    """The logged models that fulfil ``expr``, in order; ties newest first, then by id.

    datasets: metric comparisons look only at values measured on one of these.
    """
    kept = [model for model in models if matches(expr, read_model(model, datasets), MODELS)]
    kept.sort(key=lambda model: (-model.creation_timestamp, model.model_id))
    return _sorted(kept, order, _model_key)


def _model_key(model: LoggedModel, by: Order) -> Value | None:
    if by.field.kind is not FieldKind.METRIC:
        value = _first(read_model(model)(by.field))
        is_number = by.field.kind is FieldKind.ATTRIBUTE and by.field.name == "experiment_id"
        return int(value) if is_number and value is not None else value
    points = [
        metric
        for metric in model.metrics
        if metric.key == by.field.name
        and by.dataset_name in (None, metric.dataset_name)
        and by.dataset_digest in (None, metric.dataset_digest)
    ]
    return max(points, key=_recency).value if points else None


def _recency(metric: Metric) -> tuple[int, int, str, str, str]:
    dataset = (metric.dataset_name or "", metric.dataset_digest or "")
    return (metric.timestamp, metric.step, *dataset, metric.run_id or "")


def _first(values: Values) -> Value | None:
    return values[0] if values else None


def _sorted(items: list[T], order: Sequence[Order], key: Callable[[T, Order], Value | None]) -> list[T]:
    for by in reversed(order):
        keyed = [(key(item, by), item) for item in items]
        missing = [item for value, item in keyed if value is None]
        nan = [item for value, item in keyed if isinstance(value, float) and math.isnan(value)]
        real = [(v, item) for v, item in keyed if v is not None and not (isinstance(v, float) and math.isnan(v))]
        real.sort(key=operator.itemgetter(0), reverse=by.descending)
        items = [item for _, item in real] + nan + missing
    return items
