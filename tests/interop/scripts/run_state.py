"""How runs of scripts ended, as MLflow's client sees them. ``expected.json``: run id to status, error, reason."""

import json
import time
from pathlib import Path

from mlflow import MlflowClient
from mlflow.artifacts import load_text

client = MlflowClient()


def ended(run_id: str):
    """The run, once it has ended and its end has been explained."""
    until = time.monotonic() + 90
    while True:
        run = client.get_run(run_id)
        if run.info.status != "RUNNING" or time.monotonic() > until:
            return run
        time.sleep(0.2)


for run_id, (name, status, error, reason) in json.loads(Path("expected.json").read_text()).items():
    run = ended(run_id)
    assert run.info.status == status, (name, run.info.status)
    assert run.info.end_time >= run.info.start_time, name
    assert error in run.data.tags.get("clew.failed_reason", ""), (name, run.data.tags)
    assert reason in run.data.tags.get("clew.killed_reason", ""), (name, run.data.tags)
    assert ("clew.failed_reason" in run.data.tags, "clew.killed_reason" in run.data.tags) == (
        status == "FAILED",
        status == "KILLED",
    ), name
    if status == "FAILED":
        (kept,) = client.list_artifacts(run_id, "clew/error")
        text = load_text(f"runs:/{run_id}/{kept.path}")
        assert text.startswith("Traceback (most recent call last):"), text
        assert error in text.splitlines()[-1], text
print("ok")
