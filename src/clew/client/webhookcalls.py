"""The client's calls on webhooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from clew.client.link import Link
from clew.client.pages import PagedList
from clew.entities.webhook import MLFLOW_EVENTS, Delivery, Webhook, WebhookStatus, WebhookTestResult
from clew.errors import NotSupported
from clew.wire import webhooks as wire


class WebhookCalls:
    """Webhook methods with MLflow's names; mixed into ``ClewClient``.

    events: texts such as ``model_version.created``, or MLflow's event objects. Those of runs, stages and deletions are
    Clew's own. status: ``ACTIVE`` or ``DISABLED``.
    """

    _registry: Link

    def create_webhook(
        self,
        name: str,
        url: str,
        events: Iterable[Any],
        description: str | None = None,
        secret: str | None = None,
        status: str | None = None,
        *,
        condition: str | None = None,
        experiment_ids: Sequence[str] = (),
    ) -> Webhook:
        """Have an address told of events.

        secret: what deliveries are signed with; nobody can read it back.
        condition: for ``run.condition_met``: the filter that a run must fulfil, such as ``metrics.loss.nans > 0``.
        experiment_ids: to which events of runs are limited; empty for all.

        Raises:
            InvalidValue: no such event, or the address is refused. NotSupported: the server is not Clew's and knows
            less.
        """
        told = [str(event) for event in events]
        fields: dict[str, Any] = {
            "name": name,
            "url": url,
            "description": description,
            "secret": secret,
            "status": None if status is None else WebhookStatus(str(status)),
        }
        if self._own:
            request = wire.AddWebhook(
                **fields, events=told, condition=condition, experiment_ids=[str(one) for one in experiment_ids]
            )
            return wire.hook_entity(self._registry.call("add_webhook", request).webhook)
        self._refuse_own(told, condition, experiment_ids)
        messages = [wire.event_message(event) for event in told]
        response = self._registry.call("create_webhook", wire.CreateWebhook(**fields, events=messages))
        return wire.webhook_entity(response.webhook)

    def get_webhook(self, webhook_id: str) -> Webhook:
        """A webhook.

        Raises:
            NotFound: there is none of this id.
        """
        response = self._registry.read("get_webhook", wire.WebhookById(webhook_id=webhook_id))
        if not self._own:
            return wire.webhook_entity(response.webhook)
        token: str | None = None
        while True:
            page = self.list_webhooks(1000, token)
            found = [one for one in page if one.webhook_id == webhook_id]
            if found or not page.token:
                return found[0] if found else wire.webhook_entity(response.webhook)
            token = page.token

    def list_webhooks(self, max_results: int | None = None, page_token: str | None = None) -> PagedList[Webhook]:
        """A page of webhooks, in the order in which they were made."""
        request = wire.ListWebhooks(max_results=max_results, page_token=page_token)
        response = self._registry.read("find_webhooks" if self._own else "list_webhooks", request)
        read: Any = wire.hook_entity if self._own else wire.webhook_entity
        return PagedList((read(one) for one in response.webhooks), response.next_page_token)

    def update_webhook(
        self,
        webhook_id: str,
        name: str | None = None,
        description: str | None = None,
        url: str | None = None,
        events: Iterable[Any] | None = None,
        secret: str | None = None,
        status: str | None = None,
        *,
        condition: str | None = None,
        experiment_ids: Sequence[str] | None = None,
    ) -> Webhook:
        """Give a webhook other values; what is None stays.

        Raises:
            NotFound: there is none of this id. InvalidValue: as for ``create_webhook``.
        """
        told = None if events is None else [str(event) for event in events]
        fields: dict[str, Any] = {
            "webhook_id": webhook_id,
            "name": name,
            "description": description,
            "url": url,
            "secret": secret,
            "status": None if status is None else WebhookStatus(str(status)),
        }
        if self._own:
            limited = None if experiment_ids is None else [str(one) for one in experiment_ids]
            request = wire.ChangeWebhook(**fields, events=told, condition=condition, experiment_ids=limited)
            return wire.hook_entity(self._registry.call("change_webhook", request).webhook)
        self._refuse_own(told or (), condition, experiment_ids)
        messages = [wire.event_message(event) for event in told or ()]
        response = self._registry.call("update_webhook", wire.UpdateWebhook(**fields, events=messages))
        return wire.webhook_entity(response.webhook)

    def delete_webhook(self, webhook_id: str) -> None:
        """Delete a webhook, and what it was to be told.

        Raises:
            NotFound: there is none of this id.
        """
        self._registry.call("delete_webhook", wire.WebhookById(webhook_id=webhook_id))

    def test_webhook(self, webhook_id: str, event: Any = None) -> WebhookTestResult:
        """Have the server send an example of an event, by default the webhook's first, and tell what came of it.

        Raises:
            NotFound: there is none of this id.
        """
        message = None if event is None else wire.event_message(str(event))
        response = self._registry.call("test_webhook", wire.TestWebhook(webhook_id=webhook_id, event=message))
        fields = msgspec.structs.asdict(response.result)
        return WebhookTestResult(**fields | {"success": bool(fields["success"])})

    def get_webhook_deliveries(
        self, webhook_id: str, max_results: int = 100, before: int | None = None
    ) -> list[Delivery]:
        """What a webhook was told, or is to be, the newest first; kept for two weeks.

        before: only deliveries with a smaller id, for the next page.

        Raises:
            NotFound: there is none of this id. NotSupported: the server is not Clew's.
        """
        request = wire.ListDeliveries(webhook_id=webhook_id, before=before, max_results=max_results)
        found = self._registry.read("list_deliveries", request).deliveries
        return [Delivery(**msgspec.structs.asdict(one) | {"attempts": one.attempts or 0}) for one in found]

    @property
    def _own(self) -> bool:
        return self._registry.kind == "clew"

    def _refuse_own(self, events: Iterable[str], condition: str | None, experiment_ids: Sequence[str] | None) -> None:
        if condition or experiment_ids or not MLFLOW_EVENTS.issuperset(events):
            raise NotSupported("Events of runs, stages and deletions, conditions and experiments need a Clew server.")
