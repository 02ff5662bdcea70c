"""Tasks of a Dask cluster work for the run: joblib's by themselves, Dask's own by a context."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from joblib import Parallel, delayed, parallel_config

import clew
from clew.entities.run import Run, RunStatus

pytestmark = [pytest.mark.frameworks, pytest.mark.filterwarnings("ignore")]

Runs = Callable[[], list[Run]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A cluster of two workers, processes of their own, started before any run."""
    from dask.distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as local,
        Client(local) as client,
    ):
        yield client


def trial(number: int) -> int:
    import clew as here

    with here.start_run(nested=True, run_name=f"trial-{number}"):
        here.log_param("pid", os.getpid())
        here.log_metric("loss", number / 10)
    return number * 2


def check(runs: Runs, parent: str, count: int) -> None:
    found = {run.info.run_name: run for run in runs()}
    assert set(found) == {"mine", *(f"trial-{n}" for n in range(count))}
    for number in range(count):
        child = found[f"trial-{number}"]
        assert child.data.tags["mlflow.parentRunId"] == parent
        assert child.data.params["pid"] != str(os.getpid())
        assert (child.info.status, child.data.metrics["loss"]) == (RunStatus.FINISHED, number / 10)


def test_joblibs_tasks_take_the_run_to_the_cluster(runs: Runs, cluster: Any) -> None:
    clew.autolog()
    with clew.start_run(run_name="mine") as mine, parallel_config(backend="dask"):
        assert Parallel(n_jobs=2)(delayed(trial)(n) for n in range(3)) == [0, 2, 4]
    check(runs, mine.info.run_id, 3)


def test_dasks_own_tasks_are_wrapped(runs: Runs, cluster: Any) -> None:
    with clew.start_run(run_name="mine") as mine:
        work = clew.run_context().wrap(trial)
        assert cluster.gather([cluster.submit(work, n, pure=False) for n in range(2)]) == [0, 2]
    check(runs, mine.info.run_id, 2)
