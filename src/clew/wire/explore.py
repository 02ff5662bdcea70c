# ruff: noqa: RUF012 - these are Structs, which copy their list defaults; the base lies in another module
"""Messages about what runs hold: keys to choose from, statistics of columns, importance of params."""

from __future__ import annotations

from typing import Literal

from clew.entities.run import ViewType
from clew.wire.mlflow import Int64, Message


class Suggest(Message, kw_only=True):
    """suggest: keys of a kind whose name holds ``q``, the best fitting first; ``limit`` absent means 20."""

    experiment_ids: list[str] = []
    kind: Literal["metric", "param", "tag"] = "metric"
    q: str = ""
    limit: Int64 | None = None


class ValueCount(Message, kw_only=True):
    """A text and how many runs have it."""

    value: str = ""
    runs: int | None = None


class SuggestedKey(Message, kw_only=True):
    """A key and how many runs have it.

    min, max: of the metric's latest values, or of a param whose values are all numbers.
    distinct, numeric, top: of params and tags; top holds the most frequent values.
    """

    key: str = ""
    runs: int | None = None
    min: float | None = None
    max: float | None = None
    distinct: int | None = None
    numeric: bool | None = None
    top: list[ValueCount] = []


class SuggestResponse(Message, kw_only=True):
    """sampled_runs: set where only so many of the newest runs were looked at."""

    keys: list[SuggestedKey] = []
    sampled_runs: int | None = None


class ColumnStats(Message, kw_only=True):
    """columns/stats: what the columns of the runs that match hold.

    columns: ``metrics.<key>``, ``params.<key>``, ``tags.<key>`` or ``attributes.<name>``. bins: absent means 20.
    log: bins that grow by a factor, where all values are positive.
    """

    experiment_ids: list[str] = []
    filter: str | None = None
    view: ViewType | None = None
    columns: list[str] = []
    bins: Int64 | None = None
    log: bool | None = None


class Histogram(Message, kw_only=True):
    """edges: one more than counts; a value on an inner edge counts above it. log: whether edges grow by a factor."""

    edges: list[float] = []
    counts: list[int] = []
    log: bool | None = None


class Quantile(Message, kw_only=True):
    """q: share of the values at or below ``value``."""

    q: float | None = None
    value: float | None = None


class ColumnSummary(Message, kw_only=True):
    """One column.

    count, missing: runs with and without it. nan, infinite: of those with it; what follows looks at the rest.
    numeric: whether all values are numbers; else there are only distinct and top.
    """

    column: str = ""
    count: int | None = None
    missing: int | None = None
    nan: int | None = None
    infinite: int | None = None
    distinct: int | None = None
    numeric: bool | None = None
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    median: float | None = None
    quantiles: list[Quantile] = []
    histogram: Histogram | None = None
    top: list[ValueCount] = []


class ColumnStatsResponse(Message, kw_only=True):
    """runs: how many were looked at. sampled_runs: set where more match; then these are the newest."""

    runs: int | None = None
    sampled_runs: int | None = None
    columns: list[ColumnSummary] = []


class Importance(Message, kw_only=True):
    """importance: which params a metric goes with, among the runs that match.

    metric: its key. summary: which of its values counts; absent means the latest.
    params: their keys; none means the most frequent ones, and the datasets where the runs differ in them.
    """

    metric: str
    summary: Literal["min", "max", "first", "mean"] | None = None
    experiment_ids: list[str] = []
    filter: str | None = None
    view: ViewType | None = None
    params: list[str] = []


class ParamImportance(Message, kw_only=True):
    """One param, or the names of the datasets that the runs read.

    kind: ``dataset`` for these; ``param`` is ``dataset.name`` then.
    importance, spread: mean and standard deviation of the loss of accuracy when the param is shuffled; means of all
    params sum up to 1. correlation: Spearman's, of params that are numbers. runs: how many have the param.
    """

    param: str = ""
    kind: Literal["dataset"] | None = None
    importance: float | None = None
    spread: float | None = None
    correlation: float | None = None
    runs: int | None = None
    distinct: int | None = None


class ImportanceResponse(Message, kw_only=True):
    """params: the most important first.

    runs: how many had the metric as a finite number; sampled_runs: set where more match.
    method: how importance was found, ``forest`` or ``correlation``; message: why there is less than was asked for.
    score: share of the metric's variance that the forest explains on runs that it was not fitted to.
    """

    params: list[ParamImportance] = []
    runs: int | None = None
    sampled_runs: int | None = None
    method: Literal["forest", "correlation"] | None = None
    score: float | None = None
    message: str | None = None
