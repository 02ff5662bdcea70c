"""Spark UDFs: rows scored per CPU-second of the whole program (driver, JVM and Python workers), beside MLflow's.

Run in the environment that has Spark: ``.venv-frameworks/bin/python -m benchmarks spark_udf``. Both score one table by
one model, a forest of ten trees, saved by Clew: once as a model of scikit-learn and once inside a ``PythonModel``.
``--full`` takes 400,000 rows instead of 100,000.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from typing import Any

from benchmarks.processes import PEER_PYTHON, has_peer
from benchmarks.result import Result

COLUMNS = 12
PASSES = 5
WARM_UP = 12
"""Passes before those that count: so long the JVM still compiles its own code, which costs more than the rows."""
KINDS = ("python", "sklearn")
SAVED = """
import sys
import clew
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier


class Probability(clew.pyfunc.PythonModel):
    def __init__(self, forest):
        self.forest = forest

    def predict(self, context, model_input, params=None):
        return self.forest.predict_proba(model_input)[:, 1]


random = np.random.default_rng(0)
X = pd.DataFrame(random.normal(size=(4000, int(sys.argv[2]))), columns=[f"c{i}" for i in range(int(sys.argv[2]))])
forest = RandomForestClassifier(10, random_state=0, n_jobs=1).fit(X, X["c0"] + X["c1"] > 0)
signature = clew.models.infer_signature(X, forest.predict_proba(X)[:, 1])
more = {"pyfunc_predict_fn": "predict_proba", "serialization_format": "pickle"}
clew.sklearn.save_model(forest, f"{sys.argv[1]}/sklearn", signature=signature, **more)
clew.pyfunc.save_model(f"{sys.argv[1]}/python", python_model=Probability(forest), signature=signature)
"""
SCORED = """
import json, os, sys, time
sys.path.append(sys.argv[4])
os.environ["PYSPARK_PYTHON"] = sys.executable
sys.modules["__main__"].__file__ = "benchmark.py"
try:
    import mlflow
    more = {}
except ImportError:
    import clew as mlflow
    more = {"trust": "pickle"}
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

folder, rows, columns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
spark = (
    SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").config("spark.log.level", "ERROR")
    .config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1").getOrCreate()
)
values = [(F.rand(seed=i) * 2 - 1).alias(f"c{i}") for i in range(columns)]
table = spark.range(rows).select(*values).repartition(4).cache()
table.count()


def cpu():
    '''CPU seconds of this process and all below it: (all, of Python workers).'''
    tick, parents, used = os.sysconf("SC_CLK_TCK"), {}, {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as file:
                name, rest = file.read().rsplit(")", 1)
        except OSError:
            continue
        fields = rest.split()
        parents[int(pid)] = int(fields[1])
        used[int(pid)] = (name.partition("(")[2], sum(map(int, fields[11:15])) / tick)
    total = workers = 0.0
    for pid, (name, seconds) in used.items():
        above = pid
        while above not in (0, os.getpid()):
            above = parents.get(above, 0)
        if above:
            total += seconds
            workers += seconds if pid != os.getpid() and "java" not in name else 0.0
    return total, workers


def ask(score):
    # A new query each time: of one that was asked before, Spark keeps what its stages found.
    return table.select(score(F.struct(*table.columns)).alias("p")).agg(F.sum("p")).collect()[0][0]


told = {}
for kind in sys.argv[6:]:
    begin = cpu()
    score = mlflow.pyfunc.spark_udf(spark, f"{folder}/{kind}", result_type="double", **more)
    ask(score)
    found = told[kind] = {"cold": cpu()[0] - begin[0], "passes": []}
    for _ in range(int(sys.argv[5])):
        before, started = cpu(), time.perf_counter()
        found["answer"] = ask(score)
        after = cpu()
        found["passes"].append([time.perf_counter() - started, after[0] - before[0], after[1] - before[1]])
print(json.dumps(told))
"""


def run(*, full: bool) -> list[Result]:
    if importlib.util.find_spec("pyspark") is None:
        raise SystemExit(
            "spark_udf needs the environment with Spark: .venv-frameworks/bin/python -m benchmarks spark_udf"
        )
    rows = 400_000 if full else 100_000
    results = []
    with tempfile.TemporaryDirectory() as place:
        subprocess.run([sys.executable, "-W", "ignore", "-c", SAVED, place, str(COLUMNS)], check=True, cwd=place)
        ours = _score(sys.executable, place, rows)
        peer = _score(str(PEER_PYTHON), place, rows) if has_peer() else {}
        for kind in KINDS:
            theirs = peer.get(kind)
            if theirs is not None and abs(theirs["answer"] - ours[kind]["answer"]) > 1e-6 * rows:
                raise SystemExit("the two disagree about the predictions")
            results += _results(kind, rows, ours[kind], theirs)
    return results


def _score(python: str, place: str, rows: int) -> dict[str, dict[str, float]]:
    """By kind the medians of the warm passes: rows per CPU-second, of all and of the workers; and the first pass."""
    arguments = [place, str(rows), str(COLUMNS), sysconfig.get_path("purelib"), str(WARM_UP + PASSES), *KINDS]
    done = subprocess.run(
        [python, "-W", "ignore", "-c", SCORED, *arguments],
        cwd=place,
        env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    told = json.loads(done.stdout.splitlines()[-1])
    return {kind: _figures(found, rows) for kind, found in told.items()}


def _figures(found: dict[str, Any], rows: int) -> dict[str, float]:
    wall, cpu, workers = (sorted(values)[len(values) // 2] for values in zip(*found["passes"][WARM_UP:], strict=True))
    figures = {"rate": rows / cpu, "workers": rows / max(workers, 0.01), "wall": rows / wall}
    return {**figures, "cold": found["cold"], "answer": found["answer"]}


def _results(kind: str, rows: int, ours: dict[str, float], theirs: dict[str, float] | None) -> list[Result]:
    def result(name: str, key: str, unit: str, goal: float | None = None, higher: bool = True) -> Result:
        peer = theirs[key] if theirs else None
        wanted = goal * peer if goal and peer else None
        return Result(
            name=f"Spark UDF, {kind} model, {name}",
            value=ours[key],
            unit=unit,
            goal=wanted,
            higher=higher,
            peer=peer,
            note=f"{rows:,} rows × {COLUMNS} columns, local[2]",
        )

    return [
        result("warm", "rate", "rows per CPU-second", 1.5),
        result("warm, Python workers alone", "workers", "rows per CPU-second"),
        result("warm", "wall", "rows/s"),
        result("first pass", "cold", "CPU-seconds", higher=False),
    ]
