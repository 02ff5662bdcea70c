"""One run, however its work is divided: threads, forked and spawned processes, programs, tasks of other packages."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pickle
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

import clew
from clew.client import notice
from clew.client.session import session
from hosts import eventually

pytestmark = pytest.mark.usefixtures("store")


def in_thread(work: Callable[[], object]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result(60)


def all_runs() -> list[str]:
    return [run.info.run_id for run in clew.search_runs(output_format="list", search_all_experiments=True)]


def steps_of(run_id: str, key: str) -> list[int]:
    return sorted(m.step for m in clew.get_metric_history(run_id, key))


# -- threads --------------------------------------------------------------------------------


def test_a_thread_logs_to_the_run_of_the_script() -> None:
    with clew.start_run() as run:
        thread = threading.Thread(target=lambda: clew.log_metrics({"thread": 1.0}))
        thread.start()
        thread.join()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: clew.log_metric("pool", float(n), step=n), range(100)))
            list(pool.map(lambda n: clew.log_param(f"p{n}", n), range(4)))
        in_thread(lambda: clew.end_run())  # it is not the thread's to end
        in_thread(lambda: clew.log_text("from a thread", "note.txt"))
    got = clew.get_run(run.info.run_id)
    assert got.info.status == "FINISHED"
    assert got.data.metrics["thread"] == 1.0
    assert got.data.params == {f"p{n}": str(n) for n in range(4)}
    assert steps_of(run.info.run_id, "pool") == list(range(100))
    assert clew.artifacts.load_text(f"runs:/{run.info.run_id}/note.txt") == "from a thread"
    assert all_runs() == [run.info.run_id]


def test_a_thread_follows_the_script_from_run_to_run() -> None:
    with ThreadPoolExecutor(1) as pool:
        ids = []
        for number in range(3):
            with clew.start_run() as run:
                for step in range(2):
                    pool.submit(clew.log_metric, "n", float(number), step).result(60)
                ids.append(run.info.run_id)
    assert [clew.get_run(i).data.metrics for i in ids] == [{"n": 0.0}, {"n": 1.0}, {"n": 2.0}]
    assert len(all_runs()) == 3


def test_a_thread_that_outlives_the_run_begins_no_other() -> None:
    with ThreadPoolExecutor(1) as pool:
        with clew.start_run() as run:
            pool.submit(clew.log_metric, "load", 1.0, 1).result(60)
        pool.submit(clew.log_metric, "load", 2.0, 2).result(60)
        assert pool.submit(clew.active_run).result(60) is None
    assert steps_of(run.info.run_id, "load") == [1, 2]
    assert clew.get_run(run.info.run_id).info.status == "FINISHED"
    assert all_runs() == [run.info.run_id]


def test_a_nested_run_of_a_thread_is_a_child_of_the_script_s_run() -> None:
    def trial(number: int) -> str:
        with clew.start_run(nested=True, run_name=f"trial-{number}") as child:
            clew.log_metric("loss", number / 10)
        return child.info.run_id

    with clew.start_run() as parent, ThreadPoolExecutor(4) as pool:
        children = list(pool.map(trial, range(8)))
        assert clew.active_run() is not None
    for number, child in enumerate(children):
        got = clew.get_run(child)
        assert got.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert (got.info.status, got.data.metrics) == ("FINISHED", {"loss": number / 10})
    assert clew.get_run(parent.info.run_id).data.metrics == {}


def test_threads_without_any_run_begin_one_together() -> None:
    barrier = threading.Barrier(4)

    def work(number: int) -> None:
        barrier.wait(30)
        clew.log_metric("n", float(number), step=number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    (run_id,) = all_runs()
    assert steps_of(run_id, "n") == [0, 1, 2, 3]
    for active in session.take_all():
        session.end(active, "FINISHED")


def test_threads_do_not_guess_among_several_runs() -> None:
    async def both() -> list[str]:
        async def task() -> str:
            with clew.start_run(nested=True) as run:
                await both_open.wait()
                clew.log_metric("own", 1.0)
                await asyncio.get_running_loop().run_in_executor(None, clew.log_metric, "shared", 1.0)
                return run.info.run_id

        both_open = asyncio.Barrier(2)
        return await asyncio.gather(task(), task())

    with clew.start_run() as outer:
        ids = asyncio.run(both())
    assert [clew.get_run(i).data.metrics for i in ids] == [{"own": 1.0}, {"own": 1.0}]
    assert clew.get_run(outer.info.run_id).data.metrics == {"shared": 1.0}


def test_a_run_may_be_ended_by_another_thread() -> None:
    run = clew.start_run()
    in_thread(lambda: run.__exit__(None, None, None))
    assert clew.get_run(run.info.run_id).info.status == "FINISHED"
    with clew.start_run() as again:  # the first one is no longer in the way
        assert again.info.run_id != run.info.run_id


# -- a context, carried by hand ---------------------------------------------------------------


def test_a_context_is_small_and_tells_no_secret() -> None:
    clew.set_tracking_uri("http://user:hunter2@127.0.0.1:9/")
    context = clew.run_context()
    packed = pickle.dumps(context)
    assert b"hunter2" not in packed
    assert len(packed) < 1000
    assert "hunter2" not in repr(context)
    assert "hunter2" not in repr(context.environment())
    assert pickle.loads(packed).tracking_uri == "http://user@127.0.0.1:9"
    assert context.run_id is None


def test_a_context_names_an_experiment_that_only_the_journal_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEW_OFFLINE", "1")
    monkeypatch.setenv("CLEW_TRACKING_URI", "http://127.0.0.1:9")
    clew.set_experiment("unborn")
    with clew.start_run():
        context = clew.run_context()
    assert (context.experiment_id, context.environment()["CLEW_EXPERIMENT_NAME"]) == ("", "unborn")
    monkeypatch.setenv("CLEW_EXPERIMENT_NAME", "another")
    clew.set_experiment("another")
    with context, clew.start_run(nested=True):
        assert clew.run_context().environment()["CLEW_EXPERIMENT_NAME"] == "unborn"


def test_work_in_a_context_belongs_to_the_run_and_does_not_end_it() -> None:
    clew.set_experiment("trials")
    with clew.start_run() as run:
        context = pickle.loads(pickle.dumps(clew.run_context()))

    def work() -> None:
        clew.set_experiment("of the process")
        with clew.start_run():
            pass
        with context:
            clew.log_metric("late", 1.0)
            clew.end_run()
            assert clew.active_run() is not None
            with clew.start_run(nested=True) as child:
                clew.log_param("lr", 0.1)
            left_open = clew.start_run(nested=True)
        assert clew.active_run() is None
        ids.extend([child.info.run_id, left_open.info.run_id])

    ids: list[str] = []
    in_thread(work)
    experiment = clew.get_experiment_by_name("trials")
    assert experiment is not None
    for child in map(clew.get_run, ids):
        assert child.info.status == "FINISHED"
        assert child.info.experiment_id == experiment.experiment_id
        assert child.data.tags["mlflow.parentRunId"] == run.info.run_id
    assert clew.get_run(run.info.run_id).data.metrics == {"late": 1.0}
    assert clew.get_run(run.info.run_id).info.status == "FINISHED"


def test_a_context_in_the_run_s_own_thread_changes_nothing() -> None:
    with clew.start_run() as run:
        with clew.run_context():
            clew.log_metric("x", 1.0)
            with pytest.raises(ZeroDivisionError), clew.run_context():
                _ = 1 / 0
        clew.log_metric("y", 1.0)
    assert clew.get_run(run.info.run_id).data.metrics == {"x": 1.0, "y": 1.0}
    assert clew.get_run(run.info.run_id).info.status == "FINISHED"


def test_generators_and_coroutines_are_inside_while_they_run() -> None:
    def batches(numbers: Iterator[int]) -> Iterator[int]:
        for number in numbers:
            clew.log_metric("batch", float(number), step=number)
            yield number * 2

    async def later(number: int) -> int:
        await asyncio.sleep(0)
        clew.log_metric("later", float(number))
        return number

    with clew.start_run() as run:
        context = clew.run_context()

    def work() -> None:
        seen = []
        for item in context.wrap(batches)(iter(range(3))):
            assert clew.active_run() is None  # its reader is outside
            seen.append(item)
        assert seen == [0, 2, 4]
        assert asyncio.run(context.wrap(later)(7)) == 7

    in_thread(work)
    assert steps_of(run.info.run_id, "batch") == [0, 1, 2]
    assert clew.get_run(run.info.run_id).data.metrics["later"] == 7.0
    assert context.wrap(batches).__name__ == "batches"
    assert all_runs() == [run.info.run_id]


def test_a_nested_run_without_a_parent_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        with clew.start_run(nested=True) as run:
            pass
        assert "mlflow.parentRunId" not in clew.get_run(run.info.run_id).data.tags
    assert [r.message for r in caplog.records if "clew.run_context()" in r.message] != []
    assert len(caplog.records) == 1
    notice._told.clear()


# -- processes --------------------------------------------------------------------------------


def log_items(numbers: list[int]) -> list[str]:
    """What a worker of a pool does: points of each item, and a child run for the first."""
    for number in numbers:
        clew.log_metric("item", number / 2, step=number)
        clew.log_metrics({"a": 1.0, "b": 2.0}, step=number)
    clew.log_param(f"worker-{numbers[0]}", os.getpid())
    with clew.start_run(nested=True) as child:
        clew.log_metric("own", float(numbers[0]))
    return [child.info.run_id]


def check_items(run_id: str, children: list[str]) -> None:
    for key in ("item", "a", "b"):  # reads wait for what workers wrote
        assert steps_of(run_id, key) == list(range(400))
    got = clew.get_run(run_id)
    assert got.info.status == "FINISHED"
    assert len([p for p in got.data.params if p.startswith("worker-")]) == 4
    for child in map(clew.get_run, children):
        assert (child.info.status, child.data.tags["mlflow.parentRunId"]) == ("FINISHED", run_id)
    assert set(all_runs()) == {run_id, *children}
    assert "clew.conflicts" not in got.data.tags


@pytest.mark.parametrize("method", ["fork", "spawn", pytest.param("forkserver", marks=pytest.mark.slow)])
def test_a_pool_of_processes_logs_into_one_run(method: str) -> None:
    parts = [list(range(first, first + 100)) for first in range(0, 400, 100)]
    with clew.start_run() as run:
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(2 if method != "fork" else 4, mp_context=context) as pool:
            children = [child for part in pool.map(log_items, parts) for child in part]
    check_items(run.info.run_id, children)


def test_a_process_that_was_started_before_the_run_takes_its_context_with_the_task() -> None:
    parts = [list(range(first, first + 100)) for first in range(0, 400, 100)]
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        list(pool.map(abs, range(8)))  # it starts its processes now
        with clew.start_run() as run:
            work = clew.run_context().wrap(log_items)
            children = [child for part in pool.map(work, parts) for child in part]
    check_items(run.info.run_id, children)


RANKS = """
import os, sys
import clew

def rank(number):
    for step in range(500):
        clew.log_metric("loss", number + step / 1000, step=step)
        clew.log_metric(f"rank-{number}", step, step=step)
    clew.log_param(f"rank-{number}", number)

with clew.start_run() as run:
    pids = []
    for number in range(4):
        pid = os.fork()
        if pid == 0:
            rank(number)
            os._exit(0)
        pids.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * 4
print(run.info.run_id)
"""


def test_four_forked_ranks_log_into_one_run_without_loss() -> None:
    done = subprocess.run([sys.executable, "-c", RANKS], capture_output=True, text=True, check=True, timeout=120)
    run_id = done.stdout.split()[-1]
    eventually(lambda: len(clew.get_run(run_id).data.params) == 4)
    for number in range(4):
        assert steps_of(run_id, f"rank-{number}") == list(range(500))
    values = [m.value for m in clew.get_metric_history(run_id, "loss")]
    assert sorted(values) == sorted(n + s / 1000 for n in range(4) for s in range(500))
    assert all_runs() == [run_id]


LATE = """
import clew

def work():
    clew.log_metric("late", 1.0)

if __name__ == "__main__":
    with clew.start_run() as run:
        import multiprocessing  # after the run has begun

        process = multiprocessing.get_context("spawn").Process(target=work)
        process.start()
        process.join()
    print(run.info.run_id)
"""


def test_multiprocessing_may_be_imported_late(tmp_path: Path) -> None:
    script = tmp_path / "late.py"
    script.write_text(LATE)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, timeout=120)
    run_id = done.stdout.split()[-1]
    assert clew.get_run(run_id).data.metrics == {"late": 1.0}
    assert all_runs() == [run_id]


LOADER = """
import multiprocessing, sys
import clew

def fetch(todo, ready):
    for index in iter(todo.get, None):
        clew.log_metric("fetched", index * 0.5, step=index)
        ready.put(index)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with clew.start_run() as run:
        todo, ready = context.Queue(), context.Queue()
        workers = [context.Process(target=fetch, args=(todo, ready), daemon=True) for _ in range(3)]
        for worker in workers:
            worker.start()
        for index in range(300):
            todo.put(index)
        for step in range(300):
            clew.log_metric("trained", ready.get(), step=step)
        for worker in workers:
            if sys.argv[2] == "kill":
                worker.kill()
            else:
                todo.put(None)
        for worker in workers:
            worker.join()
    print(run.info.run_id)
"""


@pytest.mark.parametrize(
    ("method", "end"),
    [
        ("fork", "kill"),
        ("spawn", "join"),
        pytest.param("fork", "join", marks=pytest.mark.slow),
        pytest.param("spawn", "kill", marks=pytest.mark.slow),
    ],
)
def test_workers_of_a_loader_log_into_one_run_without_loss(method: str, end: str, tmp_path: Path) -> None:
    script = tmp_path / "loader.py"
    script.write_text(LOADER)
    done = subprocess.run(
        [sys.executable, str(script), method, end], capture_output=True, text=True, check=True, timeout=120
    )
    run_id = done.stdout.split()[-1]
    eventually(lambda: steps_of(run_id, "fetched") == list(range(300)))
    assert steps_of(run_id, "trained") == list(range(300))
    assert clew.get_run(run_id).info.status == "FINISHED"
    assert all_runs() == [run_id]


PROGRAM = """
import clew
clew.log_metric("program", 1.0)
with clew.start_run(nested=True) as child:
    pass
clew.end_run()  # its own run; never the one for which it works
with clew.start_run() as own:
    pass
print(child.info.run_id, own.info.run_id)
"""


def test_a_program_works_for_the_run_only_where_it_is_told_to() -> None:
    clew.set_experiment("programs")
    with clew.start_run() as run:
        told = {**os.environ, **clew.run_context().environment()}
        outputs = [
            subprocess.run([sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, check=True).stdout
            for env in (told, dict(os.environ))
        ]
    (child, own), (stranger, _) = [[clew.get_run(i) for i in output.split()[-2:]] for output in outputs]
    assert child.data.tags["mlflow.parentRunId"] == run.info.run_id
    assert "mlflow.parentRunId" not in own.data.tags
    assert own.info.experiment_id == run.info.experiment_id
    assert "mlflow.parentRunId" in stranger.data.tags  # inside the run that its own log call began
    assert stranger.data.tags["mlflow.parentRunId"] != run.info.run_id
    assert clew.get_run(run.info.run_id).data.metrics == {"program": 1.0}


def test_the_run_to_resume_is_not_handed_on_to_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    with clew.start_run() as run:
        pass
    monkeypatch.setenv("CLEW_RUN_ID", run.info.run_id)
    code = "import clew\nwith clew.start_run() as run: print(run.info.run_id)"
    with clew.start_run() as resumed:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert clew.get_run(run.info.run_id).info.status == "RUNNING"
    assert resumed.info.run_id == run.info.run_id
    assert done.stdout.split()[0] != run.info.run_id


JOBLIB = """
import sys
import clew
from joblib import Parallel, delayed

def trial(number):
    clew.log_metric("trials", number, step=number)
    with clew.start_run(nested=True, run_name=f"trial-{number}") as child:
        clew.log_metric("loss", number / 10)
    return child.info.run_id

if __name__ == "__main__":
    for _ in range(2):  # the second run finds the workers of the first
        with clew.start_run() as run:
            work = delayed(clew.run_context().wrap(trial))
            children = Parallel(n_jobs=2, backend=sys.argv[1])(work(n) for n in range(4))
        print(run.info.run_id, *children)
"""


@pytest.mark.parametrize(
    "backend", ["loky", *(pytest.param(b, marks=pytest.mark.slow) for b in ("threading", "sequential"))]
)
def test_joblib_s_tasks_are_children_of_the_run(backend: str, tmp_path: Path) -> None:
    pytest.importorskip("joblib")
    script = tmp_path / "trials.py"
    script.write_text(JOBLIB)
    done = subprocess.run([sys.executable, str(script), backend], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        parent, *children = line.split()
        assert len(set(children)) == 4
        for number, child in enumerate(map(clew.get_run, children)):
            assert child.data.tags["mlflow.parentRunId"] == parent
            assert (child.info.status, child.data.metrics) == ("FINISHED", {"loss": number / 10})
            assert child.data.tags["mlflow.source.name"].endswith("trials.py")
        assert steps_of(parent, "trials") == [0, 1, 2, 3]


FOREIGN = """
import cloudpickle, sys
task, argument = cloudpickle.load(open(sys.argv[1], "rb"))
print(task(argument))
"""


def test_a_task_pickled_as_clusters_do_it_runs_in_a_foreign_process(
    store: str, tmp_path: Path, own_session: Path
) -> None:
    cloudpickle = pytest.importorskip("cloudpickle")
    source = textwrap.dedent(
        """
        def objective(lr):
            import clew
            clew.log_metric("objective", lr)
            with clew.start_run(nested=True) as child:
                clew.log_param("lr", lr)
            return child.info.run_id
        """
    )
    scope: dict[str, Callable[[float], str]] = {}
    exec(source, scope)
    with clew.start_run() as run:
        packed = cloudpickle.dumps((clew.run_context().wrap(scope["objective"]), 0.25))
    (tmp_path / "task.pkl").write_bytes(packed)
    bare = {k: v for k, v in os.environ.items() if k != "CLEW_TRACKING_URI"}
    done = subprocess.run(
        [sys.executable, "-c", FOREIGN, str(tmp_path / "task.pkl")],
        env=bare,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    child = clew.get_run(done.stdout.split()[-1])
    assert child.data.tags["mlflow.parentRunId"] == run.info.run_id
    assert clew.get_run(run.info.run_id).data.metrics == {"objective": 0.25}
