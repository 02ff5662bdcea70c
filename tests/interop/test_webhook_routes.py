"""Each call on webhooks as it travels; on MLflow's own server where it is slow. Nothing here is ever delivered."""

from __future__ import annotations

from typing import Any

import pytest

from interop.wire import Wire

pytestmark = pytest.mark.interop
NONE = "11111111-1111-1111-1111-111111111111"
NEVER = {"entity": "PROMPT_TAG", "action": "SET"}  # neither of the servers has prompts in these tests
URL = "https://1.1.1.1/hook"  # an address, so that no name has to be resolved


def webhook(wire: Wire, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = wire.ok("create_webhook", **{"name": "hook", "url": URL, "events": [NEVER]} | fields)[
        "webhook"
    ]
    return made


def test_create_webhook(wire: Wire) -> None:
    made = webhook(wire, description="d", secret="s3cret", status="DISABLED")
    assert (made["name"], made["url"], made["description"], made["status"]) == ("hook", URL, "d", "DISABLED")
    assert made["events"] == [NEVER]
    assert made["creation_timestamp"] == made["last_updated_timestamp"] > 1_600_000_000_000
    assert "secret" not in made
    assert webhook(wire, events=[{"entity": 4, "action": 1}], status="DISABLED")["events"] == [
        {"entity": "MODEL_VERSION_ALIAS", "action": "CREATED"}
    ]
    for fields, words in (
        ({"url": "ftp://1.1.1.1/"}, "Invalid webhook URL scheme: 'ftp'"),
        ({"url": "https://127.0.0.1/"}, "127.0.0.1"),
        ({"events": [{"entity": "PROMPT", "action": "DELETED"}]}, "Invalid action 'deleted' for entity 'prompt'"),
        ({"name": "a b"}, "is invalid"),
    ):
        wire.invalid("create_webhook", words, **{"name": "hook", "url": URL, "events": [NEVER]} | fields)
    wire.invalid("create_webhook", "Webhook events must be a non-empty list", name="hook", url=URL, events=[])


def test_get_webhook(wire: Wire) -> None:
    made = webhook(wire)
    assert wire.ok("get_webhook", webhook_id=made["webhook_id"])["webhook"] == made
    wire.absent("get_webhook", f"Webhook with ID {NONE} not found", webhook_id=NONE)


def test_list_webhooks(wire: Wire) -> None:
    mine = [webhook(wire)["webhook_id"] for _ in range(3)]
    found, token = [], None
    while True:
        page = wire.ok("list_webhooks", max_results=2, **({"page_token": token} if token else {}))
        found += [one["webhook_id"] for one in page["webhooks"]]
        token = page.get("next_page_token")
        if not token:
            break
    assert [one for one in found if one in mine] in (mine, mine[::-1])
    assert len(found) == len(set(found))


def test_update_webhook(wire: Wire) -> None:
    made = webhook(wire)
    both = [NEVER, {"entity": "PROMPT", "action": "CREATED"}]
    changed = wire.ok(
        "update_webhook", webhook_id=made["webhook_id"], name="other", status="DISABLED", events=both, description="x"
    )["webhook"]
    assert (changed["name"], changed["status"], changed["description"]) == ("other", "DISABLED", "x")
    assert sorted(event["entity"] for event in changed["events"]) == ["PROMPT", "PROMPT_TAG"]
    assert changed["url"] == URL
    wire.absent("update_webhook", f"Webhook with ID {NONE} not found", webhook_id=NONE, name="a")
    wire.invalid("update_webhook", "scheme", webhook_id=made["webhook_id"], url="ftp://1.1.1.1/")


def test_delete_webhook(wire: Wire) -> None:
    made = webhook(wire)
    assert wire.ok("delete_webhook", webhook_id=made["webhook_id"]) == {}
    wire.absent("delete_webhook", "not found", webhook_id=made["webhook_id"])


def test_test_webhook(wire: Wire) -> None:
    """Only that there must be one: what a trial sends is told in tests/server/test_webhooks.py."""
    wire.absent("test_webhook", f"Webhook with ID {NONE} not found", webhook_id=NONE)
