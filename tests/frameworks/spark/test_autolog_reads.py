"""Autologging of what Spark reads: the sources of queries are inputs of the run in which they ran."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import clew
from clew.client.session import session
from clew.integrations.sparkreads import reads

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]


@pytest.fixture(scope="module")
def place(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of each format with the numbers 0 to 9, and a text."""
    folder = tmp_path_factory.mktemp("reads")
    frame = spark.range(10).coalesce(1)
    frame.write.parquet(str(folder / "pq"))
    frame.write.csv(str(folder / "csv"), header=True)
    frame.write.json(str(folder / "json"))
    (folder / "note.txt").write_text("one\ntwo\n")
    return folder


def told(run_id: str) -> tuple[set[str], list[dict[str, Any]]]:
    """The tag's lines and the inputs' sources, of a run that is over."""
    run = clew.get_run(run_id)
    lines = run.data.tags.get(reads.TAG, "")
    inputs = [entry.dataset for entry in run.inputs.dataset_inputs]
    assert all(entry.tags["mlflow.data.context"] == "read" for entry in run.inputs.dataset_inputs)
    return set(lines.splitlines()), [{**json.loads(d.source), "type": d.source_type, "name": d.name} for d in inputs]


def test_what_a_run_reads_is_its_input(experiment: Any, spark: Any, place: Path) -> None:
    clew.spark.autolog()
    with clew.start_run() as run:
        left = spark.read.parquet(str(place / "pq"))
        right = spark.read.csv(str(place / "csv"), header=True, inferSchema=True)
        assert left.join(right, "id").count() == 10
        assert left.count() == 10
        spark.read.json(str(place / "json")).collect()
        spark.read.text(str(place / "note.txt")).collect()
    lines, sources = told(run.info.run_id)
    assert lines == {
        f"path=file:{place}/pq,format=parquet",
        f"path=file:{place}/csv,format=csv",
        f"path=file:{place}/json,format=json",
        f"path=file:{place}/note.txt,format=text",
    }
    assert {"path": f"file:{place}/pq", "type": "spark", "name": "pq"} in sources
    assert len(sources) == 4


def test_what_was_read_before_belongs_to_the_next_run(experiment: Any, spark: Any, place: Path) -> None:
    clew.autolog()
    frame = spark.read.parquet(str(place / "pq"))
    frame.count()
    spark.sparkContext._jsc.sc().listenerBus().waitUntilEmpty(10_000)
    with clew.start_run() as run:
        spark.range(3).count()
    with clew.start_run() as other:
        pass
    assert told(run.info.run_id)[0] == {f"path=file:{place}/pq,format=parquet"}
    assert told(other.info.run_id) == (set(), [])


def listeners(spark: Any) -> int:
    return len(list(spark._jsparkSession.listenerManager().listListeners()))


def test_a_session_that_comes_later_is_heard_and_none_after_the_end(experiment: Any, spark: Any, place: Path) -> None:
    makers, init, before = list(session.companion_makers), type(spark).__init__, listeners(spark)
    clew.spark.autolog()
    later = spark.newSession()
    with clew.start_run() as run:
        later.read.json(str(place / "json")).count()
    assert told(run.info.run_id)[0] == {f"path=file:{place}/json,format=json"}
    assert type(spark).getActiveSession() is not None  # another object for the same session
    assert (listeners(spark), listeners(later)) == (before + 1, 1)
    clew.spark.autolog(disable=True)
    assert session.companion_makers == makers
    assert type(spark).__init__ is init
    assert (listeners(spark), listeners(later)) == (before, 0)
    with clew.start_run() as run:
        later.read.json(str(place / "json")).count()
        spark.read.json(str(place / "json")).count()
    assert told(run.info.run_id) == (set(), [])


def test_what_spark_tells_late_belongs_to_the_run_that_asked(
    experiment: Any, spark: Any, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each query is looked at long after its run's end began, while the run around it is still open."""
    look = reads.Reads._look

    def slow(self: Any, execution: Any, active: Any) -> None:
        threading.Event().wait(0.3)
        look(self, execution, active)

    monkeypatch.setattr(reads.Reads, "_look", slow)
    clew.spark.autolog()
    with clew.start_run() as outer:
        with clew.start_run(nested=True) as inner:
            spark.read.parquet(str(place / "pq")).count()
        spark.read.json(str(place / "json")).count()
    assert told(inner.info.run_id)[0] == {f"path=file:{place}/pq,format=parquet"}
    assert told(outer.info.run_id)[0] == {f"path=file:{place}/json,format=json"}


def test_a_run_that_was_open_before_and_one_of_a_thread_are_served(experiment: Any, spark: Any, place: Path) -> None:
    with clew.start_run() as run:
        clew.spark.autolog()
        spark.read.parquet(str(place / "pq")).count()
    assert told(run.info.run_id)[0] == {f"path=file:{place}/pq,format=parquet"}
    found = []

    def work() -> None:
        with clew.start_run() as own:
            spark.read.json(str(place / "json")).count()
        found.append(own.info.run_id)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert told(found[0])[0] == {f"path=file:{place}/json,format=json"}


def test_a_training_s_run_has_what_it_read(runs: Any, spark: Any, place: Path) -> None:
    from pyspark.ml.clustering import KMeans
    from pyspark.ml.feature import VectorAssembler

    clew.autolog(log_models=False)
    frame = VectorAssembler(inputCols=["id"], outputCol="features").transform(spark.read.parquet(str(place / "pq")))
    KMeans(k=2, seed=1, maxIter=1).fit(frame)
    (run,) = runs()
    assert run.data.tags[reads.TAG] == f"path=file:{place}/pq,format=parquet"
    contexts = sorted(entry.tags["mlflow.data.context"] for entry in run.inputs.dataset_inputs)
    assert contexts == ["read", "train"]


def test_a_fault_of_ours_harms_neither_query_nor_run(
    experiment: Any, spark: Any, place: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(execution: Any) -> Any:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(reads, "reads_of", broken)
    clew.spark.autolog()
    with clew.start_run() as run:
        assert spark.read.parquet(str(place / "pq")).count() == 10
    assert clew.get_run(run.info.run_id).info.status == "FINISHED"
    assert "a fault of ours" in caplog.text


def test_spark_waits_for_nobody(experiment: Any, spark: Any, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a look that never ends, Spark's events go on, and the run ends."""
    stuck = threading.Event()
    monkeypatch.setattr(reads, "reads_of", lambda execution: stuck.wait(60) and [])
    clew.spark.autolog()
    try:
        with clew.start_run() as run:
            for _ in range(3):
                assert spark.read.parquet(str(place / "pq")).count() == 10
            spark.sparkContext._jsc.sc().listenerBus().waitUntilEmpty(10_000)
        assert clew.get_run(run.info.run_id).info.status == "FINISHED"
    finally:
        stuck.set()


def test_the_process_ends_with_a_session_and_a_run_open(store_uri: str, place: Path, tmp_path: Path) -> None:
    """And before that, a run that outlives its session, and a second session of the same process."""
    script = f"""
import sys
import clew
from pyspark.sql import SparkSession

clew.set_tracking_uri({store_uri!r})
clew.autolog()
clew.set_experiment("ends")
builder = (
    SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.log.level", "OFF")
    .config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
)
for kind in ("json", "parquet"):
    spark = builder.getOrCreate()
    print(clew.start_run().info.run_id, flush=True)
    spark.read.load({str(place)!r} + "/" + {{"json": "json", "parquet": "pq"}}[kind], format=kind).count()
    if kind == "parquet":
        sys.exit(3)
    spark.stop()
    clew.end_run()
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"},
        stdout=subprocess.PIPE,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 3
    clew.set_tracking_uri(store_uri)
    first, second = (clew.get_run(run_id) for run_id in done.stdout.split())
    assert (first.info.status, second.info.status) == ("FINISHED", "FAILED")
    assert first.data.tags[reads.TAG] == f"path=file:{place}/json,format=json"
    assert second.data.tags[reads.TAG] == f"path=file:{place}/pq,format=parquet"
