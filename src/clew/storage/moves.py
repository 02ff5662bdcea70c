"""The history of registered models: what was moved, by whom, when and why; and what stood where at a time."""

from __future__ import annotations

from clew.entities.registry import ModelMove, ModelStage, MoveKind, RegistryState
from clew.storage.engine import Tx, WriteTx

_FIELDS = "id, ts_ms, kind, version, alias, before, after, actor, reason"


def note(
    tx: WriteTx,
    model: int,
    kind: MoveKind,
    *,
    who: str,
    version: int = 0,
    alias: str = "",
    before: str = "",
    after: str = "",
    reason: str = "",
) -> None:
    """Note a move in the transaction that makes it. model: its number."""
    tx.run(
        "INSERT INTO model_move (gn, ts_ms, kind, version, alias, before, after, actor, reason)"
        " VALUES (:gn, :now, :kind, :version, :alias, :before, :after, :who, :reason)",
        gn=model,
        now=tx.place.clock(),
        kind=kind,
        version=version,
        alias=alias,
        before=before,
        after=after,
        who=who,
        reason=reason,
    )


def moves(tx: Tx, model: int, *, limit: int, before: int | None = None) -> list[ModelMove]:
    """A model's moves, the newest first. before: only those with a smaller id."""
    rows = tx.all(
        f"SELECT {_FIELDS} FROM model_move WHERE gn = :gn AND id < :before ORDER BY id DESC LIMIT :limit",
        gn=model,
        before=2**62 if before is None else before,
        limit=limit,
    )
    return [
        ModelMove(
            id=number,
            timestamp=ts_ms,
            kind=kind,
            version=str(version) if version else "",
            alias=alias,
            before=old,
            after=new,
            user=who,
            reason=reason,
        )
        for number, ts_ms, kind, version, alias, old, new, who, reason in rows
    ]


def state_at(tx: Tx, model: int, time_ms: int) -> RegistryState:
    """Where the aliases and versions of a model stood at a time, in ms; moves of that very ms count."""
    aliases: dict[str, str] = {}
    stages: dict[str, str] = {}
    for kind, version, alias, after in tx.all(
        "SELECT kind, version, alias, after FROM model_move WHERE gn = :gn AND ts_ms <= :time ORDER BY id",
        gn=model,
        time=time_ms,
    ):
        if kind == "alias":
            _put(aliases, alias, after)
        elif kind == "stage":
            stages[str(version)] = after
        elif kind == "version":
            _put(stages, str(version), ModelStage.NONE.value if after else "")
    return RegistryState(timestamp=time_ms, aliases=aliases, stages=stages)


def _put(state: dict[str, str], key: str, value: str) -> None:
    if value:
        state[key] = value
    else:
        state.pop(key, None)
