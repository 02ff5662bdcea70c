"""What webhooks are to be told: written in the transaction of the event itself, delivered by whoever is on duty.

So nothing is told that was undone, and nothing is forgotten by a crash. A receiver may hear something twice (a
server that dies between sending and noting it), under the same delivery id.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from clew.entities.run import RunStatus
from clew.entities.webhook import CONDITION_MET, Delivery
from clew.storage.engine import Tx, WriteTx
from clew.storage.hydrate import load_infos

RETRIES_S: Final = (5, 30, 120, 600, 3600, 4 * 3600, 8 * 3600)
"""Pauses after failed attempts; after the last one a delivery is given up."""
KEPT_MS: Final = 14 * 24 * 3600 * 1000
"""How long the log keeps what is settled."""
DUTY_MS: Final = 15_000
_STATES: Final = ("waiting", "delivered", "failed")
_ENDS: Final = {
    RunStatus.FINISHED: "run.finished",
    RunStatus.FAILED: "run.failed",
    RunStatus.KILLED: "run.killed",
}


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery to be tried now, with what that takes."""

    id: int
    delivery_id: str
    url: str
    secret: str
    body: str
    attempts: int


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook with a condition. position: of the runs that were looked at."""

    number: int
    condition: str
    experiment_ids: tuple[str, ...]
    position: int


def body_of(event: str, data: Mapping[str, Any], time_ms: int) -> str:
    """What is sent, in MLflow's form."""
    entity, _, action = event.partition(".")
    when = datetime.fromtimestamp(time_ms / 1000, UTC).isoformat()
    return json.dumps({"entity": entity, "action": action, "timestamp": when, "data": data})


def emit(tx: WriteTx, event: str, data: Mapping[str, Any], *, once: str = "", experiment: str = "") -> None:
    """Note an event for every active webhook that wants it.

    once: a name for what happened; of a repetition nobody is told. experiment: id of the run's, for events of runs.
    Cost: one look-up where nobody wants it.
    """
    wanted = tx.all(
        "SELECT w.wn, w.experiments FROM webhook_event e JOIN webhook w ON w.wn = e.wn"
        " WHERE e.event = :event AND w.active = 1 ORDER BY w.wn",
        event=event,
    )
    for number, experiments in wanted:
        if experiment and experiments and experiment not in json.loads(experiments):
            continue
        enqueue(tx, number, event, data, once=once)


def enqueue(tx: WriteTx, number: int, event: str, data: Mapping[str, Any], *, once: str = "") -> None:
    """Note an event for one webhook (``webhook.wn``)."""
    now, delivery_id = tx.place.clock(), str(uuid.uuid4())
    tx.run(
        "INSERT INTO webhook_delivery (wn, delivery_id, event, once, body, created_ms, next_ms)"
        " VALUES (:wn, :delivery_id, :event, :once, :body, :now, :now) ON CONFLICT (wn, once) DO NOTHING",
        wn=number,
        delivery_id=delivery_id,
        event=event,
        once=once or delivery_id,
        body=body_of(event, data, now),
        now=now,
    )


def note_ended(tx: WriteTx) -> None:
    """Note the runs that ended in this transaction, whoever ended them. Cost: one look-up where nobody wants it."""
    if not tx.ended or not _anybody(tx, list(_ENDS.values())):
        return
    infos = load_infos(tx, sorted(tx.ended))
    names = _experiment_names(tx, [info.experiment_id for info in infos.values()])
    for info in infos.values():
        event = _ENDS.get(info.status)
        if event is not None:
            once = f"{info.run_id} {info.status.value} {info.end_time}"
            emit(tx, event, run_data(info, names), once=once, experiment=info.experiment_id)


def run_data(info: Any, names: Mapping[str, str]) -> dict[str, Any]:
    """What is told of a run. names: of experiments, by id."""
    return {
        "run_id": info.run_id,
        "run_name": info.run_name,
        "experiment_id": info.experiment_id,
        "experiment_name": names.get(info.experiment_id, ""),
        "status": info.status.value,
        "start_time": info.start_time,
        "end_time": info.end_time,
    }


def watches(tx: Tx) -> list[Watch]:
    """The active webhooks with a condition."""
    rows = tx.all(
        "SELECT w.wn, w.condition, w.experiments, w.position FROM webhook_event e JOIN webhook w ON w.wn = e.wn"
        " WHERE e.event = :event AND w.active = 1 AND w.condition <> '' ORDER BY w.wn",
        event=CONDITION_MET,
    )
    return [
        Watch(number=wn, condition=text, experiment_ids=tuple(json.loads(ids)) if ids else (), position=position)
        for wn, text, ids, position in rows
    ]


def meet(tx: WriteTx, watch: Watch, rns: Sequence[int], position: int) -> None:
    """Tell a webhook of the runs that fulfil its condition, each once; the runs up to the position are looked at."""
    infos = load_infos(tx, list(rns))
    names = _experiment_names(tx, [info.experiment_id for info in infos.values()])
    for info in infos.values():
        data = run_data(info, names) | {"condition": watch.condition}
        enqueue(tx, watch.number, CONDITION_MET, data, once=f"{info.run_id} {watch.condition}")
    tx.run("UPDATE webhook SET position = :position WHERE wn = :wn", position=position, wn=watch.number)


def any_webhooks(tx: Tx) -> bool:
    """Whether there is anything to do at all."""
    return tx.one("SELECT 1 FROM webhook LIMIT 1") is not None


def take_duty(tx: WriteTx, holder: str) -> bool:
    """Whether this server delivers for the next 15 s: nobody else has taken it, or has let it lapse."""
    now = tx.place.clock()
    return bool(
        tx.run(
            "UPDATE webhook_duty SET holder = :holder, until_ms = :until"
            " WHERE id = 1 AND (holder = :holder OR until_ms < :now)",
            holder=holder,
            until=now + DUTY_MS,
            now=now,
        )
    )


def drop_duty(tx: WriteTx, holder: str) -> None:
    """Let another server deliver from now on."""
    tx.run("UPDATE webhook_duty SET until_ms = 0 WHERE id = 1 AND holder = :holder", holder=holder)


def due(tx: Tx, limit: int) -> list[Due]:
    """What is to be tried now, what waits longest first."""
    rows = tx.all(
        "SELECT d.id, d.delivery_id, w.url, w.secret, d.body, d.attempts FROM webhook_delivery d"
        " JOIN webhook w ON w.wn = d.wn WHERE d.state = 0 AND d.next_ms <= :now AND w.active = 1"
        " ORDER BY d.next_ms, d.id LIMIT :limit",
        now=tx.place.clock(),
        limit=limit,
    )
    return [
        Due(id=number, delivery_id=delivery_id, url=url, secret=secret, body=body, attempts=attempts)
        for number, delivery_id, url, secret, body, attempts in rows
    ]


def settle(tx: WriteTx, one: Due, *, status: int | None, error: str, again: bool) -> None:
    """Note how an attempt ended.

    error: "" where it was delivered. again: whether trying again may help.
    """
    now = tx.place.clock()
    later = again and one.attempts < len(RETRIES_S)
    tx.run(
        "UPDATE webhook_delivery SET state = :state, attempts = attempts + 1, last_ms = :now, next_ms = :next,"
        " status = :status, error = :error WHERE id = :id AND state = 0",
        id=one.id,
        state=1 if not error else 0 if later else 2,
        now=now,
        next=now + (RETRIES_S[one.attempts] * 1000 if error and later else 0),
        status=status,
        error=error[:500],
    )


def prune(tx: WriteTx) -> int:
    """Forget what was settled two weeks ago; how many."""
    # What says once-only about a run stays as long as the run may be told of again.
    return tx.run(
        "DELETE FROM webhook_delivery WHERE state <> 0 AND created_ms < :before AND event <> :event",
        before=tx.place.clock() - KEPT_MS,
        event=CONDITION_MET,
    )


def deliveries(tx: Tx, webhook_id: str, *, limit: int, before: int | None = None) -> list[Delivery]:
    """What a webhook was told, or is to be, the newest first. before: only smaller ids."""
    rows = tx.all(
        "SELECT d.id, d.delivery_id, d.event, d.state, d.attempts, d.created_ms, d.last_ms, d.next_ms, d.status,"
        " d.error, d.body FROM webhook_delivery d JOIN webhook w ON w.wn = d.wn"
        " WHERE w.webhook_id = :id AND d.id < :before ORDER BY d.id DESC LIMIT :limit",
        id=webhook_id,
        before=2**62 if before is None else before,
        limit=limit,
    )
    return [
        Delivery(
            id=number,
            delivery_id=delivery_id,
            event=event,
            state=_STATES[state],
            attempts=attempts,
            creation_timestamp=created_ms,
            last_timestamp=last_ms,
            next_timestamp=None if state else next_ms,
            response_status=status,
            error=error,
            body=body,
        )
        for number, delivery_id, event, state, attempts, created_ms, last_ms, next_ms, status, error, body in rows
    ]


def _anybody(tx: Tx, events: Sequence[str]) -> bool:
    sql = f"SELECT 1 FROM webhook_event WHERE {tx.dialect.any_of('event', 'events')} LIMIT 1"
    return tx.one(sql, events=list(events)) is not None


def _experiment_names(tx: Tx, ids: Sequence[str]) -> dict[str, str]:
    numbers = sorted({int(one) for one in ids})
    rows = tx.all(f"SELECT id, name FROM experiment WHERE {tx.dialect.any_of('id', 'ids')}", ids=numbers)
    return {str(number): name for number, name in rows}
