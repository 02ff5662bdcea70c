"""How runs end, whoever ends them: blocks, exceptions, exits, signals; the rest is seen in tests/interop."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import FrameType

import pytest

import clew
from clew.client import ending, failure
from clew.client.outcome import outcome_of
from clew.entities.run import Run, RunStatus
from hosts import eventually

pytestmark = pytest.mark.usefixtures("store")


def kept_errors(run_id: str) -> list[str]:
    files = clew.artifacts.list_artifacts(run_id=run_id, artifact_path=failure.FOLDER)
    return [clew.artifacts.load_text(f"runs:/{run_id}/{file.path}") for file in files]


def failing(error: BaseException) -> Run:
    """A run whose block raises."""
    with pytest.raises(type(error)), clew.start_run() as run:
        raise error
    return clew.get_run(run.info.run_id)


def test_a_failure_is_kept_with_its_secrets_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEED_TOKEN", "correct-horse-battery")
    got = failing(ValueError("no feed for correct-horse-battery"))
    assert got.info.status == "FAILED"
    assert got.data.tags[failure.FAILED_TAG] == "ValueError: no feed for ***"
    (text,) = kept_errors(got.info.run_id)
    assert text.splitlines()[0] == "Traceback (most recent call last):"
    assert "in failing" in text
    assert text.splitlines()[-1] == "ValueError: no feed for ***"


def test_the_middle_of_an_endless_traceback_is_left_out() -> None:
    got = failing(ValueError("x" * 2 * failure.MAX_CHARACTERS))
    (text,) = kept_errors(got.info.run_id)
    assert len(text) < failure.MAX_CHARACTERS + 200
    assert "characters are left out" in text
    assert len(got.data.tags[failure.FAILED_TAG]) == 500


def test_a_run_that_goes_on_has_not_failed_any_more() -> None:
    got = failing(ValueError("at first"))
    with clew.start_run(run_id=got.info.run_id):
        again = clew.get_run(got.info.run_id)
        assert again.info.status == "RUNNING"
        assert failure.FAILED_TAG not in again.data.tags
    assert clew.get_run(got.info.run_id).info.status == "FINISHED"
    with pytest.raises(KeyError), clew.start_run(run_id=got.info.run_id):
        raise KeyError("again")
    assert clew.get_run(got.info.run_id).info.status == "FAILED"
    assert len(kept_errors(got.info.run_id)) == 2


def test_a_block_ends_what_was_begun_inside_it_and_is_open() -> None:
    with clew.start_run() as outer:
        inner = [clew.start_run(nested=True).info.run_id for _ in range(2)]
    assert clew.active_run() is None
    assert {clew.get_run(i).info.status for i in [outer.info.run_id, *inner]} == {"FINISHED"}
    outer = clew.start_run()
    inner = [clew.start_run(nested=True).info.run_id for _ in range(2)]
    outer.__exit__(ValueError, ValueError("inside"), None)
    assert {clew.get_run(i).info.status for i in [outer.info.run_id, *inner]} == {"FAILED"}


def test_ending_twice_is_harmless() -> None:
    with clew.start_run() as run:
        clew.end_run("KILLED")
        clew.end_run()
    clew.end_run("FAILED")
    assert clew.get_run(run.info.run_id).info.status == "KILLED"


def test_an_exception_of_a_nested_run_that_is_caught_fails_that_run_only() -> None:
    with clew.start_run() as outer:
        try:
            with clew.start_run(nested=True) as inner:
                raise ValueError("a bad trial")
        except ValueError:
            pass
        clew.log_metric("after", 1.0)
    assert clew.get_run(inner.info.run_id).info.status == "FAILED"
    got = clew.get_run(outer.info.run_id)
    assert (got.info.status, got.data.metrics) == ("FINISHED", {"after": 1.0})


class Stop:
    """Handlers of SIGTERM as people write them."""

    def method(self, number: int, frame: FrameType | None) -> None:
        self.leave()

    def leave(self) -> None:
        raise SystemExit(0)


def ignoring(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise RuntimeError("stop")


@pytest.mark.parametrize("handler", [Stop().method, ignoring, lambda number, frame: sys.exit(3)])
def test_what_a_handler_of_sigterm_raises_means_killed(handler: signal.Handlers) -> None:
    before = signal.signal(signal.SIGTERM, handler)
    try:
        with pytest.raises(BaseException) as raised:  # noqa: PT011 - whatever the handler raises
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    outcome = outcome_of(raised.value)
    assert (outcome.status, outcome.error) == (RunStatus.KILLED, None)
    assert "SIGTERM" in outcome.reason


def test_no_failure_is_an_exit_with_0_or_a_reader_that_stops() -> None:
    def batches() -> Iterator[str]:
        with clew.start_run() as run:
            yield run.info.run_id

    stopped = batches()
    run_id = next(stopped)
    stopped.close()  # type: ignore[attr-defined]
    assert clew.get_run(run_id).info.status == "FINISHED"
    statuses = {code: outcome_of(SystemExit(code)).status.value for code in (None, 0, 1, "words")}
    assert statuses == {None: "FINISHED", 0: "FINISHED", 1: "FAILED", "words": "FAILED"}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_fails_ends_its_own_runs_only() -> None:
    ids = []

    def work() -> None:
        ids.append(clew.start_run().info.run_id)
        raise ValueError("in a thread")

    with clew.start_run() as outer:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert clew.get_run(ids[0]).info.status == "FAILED"
        assert clew.get_run(outer.info.run_id).info.status == "RUNNING"
    assert clew.get_run(outer.info.run_id).info.status == "FINISHED"


def test_sigterm_is_ours_only_while_a_run_is_open() -> None:
    seen = [signal.getsignal(signal.SIGTERM)]
    for _ in range(2):
        with clew.start_run():
            with clew.start_run(nested=True):
                pass
            seen.append(signal.getsignal(signal.SIGTERM))
            with multiprocessing.get_context("fork").Pool(1) as pool:
                seen.append(pool.apply(handler_after_a_run))
        seen.append(signal.getsignal(signal.SIGTERM))
    ours = ending._on_signal
    assert seen == [signal.SIG_DFL, *(ours, signal.SIG_DFL, signal.SIG_DFL) * 2]


def handler_after_a_run() -> object:
    """What a worker of a pool, which is ended by SIGTERM, does with it after its task."""
    with clew.start_run(nested=True):
        pass
    return signal.getsignal(signal.SIGTERM)


HELD = """
import os, signal, sys, threading, time
import clew
from clew.client import ending
from clew.client.session import session

ending._DYING_S = 0.5
print(clew.start_run().info.run_id, flush=True)
clew.log_metric("loss", 1.0)
lock = {"journal": session.stack()[-1].log.journal._lock, "threading": threading._active_limbo_lock}[sys.argv[1]]
with lock:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)
"""


@pytest.mark.parametrize("lock", ["journal", "threading"])
def test_sigterm_ends_the_run_whatever_lock_is_held(lock: str) -> None:
    done = subprocess.run([sys.executable, "-c", HELD, lock], capture_output=True, text=True, timeout=50)
    assert done.returncode == -signal.SIGTERM, done.stderr
    run_id = done.stdout.split()[0]
    eventually(lambda: clew.get_run(run_id).info.status == "KILLED")
    assert clew.get_run(run_id).data.metrics == {"loss": 1.0}


OWN_EXIT = """
import sys
own = sys.exit
left = []
def leave(status=None):
    left.append(status)
    own(status)
sys.exit = leave
import clew
run = clew.start_run()
print(run.info.run_id, flush=True)
try:
    sys.exit("caught")
except SystemExit as error:
    assert type(error).__name__ == "SystemExit" and error.code == "caught" and left == ["caught"]
sys.exit(7)
"""


def test_sys_exit_stays_what_it_was_for_everybody_else() -> None:
    done = subprocess.run([sys.executable, "-c", OWN_EXIT], capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stderr) == (7, "")
    got = clew.get_run(done.stdout.split()[0])
    assert (got.info.status, got.data.tags[failure.FAILED_TAG]) == ("FAILED", "SystemExit: 7")
