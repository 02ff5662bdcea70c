# ruff: noqa: RUF012 - these are Structs, which copy their list defaults; the base lies in another module
"""Messages of approvals in the model registry, Clew's own."""

from __future__ import annotations

import msgspec

from clew.entities.approval import Approval, ApprovalRule, MoveRequest
from clew.wire.mlflow import Int64, Message


class Rule(Message, kw_only=True):
    """What it takes to move a version to a stage or alias; see ``entities.approval.ApprovalRule``."""

    stage: str = ""
    alias: str = ""
    approvals: Int64 | None = None
    gate: str = ""
    user: str = ""
    timestamp: Int64 = 0


class RulesByModel(Message, kw_only=True):
    """models/{name}/rules: GET."""

    name: str


class RulesResponse(Message, kw_only=True):
    """The rules of a model."""

    rules: list[Rule] = []


class SetRule(Message, kw_only=True):
    """models/{name}/rules: POST. stage or alias: the target. approvals: of others, default 1. gate: filter of runs."""

    name: str
    stage: str | None = None
    alias: str | None = None
    approvals: Int64 = 1
    gate: str | None = None


class DeleteRule(Message, kw_only=True):
    """models/{name}/rules: DELETE."""

    name: str
    stage: str | None = None
    alias: str | None = None


class RequestMove(Message, kw_only=True):
    """models/{name}/requests: POST. stage or alias: the target."""

    name: str
    version: str
    stage: str | None = None
    alias: str | None = None
    archive_existing_versions: bool = False
    reason: str | None = None


class ListRequests(Message, kw_only=True):
    """move-requests: GET. name: of one model, default all.

    state: pending, approved, rejected, withdrawn or void; default any.
    before: only requests with a smaller id. max_results: default 100, at most 1000.
    """

    name: str | None = None
    state: str | None = None
    before: Int64 | None = None
    max_results: Int64 | None = None


class DecideRequest(Message, kw_only=True):
    """move-requests/{request_id}/approve, reject and withdraw."""

    request_id: Int64
    note: str | None = None


class GivenApproval(Message, kw_only=True):
    """That somebody agreed."""

    user: str = ""
    timestamp: Int64 = 0
    note: str = ""


class RequestedMove(Message, kw_only=True):
    """A move that waits, or waited, for others; see ``entities.approval.MoveRequest``."""

    id: Int64 = 0
    name: str = ""
    version: str = ""
    stage: str = ""
    alias: str = ""
    archive_existing_versions: bool = False
    user: str = ""
    timestamp: Int64 = 0
    reason: str = ""
    state: str = ""
    needed: Int64 = 0
    gate: str = ""
    approvals: list[GivenApproval] = []
    closed_by: str = ""
    closed_timestamp: Int64 | None = None
    note: str = ""


class MoveRequestResponse(Message, kw_only=True):
    """A request as it stands now."""

    request: RequestedMove | None = None


class ListRequestsResponse(Message, kw_only=True):
    """The newest first. more: whether there are older ones."""

    requests: list[RequestedMove] = []
    more: bool | None = None


def rule_message(rule: ApprovalRule) -> Rule:
    """A rule for an answer."""
    return Rule(**msgspec.structs.asdict(rule))


def rule_entity(message: Rule) -> ApprovalRule:
    """A rule out of an answer."""
    return ApprovalRule(**(msgspec.structs.asdict(message) | {"approvals": message.approvals or 0}))


def request_message(request: MoveRequest) -> RequestedMove:
    """A request for an answer."""
    given = [GivenApproval(**msgspec.structs.asdict(one)) for one in request.approvals]
    return RequestedMove(**(msgspec.structs.asdict(request) | {"approvals": given}))


def request_entity(message: RequestedMove) -> MoveRequest:
    """A request out of an answer."""
    given = tuple(Approval(**msgspec.structs.asdict(one)) for one in message.approvals)
    return MoveRequest(**(msgspec.structs.asdict(message) | {"approvals": given}))
