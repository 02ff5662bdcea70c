"""Consent to moves in the model registry: rules for targets, and requests that wait for others."""

from __future__ import annotations

from typing import Literal

import msgspec

from clew.entities.registry import read_stage
from clew.errors import InvalidValue

RequestState = Literal["pending", "approved", "rejected", "withdrawn", "void"]
"""void: the version was deleted meanwhile."""


class Target(msgspec.Struct, frozen=True, order=True):
    """What a version is moved to: a stage or an alias; the other one is ""."""

    stage: str = ""
    alias: str = ""

    @property
    def words(self) -> str:
        """The target as a sentence names it."""
        return f"stage {self.stage}" if self.stage else f"alias {self.alias!r}"


def read_target(stage: str | None, alias: str | None) -> Target:
    """The target that a caller named; the stage in any case.

    Raises:
        InvalidValue: neither or both, or no such stage.
    """
    if bool(stage) == bool(alias):
        raise InvalidValue("Give either a stage or an alias as the target, and not both.")
    return Target(stage=read_stage(stage).value) if stage else Target(alias=alias or "")


class ApprovalRule(msgspec.Struct, frozen=True, kw_only=True):
    """What it takes to move a version to a target.

    stage, alias: the target; one of them is "". approvals: how many others must agree, 0 for the gate alone.
    gate: filter that the version's run or logged model must fulfil; "" for none.
    user, timestamp: who set the rule, and when (ms since 1970-01-01 UTC).
    """

    stage: str = ""
    alias: str = ""
    approvals: int = 1
    gate: str = ""
    user: str = ""
    timestamp: int = 0


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody agreed. timestamp: ms since 1970-01-01 UTC."""

    user: str = ""
    timestamp: int = 0
    note: str = ""


class MoveRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A move that waits, or waited, for the consent of others.

    name, version: the model and the number of its version, as a text. stage, alias: the target; one of them is "".
    user, timestamp, reason: who asked, when (ms since 1970-01-01 UTC) and why.
    needed: approvals that the rule asks for now. approvals: those given so far, the oldest first.
    gate: what the rule asks for now. closed_by, closed_timestamp, note: of the last step, once it is not pending.
    """

    id: int
    name: str
    version: str
    stage: str = ""
    alias: str = ""
    archive_existing_versions: bool = False
    user: str = ""
    timestamp: int = 0
    reason: str = ""
    state: str = "pending"
    needed: int = 1
    gate: str = ""
    approvals: tuple[Approval, ...] = ()
    closed_by: str = ""
    closed_timestamp: int | None = None
    note: str = ""

    @property
    def target(self) -> Target:
        """The stage or alias."""
        return Target(stage=self.stage, alias=self.alias)
