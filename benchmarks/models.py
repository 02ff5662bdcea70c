"""Models: logged, loaded, served over HTTP, and files scored; beside MLflow, each client with its own server.

Scripts and requests are the same for both. ``--full`` scores five million rows instead of one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.load import deal, drive, post
from benchmarks.processes import PEER_PYTHON, Server, clew_server, free_port, has_peer, mlflow_server, running
from benchmarks.result import Result, interleave

ROWS = 5  # of one request
REQUESTS = 400
CLIENTS = 8
TIMED = """
import json, os, sys, time
try:
    import mlflow
    import mlflow.sklearn
except ImportError:
    import clew as mlflow
    import clew.sklearn
import numpy as np
from sklearn.linear_model import LinearRegression

mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("models")
X = np.arange(200.0).reshape(50, 4)
model = LinearRegression().fit(X, X.sum(axis=1))
logged, loaded = [], []
for _ in range(int(sys.argv[2])):
    with mlflow.start_run():
        start = time.perf_counter()
        info = mlflow.sklearn.log_model(model, name="model", input_example=X[:2])
        logged.append(time.perf_counter() - start)
    start = time.perf_counter()
    mlflow.pyfunc.load_model(info.model_uri)
    loaded.append(time.perf_counter() - start)
print(json.dumps([sorted(times)[len(times) // 2] for times in (logged, loaded)]))
"""
SAVED = """
import sys, clew
import clew.sklearn
import pandas as pd
from sklearn.linear_model import LinearRegression
X = pd.DataFrame({name: [float(i * k) for i in range(50)] for k, name in enumerate("abcd", 1)})
clew.sklearn.save_model(LinearRegression().fit(X, X.sum(axis=1)), sys.argv[1], input_example=X.head(2))
"""
SCORED = """
import json, resource, sys, time
import clew.pyfunc
from clew.serving.files import Job, score_file
model = clew.pyfunc.load_model(sys.argv[1])
start = time.perf_counter()
rows = score_file(model, Job(sys.argv[2], sys.argv[3]))
print(json.dumps([rows / (time.perf_counter() - start), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))
"""


def run(*, full: bool) -> list[Result]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        model = str(folder / "model")
        subprocess.run([sys.executable, "-c", SAVED, model], check=True, cwd=place)
        return [
            *_logging(folder, 11 if full else 5),
            _serving(folder, model, 9 if full else 5),
            *_files(folder, model, full),
        ]


def _logging(folder: Path, times: int) -> list[Result]:
    with clew_server(_new(folder / "clew")) as server:
        ours = _ask(sys.executable, TIMED, server.url, str(times), folder=folder)
    theirs = [0.0, 0.0]
    if has_peer():
        with mlflow_server(_new(folder / "mlflow")) as server:
            theirs = _ask(str(PEER_PYTHON), TIMED, server.url, str(times), folder=folder)
    return [
        Result(
            name=f"{what} of a small scikit-learn model",
            value=value * 1000,
            unit="ms",
            goal=part * peer * 1000 if peer else None,
            peer=peer * 1000 or None,
            note=f"≤ {part:g} × MLflow; signature out of an input example",
        )
        for what, value, peer, part in zip(("log_model", "load_model"), ours, theirs, (0.2, 0.5), strict=True)
    ]


def _serving(folder: Path, model: str, rounds: int) -> Result:
    rows = {"columns": list("abcd"), "data": [[1.0, 2.0, 3.0, 4.0]] * ROWS}
    request = post("/invocations", json.dumps({"dataframe_split": rows}).encode())

    def speed(server: Server) -> float:
        done, taken = drive(server.port, deal([request] * REQUESTS, CLIENTS))
        return done / taken

    with _scoring(folder / "serve-clew", sys.executable, "clew", model) as ours:
        cases = {"clew": lambda: speed(ours)}
        if not has_peer():
            figures = interleave(cases, rounds)
        else:
            with _scoring(folder / "serve-mlflow", str(PEER_PYTHON), "mlflow", model) as theirs:
                figures = interleave(cases | {"mlflow": lambda: speed(theirs)}, rounds)
    peer = figures.get("mlflow")
    return Result(
        name=f"scoring server, {ROWS} rows a request, {CLIENTS} clients",
        value=figures["clew"],
        unit="req/s",
        goal=5 * peer if peer else None,
        higher=True,
        peer=peer,
        note="≥ 5 × MLflow; the same model, one process each",
    )


def _files(folder: Path, model: str, full: bool) -> list[Result]:
    rows = 5_000_000 if full else 1_000_000
    source, target = str(folder / "rows.parquet"), str(folder / "scores.parquet")
    make = (
        "import sys, numpy as np, pandas as pd\n"
        "n = int(sys.argv[2])\n"
        "pd.DataFrame({c: np.arange(n, dtype='float64') for c in 'abcd'}).to_parquet(sys.argv[1])"
    )
    subprocess.run([sys.executable, "-c", make, source, str(rows)], check=True)
    speed, peak = _ask(sys.executable, SCORED, model, source, target, folder=folder)
    label = f"models predict, {rows:,} rows of Parquet"
    return [
        Result(name=f"{label}: speed", value=speed, unit="rows/s", higher=True),
        Result(name=f"{label}: memory at most", value=peak / 1e6, unit="MB", goal=1000),
    ]


@contextmanager
def _scoring(folder: Path, python: str, library: str, model: str) -> Iterator[Server]:
    """A scoring server of either library."""
    port = free_port()
    command = [python, "-m", library, "models", "serve", "-m", model, "--port", str(port), "--env-manager", "local"]
    # MLflow starts uvicorn by its name.
    path = f"{Path(python).parent}:/usr/bin:/bin"
    with running(command, port, _new(folder), PATH=path) as server:
        yield server


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _ask(python: str, script: str, *arguments: str, folder: Path) -> list[float]:
    done = subprocess.run(
        [python, "-W", "ignore", "-c", script, *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"CLEW_SPOOL": str(folder / "spool"), "CLEW_SNAPSHOT": "0"},
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found
