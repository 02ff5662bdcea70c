# ruff: noqa: RUF012 - these are Structs, which copy their list defaults; the base lies in another module
"""Messages of the trash and of the audit in the native API."""

from __future__ import annotations

from clew.wire.mlflow import Int64, Message


class ListTrash(Message, kw_only=True):
    """trash/list: what a purge with the same fields would delete.

    older_than: ms; only what has been in the trash so long, where no rule of its experiment says otherwise.
    run_ids, experiment_ids, model_ids: these alone. max_results: things to list, at most and by default 1000.
    """

    older_than: Int64 | None = None
    run_ids: list[str] = []
    experiment_ids: list[str] = []
    model_ids: list[str] = []
    max_results: Int64 | None = None


class TrashItem(Message, kw_only=True):
    """kind: run, model or experiment. points: metric points. files, bytes: of its artifacts.

    elsewhere: its files lie outside this server's own places and are left there unless a purge asks for them.
    """

    kind: str = ""
    id: str = ""
    name: str = ""
    experiment_id: str = ""
    deleted_time: Int64 | None = None
    points: int | None = None
    files: int | None = None
    bytes: int | None = None
    elsewhere: bool | None = None


class Left(Message, kw_only=True):
    """Something that stays, and why."""

    kind: str = ""
    id: str = ""
    reason: str = ""


class ListTrashResponse(Message, kw_only=True):
    """held: what stays though it was asked for. more: whether there are things beyond those listed."""

    items: list[TrashItem] = []
    held: list[Left] = []
    more: bool | None = None


class PurgeTrash(ListTrash, kw_only=True):
    """trash/purge: delete for good, for some seconds; to be called again while ``more`` is true.

    dry_run: count only. artifacts_elsewhere: delete files outside the server's own places too.
    """

    dry_run: bool | None = None
    artifacts_elsewhere: bool | None = None


class PurgeTrashResponse(Message, kw_only=True):
    """What is gone, or with dry_run would go; files and bytes as far as they were this server's to delete."""

    runs: int | None = None
    models: int | None = None
    experiments: int | None = None
    points: int | None = None
    files: int | None = None
    bytes: int | None = None
    left: list[Left] = []
    more: bool | None = None


class RetentionRule(Message, kw_only=True):
    """An experiment's rule in days, as its tags say; problem: why a tag counts for nothing."""

    experiment_id: str = ""
    name: str = ""
    keep_days: float | None = None
    trash_days: float | None = None
    problem: str | None = None


class TrashRulesResponse(Message, kw_only=True):
    """Experiments that have a rule."""

    rules: list[RetentionRule] = []


class ApplyRulesResponse(Message, kw_only=True):
    """trash/expire: how many runs went to the trash because their ``keep_days`` are over."""

    runs: int | None = None


class GetAudit(Message, kw_only=True):
    """audit: the newest first; limit 100 by default and 1000 at most; before: only smaller ids."""

    limit: Int64 | None = None
    before: Int64 | None = None


class AuditRow(Message, kw_only=True):
    """A destructive action; time in ms."""

    id: Int64 | None = None
    time: Int64 | None = None
    user: str | None = None
    address: str | None = None
    action: str | None = None
    entity: str | None = None
    entity_id: str | None = None
    detail: str | None = None


class AuditResponse(Message, kw_only=True):
    """entries: newest first; the last one's id is the next ``before``."""

    entries: list[AuditRow] = []
