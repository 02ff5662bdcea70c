# ruff: noqa: RUF012 - these are Structs, which copy their list defaults; the base lies in another module
"""Messages of tables: whole answers as Arrow, Parquet, CSV or JSON, streamed."""

from __future__ import annotations

from typing import Literal

from clew.entities.run import ViewType
from clew.wire.mlflow import Int64, Message

Format = Literal["arrow", "parquet", "csv", "json"]

CONTENT_TYPES: dict[Format, str] = {
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


class Table(Message, kw_only=True):
    """What every request for a table says: how the table is written; ``csv`` and ``json`` are for runs only."""

    format: Format = "arrow"

    @property
    def content_type(self) -> str:
        """Of the answer."""
        return CONTENT_TYPES[self.format]


class RunsTable(Table, kw_only=True):
    """runs/table: every run that matches, one row each.

    metric_keys, param_keys, tag_keys: which columns ``metrics.*``, ``params.*`` and ``tags.*``; absent for all.
    attributes: which columns about the run itself; absent for all. max_results: absent for no limit.
    """

    experiment_ids: list[str] = []
    filter: str | None = None
    view: ViewType | None = None
    order_by: list[str] = []
    metric_keys: list[str] | None = None
    param_keys: list[str] | None = None
    tag_keys: list[str] | None = None
    attributes: list[str] | None = None
    max_results: Int64 | None = None


class MetricsTable(Table, kw_only=True):
    """metrics/table: every point of the runs given by id, or else of those that match; one row each.

    keys: absent for all. start_step, end_step: the range of steps, ends included.
    """

    run_ids: list[str] | None = None
    experiment_ids: list[str] = []
    filter: str | None = None
    view: ViewType | None = None
    keys: list[str] | None = None
    start_step: Int64 | None = None
    end_step: Int64 | None = None
