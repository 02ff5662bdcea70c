"""Webhooks: addresses that are told of events, and what was told."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec


class WebhookStatus(StrEnum):
    """Whether a webhook is told of anything; the texts are MLflow's."""

    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


class WebhookEntity(StrEnum):
    """What MLflow's events are about."""

    REGISTERED_MODEL = "REGISTERED_MODEL"
    MODEL_VERSION = "MODEL_VERSION"
    MODEL_VERSION_TAG = "MODEL_VERSION_TAG"
    MODEL_VERSION_ALIAS = "MODEL_VERSION_ALIAS"
    PROMPT = "PROMPT"
    PROMPT_VERSION = "PROMPT_VERSION"
    PROMPT_TAG = "PROMPT_TAG"
    PROMPT_VERSION_TAG = "PROMPT_VERSION_TAG"
    PROMPT_ALIAS = "PROMPT_ALIAS"
    BUDGET_POLICY = "BUDGET_POLICY"


class WebhookAction(StrEnum):
    """What MLflow's events say has happened."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"
    SET = "SET"
    EXCEEDED = "EXCEEDED"


MLFLOW_EVENTS: Final = frozenset(
    {
        "registered_model.created",
        "model_version.created",
        "model_version_tag.set",
        "model_version_tag.deleted",
        "model_version_alias.created",
        "model_version_alias.deleted",
        "prompt.created",
        "prompt_version.created",
        "prompt_tag.set",
        "prompt_tag.deleted",
        "prompt_version_tag.set",
        "prompt_version_tag.deleted",
        "prompt_alias.created",
        "prompt_alias.deleted",
        "budget_policy.exceeded",
    }
)
"""What MLflow's clients may subscribe to. Those of prompts and budgets never happen here."""

CONDITION_MET: Final = "run.condition_met"
OWN_EVENTS: Final = frozenset(
    {
        "model_version.deleted",
        "model_version_stage.set",
        "run.finished",
        "run.failed",
        "run.killed",
        CONDITION_MET,
    }
)
"""What Clew tells beyond that."""

EVENTS: Final = MLFLOW_EVENTS | OWN_EVENTS


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told of what.

    events: texts such as ``model_version.created``, sorted. condition: filter of runs for ``run.condition_met``.
    experiment_ids: to which events of runs are limited; empty for all. The secret is never read back.
    creation_timestamp, last_updated_timestamp: milliseconds since 1970-01-01 UTC.
    """

    webhook_id: str
    name: str
    url: str
    events: tuple[str, ...]
    description: str = ""
    status: WebhookStatus = WebhookStatus.ACTIVE
    condition: str = ""
    experiment_ids: tuple[str, ...] = ()
    signed: bool = False
    creation_timestamp: int = 0
    last_updated_timestamp: int = 0


class WebhookTestResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a trial gave. response_body: its beginning."""

    success: bool
    response_status: int | None = None
    response_body: str | None = None
    error_message: str | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a webhook was, or is to be, told.

    state: waiting, delivered or failed. attempts: so far. next_timestamp: of the next one, while it waits.
    body: JSON. Timestamps are milliseconds since 1970-01-01 UTC.
    """

    id: int
    delivery_id: str
    event: str
    state: str
    attempts: int
    creation_timestamp: int
    last_timestamp: int | None = None
    next_timestamp: int | None = None
    response_status: int | None = None
    error: str = ""
    body: str = ""


EXAMPLES: Final[dict[str, dict[str, object]]] = {
    "registered_model": {"name": "wine", "tags": {"team": "cellar"}, "description": "An example"},
    "model_version": {
        "name": "wine",
        "version": "1",
        "source": "models:/m-0",
        "run_id": "0123456789abcdef0123456789abcdef",
        "tags": {"team": "cellar"},
        "description": "An example",
    },
    "model_version_tag": {"name": "wine", "version": "1", "key": "team", "value": "cellar"},
    "model_version_alias": {"name": "wine", "alias": "champion", "version": "1"},
    "model_version_stage": {"name": "wine", "version": "1", "from": "None", "to": "Staging", "user": "", "reason": ""},
    "run": {
        "run_id": "0123456789abcdef0123456789abcdef",
        "run_name": "example",
        "experiment_id": "0",
        "experiment_name": "Default",
        "status": "FINISHED",
        "start_time": 1,
        "end_time": 2,
    },
}
"""What a trial sends, by entity."""


def example(event: str) -> dict[str, object]:
    """The data that a trial of this event sends."""
    entity, _, action = event.partition(".")
    data = dict(EXAMPLES.get(entity, {"name": "example"}))
    if action == "deleted":
        data.pop("value" if entity.endswith("_tag") else "version" if entity.endswith("_alias") else "", None)
    if action in ("failed", "killed"):
        data["status"] = action.upper()
    return data
