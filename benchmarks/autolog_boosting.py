"""What autologging adds to a training, beside MLflow's; each client with its own server.

The trainings are the same for both and take turns with bare ones in one process. The first of each kind, which also
imports what is needed, is not counted. ``--full`` repeats more often.

What autologging adds to boosting is taken from the time outside of the library's own rounds, evaluations and reading
of data, which are the same with and without it; the medians of the whole trainings are told beside it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from benchmarks.processes import PEER_PYTHON, ROOT, clew_server, has_peer, mlflow_server
from benchmarks.result import Result

FRAMEWORKS_PYTHON = ROOT / ".venv-frameworks" / "bin" / "python"
ROUNDS = 500
SMALL = (
    ("a small scikit-learn fit", "Lasso"),
    ("a small fit of a classifier, with its three figures", "a tree of depth 3"),
)
SCRIPT = """
import json, logging, sys, time, warnings
sys.path += sys.argv[4:]
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
try:
    import mlflow
except ImportError:
    import clew as mlflow
import numpy as np
from sklearn.datasets import load_diabetes, make_regression
from sklearn.linear_model import Lasso
from sklearn.tree import DecisionTreeClassifier
from workclock import WorkClock

url, times, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
mlflow.set_tracking_uri(url)
mlflow.set_experiment("autolog")
small, target = load_diabetes(return_X_y=True)
X, y = make_regression(40_000, 30, noise=1.0, random_state=0)

def lasso():
    Lasso().fit(small, target)

def tree():
    DecisionTreeClassifier(max_depth=3).fit(small, target > 140)

clock = WorkClock()

def boosted_by_xgboost():
    import xgboost
    clock.watch(xgboost.Booster, "update", "eval_set")
    train, valid = xgboost.DMatrix(X[:30_000], y[:30_000]), xgboost.DMatrix(X[30_000:], y[30_000:])
    params = {"max_depth": 6, "eta": 0.1, "nthread": 1}
    return lambda: xgboost.train(params, train, rounds, evals=[(valid, "valid")], verbose_eval=False)

def boosted_by_lightgbm():
    import lightgbm
    clock.watch(lightgbm.Booster, "update", "eval_valid")
    clock.watch(lightgbm.Dataset, "construct")
    def train():
        data = lightgbm.Dataset(X[:30_000], y[:30_000])
        valid = lightgbm.Dataset(X[30_000:], y[30_000:], reference=data)
        params = {"num_leaves": 63, "learning_rate": 0.1, "num_threads": 1, "verbose": -1}
        lightgbm.train(params, data, rounds, valid_sets=[valid])
    return train

def timed(work):
    start, inside = time.perf_counter(), clock.seconds
    work()
    whole = time.perf_counter() - start
    return whole, whole - (clock.seconds - inside)

def compare(work, times):
    bare, logged = [], []
    for turn in range(times + 1):
        mlflow.autolog(disable=True)
        first = timed(work)
        mlflow.autolog()
        second = timed(work)
        if turn:
            bare.append(first)
            logged.append(second)
    return [*map(float, np.median(bare, axis=0)), *map(float, np.median(logged, axis=0))]

found = [compare(lasso, 2 * times), compare(tree, 2 * times)]
found += [compare(boosted_by_xgboost(), times), compare(boosted_by_lightgbm(), times)]
print(json.dumps(found))
"""


def run(*, full: bool) -> list[Result]:
    if not FRAMEWORKS_PYTHON.exists():
        print("autolog_boosting: left out, since .venv-frameworks is missing (make frameworks)", file=sys.stderr)
        return []
    times = 9 if full else 3
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with clew_server(_new(folder / "clew")) as server:
            ours = _ask(str(FRAMEWORKS_PYTHON), server.url, times, folder)
        theirs = None
        if has_peer():
            with mlflow_server(_new(folder / "mlflow")) as server:
                theirs = _ask(str(PEER_PYTHON), server.url, times, folder)
    small = zip(SMALL, ours, theirs or (None,) * len(SMALL), strict=False)
    return [*(_small(kind, mine, peer) for kind, mine, peer in small), *_boosted(ours, theirs)]


def _small(kind: tuple[str, str], ours: list[float], theirs: list[float] | None) -> Result:
    bare, _, logged, _ = (1000 * value for value in ours)
    peer = 1000 * (theirs[2] - theirs[0]) if theirs else None
    return Result(
        name=f"autologging adds to {kind[0]}",
        value=logged - bare,
        unit="ms",
        goal=peer / 5 if peer else None,
        peer=peer,
        note=f"{kind[1]} on 442 × 10, {bare:.2g} ms bare; with model, dataset and metrics; ≤ ⅕ of MLflow's",
    )


def _boosted(ours: list[list[float]], theirs: list[list[float]] | None) -> list[Result]:
    found = []
    for place, name in ((2, "XGBoost"), (3, "LightGBM")):
        bare, _, logged, _ = ours[place]
        whole = f"whole trainings: {bare:.2f} s bare, {logged:.2f} s logged"
        found.append(
            Result(
                name=f"autologging adds to {ROUNDS} rounds of {name}",
                value=_percent(ours[place]),
                unit="%",
                goal=3.0,
                peer=_percent(theirs[place]) if theirs else None,
                note=f"30,000 × 30, one evaluation set; {whole}; ≤ 3 %",
            )
        )
    return found


def _percent(times: list[float]) -> float:
    bare, bare_outside, _, logged_outside = times
    return 100 * (logged_outside - bare_outside) / bare


def _ask(python: str, url: str, times: int, folder: Path) -> list[list[float]]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("CLEW_", "MLFLOW_"))}
    environ |= {"CLEW_SPOOL": str(folder / "spool"), "CLEW_SNAPSHOT": "0", "PYTHONPATH": str(ROOT / "src")}
    packages = sysconfig.get_path("purelib", vars={"base": str(FRAMEWORKS_PYTHON.parents[1])})
    done = subprocess.run(
        [python, "-c", SCRIPT, url, str(times), str(ROUNDS), packages, str(Path(__file__).parent)],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder
