# ruff: noqa: RUF012 - these are Structs, which copy their list defaults; the base lies in another module
"""Messages of webhooks: MLflow's, field for field, and Clew's, whose events are texts such as ``run.failed``."""

from __future__ import annotations

import msgspec

from clew.entities import webhook as entities
from clew.entities.webhook import MLFLOW_EVENTS, WebhookAction, WebhookEntity, WebhookStatus
from clew.errors import InvalidValue
from clew.wire.mlflow import Int64, Message


class Event(Message, kw_only=True):
    """An entity and what happened to it."""

    entity: WebhookEntity
    action: WebhookAction


class Webhook(Message, kw_only=True):
    """A webhook in an answer."""

    webhook_id: str | None = None
    name: str | None = None
    description: str | None = None
    url: str | None = None
    events: list[Event] = []
    status: WebhookStatus | None = None
    creation_timestamp: Int64 | None = None
    last_updated_timestamp: Int64 | None = None


class WebhookResponse(Message, kw_only=True):
    """One webhook."""

    webhook: Webhook | None = None


class CreateWebhook(Message, kw_only=True):
    """webhooks: POST."""

    name: str
    url: str
    events: list[Event]
    description: str | None = None
    secret: str | None = None
    status: WebhookStatus | None = None


class ListWebhooks(Message, kw_only=True):
    """webhooks: GET; ``max_results`` absent means 100."""

    max_results: Int64 | None = None
    page_token: str | None = None


class ListWebhooksResponse(Message, kw_only=True):
    """A page of webhooks."""

    webhooks: list[Webhook] = []
    next_page_token: str | None = None


class WebhookById(Message, kw_only=True):
    """webhooks/{webhook_id}: GET and DELETE."""

    webhook_id: str


class UpdateWebhook(Message, kw_only=True):
    """webhooks/{webhook_id}: PATCH; what is absent stays."""

    webhook_id: str
    name: str | None = None
    description: str | None = None
    url: str | None = None
    events: list[Event] = []
    secret: str | None = None
    status: WebhookStatus | None = None


class TestWebhook(Message, kw_only=True):
    """webhooks/{webhook_id}/test; without an event the first of the webhook's."""

    webhook_id: str
    event: Event | None = None


class TestResult(Message, kw_only=True):
    """What came of it."""

    success: bool | None = None
    response_status: int | None = None
    response_body: str | None = None
    error_message: str | None = None


class TestWebhookResponse(Message, kw_only=True):
    """The result."""

    result: TestResult | None = None


class AddWebhook(Message, kw_only=True):
    """Clew's webhooks: POST. condition: filter of runs for ``run.condition_met``. experiment_ids: of runs' events."""

    name: str
    url: str
    events: list[str]
    description: str | None = None
    secret: str | None = None
    status: WebhookStatus | None = None
    condition: str | None = None
    experiment_ids: list[str] = []


class ChangeWebhook(Message, kw_only=True):
    """Clew's webhooks/{webhook_id}: PATCH; what is absent stays."""

    webhook_id: str
    name: str | None = None
    description: str | None = None
    url: str | None = None
    events: list[str] | None = None
    secret: str | None = None
    status: WebhookStatus | None = None
    condition: str | None = None
    experiment_ids: list[str] | None = None


class Hook(Message, kw_only=True):
    """A webhook with all its events. signed: whether it has a secret."""

    webhook_id: str = ""
    name: str = ""
    url: str = ""
    events: list[str] = []
    description: str = ""
    status: WebhookStatus | None = None
    condition: str = ""
    experiment_ids: list[str] = []
    signed: bool | None = None
    creation_timestamp: Int64 | None = None
    last_updated_timestamp: Int64 | None = None


class HookResponse(Message, kw_only=True):
    """One webhook."""

    webhook: Hook | None = None


class HooksResponse(Message, kw_only=True):
    """A page of webhooks."""

    webhooks: list[Hook] = []
    next_page_token: str | None = None


class ListDeliveries(Message, kw_only=True):
    """webhooks/{webhook_id}/deliveries. before: only smaller ids. max_results: default 100, at most 1000."""

    webhook_id: str
    before: Int64 | None = None
    max_results: Int64 | None = None


class Delivery(Message, kw_only=True):
    """See ``entities.webhook.Delivery``."""

    id: Int64 = 0
    delivery_id: str = ""
    event: str = ""
    state: str = ""
    attempts: Int64 | None = None
    creation_timestamp: Int64 = 0
    last_timestamp: Int64 | None = None
    next_timestamp: Int64 | None = None
    response_status: int | None = None
    error: str = ""
    body: str = ""


class ListDeliveriesResponse(Message, kw_only=True):
    """The newest first. more: whether there are older ones."""

    deliveries: list[Delivery] = []
    more: bool | None = None


def read_event(event: Event) -> str:
    """The text of one of MLflow's events.

    Raises:
        InvalidValue: there is no such event.
    """
    entity, action = event.entity.lower(), event.action.lower()
    if f"{entity}.{action}" not in MLFLOW_EVENTS:
        valid = sorted(one.partition(".")[2] for one in MLFLOW_EVENTS if one.partition(".")[0] == entity)
        raise InvalidValue(f"Invalid action '{action}' for entity '{entity}'. Valid actions are: {valid}")
    return f"{entity}.{action}"


def event_message(event: str) -> Event:
    """One of MLflow's events for the wire.

    Raises:
        InvalidValue: it is none of MLflow's.
    """
    if event not in MLFLOW_EVENTS:
        raise InvalidValue(f"MLflow has no webhook event {event[:100]!r}; it has {', '.join(sorted(MLFLOW_EVENTS))}.")
    entity, _, action = event.partition(".")
    return Event(entity=WebhookEntity(entity.upper()), action=WebhookAction(action.upper()))


def webhook_message(webhook: entities.Webhook) -> Webhook:
    """A webhook for MLflow's clients, which know none of Clew's own events."""
    return Webhook(
        webhook_id=webhook.webhook_id,
        name=webhook.name,
        description=webhook.description or None,
        url=webhook.url,
        events=[event_message(event) for event in webhook.events if event in MLFLOW_EVENTS],
        status=webhook.status,
        creation_timestamp=webhook.creation_timestamp,
        last_updated_timestamp=webhook.last_updated_timestamp,
    )


def hook_message(webhook: entities.Webhook) -> Hook:
    """A webhook for an answer of Clew's own."""
    fields = msgspec.structs.asdict(webhook)
    return Hook(**fields | {"events": list(webhook.events), "experiment_ids": list(webhook.experiment_ids)})


def hook_entity(message: Hook) -> entities.Webhook:
    """A webhook out of an answer."""
    fields = msgspec.structs.asdict(message)
    more = {
        "events": tuple(message.events),
        "experiment_ids": tuple(message.experiment_ids),
        "status": message.status or WebhookStatus.ACTIVE,
        "signed": bool(message.signed),
        "creation_timestamp": message.creation_timestamp or 0,
        "last_updated_timestamp": message.last_updated_timestamp or 0,
    }
    return entities.Webhook(**fields | more)


def webhook_entity(message: Webhook) -> entities.Webhook:
    """A webhook out of an answer of MLflow's."""
    return entities.Webhook(
        webhook_id=message.webhook_id or "",
        name=message.name or "",
        url=message.url or "",
        events=tuple(read_event(event) for event in message.events),
        description=message.description or "",
        status=message.status or WebhookStatus.ACTIVE,
        creation_timestamp=message.creation_timestamp or 0,
        last_updated_timestamp=message.last_updated_timestamp or 0,
    )
