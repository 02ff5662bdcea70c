"""The client's calls on approvals in the model registry; Clew's own."""

from __future__ import annotations

from typing import Any

from clew.client.link import Link
from clew.entities.approval import ApprovalRule, MoveRequest
from clew.wire import approvals as wire


class ApprovalCalls:
    """Rules for moves of stages and aliases, and requests that wait for others; mixed into ``ClewClient``.

    stage or alias: the target, one of the two. Every method raises ``NotSupported`` where the server is not Clew's.
    """

    _registry: Link

    def get_approval_rules(self, name: str) -> list[ApprovalRule]:
        """What it takes to move versions of a model, by target.

        Raises:
            NotFound: there is no model of this name.
        """
        response = self._registry.read("get_approval_rules", wire.RulesByModel(name=name))
        return [wire.rule_entity(rule) for rule in response.rules]

    def set_approval_rule(
        self, name: str, *, stage: str | None = None, alias: str | None = None, approvals: int = 1, gate: str = ""
    ) -> list[ApprovalRule]:
        """From now on a move to the stage or alias needs this; the model's rules.

        approvals: how many others must agree, 0 for the gate alone.
        gate: a filter such as ``metrics.auc >= 0.9`` that the version's run, or its logged model, must fulfil.

        Raises:
            NotFound: there is no model of this name. InvalidValue: the rule asks for nothing, or the gate is no filter.
        """
        request = wire.SetRule(name=name, stage=stage, alias=alias, approvals=approvals, gate=gate or None)
        return [wire.rule_entity(rule) for rule in self._registry.call("set_approval_rule", request).rules]

    def delete_approval_rule(self, name: str, *, stage: str | None = None, alias: str | None = None) -> None:
        """Let versions move to the stage or alias freely again.

        Raises:
            NotFound: there is no such model or rule.
        """
        self._registry.call("delete_approval_rule", wire.DeleteRule(name=name, stage=stage, alias=alias))

    def request_move(
        self,
        name: str,
        version: str | int,
        *,
        stage: str | None = None,
        alias: str | None = None,
        archive_existing_versions: bool = False,
        reason: str = "",
    ) -> MoveRequest:
        """Ask others to approve a move; the same wish of the same user waits once.

        A guarded move that is simply made asks likewise, and raises ``Denied``.

        Raises:
            NotFound: there is no such version. Conflict: nobody's approval is needed. Denied: the gate does not hold.
        """
        request = wire.RequestMove(
            name=name,
            version=str(version),
            stage=stage,
            alias=alias,
            archive_existing_versions=archive_existing_versions,
            reason=reason or None,
        )
        return _asked(self._registry.call("request_move", request))

    def get_move_requests(
        self,
        name: str | None = None,
        state: str | None = "pending",
        max_results: int = 100,
        before: int | None = None,
    ) -> list[MoveRequest]:
        """Requests of a model or of all, the newest first.

        state: pending, approved, rejected, withdrawn, void (the version was deleted), or None for all.
        before: only requests with a smaller id, for the next page.
        """
        request = wire.ListRequests(name=name, state=state, before=before, max_results=max_results)
        return [wire.request_entity(one) for one in self._registry.read("list_move_requests", request).requests]

    def approve_move(self, request_id: int, note: str = "") -> MoveRequest:
        """Agree to a move that somebody else asked for; the last approval that is needed makes it.

        Raises:
            NotFound: there is no such request. Conflict: it is decided, or you have approved it.
            Denied: you asked for it yourself, or its gate holds no more.
        """
        return self._decide("approve_move", request_id, note)

    def reject_move(self, request_id: int, note: str = "") -> MoveRequest:
        """Refuse a move that somebody else asked for.

        Raises:
            NotFound, Conflict, Denied: as for ``approve_move``.
        """
        return self._decide("reject_move", request_id, note)

    def withdraw_move(self, request_id: int, note: str = "") -> MoveRequest:
        """Take back what you asked for.

        Raises:
            NotFound: there is no such request. Conflict: it is decided. Denied: somebody else asked.
        """
        return self._decide("withdraw_move", request_id, note)

    def _decide(self, route: str, request_id: int, note: str) -> MoveRequest:
        return _asked(self._registry.call(route, wire.DecideRequest(request_id=request_id, note=note or None)))


def _asked(response: Any) -> MoveRequest:
    return wire.request_entity(response.request)
