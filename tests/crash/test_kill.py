"""``kill -9`` of the training script, the shipper, the host at any moment: nothing that returned is lost or doubled."""

from __future__ import annotations

import mmap
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from clew.client import spool
from clew.client.api import ClewClient
from clew.client.link import forget_links
from clew.client.mlflow_target import items
from clew.wire.frames import KEY
from crash.conftest import Place
from hosts import eventually, stop_host
from journals import read_all

# After each call that returned, the script notes its number in a page that outlives it.
COUNTING = """
import mmap, sys
from clew.client.journal import Journal
file = open(sys.argv[1], "r+b")
page = mmap.mmap(file.fileno(), 4096)
journal = Journal(sys.argv[2], "ab" * 16, owner=True)
step = 0
while True:
    step += 1
    journal.log_metric(f"k{step % 37}", step * 0.5, step)
    page[0:8] = step.to_bytes(8, "little")
    if step % 500 == 0:
        journal.log_record(2, {"key": f"p{step}", "value": "v" * (step % 700)})
        page[8:16] = step.to_bytes(8, "little")
"""

LOGGING = """
import sys, clew
with clew.start_run(run_name=sys.argv[1]) as run:
    print(run.info.run_id, flush=True)
    for step in range(int(sys.argv[2])):
        clew.log_metric("loss", step * 0.5, step=step)
    clew.log_param("done", True)
"""


def counted(page: Path) -> tuple[int, int]:
    raw = page.read_bytes()
    return int.from_bytes(raw[0:8], "little"), int.from_bytes(raw[8:16], "little")


def kill_while_counting(place: Place, times: int, kill_after_s: Callable[[], float]) -> None:
    for number in range(times):
        page = place.folder / f"page{number}"
        page.write_bytes(bytes(4096))
        run_folder = place.folder / f"journal{number}"
        script = place.start(COUNTING, str(page), str(run_folder))
        eventually(lambda page=page: counted(page)[0] > 0)
        time.sleep(kill_after_s())
        script.kill()
        script.wait()
        check_counted(run_folder, *counted(page))


def check_counted(run_folder: Path, points: int, params: int) -> None:
    """Every call that returned is in the journal, in order, once."""
    (writer,) = spool.writers(str(run_folder))
    assert not spool.lives(writer)
    steps, last_param, names = [], 0, {}
    for kind, fields, _ in items(read_all(writer)):
        if kind == KEY:
            names[fields["id"]] = fields["key"]
        elif kind < 0:
            _, value, step, key_id = fields
            assert (names[key_id], value) == (f"k{step % 37}", step * 0.5)
            steps.append(step)
        else:
            last_param = int(fields["key"][1:])
            assert fields["value"] == "v" * (last_param % 700)
    assert steps == list(range(1, len(steps) + 1))
    assert points <= len(steps) <= points + 1
    assert params <= last_param


def test_20_kills_of_a_logging_script_lose_nothing(place: Place) -> None:
    kill_while_counting(place, 20, lambda: random.uniform(0, 0.08))


@pytest.mark.slow
def test_200_kills_of_a_logging_script_lose_nothing(place: Place) -> None:
    kill_while_counting(place, 200, lambda: random.uniform(0, 0.5))


def points_of(run_id: str) -> list[tuple[int, float]]:
    return [(m.step, m.value) for m in ClewClient().get_metric_history(run_id, "loss")]


def test_a_killed_run_arrives_whole_and_is_marked_killed(place: Place) -> None:
    script = place.start(LOGGING, "victim", "100000000")
    assert script.stdout is not None
    run_id = script.stdout.readline().strip()
    time.sleep(0.3)
    script.kill()
    script.wait()
    eventually(place.empty)
    run = ClewClient().get_run(run_id)
    assert run.info.status == "KILLED"
    assert "killed" in run.data.tags["clew.killed_reason"]
    points = points_of(run_id)
    assert points == [(n, n * 0.5) for n in range(len(points))]
    assert points
    forget_links()


@pytest.mark.slow
def test_a_run_whose_machine_died_is_marked_killed_by_the_server(place: Place) -> None:
    place.environ["CLEW_HEARTBEAT_S"] = "0.3"
    script = place.start(LOGGING, "victim", "100000000")
    assert script.stdout is not None
    run_id = script.stdout.readline().strip()
    eventually(lambda: ClewClient().get_run(run_id).data.metrics)
    shipper = place.shipper_pid()
    assert shipper is not None
    os.kill(shipper, signal.SIGKILL)  # first, else it would see the script die
    script.kill()
    eventually(lambda: ClewClient().get_run(run_id).info.status == "KILLED")
    run = ClewClient().get_run(run_id)
    assert "no sign of life" in run.data.tags["clew.killed_reason"]
    assert run.info.end_time is not None
    assert run.info.end_time >= run.info.start_time
    place.ship()  # the journal was found again: what its writer left arrives, and the run has a second, true reason
    assert ClewClient().get_run(run_id).info.status == "KILLED"
    points = points_of(run_id)
    assert points == [(n, n * 0.5) for n in range(len(points))]
    forget_links()


def test_a_terminated_run_ends_as_killed_with_the_signal_s_exit_code(place: Place) -> None:
    script = place.start(LOGGING, "victim", "100000000")
    assert script.stdout is not None
    run_id = script.stdout.readline().strip()
    script.terminate()
    assert script.wait() == -signal.SIGTERM
    eventually(place.empty)
    assert ClewClient().get_run(run_id).info.status == "KILLED"
    forget_links()


@pytest.mark.slow
def test_kills_of_shipper_and_host_lose_and_double_nothing(place: Place) -> None:
    steps = 150_000
    scripts = [place.start(LOGGING, f"run{n}", str(steps)) for n in range(2)]
    run_ids = [script.stdout.readline().strip() for script in scripts if script.stdout is not None]
    for _ in range(4):
        time.sleep(random.uniform(0.02, 0.15))
        pid = place.shipper_pid()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        time.sleep(random.uniform(0.02, 0.15))
        stop_host(place.uri, signal.SIGKILL)
    for script in scripts:
        output, errors = script.communicate(timeout=120)
        assert script.returncode == 0, errors
        assert "Traceback" not in errors + output
    place.ship()
    for run_id in run_ids:
        run = ClewClient().get_run(run_id)
        assert run.info.status == "FINISHED"
        assert run.data.params == {"done": "True"}
        assert points_of(run_id) == [(n, n * 0.5) for n in range(steps)]
    forget_links()


def test_the_page_survives_a_kill() -> None:
    page = mmap.mmap(-1, 4096)  # what the counting above rests on: a shared page is the kernel's, not the process's
    child = os.fork()
    if child == 0:
        page[0:8] = (7).to_bytes(8, "little")
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert int.from_bytes(page[0:8], "little") == 7
