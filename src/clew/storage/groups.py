"""Runs in groups: by one or more keys, numbers in bins, with statistics of each group's values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from clew.entities.run import ViewType
from clew.errors import InvalidValue
from clew.query.ast import Comparison, Expr, Field, FieldKind, InList, IsNull, Not, all_of
from clew.query.fields import RUNS
from clew.query.text import write_filter, write_key
from clew.storage.columns.arrays import Floats
from clew.storage.columns.gathered import SET_SEPARATOR, Numbers, Texts, Values
from clew.storage.columns.index import index_of
from clew.storage.engine import Tx

Scale = Literal["equal", "quantile", "log"]

MAX_COMBINATIONS: Final = 1 << 62


class Key(msgspec.Struct, frozen=True):
    """What to group by. bins: how many for numbers, None to group equal texts. scale: of the bins' widths."""

    field: Field
    bins: int | None = None
    scale: Scale = "equal"


class Label(msgspec.Struct, frozen=True):
    """What one key is in a group: a text, or a bin from ``low`` to ``high``; neither where runs have no value.

    where: the filter that says the same.
    """

    where: Expr
    text: str | None = None
    low: float | None = None
    high: float | None = None


class Side(msgspec.Struct, frozen=True):
    """One key of all runs. codes: a number below ``size`` per run; label: what such a number stands for."""

    codes: NDArray[np.int64]
    size: int
    label: Callable[[int], Label]


class Statistics(msgspec.Struct, frozen=True):
    """Of each group's numbers, all of one length.

    counts: numbers other than NaN; nans: NaN. means, medians, mins, maxs: NaN where there is no number;
    deviations: of the sample (n - 1), NaN for fewer than two.
    """

    counts: NDArray[np.int64]
    nans: NDArray[np.int64]
    means: Floats
    deviations: Floats
    medians: Floats
    mins: Floats
    maxs: Floats


class Groups(msgspec.Struct, frozen=True):
    """Groups by number. runs: how many are in each, int64[g]. columns: statistics by field."""

    runs: NDArray[np.int64]
    columns: dict[Field, Statistics]
    places: NDArray[np.int64]
    sides: list[Side]

    def labels(self, number: int) -> tuple[Label, ...]:
        """What each key is in a group."""
        place = int(self.places[number])
        found = []
        for side in reversed(self.sides):
            place, own = divmod(place, side.size)
            found.append(side.label(own))
        return tuple(reversed(found))


def group_runs(
    tx: Tx,
    experiments: Sequence[int],
    where: Expr | None,
    view: ViewType,
    keys: Sequence[Key],
    columns: Sequence[Field],
) -> Groups:
    """The runs that match, in groups.

    experiments, keys: at least one. where: settled. columns: numbers to describe; params count where their text is one.

    Raises:
        InvalidValue: numbers without bins, more groups than can be told apart, or nothing to group by.
    """
    index = index_of(tx)
    assert index is not None, "every store has an index"
    for field in columns:
        if field.kind is FieldKind.DATASET:
            raise InvalidValue(f"{write_key(field, RUNS)} is no number; group by it instead.")
    wanted = list(dict.fromkeys([*(key.field for key in keys), *columns]))
    found = index.gather(tx, experiments, where, view, wanted)
    sides = [_side(key, found[key.field]) for key in keys]
    if math.prod(side.size for side in sides) >= MAX_COMBINATIONS:
        raise InvalidValue("These keys have too many combinations to group by; use fewer keys, or bins.")
    places = np.zeros(len(sides[0].codes), np.int64)
    for side in sides:
        places = places * side.size + side.codes
    used, group, runs = np.unique(places, return_inverse=True, return_counts=True)
    statistics = {field: _statistics(_as_numbers(found[field]), group, len(used)) for field in columns}
    return Groups(runs, statistics, used, sides)


def _side(key: Key, values: Values) -> Side:
    """The last number of a side stands for no value."""
    if key.bins is not None:
        return _binned(key.field, _as_numbers(values), key.bins, key.scale)
    if isinstance(values, Numbers):
        name = write_key(key.field, RUNS)
        raise InvalidValue(f"{name} is a number: say how many bins to group it by, as in {{column: {name}, bins: 5}}.")
    texts = values.texts
    order = sorted(range(len(texts)), key=texts.__getitem__)
    ranks = np.empty(len(order) + 1, np.int64)
    ranks[order] = np.arange(len(order))
    ranks[-1] = len(order)

    def label(number: int) -> Label:
        if number == len(order):
            return Label(IsNull(key.field))
        text = texts[order[number]]
        if key.field.kind is FieldKind.DATASET:
            return _set_label(key.field, tuple(text.split(SET_SEPARATOR)))
        return Label(Comparison(key.field, "=", text), text=text)

    return Side(ranks[values.codes], len(order) + 1, label)


def _set_label(field: Field, texts: tuple[str, ...]) -> Label:
    """Runs that have these texts and no other."""
    own: list[Expr] = [Comparison(field, "=", text) for text in texts]
    where = all_of([*own, Not(InList(field, texts, negated=True))])
    assert where is not None
    return Label(where, text=", ".join(texts))


def _binned(field: Field, numbers: Numbers, bins: int, scale: Scale) -> Side:
    finite = numbers.values[np.isfinite(numbers.values)]
    edges = _edges(finite, bins, scale) if len(finite) else np.array([-math.inf, math.inf])
    count = len(edges) - 1
    places = np.clip(np.searchsorted(edges, numbers.values, side="right") - 1, 0, count - 1)
    codes = np.where(np.isnan(numbers.values), count, places)
    absent = Label(Not(Comparison(field, ">=", -math.inf)))
    labels = [*(_bin(field, edges, i, count - 1) for i in range(count)), absent]
    return Side(codes, count + 1, labels.__getitem__)


def _bin(field: Field, edges: Floats, number: int, last: int) -> Label:
    """Values beyond the outer edges, which infinities are, belong to the outer bins."""
    low, high = float(edges[number]), float(edges[number + 1])
    above: Expr = Comparison(field, ">=", low if number else -math.inf)
    parts = [above] if number == last else [above, Comparison(field, "<", high)]
    where = all_of(parts)
    assert where is not None
    return Label(where, low=low, high=high)


def _edges(finite: Floats, bins: int, scale: Scale) -> Floats:
    """float64: at least two edges, rising, the outer ones being the least and the greatest value."""
    least, most = float(finite.min()), float(finite.max())
    if least == most:
        return np.array([least, most])
    share = np.linspace(0.0, 1.0, bins + 1)
    if scale == "quantile":
        edges = np.quantile(finite, share)
    elif scale == "log" and least > 0:
        edges = np.exp(math.log(least) * (1 - share) + math.log(most) * share)
    else:
        edges = least * (1 - share) + most * share
    edges[0], edges[-1] = least, most
    return np.unique(np.clip(edges, least, most))


def _as_numbers(values: Values) -> Numbers:
    return values.as_numbers() if isinstance(values, Texts) else values


def _statistics(numbers: Numbers, group: NDArray[np.intp], count: int) -> Statistics:
    nan = np.isnan(numbers.values)
    known = ~nan
    nans = np.bincount(group[nan & numbers.present], minlength=count)
    values, own = numbers.values[known], group[known]
    order = np.lexsort((values, own))
    values, own = values[order], own[order]
    counts = np.bincount(own, minlength=count)
    starts = np.cumsum(counts) - counts
    filled = np.flatnonzero(counts)
    means, deviations, medians, mins, maxs = (np.full(count, np.nan) for _ in range(5))
    if len(filled):
        first, size = starts[filled], counts[filled]
        with np.errstate(over="ignore", invalid="ignore"):
            means[filled] = np.add.reduceat(values, first) / size
            squares = np.add.reduceat((values - means[own]) ** 2, first)
            deviations[filled] = np.where(size > 1, np.sqrt(squares / np.maximum(size - 1, 1)), np.nan)
            low, high = values[first + (size - 1) // 2], values[first + size // 2]
            medians[filled] = np.where(low == high, low, low / 2 + high / 2)
        mins[filled], maxs[filled] = values[first], values[first + size - 1]
    return Statistics(counts, nans, means, deviations, medians, mins, maxs)


def filter_of(labels: Sequence[Label]) -> str:
    """The filter that the runs of a group fulfil."""
    return write_filter(all_of(label.where for label in labels), RUNS)


def statistic(groups: Groups, field: Field, name: str) -> Floats:
    """One statistic of every group by name: count, mean, sd, median, min or max."""
    found: Mapping[str, NDArray[np.generic]] = {
        "count": groups.columns[field].counts,
        "mean": groups.columns[field].means,
        "sd": groups.columns[field].deviations,
        "median": groups.columns[field].medians,
        "min": groups.columns[field].mins,
        "max": groups.columns[field].maxs,
    }
    return found[name].astype(np.float64)
