"""Fills the store at CLEW_TRACKING_URI with what the screenshots show; prints the ids as JSON on the last line.

The study of learning rates, the quick start with its model registered, a run with files, and an empty experiment; and
with the argument ``tour`` the flow from data to a served model.
"""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import clew

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
MODEL = "diabetes-forest"


def main() -> None:
    """Log all of it."""
    study = runpy.run_path(str(EXAMPLES / "learning_rates.py"))["log_study"]()
    subprocess.run([sys.executable, str(EXAMPLES / "quickstart_autolog.py")], check=True, stdout=subprocess.DEVNULL)
    client = clew.ClewClient()
    found = client.search_runs([study], filter_string="attributes.status = 'FINISHED'", order_by=["metrics.`val/loss`"])
    best, other = found[0].info.run_id, found[-1].info.run_id
    with clew.start_run(run_id=best):
        across = np.linspace(-3, 3, 320)
        hills = np.sin(across[:, None] * 2) * np.cos(across[None, :]) * 0.5 + 0.5
        clew.log_image((hills[..., None] * [60, 140, 220]).astype(np.uint8), "pictures/loss surface.png")
        digits = range(10)
        clew.log_table({"digit": list(digits), "right": [51 + d % 4 for d in digits]}, "tables/per class.json")
        rows = "\n".join(f"{d},{51 + d % 4},{d % 3}" for d in digits)
        clew.log_text(f"digit,right,wrong\n{rows}\n", "tables/per class.csv")
        clew.log_text((EXAMPLES / "learning_rates.py").read_text(encoding="utf-8"), "code/learning_rates.py")
    quick = client.search_runs(["0"], max_results=1)[0]
    version = clew.register_model(f"models:/{quick.outputs.model_outputs[0].model_id}", MODEL)
    client.set_registered_model_alias(MODEL, "champion", version.version)
    empty = client.create_experiment("examples/empty")
    ids = {"study": study, "best": best, "other": other, "quick": quick.info.run_id, "empty": empty, "model": MODEL}
    flow = {"flow": log_flow(client)} if "tour" in sys.argv[1:] else {}
    print(json.dumps(ids | flow))


def log_flow(client: clew.ClewClient) -> dict[str, str]:
    """The flow from data to a served model: where it lies."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(EXAMPLES / "end_to_end.py")]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    experiment = client.get_experiment_by_name("examples/end to end")
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], "tags.mlflow.runName = 'untuned_random_forest'")
    return {
        "experiment": experiment.experiment_id,
        "baseline": found[0].info.run_id,
        "model": "diabetes_progression",
    }


if __name__ == "__main__":
    main()
