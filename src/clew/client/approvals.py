"""The fluent functions on approvals; see ``approvalcalls``."""

from __future__ import annotations

from clew.client.api import ClewClient
from clew.entities.approval import ApprovalRule, MoveRequest


def get_approval_rules(name: str) -> list[ApprovalRule]:
    """What it takes to move versions of a model, by target."""
    return ClewClient().get_approval_rules(name)


def set_approval_rule(
    name: str, *, stage: str | None = None, alias: str | None = None, approvals: int = 1, gate: str = ""
) -> list[ApprovalRule]:
    """From now on a move to the stage or alias needs so many approvals of others, and the gate fulfilled.

    gate: a filter such as ``metrics.auc >= 0.9`` on the version's run or logged model.
    """
    return ClewClient().set_approval_rule(name, stage=stage, alias=alias, approvals=approvals, gate=gate)


def delete_approval_rule(name: str, *, stage: str | None = None, alias: str | None = None) -> None:
    """Let versions move to the stage or alias freely again."""
    ClewClient().delete_approval_rule(name, stage=stage, alias=alias)


def request_move(
    name: str,
    version: str | int,
    *,
    stage: str | None = None,
    alias: str | None = None,
    archive_existing_versions: bool = False,
    reason: str = "",
) -> MoveRequest:
    """Ask others to approve a move of a version to a stage or alias."""
    return ClewClient().request_move(
        name,
        version,
        stage=stage,
        alias=alias,
        archive_existing_versions=archive_existing_versions,
        reason=reason,
    )


def get_move_requests(
    name: str | None = None, state: str | None = "pending", max_results: int = 100
) -> list[MoveRequest]:
    """Requests of a model or of all, the newest first; state None for all of them."""
    return ClewClient().get_move_requests(name, state, max_results)


def approve_move(request_id: int, note: str = "") -> MoveRequest:
    """Agree to a move that somebody else asked for; the last approval that is needed makes it."""
    return ClewClient().approve_move(request_id, note)


def reject_move(request_id: int, note: str = "") -> MoveRequest:
    """Refuse a move that somebody else asked for."""
    return ClewClient().reject_move(request_id, note)


def withdraw_move(request_id: int, note: str = "") -> MoveRequest:
    """Take back what you asked for."""
    return ClewClient().withdraw_move(request_id, note)
