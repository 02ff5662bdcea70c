"""Moves under rules: what may happen at once, what waits for others, and what they decide.

Names of users are those that callers give themselves, so the rules keep a team from slips, not from malice.
"""

from __future__ import annotations

from typing import Final

from clew.entities.approval import ApprovalRule, MoveRequest, Target
from clew.entities.registry import ModelVersion, MoveKind, read_stage
from clew.errors import Conflict, Denied, InvalidValue, NotFound
from clew.storage import gates, moverequests, moves, registry, versions
from clew.storage.engine import Tx, WriteTx

MAX_APPROVALS: Final = 100


def get_rules(tx: Tx, name: str) -> list[ApprovalRule]:
    """The rules of a model.

    Raises:
        NotFound: there is no model of this name.
    """
    return moverequests.rules(tx, registry.model_number(tx, name))


def set_rule(tx: WriteTx, name: str, rule: ApprovalRule) -> None:
    """Set or replace the rule for a target; requests that wait are decided by the new one.

    Raises:
        NotFound: there is no model of this name. InvalidValue: the rule asks for nothing, or its gate is no filter.
    """
    model, target = registry.model_number(tx, name), Target(rule.stage, rule.alias)
    if not 0 <= rule.approvals <= MAX_APPROVALS:
        raise InvalidValue(f"A rule asks for 0 to {MAX_APPROVALS} approvals, not {rule.approvals}.")
    gate = gates.check_gate(rule.gate)
    if not rule.approvals and not gate:
        raise InvalidValue("The rule asks for nothing: give approvals, a gate, or both; or delete the rule.")
    before = moverequests.rule_of(tx, model, target)
    rule = ApprovalRule(stage=rule.stage, alias=rule.alias, approvals=rule.approvals, gate=gate, user=rule.user)
    moverequests.put_rule(tx, model, rule)
    _note(tx, model, "rule", target, who=rule.user, before=_words(before), after=_words(rule))


def delete_rule(tx: WriteTx, name: str, target: Target, *, who: str) -> None:
    """Take the rule for a target away; requests that wait need one approval then.

    Raises:
        NotFound: there is no such model or rule.
    """
    model = registry.model_number(tx, name)
    before = moverequests.rule_of(tx, model, target)
    if before is None:
        raise NotFound(f"Model {name!r} has no rule for {target.words}.")
    moverequests.drop_rule(tx, model, target)
    _note(tx, model, "rule", target, who=who, before=_words(before))


def request_move(
    tx: WriteTx, name: str, version: int, target: Target, *, archive: bool = False, who: str, reason: str = ""
) -> MoveRequest | None:
    """The request that must be approved before the move; None where no rule asks for approvals.

    Raises:
        NotFound: there is no such model or version. Denied: the rule's gate does not hold.
    """
    found = versions.get_version(tx, name, version)
    model = registry.model_number(tx, name)
    rule = moverequests.rule_of(tx, model, target)
    if rule is None or _there(tx, model, found, target):
        return None
    _check_gate(tx, rule.gate, found, target)
    if not rule.approvals:
        return None
    number, fresh = moverequests.open_request(tx, model, version, target, archive=archive, who=who, reason=reason)
    if fresh:
        _note(tx, model, "request", target, who=who, version=version, reason=reason)
    return moverequests.get_request(tx, number)


def approve(tx: WriteTx, request_id: int, *, who: str, note: str = "") -> MoveRequest:
    """Agree to a requested move; the last approval that is needed makes it.

    Raises:
        NotFound: there is no such request, or its version is being deleted.
        Conflict: it is decided already, or this name has approved it.
        Denied: nobody is named, it is the one who asked, or the gate holds no more.
    """
    request = _waiting(tx, request_id, who)
    version = int(request.version)
    versions.lock_version(tx, request.name, version)  # before the request, in the order in which a deletion does it
    moverequests.hold(tx, request)
    _check_gate(tx, request.gate, versions.get_version(tx, request.name, version), request.target)
    model = registry.model_number(tx, request.name)
    given = moverequests.add_approval(tx, request, who, note)
    _note(tx, model, "approval", request.target, who=who, version=version, reason=note)
    if given >= request.needed:
        moverequests.close(tx, request, "approved", who=who, note=note)
        _move(tx, request)
    return moverequests.get_request(tx, request_id)


def reject(tx: WriteTx, request_id: int, *, who: str, note: str = "") -> MoveRequest:
    """Refuse a requested move; it is not made.

    Raises:
        NotFound: there is no such request. Conflict: it is decided already.
        Denied: nobody is named, or it is the one who asked.
    """
    request = _waiting(tx, request_id, who)
    moverequests.hold(tx, request)
    return _end(tx, request, "rejection", who=who, note=note)


def withdraw(tx: WriteTx, request_id: int, *, who: str, note: str = "") -> MoveRequest:
    """Take one's own request back.

    Raises:
        NotFound: there is no such request. Conflict: it is decided already. Denied: somebody else asked.
    """
    request = moverequests.get_request(tx, request_id)
    if not _same(request.user, who):
        raise Denied(f"Request {request_id} is {request.user or 'somebody'}'s; only who asked may withdraw. Reject it.")
    moverequests.hold(tx, request)
    return _end(tx, request, "withdrawal", who=who, note=note)


def _waiting(tx: Tx, request_id: int, who: str) -> MoveRequest:
    request = moverequests.get_request(tx, request_id)
    if not who.strip():
        raise Denied("A decision needs a name: send it as X-Clew-User.")
    if _same(request.user, who):
        raise Denied(f"Request {request_id} is your own: somebody else than {request.user} must decide on it.")
    if request.state != "pending":
        raise Conflict(f"Request {request_id} is not pending any more: it is {request.state}.")
    return request


def _end(tx: WriteTx, request: MoveRequest, kind: MoveKind, *, who: str, note: str) -> MoveRequest:
    moverequests.close(tx, request, "rejected" if kind == "rejection" else "withdrawn", who=who, note=note)
    model = registry.model_number(tx, request.name)
    _note(tx, model, kind, request.target, who=who, version=int(request.version), reason=note)
    return moverequests.get_request(tx, request.id)


def _move(tx: WriteTx, request: MoveRequest) -> None:
    """Make the move in the name of who asked; the approvals stand beside it in the history."""
    version = int(request.version)
    if request.alias:
        registry.set_alias(tx, request.name, request.alias, version, who=request.user, reason=request.reason)
        return
    versions.move_version(
        tx,
        request.name,
        version,
        read_stage(request.stage),
        archive_existing=request.archive_existing_versions,
        who=request.user,
        reason=request.reason,
    )


def _there(tx: Tx, model: int, version: ModelVersion, target: Target) -> bool:
    """Whether the version stands there already, so that nothing would move."""
    if target.alias:
        return registry.find_alias(tx, model, target.alias) == int(version.version)
    return version.current_stage == target.stage


def _check_gate(tx: Tx, gate: str, version: ModelVersion, target: Target) -> None:
    if gates.passes(tx, gate, version):
        return
    known = gates.measured(tx, gate, version)
    raise Denied(
        f"Version {version.version} of {version.name!r} may not move to {target.words}: its run or logged model must"
        f" fulfil {gate}, and does not{f' ({known})' if known else ''}."
    )


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _words(rule: ApprovalRule | None) -> str:
    """A rule for the history."""
    if rule is None:
        return ""
    asks = [f"{rule.approvals} approval{'' if rule.approvals == 1 else 's'}"] if rule.approvals else []
    return ", ".join(asks + ([rule.gate] if rule.gate else []))


def _note(
    tx: WriteTx,
    model: int,
    kind: MoveKind,
    target: Target,
    *,
    who: str,
    version: int = 0,
    before: str = "",
    after: str = "",
    reason: str = "",
) -> None:
    if kind == "rule":
        # A rule's stage stands in front of what it asks for: the history has no field for a stage alone.
        before, after = (f"{target.stage}: {text}" if target.stage and text else text for text in (before, after))
    else:
        after = target.stage or str(version)
    moves.note(tx, model, kind, who=who, version=version, alias=target.alias, before=before, after=after, reason=reason)
