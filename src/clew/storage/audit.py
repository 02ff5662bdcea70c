"""Audit rows: what destructive actions leave behind, in their own transaction. Nothing deletes them."""

from __future__ import annotations

from clew.entities.audit import Actor, AuditEntry
from clew.storage.engine import Tx, WriteTx


def record(tx: WriteTx, actor: Actor, action: str, entity: str, entity_id: str, detail: str = "") -> None:
    """Note an action; it counts only if the transaction does.

    action: a verb, such as ``delete``. entity: ``run``, ``experiment``, ``model`` … detail: how many, from where, why.
    """
    tx.run(
        "INSERT INTO audit (ts_ms, actor, address, action, entity, entity_id, detail)"
        " VALUES (:now, :user, :address, :action, :entity, :entity_id, :detail)",
        now=tx.place.clock(),
        user=actor.user,
        address=actor.address,
        action=action,
        entity=entity,
        entity_id=entity_id,
        detail=detail,
    )


def entries(tx: Tx, *, limit: int, before: int | None = None) -> list[AuditEntry]:
    """The newest entries first. before: only those with a smaller id."""
    rows = tx.all(
        "SELECT id, ts_ms, actor, address, action, entity, entity_id, detail FROM audit WHERE id < :before"
        " ORDER BY id DESC LIMIT :limit",
        before=2**62 if before is None else before,
        limit=limit,
    )
    names = AuditEntry.__struct_fields__
    return [AuditEntry(**dict(zip(names, row, strict=True))) for row in rows]
