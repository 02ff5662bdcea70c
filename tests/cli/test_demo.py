"""``make demo``'s script: a server on an embedded store, every example, and the addresses to look at."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[2] / "examples" / "demo.py"


def start(store: Path, port: int, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", str(DEMO), "--store", str(store), "--port", str(port), *args],
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
def test_demo_runs_every_example_and_ends(port: int, tmp_path: Path) -> None:
    with start(tmp_path / "store" / ".clew", port, "--exit") as demo:
        said = demo.communicate(timeout=400)[0]
    assert demo.returncode == 0, said
    assert re.search(rf"web UI +http://127\.0\.0\.1:{port}/", said)
    assert re.search(rf"the run +http://127\.0\.0\.1:{port}/runs/[0-9a-f]{{32}}$", said, re.MULTILINE)
    assert re.search(rf"the search +http://127\.0\.0\.1:{port}/experiments/\d+/runs", said)
    assert re.search(r"version 2 in production: AUC 0\.\d+", said)
    assert (tmp_path / "store" / ".clew" / "clew.db").exists()
    again = re.search(r"The server ends now; `(\S+) ui` in (\S+) brings it back", said)
    assert again, said
    assert shutil.which(again[1], path=os.environ["PATH"]), "the printed command can be run"
    assert again[2] == str(tmp_path / "store")
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5)


@pytest.mark.slow
def test_demo_serves_until_ctrl_c(port: int, tmp_path: Path) -> None:
    with start(tmp_path / ".clew", port) as demo:
        assert demo.stdout is not None
        said = ""
        for line in demo.stdout:
            said += line
            if "Ctrl-C; " in line:
                break
        address = re.search(r"the run +(\S+)", said)
        assert address, said
        with urllib.request.urlopen(
            address[1].replace("/runs/", "/api/2.0/mlflow/runs/get?run_id="), timeout=10
        ) as run:
            assert b"FINISHED" in run.read()
        demo.send_signal(signal.SIGINT)
        rest = demo.communicate(timeout=30)[0]
    assert demo.returncode == 0, rest
    assert "Traceback" not in rest
