"""However a script ends, its runs end in the right state, as MLflow's own client sees them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from interop.conftest import clean_environ

pytestmark = pytest.mark.interop

# name → (code, what is sent to it, the state of its runs, what the error and the reason say)
ENDINGS: dict[str, tuple[str, int | None, str, str, str]] = {
    "comes to its end": ("begin()", None, "FINISHED", "", ""),
    "raises": ("begin(); raise ValueError('too hot')", None, "FAILED", "ValueError: too hot", ""),
    "raises in a block": ("with begin(): 1 / 0", None, "FAILED", "ZeroDivisionError", ""),
    "raises in a nested block": (
        "with begin():\n    with begin(nested=True): 1 / 0",
        None,
        "FAILED",
        "ZeroDivisionError: division by zero",
        "",
    ),
    "leaves its block with a child open": ("with begin(): begin(nested=True)", None, "FINISHED", "", ""),
    "exits with 0": ("begin(); sys.exit(0)", None, "FINISHED", "", ""),
    "exits with 0 in a block": ("with begin(): sys.exit()", None, "FINISHED", "", ""),
    "exits with 1": ("begin(); sys.exit(1)", None, "FAILED", "SystemExit: 1", ""),
    "exits with words": ("begin(); exit('no data')", None, "FAILED", "SystemExit: no data", ""),
    "catches an exit": ("begin()\ntry: sys.exit(1)\nexcept SystemExit: pass", None, "FINISHED", "", ""),
    "ends twice": ("with begin(): clew.end_run(); clew.end_run(); clew.end_run('KILLED')", None, "FINISHED", "", ""),
    "goes on after a failure": (
        "run = begin(); run.__exit__(None, OSError(), None)\nwith clew.start_run(run.info.run_id): pass",
        None,
        "FINISHED",
        "",
        "",
    ),
    "ends without a word": ("begin(); os._exit(0)", None, "KILLED", "", "without ending the run"),
    "is killed": ("begin(); ready()", signal.SIGKILL, "KILLED", "", "without ending the run"),
    "is terminated": ("begin(); begin(nested=True); ready()", signal.SIGTERM, "KILLED", "", "the signal SIGTERM"),
    "is terminated in a block": ("with begin(): ready()", signal.SIGTERM, "KILLED", "", "the signal SIGTERM"),
    "exits in its handler": (
        "signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))\nbegin(); ready()",
        signal.SIGTERM,
        "KILLED",
        "",
        "the signal SIGTERM",
    ),
    "exits in a handler of later": (
        "with begin():\n    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))\n    ready()",
        signal.SIGTERM,
        "KILLED",
        "",
        "the signal SIGTERM",
    ),
    "finishes in spite of the signal": (
        "came = []; signal.signal(signal.SIGTERM, lambda *_: came.append(1))\nwith begin(): ready(until=lambda: came)",
        signal.SIGTERM,
        "FINISHED",
        "",
        "",
    ),
    "is interrupted": ("begin(); ready()", signal.SIGINT, "FAILED", "KeyboardInterrupt", ""),
    "is interrupted in a block": ("with begin(): ready()", signal.SIGINT, "FAILED", "KeyboardInterrupt", ""),
    "raises in a thread": (
        "def work(): begin(); 1 / 0\nt = threading.Thread(target=work); t.start(); t.join()",
        None,
        "FAILED",
        "ZeroDivisionError",
        "",
    ),
    "comes to its end in a forked process": (
        "p = multiprocessing.get_context('fork').Process(target=begin); p.start(); p.join()",
        None,
        "FINISHED",
        "",
        "",
    ),
    "raises in a forked process": (
        "def work(): begin(); 1 / 0\np = multiprocessing.get_context('fork').Process(target=work); p.start(); p.join()",
        None,
        "FAILED",
        "ZeroDivisionError",
        "",
    ),
    "leaves a forked process in its block": (
        "with begin():\n    if os.fork() == 0: sys.exit(1)\n    os.wait()",
        None,
        "FINISHED",
        "",
        "",
    ),
}

BEFORE = """
import multiprocessing, os, signal, sys, threading, time
import clew

def begin(**options):
    run = clew.start_run(**options)
    print("run", run.info.run_id, flush=True)
    clew.log_metric("loss", 0.5)
    return run

def ready(until=lambda: False):
    print("ready", flush=True)
    while not until():
        time.sleep(0.01)

"""


def begun(script: subprocess.Popen[str], number: int | None) -> tuple[list[str], str]:
    """The runs that a script begins, and its words of complaint; the signal is sent when it is ready for it."""
    assert script.stdout is not None
    run_ids = []
    for line in script.stdout:
        if line.startswith("run "):
            run_ids.append(line.split()[1])
        elif line.strip() == "ready" and number is not None:
            script.send_signal(number)
    return run_ids, script.communicate(timeout=60)[1]


@pytest.mark.parametrize("server", ["clew_server_sqlite", pytest.param("mlflow_server", marks=pytest.mark.slow)])
def test_scripts_end_in_the_right_state(
    server: str,
    request: pytest.FixtureRequest,
    peer_python: Path,
    tmp_path: Path,
    run_script: Callable[[Path, str, str], str],
) -> None:
    url = request.getfixturevalue(server)
    environ = clean_environ(tmp_path, CLEW_TRACKING_URI=url)
    expected = {}
    for name, (code, number, status, error, reason) in ENDINGS.items():
        script = subprocess.Popen(
            [sys.executable, "-c", BEFORE + code],
            cwd=tmp_path,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        run_ids, said = begun(script, number)
        assert run_ids, (name, said)
        expected |= dict.fromkeys(run_ids, (name, status, error, reason))
    (tmp_path / "expected.json").write_text(json.dumps(expected))
    run_script(peer_python, "run_state", url)
