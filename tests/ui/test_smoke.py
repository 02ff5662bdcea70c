"""The web pages in a real browser, against a real host of a fresh store."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
UI = ROOT / "ui"
BUILT = ROOT / "src" / "clew" / "server" / "static" / "index.html"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
RUNS = 12
POINTS = 50
FIRST_MS = 1_760_000_000_000
MLMODEL = b"""flavors:
  python_function:
    loader_module: mlflow.sklearn
    model_path: model.pkl
signature:
  inputs: '[{"type": "double", "name": "alcohol", "required":
    true}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: null
"""
FILES = {
    "folder/note.txt": "a note about the run\n",
    "clew/console/node1-42/000001.log": "\x1b[32mepoch 1\x1b[0m\nepoch 2\n",
    "clew/console/node1-42/000002.log": "10 %\r100 % done\n",
    "clew/error/node1-42+timestamp+1760000000000.txt": "Traceback (most recent call last):\nValueError: loss is NaN\n",
    "clew/source/changes.diff": "diff --git a/t.py b/t.py\n--- a/t.py\n+++ b/t.py\n@@ -1 +1 @@\n-lr = 1\n+lr = 0.001\n",
    "clew/source/packages.txt": "torch==2.9.0\n",
    "train.py": "import clew\ndef train(lr=0.1):\n    return 'done'  # at last\n",
    "table.json": json.dumps({"columns": ["text", "score"], "data": [["007", 0.5], ["008", 0.25]]}),
    "report.pdf": "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n",
    "hostile.md": "# Hello\n\n<img src=x onerror='taken = 1'> [x](javascript:taken=1)\n",
    "hostile.html": "<p>a page</p><img src='http://192.0.2.1/x.png'><script>parent.taken = top.taken = 1</script>",
}

pytestmark = pytest.mark.browser


def _missing() -> str | None:
    if not CHROMIUM:
        return "no Chromium found: install it or set CHROMIUM to its path"
    if not shutil.which("node"):
        return "no Node found"
    if not (UI / "node_modules" / "playwright-core").is_dir():
        return "ui/node_modules is missing: run make ui"
    if not BUILT.exists():
        return "the web UI is not built: run make ui"
    return None


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The address of a server with an empty store."""
    if reason := _missing():
        pytest.skip(reason)
    environment = {
        **os.environ,
        "CLEW_SPOOL": str(tmp_path / "spool"),
        "CLEW_WEBHOOK_PRIVATE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    with open(tmp_path / "log", "wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "clew", "ui", "--port", "0", "--store", str(tmp_path / "store")],
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=tmp_path,
            env=environment,
        )
    assert server.stdout is not None
    try:
        found = None
        for line in server.stdout:
            if found := re.search(rb"http://[\w.:]+", line):
                break
        assert found, (tmp_path / "log").read_text()
        yield found.group().decode()
    finally:
        server.terminate()
        server.wait(20)
        server.stdout.close()


class Server:
    """Calls MLflow's REST API, as any client would."""

    def __init__(self, address: str) -> None:
        self._host = urlsplit(address).netloc

    def _send(self, method: str, path: str, body: bytes, kind: str) -> bytes:
        connection = http.client.HTTPConnection(self._host, timeout=20)
        try:
            connection.request(method, path, body, {"Content-Type": kind})
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status == 200, text
            return text
        finally:
            connection.close()

    def post(self, path: str, **fields: object) -> dict:
        return json.loads(
            self._send("POST", f"/api/2.0/mlflow/{path}", json.dumps(fields).encode(), "application/json")
        )

    def put_file(self, path: str, body: bytes) -> None:
        self._send("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}", body, "application/octet-stream")


def _pairs(**values: object) -> list[dict[str, str]]:
    return [{"key": key, "value": str(value)} for key, value in values.items()]


def _seed(server: Server) -> tuple[str, str]:
    """Twelve runs, the best of them first; answers the experiment's id and the best run's id."""
    experiment = server.post("experiments/create", name="demo/first")["experiment_id"]
    best = ""
    for index in range(RUNS):
        start = FIRST_MS + index * 1000
        info = server.post("runs/create", experiment_id=experiment, run_name=f"run-{index}", start_time=start)["run"][
            "info"
        ]
        last = 0.95 - 0.02 * index
        server.post(
            "runs/log-batch",
            run_id=info["run_id"],
            params=_pairs(lr=0.001 * (index + 1), optimizer=("adam", "sgd")[index % 2], framework="torch"),
            tags=_pairs(team="vision"),
            metrics=[
                {"key": "acc", "value": last * (step + 1) / POINTS, "step": step, "timestamp": start + step}
                for step in range(POINTS)
            ],
        )
        server.post(
            "runs/update", run_id=info["run_id"], status="FAILED" if index == 5 else "FINISHED", end_time=start + 900
        )
        if index == 5:
            reason = "ValueError: loss is NaN"
            server.post("runs/set-tag", run_id=info["run_id"], key="clew.failed_reason", value=reason)
        if index == 0:
            best = info["run_id"]
            dataset = {"name": "wine", "digest": "9c1d0e52", "source_type": "local", "source": "wine.csv"}
            tags = [{"key": "mlflow.data.context", "value": "training"}]
            server.post("runs/log-inputs", run_id=best, datasets=[{"dataset": dataset, "tags": tags}])
            folder = info["artifact_uri"].removeprefix("mlflow-artifacts:/")
            for name, text in FILES.items():
                server.put_file(f"{folder}/{name}", text.encode())
            server.put_file(f"{folder}/model/MLmodel", MLMODEL)
    _register(server, best)
    _watch(server, experiment)
    logged = server.post("logged-models", experiment_id=experiment, name="forest", source_run_id=best)["model"]["info"]
    server.post("runs/outputs", run_id=best, models=[{"model_id": logged["model_id"], "step": 0}])
    return experiment, best


def _register(server: Server, run_id: str) -> None:
    """A registered model with two versions, the first in production and with an alias."""
    server.post("registered-models/create", name="wine_quality")
    for tags in ([], _pairs(team="vision")):
        source = f"runs:/{run_id}/model"
        server.post("model-versions/create", name="wine_quality", source=source, run_id=run_id, tags=tags)
    server.post(
        "model-versions/transition-stage",
        name="wine_quality",
        version="1",
        stage="Production",
        archive_existing_versions=False,
        reason="better on the holdout",
    )
    server.post("registered-models/alias", name="wine_quality", alias="champion", version="1")


def _watch(server: Server, experiment: str) -> None:
    """Two webhooks, which nothing that the steps do is told to: one of runs, one that is off."""
    run_events = ["run.failed", "run.condition_met"]
    for name, events, more in (
        ("chat", run_events, {"condition": "metrics.loss.nans > 0", "secret": "s", "experiment_ids": [experiment]}),
        (
            "audit",
            ["model_version.created", "model_version_stage.set"],
            {"status": "DISABLED", "description": "Who did it"},
        ),
    ):
        fields = {"name": name, "url": f"http://127.0.0.1:9/{name}", "events": events, **more}
        server._send("POST", "/api/clew/v1/webhooks", json.dumps(fields).encode(), "application/json")


def _steps(script: str, *arguments: str, timeout_s: float = 150) -> None:
    done = subprocess.run(
        ["node", f"test/{script}", *arguments],
        cwd=UI,
        env={**os.environ, "CHROMIUM": CHROMIUM or ""},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_pages_do_what_they_promise(address: str) -> None:
    """List, table, run page, filter, sort, columns, keys, themes, languages: no console error, no request elsewhere."""
    experiment, run = _seed(Server(address))
    _steps("smoke.mjs", address, experiment, run)


@pytest.mark.browser_matrix
def test_charts_do_what_they_promise(address: str) -> None:
    """Curves, groups, brushes, settings: one request a panel, no violation of accessibility rules."""
    experiment, run = _seed(Server(address))
    _steps("charts.mjs", address, experiment, run)


@pytest.mark.browser_matrix
def test_run_page_does_what_it_promises(address: str) -> None:
    """Selection in the address, previous and next run, name and description, comparison, why a run failed, a PDF."""
    experiment, run = _seed(Server(address))
    _steps("runpage.mjs", address, experiment, run)


@pytest.mark.browser_matrix
def test_models_do_what_they_promise(address: str) -> None:
    """List, versions, comparison, moves and their undoing, registration, deletion."""
    experiment, run = _seed(Server(address))
    _steps("models.mjs", address, experiment, run)


@pytest.mark.browser_matrix
def test_webhooks_do_what_they_promise(address: str) -> None:
    """Made, tried, told, turned off and deleted, by the keyboard where that is quicker; a fault stays in the form."""
    experiment, run = _seed(Server(address))
    _steps("webhooks.mjs", address, experiment, run)


@pytest.mark.browser_matrix
@pytest.mark.timeout(1300)
def test_every_page_fits_in_every_theme_language_and_width(address: str) -> None:
    """Every page, dialog and menu in two themes and two languages, the pages at three widths."""
    experiment, run = _seed(Server(address))
    _steps("matrix.mjs", address, experiment, run, timeout_s=1200)
