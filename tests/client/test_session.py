"""Which run is active where: threads, tasks, notebook cells, forked children."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
import types
from concurrent.futures import ThreadPoolExecutor

import pytest

import clew

pytestmark = pytest.mark.usefixtures("store")


def run_id() -> str | None:
    run = clew.active_run()
    return run.info.run_id if run else None


def test_threads_have_runs_of_their_own() -> None:
    barrier = threading.Barrier(3)

    def work(number: int) -> str:
        with clew.start_run(run_name=f"t{number}") as run:
            barrier.wait(30)
            clew.log_metric("n", float(number))
            barrier.wait(30)
            assert run_id() == run.info.run_id
        return run.info.run_id

    with clew.start_run() as outer, ThreadPoolExecutor(3) as pool:
        ids = list(pool.map(work, range(3)))
        assert run_id() == outer.info.run_id
    assert [clew.get_run(i).data.metrics for i in ids] == [{"n": 0.0}, {"n": 1.0}, {"n": 2.0}]
    assert clew.get_run(outer.info.run_id).data.metrics == {}


def test_tasks_have_runs_of_their_own() -> None:
    async def work(number: int) -> str:
        with clew.start_run() as run:
            await asyncio.sleep(0)
            clew.log_metric("n", float(number))
            await asyncio.sleep(0)
            assert run_id() == run.info.run_id
        return run.info.run_id

    async def both() -> list[str]:
        return await asyncio.gather(work(1), work(2))

    ids = asyncio.run(both())
    assert [clew.get_run(i).data.metrics for i in ids] == [{"n": 1.0}, {"n": 2.0}]


def test_notebook_cells_share_the_run_though_each_has_its_own_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel.kernelapp", types.ModuleType("kernelapp"))
    first = contextvars.copy_context().run(clew.start_run)
    contextvars.copy_context().run(clew.log_metric, "x", 1.0)
    assert run_id() == first.info.run_id
    contextvars.copy_context().run(clew.end_run)
    assert run_id() is None
    assert clew.get_run(first.info.run_id).data.metrics == {"x": 1.0}


def test_ipykernel_in_a_script_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """PySpark imports it where it is installed, in the midst of a run."""
    clew.start_run()
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    clew.end_run()
    assert run_id() is None


def test_runs_end_from_the_inside_out() -> None:
    ids = [clew.start_run(nested=True).info.run_id for _ in range(3)]
    for expected in reversed(ids):
        assert run_id() == expected
        clew.end_run()
    assert run_id() is None
    clew.end_run()
