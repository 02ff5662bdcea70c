"""Retention rules: an experiment's tags that say how long its runs stay, and how long its trash does."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from clew.storage.engine import Tx, WriteTx

KEEP_TAG: Final = "clew.retention.keep_days"
TRASH_TAG: Final = "clew.retention.trash_days"
DAY_MS: Final = 86_400_000


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One experiment's rule.

    keep_days: ended runs go to the trash so long after their end. trash_days: what lies in the trash is deleted
    for good so long after it came there. None: no rule. problem: why a tag counts for nothing, or empty.
    """

    experiment_id: int
    name: str
    keep_days: float | None = None
    trash_days: float | None = None
    problem: str = ""


def rules(tx: Tx) -> list[Rule]:
    """The rules of all experiments that have one, also of those in the trash."""
    found: dict[int, Rule] = {}
    for number, name, key, text in tx.all(
        "SELECT e.id, e.name, t.key, t.value FROM experiment_tag t JOIN experiment e ON e.id = t.experiment_id"
        " WHERE t.key IN (:keep, :trash) ORDER BY e.id, t.key",
        keep=KEEP_TAG,
        trash=TRASH_TAG,
    ):
        rule = found.get(number) or Rule(experiment_id=number, name=name)
        days = _days(text)
        if days is None:
            change: dict[str, object] = {"problem": f"{key} is {text[:40]!r}; expected a number of days, such as 30."}
        else:
            change = {"keep_days" if key == KEEP_TAG else "trash_days": days}
        found[number] = msgspec.structs.replace(rule, **change)
    return list(found.values())


def expire(tx: WriteTx, rule: Rule, limit: int) -> list[str]:
    """Put up to ``limit`` runs whose ``keep_days`` are over into the trash; their ids."""
    if rule.keep_days is None:
        return []
    rows = tx.all(
        "SELECT rn, run_id FROM run WHERE experiment_id = :experiment AND deleted = 0 AND status IN (3, 4, 5)"
        " AND coalesce(end_ms, start_ms) < :before ORDER BY rn LIMIT :limit",
        experiment=rule.experiment_id,
        before=tx.place.clock() - round(rule.keep_days * DAY_MS),
        limit=limit,
    )
    rns = [rn for rn, _ in rows]
    tx.run(
        f"UPDATE run SET deleted = 1, deleted_ms = :now WHERE {tx.dialect.any_of('rn', 'rns')} AND deleted = 0",
        now=tx.place.clock(),
        rns=rns,
    )
    tx.memory.clear()
    tx.touched.update(rns)
    return [run_id for _, run_id in rows]


def _days(text: str) -> float | None:
    try:
        days = float(text)
    except ValueError:
        return None
    return days if 0 <= days < 1_000_000 and not math.isnan(days) else None
