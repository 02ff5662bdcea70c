"""Scripts and ``clew ui`` on one embedded store at the same time: one host, and every run complete."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

Start = Callable[..., subprocess.Popen[str]]

STEPS = 100
SCRIPT = f"""
import sys, time
import clew
with clew.start_run(run_name=sys.argv[1]) as run:
    print(run.info.run_id, flush=True)
    for step in range({STEPS}):
        clew.log_metric("loss", 1 / (step + 1), step=step)
        time.sleep(0.02)
    clew.log_param("steps", {STEPS})
"""


def script(folder: Path, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, name],
        cwd=folder,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_ui_takes_the_store_over_while_two_scripts_log(start_serving: Start, port: int, tmp_path: Path) -> None:
    with script(tmp_path, "one") as one, script(tmp_path, "two") as two:
        ids = {first_line(one): "one", first_line(two): "two"}
        host = json.loads((tmp_path / ".clew" / "host.json").read_text())
        assert host["on_demand"] is True
        start_serving(tmp_path, port, "ui", "--port", str(port))
        said = [process.communicate(timeout=60)[0] for process in (one, two)]
        assert (one.returncode, two.returncode) == (0, 0), said
    assert json.loads((tmp_path / ".clew" / "host.json").read_text())["on_demand"] is False
    for run_id, name in ids.items():
        run = complete(port, run_id)
        assert run["info"]["run_name"] == name
        assert run["data"]["params"] == [{"key": "steps", "value": str(STEPS)}]
        history = ask(port, f"metrics/get-history?run_id={run_id}&metric_key=loss")["metrics"]
        assert [point["step"] for point in history] == list(range(STEPS))


def complete(port: int, run_id: str) -> dict[str, dict[str, object]]:
    """The run, once its end has arrived: a script may leave before the last record is sent."""
    until = time.monotonic() + 30
    while True:
        run: dict[str, dict[str, object]] = ask(port, f"runs/get?run_id={run_id}")["run"]
        if run["info"]["status"] == "FINISHED" or time.monotonic() > until:
            return run
        time.sleep(0.1)


def ask(port: int, path: str) -> dict[str, dict[str, dict[str, object]]]:
    with urlopen(f"http://127.0.0.1:{port}/api/2.0/mlflow/{path}", timeout=10) as answer:
        found: dict[str, dict[str, dict[str, object]]] = json.loads(answer.read())
        return found
