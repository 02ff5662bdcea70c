"""MLflow's calls on webhooks and Clew's own: one function per route, named after it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from clew.entities import names
from clew.entities.webhook import CONDITION_MET, EVENTS, MLFLOW_EVENTS, Webhook, WebhookStatus
from clew.errors import InvalidValue
from clew.query.fields import RUNS
from clew.query.parser import read_filter
from clew.server import deliverer
from clew.server.context import Site
from clew.server.outbound import check_url
from clew.storage import outbox, webhooks
from clew.storage.engine import Tx, WriteTx
from clew.wire import webhooks as wire
from clew.wire.mlflow import Empty

Job = Callable[[WriteTx], Any]

MAX_TEXT: Final = 5000
MAX_SECRET: Final = 1000
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_DEFAULT, _MOST = 100, 1000


# -- MLflow's -------------------------------------------------------------------------------


def create_webhook(site: Site, request: wire.CreateWebhook) -> Job:
    """A new webhook for MLflow's events."""
    return _create(site, request, [wire.read_event(event) for event in request.events], wire.webhook_message)


def get_webhook(tx: Tx, request: wire.WebhookById) -> wire.WebhookResponse:
    """A webhook; of its events those that MLflow has."""
    return wire.WebhookResponse(webhook=wire.webhook_message(webhooks.get_webhook(tx, request.webhook_id)))


def list_webhooks(tx: Tx, request: wire.ListWebhooks) -> wire.ListWebhooksResponse:
    """A page of the webhooks that have any of MLflow's events; its clients cannot read others."""
    found = webhooks.list_webhooks(
        tx, limit=_most(request.max_results), token=request.page_token, event_of=sorted(MLFLOW_EVENTS)
    )
    messages = [wire.webhook_message(one) for one in found.items]
    return wire.ListWebhooksResponse(webhooks=messages, next_page_token=found.token)


def update_webhook(site: Site, request: wire.UpdateWebhook) -> Job:
    """Other values; Clew's own events of the webhook stay."""
    events = [wire.read_event(event) for event in request.events]
    changed = _changed(site, request, None)

    def job(tx: WriteTx) -> wire.WebhookResponse:
        if events:
            own = [e for e in webhooks.get_webhook(tx, request.webhook_id).events if e not in MLFLOW_EVENTS]
            changed["events"] = [*events, *own]
        return wire.WebhookResponse(
            webhook=wire.webhook_message(webhooks.update_webhook(tx, request.webhook_id, changed))
        )

    return job


def delete_webhook(_site: Site, request: wire.WebhookById) -> Job:
    """Away with it, and with what it was to be told."""

    def job(tx: WriteTx) -> Empty:
        webhooks.delete_webhook(tx, request.webhook_id)
        return Empty()

    return job


def test_webhook(site: Site, request: wire.TestWebhook) -> wire.TestWebhookResponse:
    """Send an example now."""
    webhook = site.store.read(lambda tx: webhooks.get_webhook(tx, request.webhook_id))
    event = wire.read_event(request.event) if request.event else webhook.events[0]
    result = deliverer.trial(site.store, site.outbound, webhook, event)
    return wire.TestWebhookResponse(result=wire.TestResult(**msgspec.structs.asdict(result)))


# -- Clew's ---------------------------------------------------------------------------------


def add_webhook(site: Site, request: wire.AddWebhook) -> Job:
    """A new webhook for any events."""
    return _create(site, request, request.events, wire.hook_message)


def find_webhooks(tx: Tx, request: wire.ListWebhooks) -> wire.HooksResponse:
    """A page of all webhooks."""
    found = webhooks.list_webhooks(tx, limit=_most(request.max_results), token=request.page_token)
    return wire.HooksResponse(webhooks=[wire.hook_message(one) for one in found.items], next_page_token=found.token)


def change_webhook(site: Site, request: wire.ChangeWebhook) -> Job:
    """Other values."""
    changed = _changed(site, request, request.events)

    def job(tx: WriteTx) -> wire.HookResponse:
        now = webhooks.update_webhook(tx, request.webhook_id, changed)
        _check_condition(now.events, now.condition)
        return wire.HookResponse(webhook=wire.hook_message(now))

    return job


def list_deliveries(tx: Tx, request: wire.ListDeliveries) -> wire.ListDeliveriesResponse:
    """What a webhook was told, the newest first."""
    webhooks.get_webhook(tx, request.webhook_id)
    most = _most(request.max_results)
    found = outbox.deliveries(tx, request.webhook_id, limit=most + 1, before=request.before)
    messages = [wire.Delivery(**msgspec.structs.asdict(one)) for one in found[:most]]
    return wire.ListDeliveriesResponse(deliveries=messages, more=len(found) > most)


# -- checks ---------------------------------------------------------------------------------


def _create(
    site: Site, request: wire.CreateWebhook | wire.AddWebhook, events: Sequence[str], show: Callable[[Webhook], Any]
) -> Job:
    condition = getattr(request, "condition", None) or ""
    _check_events(events)
    _check_condition(events, condition)
    new = Webhook(
        webhook_id="",
        name=_check_name(request.name),
        url=check_url(request.url, private=site.outbound.private),
        events=tuple(events),
        description=_text("description", request.description, MAX_TEXT),
        status=request.status or WebhookStatus.ACTIVE,
        condition=condition,
        experiment_ids=tuple(getattr(request, "experiment_ids", ())),
    )
    secret = _text("secret", request.secret, MAX_SECRET)
    answer = wire.WebhookResponse if isinstance(request, wire.CreateWebhook) else wire.HookResponse

    def job(tx: WriteTx) -> Any:
        return answer(webhook=show(webhooks.create_webhook(tx, new, secret=secret)))

    return job


def _changed(
    site: Site, request: wire.UpdateWebhook | wire.ChangeWebhook, events: Sequence[str] | None
) -> dict[str, Any]:
    """What a request changes, checked."""
    changed: dict[str, Any] = {}
    if request.name is not None:
        changed["name"] = _check_name(request.name)
    if request.url is not None:
        changed["url"] = check_url(request.url, private=site.outbound.private)
    if request.description is not None:
        changed["description"] = _text("description", request.description, MAX_TEXT)
    if request.secret is not None:
        changed["secret"] = _text("secret", request.secret, MAX_SECRET)
    if request.status is not None:
        changed["status"] = request.status
    if events is not None:
        _check_events(events)
        changed["events"] = list(events)
    for field in ("condition", "experiment_ids"):
        if getattr(request, field, None) is not None:
            changed[field] = getattr(request, field)
    return changed


def _check_events(events: Sequence[str]) -> None:
    if not events:
        raise InvalidValue("Webhook events must be a non-empty list of events.")
    for event in events:
        if event not in EVENTS:
            raise InvalidValue(f"There is no webhook event {event[:100]!r}; there are {', '.join(sorted(EVENTS))}.")


def _check_condition(events: Sequence[str], condition: str) -> None:
    if (CONDITION_MET in events) != bool(condition):
        raise InvalidValue(f"The event {CONDITION_MET} and a condition, a filter of runs, belong together.")
    read_filter(condition, RUNS)


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidValue(
            f"Webhook name {name[:100]!r} is invalid. It must start and end with a letter or digit, be less than 64"
            " characters long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-)."
        )
    return name


def _text(field: str, given: str | None, most: int) -> str:
    names.check_length(field, given or "", most)
    return given or ""


def _most(given: int | None) -> int:
    if given is not None and not 0 <= given <= _MOST:
        raise InvalidValue(f"max_results must be between 1 and {_MOST}, not {given}.")
    return given or _DEFAULT


WRITES: tuple[Callable[..., Any], ...] = (
    create_webhook,
    update_webhook,
    delete_webhook,
    add_webhook,
    change_webhook,
)
READS: tuple[Callable[..., Any], ...] = (get_webhook,)
SEARCHES: tuple[Callable[..., Any], ...] = (list_webhooks, find_webhooks, list_deliveries)
CALLS: tuple[Callable[..., Any], ...] = (test_webhook,)
