"""Rows of approval rules and of requested moves; what they mean is told in ``approvals``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final, get_args

from clew.entities.approval import Approval, ApprovalRule, MoveRequest, RequestState, Target
from clew.errors import Conflict, NotFound
from clew.storage.engine import Row, Tx, WriteTx

STATES: Final[tuple[RequestState, ...]] = get_args(RequestState)
"""By the number that is stored."""
_PENDING: Final = STATES.index("pending")
_FIELDS: Final = (
    "q.id, g.name, q.version, q.kind, q.target, q.archive, q.actor, q.ts_ms, q.reason, q.state, q.closed_by,"
    " q.closed_ms, q.note, coalesce(r.approvals, 1), coalesce(r.gate, '')"
)
_FROM: Final = (
    "FROM move_request q JOIN registered_model g ON g.gn = q.gn"
    " LEFT JOIN approval_rule r ON r.gn = q.gn AND r.kind = q.kind AND r.target = q.target"
)


def rules(tx: Tx, model: int) -> list[ApprovalRule]:
    """The rules of a model: stages first, then aliases, each by name."""
    rows = tx.all(
        "SELECT kind, target, approvals, gate, actor, ts_ms FROM approval_rule WHERE gn = :gn ORDER BY kind, target",
        gn=model,
    )
    return [_rule(row) for row in rows]


def rule_of(tx: Tx, model: int, target: Target) -> ApprovalRule | None:
    """The rule for a target, or None."""
    row = tx.one(
        "SELECT kind, target, approvals, gate, actor, ts_ms FROM approval_rule"
        " WHERE gn = :gn AND kind = :kind AND target = :target",
        gn=model,
        **_key(target),
    )
    return _rule(row) if row else None


def put_rule(tx: WriteTx, model: int, rule: ApprovalRule) -> None:
    """Set or replace the rule for a target."""
    tx.run(
        "INSERT INTO approval_rule (gn, kind, target, approvals, gate, actor, ts_ms)"
        " VALUES (:gn, :kind, :target, :approvals, :gate, :who, :now) ON CONFLICT (gn, kind, target) DO UPDATE SET"
        " approvals = excluded.approvals, gate = excluded.gate, actor = excluded.actor, ts_ms = excluded.ts_ms",
        gn=model,
        **_key(Target(rule.stage, rule.alias)),
        approvals=rule.approvals,
        gate=rule.gate,
        who=rule.user,
        now=tx.place.clock(),
    )


def drop_rule(tx: WriteTx, model: int, target: Target) -> None:
    """Take the rule for a target away."""
    tx.run("DELETE FROM approval_rule WHERE gn = :gn AND kind = :kind AND target = :target", gn=model, **_key(target))


def open_request(
    tx: WriteTx, model: int, version: int, target: Target, *, archive: bool, who: str, reason: str
) -> tuple[int, bool]:
    """(the id of a pending request for this move, whether it is new); nobody's same wish waits twice."""
    same = tx.one(
        "SELECT id FROM move_request WHERE gn = :gn AND state = 0 AND version = :version AND kind = :kind"
        " AND target = :target AND archive = :archive AND actor = :who",
        gn=model,
        version=version,
        archive=int(archive),
        who=who,
        **_key(target),
    )
    if same:
        return int(same[0]), False
    (row,) = tx.all(
        "INSERT INTO move_request (gn, version, kind, target, archive, actor, reason, ts_ms)"
        " VALUES (:gn, :version, :kind, :target, :archive, :who, :reason, :now) RETURNING id",
        gn=model,
        version=version,
        archive=int(archive),
        who=who,
        reason=reason,
        now=tx.place.clock(),
        **_key(target),
    )
    return int(row[0]), True


def get_request(tx: Tx, request_id: int) -> MoveRequest:
    """A request.

    Raises:
        NotFound: there is none of this id.
    """
    row = tx.one(f"SELECT {_FIELDS} {_FROM} WHERE q.id = :id", id=request_id)
    if row is None:
        raise NotFound(f"No requested move has the id {request_id}.")
    return _with_approvals(tx, [row])[0]


def find_requests(
    tx: Tx, *, model: int | None, state: RequestState | None, limit: int, before: int | None = None
) -> list[MoveRequest]:
    """Requests, the newest first; of one model or of all, in one state or in any. before: only smaller ids."""
    rows = tx.all(
        f"SELECT {_FIELDS} {_FROM} WHERE q.id < :before"
        + ("" if model is None else " AND q.gn = :gn")
        + ("" if state is None else " AND q.state = :state")
        + " ORDER BY q.id DESC LIMIT :limit",
        before=2**62 if before is None else before,
        limit=limit,
        **({} if model is None else {"gn": model}),
        **({} if state is None else {"state": STATES.index(state)}),
    )
    return _with_approvals(tx, rows)


def hold(tx: WriteTx, request: MoveRequest) -> None:
    """Let nobody else decide on the request until this transaction ends.

    Raises:
        Conflict: somebody has decided already.
    """
    if not tx.run("UPDATE move_request SET state = 0 WHERE id = :id AND state = 0", id=request.id):
        now = get_request(tx, request.id)
        by = f" by {now.closed_by}" if now.closed_by else ""
        raise Conflict(f"Request {request.id} is not pending any more: it is {now.state}{by}.")


def add_approval(tx: WriteTx, request: MoveRequest, who: str, note: str) -> int:
    """How many have agreed, with this one.

    Raises:
        Conflict: the same name has agreed already.
    """
    if any(given.user.strip().casefold() == who.strip().casefold() for given in get_request(tx, request.id).approvals):
        raise Conflict(f"{who} has approved request {request.id} already; somebody else must, too.")
    tx.run(
        "INSERT INTO move_approval (request_id, actor, ts_ms, note) VALUES (:id, :who, :now, :note)",
        id=request.id,
        who=who,
        now=tx.place.clock(),
        note=note,
    )
    row = tx.one("SELECT count(*) FROM move_approval WHERE request_id = :id", id=request.id)
    return int(row[0]) if row else 0


def close(tx: WriteTx, request: MoveRequest, state: RequestState, *, who: str, note: str) -> None:
    """Note how the request ended."""
    tx.run(
        "UPDATE move_request SET state = :state, closed_ms = :now, closed_by = :who, note = :note WHERE id = :id",
        id=request.id,
        state=STATES.index(state),
        now=tx.place.clock(),
        who=who,
        note=note,
    )


def void(tx: WriteTx, model: int, version: int, *, who: str) -> None:
    """End the pending requests for a version that is deleted."""
    tx.run(
        "UPDATE move_request SET state = :void, closed_ms = :now, closed_by = :who, note = 'the version was deleted'"
        " WHERE gn = :gn AND version = :version AND state = 0",
        void=STATES.index("void"),
        now=tx.place.clock(),
        who=who,
        gn=model,
        version=version,
    )


def forget(tx: WriteTx, model: int) -> None:
    """Delete rules and requests of a model that goes away."""
    tx.run("DELETE FROM move_approval WHERE request_id IN (SELECT id FROM move_request WHERE gn = :gn)", gn=model)
    for table in ("move_request", "approval_rule"):
        tx.run(f"DELETE FROM {table} WHERE gn = :gn", gn=model)


def _key(target: Target) -> dict[str, int | str]:
    return {"kind": 0 if target.stage else 1, "target": target.stage or target.alias}


def _target(kind: int, target: str) -> dict[str, str]:
    return {"alias" if kind else "stage": target}


def _rule(row: Row) -> ApprovalRule:
    kind, target, approvals, gate, who, ts_ms = row
    return ApprovalRule(**_target(kind, target), approvals=approvals, gate=gate, user=who, timestamp=ts_ms)


def _with_approvals(tx: Tx, rows: Sequence[Row]) -> list[MoveRequest]:
    given: defaultdict[int, list[Approval]] = defaultdict(list)
    for number, who, ts_ms, note in tx.all(
        f"SELECT request_id, actor, ts_ms, note FROM move_approval WHERE {tx.dialect.any_of('request_id', 'ids')}"
        " ORDER BY request_id, ts_ms, actor",
        ids=[row[0] for row in rows],
    ):
        given[number].append(Approval(user=who, timestamp=ts_ms, note=note))
    return [_request(row, given[row[0]]) for row in rows]


def _request(row: Row, given: Sequence[Approval]) -> MoveRequest:
    (
        number,
        name,
        version,
        kind,
        target,
        archive,
        who,
        ts_ms,
        reason,
        state,
        closed_by,
        closed_ms,
        note,
        needed,
        gate,
    ) = row
    return MoveRequest(
        id=number,
        name=name,
        version=str(version),
        **_target(kind, target),
        archive_existing_versions=bool(archive),
        user=who,
        timestamp=ts_ms,
        reason=reason,
        state=STATES[state],
        needed=max(1, needed),
        gate=gate,
        approvals=tuple(given),
        closed_by=closed_by,
        closed_timestamp=closed_ms,
        note=note,
    )
