"""What lies in the temporary folder when all is over: nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import clew
from hosts import eventually, stop_host

LOGS = """
import sys
import numpy as np, pandas as pd
from sklearn.linear_model import LinearRegression
import clew, clew.sklearn

X = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [0.0, 1.0, 0.0, 1.0]})
model = LinearRegression().fit(X, X.a * 2)
with clew.start_run() as run:
    clew.log_metric("m", 1.0)
    clew.log_text("x", "notes.txt")
    clew.log_dict({"a": 1}, "d.json")
    clew.log_image(np.zeros((4, 4, 3), dtype=np.uint8), key="pictures", step=1)
    clew.log_table(X, "rows.json")
    info = clew.sklearn.log_model(model, name="model", input_example=X)
assert clew.artifacts.load_text(f"runs:/{run.info.run_id}/notes.txt") == "x"
assert clew.pyfunc.load_model(info.model_uri).predict(X).shape == (4,)
clew.sklearn.load_model(info.model_uri)
for missing in ("runs:/" + run.info.run_id + "/none.txt", "runs:/" + "0" * 32 + "/a", info.model_uri + "/none"):
    try:
        clew.artifacts.download_artifacts(missing)
    except clew.errors.ClewError:
        continue
    raise AssertionError(missing)
print(info.model_uri)
"""
KILLED = """
import os, signal
import clew

with clew.start_run():
    clew.log_metric("m", 1.0)
    clew.log_text("x", "notes.txt")
    clew.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder of processes that start from now on."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=120, check=False)


def test_neither_a_script_nor_the_command_nor_the_host_leaves_anything(store: str, temporary: Path) -> None:
    done = run("-c", LOGS)
    assert done.returncode == 0, done.stderr
    uri = done.stdout.split()[-1]
    assert os.listdir(temporary) == []

    command = [sys.executable, "-m", "clew", "models", "serve", "-m", uri, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        next(line for line in server.stdout if line.startswith("Clew serves"))
        assert os.listdir(temporary)  # the model's files, as long as it is served
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == -signal.SIGTERM
    stop_host(store)
    assert os.listdir(temporary) == []


def test_nor_does_a_killed_script(store: str, temporary: Path) -> None:
    assert run("-c", KILLED).returncode == -signal.SIGKILL
    eventually(lambda: [run.info.status for run in clew.search_runs(output_format="list")] == ["KILLED"])
    stop_host(store)
    assert os.listdir(temporary) == []
