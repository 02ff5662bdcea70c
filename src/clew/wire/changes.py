# ruff: noqa: RUF012 - these are Structs, which copy their list defaults; the base lies in another module
"""Messages of ``changes`` in the native API."""

from __future__ import annotations

from clew.wire.mlflow import Message


class Changes(Message, kw_only=True):
    """changes: which runs changed after the position ``since``; without one, only where we are."""

    experiment_id: str
    since: str | None = None


class ChangesResponse(Message, kw_only=True):
    """rev: position to ask from next time. run_ids: at most 1000, newest first. more: others changed, too."""

    rev: str | None = None
    run_ids: list[str] = []
    more: bool | None = None
