"""MLflow's webhook methods, by MLflow's client and by Clew's; only what is refused is ever sent."""

import os
from uuid import uuid4

try:
    import mlflow
except ImportError:
    import clew as mlflow

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = mlflow.MlflowClient()
name = f"hook-{uuid4().hex[:8]}"
events = ["prompt.created", "prompt_alias.deleted"]


def texts(webhook) -> list:
    return sorted(str(event) for event in webhook.events)


made = client.create_webhook(name, "https://1.1.1.1/x", events, "about", "s3cret", "DISABLED")
assert (made.name, made.url, made.description, str(made.status)) == (name, "https://1.1.1.1/x", "about", "DISABLED")
assert texts(made) == events
assert made.creation_timestamp > 1_600_000_000_000
found = client.get_webhook(made.webhook_id)
assert (found.name, texts(found)) == (name, events)
assert made.webhook_id in [one.webhook_id for one in client.list_webhooks(1000)]
changed = client.update_webhook(made.webhook_id, description="new", events=["prompt.created"], status="ACTIVE")
assert (changed.description, texts(changed), str(changed.status)) == ("new", ["prompt.created"], "ACTIVE")
assert changed.url == made.url
client.delete_webhook(made.webhook_id)
for wrong in (
    lambda: client.get_webhook(made.webhook_id),
    lambda: client.create_webhook(name, "ftp://1.1.1.1/x", events),
    lambda: client.create_webhook(name, "https://127.0.0.1/x", events),
    lambda: client.create_webhook(name, "https://1.1.1.1/x", ["prompt.eaten"]),
):
    try:
        wrong()
    except Exception:  # noqa: BLE001 - MLflow and Clew raise different classes
        continue
    raise AssertionError("not refused")
print("ok")
