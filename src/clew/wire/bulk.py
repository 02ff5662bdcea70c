# ruff: noqa: RUF012 - these are Structs, which copy their list defaults; the base lies in another module
"""Messages about many runs at once."""

from __future__ import annotations

from typing import Literal

from clew.entities.run import ViewType
from clew.wire.mlflow import Int64, KeyValue, Message


class BulkRuns(Message, kw_only=True):
    """runs/bulk: one action on at most 10,000 runs, given by ids or by experiments and filter.

    expected_total: with a filter, how many runs the caller saw match; nothing is done where it is another number.
    tags, delete_tags: what the action ``tag`` sets and removes. template: of the action ``rename``.
    target_experiment_id: of ``move`` and ``copy``.
    """

    action: Literal["tag", "rename", "delete", "restore", "move", "copy"]
    run_ids: list[str] = []
    experiment_ids: list[str] = []
    filter: str | None = None
    view: ViewType | None = None
    expected_total: Int64 | None = None
    tags: list[KeyValue] = []
    delete_tags: list[str] = []
    template: str | None = None
    target_experiment_id: str | None = None


class BulkFailure(Message, kw_only=True):
    """A run that stayed as it was, and why."""

    run_id: str = ""
    error_code: str = ""
    message: str = ""


class RunCopy(Message, kw_only=True):
    """A run and its copy."""

    run_id: str = ""
    copy_id: str = ""


class BulkRunsResponse(Message, kw_only=True):
    """done: how many runs the action was carried out on; copies: of the action ``copy``.

    run_ids: those runs, where a filter chose them, so that the action can be undone.
    """

    done: int | None = None
    failed: list[BulkFailure] = []
    copies: list[RunCopy] = []
    run_ids: list[str] = []
