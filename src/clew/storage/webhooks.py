"""Webhooks: make, read, change, delete. Their secrets leave the store for signing only."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from clew.entities.page import Page
from clew.entities.webhook import Webhook, WebhookStatus
from clew.errors import NotFound
from clew.storage.engine import Row, Tx, WriteTx

_FIELDS: Final = (
    "wn, webhook_id, name, url, description, secret <> '', active, condition, experiments, created_ms, updated_ms"
)


def create_webhook(tx: WriteTx, new: Webhook, *, secret: str) -> Webhook:
    """A new webhook with an id of its own; what happens from now on is told."""
    now, webhook_id = tx.place.clock(), str(uuid.uuid4())
    (row,) = tx.all(
        "INSERT INTO webhook (webhook_id, name, url, description, secret, active, condition, experiments, position,"
        " created_ms, updated_ms) VALUES (:id, :name, :url, :description, :secret, :active, :condition, :experiments,"
        " :position, :now, :now) RETURNING wn",
        id=webhook_id,
        name=new.name,
        url=new.url,
        description=new.description,
        secret=secret,
        active=int(new.status is WebhookStatus.ACTIVE),
        condition=new.condition,
        experiments=json.dumps(new.experiment_ids) if new.experiment_ids else "",
        position=tx.change(),
        now=now,
    )
    _put_events(tx, int(row[0]), new.events)
    return get_webhook(tx, webhook_id)


def update_webhook(tx: WriteTx, webhook_id: str, changed: dict[str, Any]) -> Webhook:
    """The webhook with other values.

    changed: any of name, url, description, secret, status, condition, experiment_ids and events.

    Raises:
        NotFound: there is none of this id.
    """
    number = _number(tx, webhook_id)
    values = {key: value for key, value in changed.items() if key in ("name", "url", "description", "secret")}
    if "status" in changed:
        values["active"] = int(changed["status"] is WebhookStatus.ACTIVE)
    if "condition" in changed:
        values["condition"] = changed["condition"]
        values["position"] = tx.change()
    if "experiment_ids" in changed:
        values["experiments"] = json.dumps(changed["experiment_ids"]) if changed["experiment_ids"] else ""
    values["updated_ms"] = tx.place.clock()
    fields = ", ".join(f"{field} = :{field}" for field in values)
    tx.run(f"UPDATE webhook SET {fields} WHERE wn = :wn", wn=number, **values)
    if "events" in changed:
        tx.run("DELETE FROM webhook_event WHERE wn = :wn", wn=number)
        _put_events(tx, number, changed["events"])
    return get_webhook(tx, webhook_id)


def delete_webhook(tx: WriteTx, webhook_id: str) -> None:
    """Delete the webhook with what it was to be told.

    Raises:
        NotFound: there is none of this id.
    """
    number = _number(tx, webhook_id)
    for table in ("webhook_delivery", "webhook_event", "webhook"):
        tx.run(f"DELETE FROM {table} WHERE wn = :wn", wn=number)


def get_webhook(tx: Tx, webhook_id: str) -> Webhook:
    """A webhook.

    Raises:
        NotFound: there is none of this id.
    """
    rows = tx.all(f"SELECT {_FIELDS} FROM webhook WHERE wn = :wn", wn=_number(tx, webhook_id))
    return _load(tx, rows)[0]


def secret_of(tx: Tx, webhook_id: str) -> str:
    """What the webhook's deliveries are signed with; "" for nothing."""
    row = tx.one("SELECT secret FROM webhook WHERE webhook_id = :id", id=webhook_id)
    return str(row[0]) if row else ""


def list_webhooks(
    tx: Tx, *, limit: int, token: str | None = None, event_of: Sequence[str] | None = None
) -> Page[Webhook]:
    """Webhooks in the order in which they were made. event_of: only those that are told of one of these events."""
    told = ""
    if event_of is not None:
        told = f" AND wn IN (SELECT wn FROM webhook_event WHERE {tx.dialect.any_of('event', 'events')})"
    rows = tx.all(
        f"SELECT {_FIELDS} FROM webhook WHERE wn > :after{told} ORDER BY wn LIMIT :limit",
        after=int(token) if token and token.isdecimal() else 0,
        limit=limit + 1,
        **({} if event_of is None else {"events": list(event_of)}),
    )
    kept = rows[:limit]
    return Page(items=_load(tx, kept), token=str(kept[-1][0]) if len(rows) > limit else None)


def _number(tx: Tx, webhook_id: str) -> int:
    row = tx.one("SELECT wn FROM webhook WHERE webhook_id = :id", id=webhook_id)
    if row is None:
        raise NotFound(f"Webhook with ID {webhook_id} not found.")
    return int(row[0])


def _put_events(tx: WriteTx, number: int, events: Sequence[str]) -> None:
    tx.many(
        "INSERT INTO webhook_event (wn, event) VALUES (:wn, :event) ON CONFLICT (wn, event) DO NOTHING",
        [{"wn": number, "event": event} for event in events],
    )


def _load(tx: Tx, rows: Sequence[Row]) -> list[Webhook]:
    events: defaultdict[int, list[str]] = defaultdict(list)
    for number, event in tx.all(
        f"SELECT wn, event FROM webhook_event WHERE {tx.dialect.any_of('wn', 'wns')} ORDER BY wn, event",
        wns=[row[0] for row in rows],
    ):
        events[number].append(event)
    return [_webhook(row, events[row[0]]) for row in rows]


def _webhook(row: Row, events: Sequence[str]) -> Webhook:
    _, webhook_id, name, url, description, signed, active, condition, experiments, created_ms, updated_ms = row
    return Webhook(
        webhook_id=webhook_id,
        name=name,
        url=url,
        events=tuple(events),
        description=description,
        status=WebhookStatus.ACTIVE if active else WebhookStatus.DISABLED,
        condition=condition,
        experiment_ids=tuple(json.loads(experiments)) if experiments else (),
        signed=bool(signed),
        creation_timestamp=created_ms,
        last_updated_timestamp=updated_ms,
    )
