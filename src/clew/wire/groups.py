# ruff: noqa: RUF012 - these are Structs, which copy their list defaults; the base lies in another module
"""Messages about runs in groups."""

from __future__ import annotations

from typing import Literal

from clew.entities.run import ViewType
from clew.wire.mlflow import Int64, Message


class GroupKey(Message, kw_only=True):
    """What to group by: a param, tag, metric or attribute.

    bins: how many for numbers (2 to 100); metrics and times need it. scale: bins of equal width, of about equally
    many runs, or of equal width of the logarithm (for positive numbers).
    """

    column: str
    bins: Int64 | None = None
    scale: Literal["equal", "quantile", "log"] | None = None


class GroupRuns(Message, kw_only=True):
    """runs/groups: the runs that match, in groups.

    by: one to three keys. columns: numbers to describe, e.g. ``metrics.loss.min``; at most 50.
    sort: ``runs`` (default), ``key``, or a column and one of count, mean, sd, median, min and max, with a space
    between. descending: absent means false for ``key``, else true. limit: 1 to 1000, absent means 100.
    """

    experiment_ids: list[str] = []
    filter: str | None = None
    view: ViewType | None = None
    by: list[GroupKey] = []
    columns: list[str] = []
    sort: str | None = None
    descending: bool | None = None
    limit: Int64 | None = None
    offset: Int64 | None = None


class GroupLabel(Message, kw_only=True):
    """What a key is in a group: a text, or a bin from low to high; empty where runs have no value."""

    text: str | None = None
    low: float | None = None
    high: float | None = None


class GroupColumn(Message, kw_only=True):
    """Statistics of a group's numbers; what cannot be told is left out.

    count: numbers other than NaN; nan: NaN. sd: standard deviation of the sample.
    """

    count: int | None = None
    nan: int | None = None
    mean: float | None = None
    sd: float | None = None
    median: float | None = None
    min: float | None = None
    max: float | None = None


class Group(Message, kw_only=True):
    """A group of runs. filter: what its runs fulfil, to be joined to the filter of the request by AND."""

    labels: list[GroupLabel] = []
    runs: int | None = None
    filter: str | None = None
    columns: dict[str, GroupColumn] = {}


class GroupRunsResponse(Message, kw_only=True):
    """runs: how many match in all. total: how many groups there are."""

    runs: int | None = None
    total: int | None = None
    groups: list[Group] = []
