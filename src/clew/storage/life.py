"""A run's signs of life: heartbeats, taking silent runs for dead, and taking that back."""

from __future__ import annotations

from typing import Final

from clew.storage.engine import WriteTx
from clew.storage.keys import TAG, find_key, get_run_ref, key_ids
from clew.storage.memory import RunRef

REASON_TAG: Final = "clew.killed_reason"


def heartbeat(tx: WriteTx, run_id: str, ms: int) -> None:
    """Note a sign of life; older ones than the newest change nothing.

    Raises:
        NotFound: no run has this id.
    """
    tx.run(
        "UPDATE run SET heartbeat_ms = :ms WHERE rn = :rn AND (heartbeat_ms IS NULL OR heartbeat_ms < :ms)",
        ms=ms,
        rn=get_run_ref(tx, run_id).rn,
    )


def reap_silent(tx: WriteTx, silent_since_ms: int) -> list[str]:
    """Ids of the running runs that fell silent, now KILLED at their last sign of life, with the reason as a tag.

    silent_since_ms: the last sign of life must be older. Runs that never gave one are left alone.
    Of several servers that look at once, one finds a run.
    """
    dead = tx.all(
        "UPDATE run SET status = 5, end_ms = heartbeat_ms, reaped = 1"
        " WHERE status = 1 AND deleted = 0 AND heartbeat_ms < :since RETURNING rn, run_id, experiment_id, heartbeat_ms",
        since=silent_since_ms,
    )
    for rn, _, experiment_id, last_ms in dead:
        reason = f"no sign of life since {last_ms} (ms since 1970): the process or its machine ended without a word"
        (key,) = key_ids(tx, experiment_id, TAG, [REASON_TAG])
        tx.run(
            "INSERT INTO tag (rn, key, value) VALUES (:rn, :key, :value)"
            " ON CONFLICT (rn, key) DO UPDATE SET value = excluded.value",
            rn=rn,
            key=key,
            value=reason,
        )
        tx.touched.add(rn)
        tx.ended.add(rn)
    return [run_id for _, run_id, _, _ in dead]


def revive(tx: WriteTx, ref: RunRef) -> None:
    """The run's writer spoke: if the run was taken for dead, it runs again. One killed on purpose stays as it is."""
    if settle(tx, ref):
        tx.run("UPDATE run SET status = 1, end_ms = NULL WHERE rn = :rn", rn=ref.rn)


def settle(tx: WriteTx, ref: RunRef, *, keep_reason: bool = False) -> bool:
    """Whether the run was taken for dead; it is no longer, and the reason goes unless it is kept."""
    if tx.one("SELECT 1 FROM run WHERE rn = :rn AND reaped = 1", rn=ref.rn) is None:
        return False
    tx.run("UPDATE run SET reaped = 0 WHERE rn = :rn", rn=ref.rn)
    key = None if keep_reason else find_key(tx, ref.experiment_id, TAG, REASON_TAG)
    if key is not None:
        tx.run("DELETE FROM tag WHERE rn = :rn AND key = :key", rn=ref.rn, key=key)
    tx.touched.add(ref.rn)
    return True
