"""Clew's calls about approvals: one function per route, named after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from clew.entities import names
from clew.entities.approval import ApprovalRule, RequestState, read_target
from clew.errors import Conflict, InvalidValue
from clew.server import actor
from clew.server.context import Site
from clew.server.registry import MAX_TEXT, check_alias, read_version
from clew.storage import approvals, moverequests, registry
from clew.storage.engine import Tx, WriteTx
from clew.wire import approvals as wire
from clew.wire.mlflow import Empty

Job = Callable[[WriteTx], Any]

_DEFAULT_REQUESTS, _MOST_REQUESTS = 100, 1000


def get_approval_rules(tx: Tx, request: wire.RulesByModel) -> wire.RulesResponse:
    """The rules of a model."""
    return wire.RulesResponse(rules=[wire.rule_message(rule) for rule in approvals.get_rules(tx, request.name)])


def set_approval_rule(_site: Site, request: wire.SetRule) -> Job:
    """Set or replace the rule for a stage or alias."""
    target = read_target(request.stage, check_alias(request.alias) if request.alias else None)
    gate = _text("gate", request.gate)
    rule = ApprovalRule(
        stage=target.stage, alias=target.alias, approvals=request.approvals, gate=gate, user=actor.asking().user
    )

    def job(tx: WriteTx) -> wire.RulesResponse:
        approvals.set_rule(tx, request.name, rule)
        return get_approval_rules(tx, wire.RulesByModel(name=request.name))

    return job


def delete_approval_rule(_site: Site, request: wire.DeleteRule) -> Job:
    """Take the rule for a stage or alias away."""
    target, who = read_target(request.stage, request.alias), actor.asking().user

    def job(tx: WriteTx) -> Empty:
        approvals.delete_rule(tx, request.name, target, who=who)
        return Empty()

    return job


def request_move(_site: Site, request: wire.RequestMove) -> Job:
    """Ask others to approve a move."""
    target = read_target(request.stage, check_alias(request.alias) if request.alias else None)
    version, reason, who = read_version(request.version), _text("reason", request.reason), actor.asking().user
    archive = request.archive_existing_versions

    def job(tx: WriteTx) -> wire.MoveRequestResponse:
        asked = approvals.request_move(tx, request.name, version, target, archive=archive, who=who, reason=reason)
        if asked is None:
            raise Conflict(f"Moving to {target.words} needs nobody's approval, or is done already: make the move.")
        return wire.MoveRequestResponse(request=wire.request_message(asked))

    return job


def list_move_requests(tx: Tx, request: wire.ListRequests) -> wire.ListRequestsResponse:
    """Requests, the newest first."""
    if request.state and request.state not in get_args(RequestState):
        raise InvalidValue(f"state is one of {', '.join(get_args(RequestState))}, not {request.state[:50]!r}.")
    most = _DEFAULT_REQUESTS if request.max_results is None else request.max_results
    if not 1 <= most <= _MOST_REQUESTS:
        raise InvalidValue(f"max_results must be between 1 and {_MOST_REQUESTS}, not {most}.")
    model = registry.model_number(tx, request.name) if request.name else None
    state: Any = request.state or None
    found = moverequests.find_requests(tx, model=model, state=state, limit=most + 1, before=request.before)
    return wire.ListRequestsResponse(
        requests=[wire.request_message(one) for one in found[:most]], more=len(found) > most
    )


def approve_move(_site: Site, request: wire.DecideRequest) -> Job:
    """Agree to a move; the last approval that is needed makes it."""
    return _decision(approvals.approve, request)


def reject_move(_site: Site, request: wire.DecideRequest) -> Job:
    """Refuse a move."""
    return _decision(approvals.reject, request)


def withdraw_move(_site: Site, request: wire.DecideRequest) -> Job:
    """Take one's own request back."""
    return _decision(approvals.withdraw, request)


def _decision(decide: Callable[..., Any], request: wire.DecideRequest) -> Job:
    who, note = actor.asking().user, _text("note", request.note)

    def job(tx: WriteTx) -> wire.MoveRequestResponse:
        decided = decide(tx, request.request_id, who=who, note=note)
        return wire.MoveRequestResponse(request=wire.request_message(decided))

    return job


def _text(field: str, given: str | None) -> str:
    names.check_length(field, given or "", MAX_TEXT)
    return given or ""


WRITES: tuple[Callable[..., Any], ...] = (
    set_approval_rule,
    delete_approval_rule,
    request_move,
    approve_move,
    reject_move,
    withdraw_move,
)
READS: tuple[Callable[..., Any], ...] = (get_approval_rules,)
SEARCHES: tuple[Callable[..., Any], ...] = (list_move_requests,)
