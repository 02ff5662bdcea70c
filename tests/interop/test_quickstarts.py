"""Classic example scripts, with MLflow and with ``import clew as mlflow`` for its import: the same is on the server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from clew.client.api import ClewClient
from clew.client.link import forget_links
from clew.entities.run import Run
from interop.conftest import SCRIPTS, clean_environ
from interop.test_targets import files, own_settings

pytestmark = [pytest.mark.interop, pytest.mark.slow]  # classic.py is the default suite's share

LINE = "import mlflow\n"


class Example:
    """What one run of a script left on the server.

    runs: oldest first. folder: where it ran. said: what it printed.
    """

    def __init__(self, python: str | Path, script: str, url: str, folder: Path) -> None:
        text = (SCRIPTS / f"{script}.py").read_text(encoding="utf-8")
        assert text.count(LINE) == 1
        if Path(python) == Path(sys.executable):
            text = text.replace(LINE, "import clew as mlflow\n")
        folder.mkdir()
        (folder / "script.py").write_text(text, encoding="utf-8")
        experiment = f"{script}-{uuid4().hex[:8]}"
        done = subprocess.run(
            [str(python), "-W", "ignore", "script.py"],
            cwd=folder,
            env=clean_environ(folder, MLFLOW_TRACKING_URI=url, EXPERIMENT=experiment, GIT_PYTHON_REFRESH="quiet"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-6000:]
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        self.said: dict[str, Any] = json.loads(lines[-1])
        self.folder = folder
        self.client = ClewClient(url)
        found = self.client.get_experiment_by_name(experiment)
        assert found is not None
        self.runs: list[Run] = list(
            self.client.search_runs([found.experiment_id], order_by=["attributes.start_time ASC"])
        )

    def models(self, run: Run) -> list[str]:
        return [output.model_id for output in self.client.get_run(run.info.run_id).outputs.model_outputs]


@pytest.fixture
def examples(clew_server_sqlite: str, peer_python: Path, tmp_path: Path) -> Any:
    """Runs a script both ways."""

    def both(script: str) -> tuple[Example, Example]:
        return (
            Example(peer_python, script, clew_server_sqlite, tmp_path / "mlflow"),
            Example(sys.executable, script, clew_server_sqlite, tmp_path / "clew"),
        )

    with own_settings(tmp_path):
        yield both
    forget_links()


def same_numbers(ours: dict[str, float], theirs: dict[str, float]) -> None:
    assert ours.keys() == theirs.keys()
    # the two environments may have different versions of numpy under the same scikit-learn
    assert ours == {key: pytest.approx(value, rel=1e-9) for key, value in theirs.items()}


def test_the_quick_start_with_autologging(examples: Any) -> None:
    theirs, ours = examples("quickstart_autolog")
    assert ours.said["predictions"] == pytest.approx(theirs.said["predictions"])
    assert [r.info.status for r in ours.runs] == [r.info.status for r in theirs.runs] == ["FINISHED", "FINISHED"]
    for mine, other in zip(ours.runs, theirs.runs, strict=True):
        assert mine.data.params == other.data.params
        assert len(mine.data.params) >= 17
        same_numbers(mine.data.metrics, other.data.metrics)
        for tag in ("estimator_name", "estimator_class", "mlflow.autologging"):
            assert mine.data.tags.get(tag) == other.data.tags.get(tag), tag
        for run in (mine, other):  # MLflow notes what was predicted, too
            assert {"mlflow.data.context": "train"} in [i.tags for i in run.inputs.dataset_inputs]
        assert len(ours.models(mine)) == len(theirs.models(other)) == 1


def test_the_quick_start_with_the_logging_api(examples: Any) -> None:
    theirs, ours = examples("quickstart_logging")
    (mine,), (other,) = ours.runs, theirs.runs
    assert mine.data.params == other.data.params == {"alpha": "0.05", "l1_ratio": "0.3"}
    same_numbers(mine.data.metrics, other.data.metrics)
    assert mine.data.metrics.keys() == {"rmse", "mae", "r2"}
    assert len(ours.models(mine)) == len(theirs.models(other)) == 1
    for example, run in ((ours, mine), (theirs, other)):
        logged = dict(files(example.client, run.info.run_id, ""))
        assert {path for path in logged if not path.startswith("clew/")} >= {"predictions.csv", "residuals_plot.png"}
        for name in ("predictions.csv", "residuals_plot.png"):
            got = Path(example.client.download_artifacts(run.info.run_id, name)).read_bytes()
            assert got == (example.folder / name).read_bytes(), name
    assert (ours.folder / "predictions.csv").read_bytes() == (theirs.folder / "predictions.csv").read_bytes()
