"""One Spark session and one embedded store for the folder, and autologging that is off again after each test."""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import clew
from clew.client import host
from clew.client.link import forget_links
from clew.client.session import session
from clew.entities.experiment import Experiment
from clew.entities.run import Run

_numbers = itertools.count(1)
REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Spark of two cores in this process' Python, its files in a folder of its own."""
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYTHONPATH", os.pathsep.join([str(REPOSITORY / "src"), os.environ.get("PYTHONPATH", "")]))
        made = (
            SparkSession.builder.master("local[2]")
            .appName("clew-tests")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
            .config("spark.local.dir", str(folder / "local"))
            .config("spark.sql.session.timeZone", "Europe/Berlin")
            .config("spark.log.level", "ERROR")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate()
        )
        yield made
        gateway = made.sparkContext._gateway
        made.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(30)


@pytest.fixture(scope="session")
def store_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URI of an embedded store; its host ends with the session."""
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLEW_SPOOL", str(folder / "spool"))
        patch.setenv("CLEW_SNAPSHOT", "0")
        patch.setenv("CLEW_SHIPPER", "thread")
        patch.setenv("CLEW_HOST_IDLE_S", "120")
        yield f"sqlite:///{folder / '.clew' / 'clew.db'}"
        forget_links()
        _end_host(folder / ".clew" / "host.json")


def _end_host(note: Path) -> None:
    if note.exists():
        try:
            os.kill(json.loads(note.read_text())["pid"], signal.SIGTERM)
        except ProcessLookupError:
            pass
    for child in host._children:
        child.wait(20)


@pytest.fixture
def experiment(store_uri: str) -> Iterator[Experiment]:
    """The experiment that this test's runs go to."""
    clew.set_tracking_uri(store_uri)
    yield clew.set_experiment(f"spark-{next(_numbers)}")
    while clew.active_run() is not None:
        clew.end_run()
    session.tracking_uri = session.experiment_id = session.experiment_name = None


@pytest.fixture
def runs(experiment: Experiment) -> Callable[[], list[Run]]:
    """All runs of the test's experiment, the oldest first."""

    def search() -> list[Run]:
        found = clew.search_runs([experiment.experiment_id], output_format="list")
        assert isinstance(found, list)
        return sorted(found, key=lambda run: run.info.start_time)

    return search


@pytest.fixture(scope="session")
def peer_python() -> str:
    """The interpreter that has MLflow."""
    path = REPOSITORY / ".venv-mlflow" / "bin" / "python"
    if not path.exists():
        pytest.skip("no .venv-mlflow beside the repository: `make peer` builds it")
    return str(path)
