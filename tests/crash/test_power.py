"""The machine loses its power: pages that were not written back are gone, and the run is KILLED all the same."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from clew.client import spool
from clew.client.api import ClewClient
from clew.client.link import forget_links
from clew.wire.frames import HEADER_BYTES, SLOT_BYTES
from crash.conftest import Place
from hosts import alive, eventually

TRAINING = """
import sys, clew
run = clew.start_run()
for step in range(1000):
    clew.log_metric("loss", step * 0.5, step=step)
    if step in (998, 999):
        clew.flush()  # the second one comes after a sign of life
print(run.info.run_id, flush=True)
sys.stdin.readline()  # meanwhile the shipper is stopped
for step in range(1000, 2000):
    clew.log_metric("loss", step * 0.5, step=step)
clew.log_histogram("after", [1.0, 2.0])  # a file that waits for the shipper
print("written", flush=True)
sys.stdin.readline()
"""
SOUND = list(range(1000))  # what the server had before


def zero(path: Path, first: int, count: int) -> None:
    with path.open("r+b") as file:
        file.seek(first)
        file.write(bytes(count))


def nothing(writer: Path) -> None:
    """All pages were written back."""


def a_page(writer: Path) -> None:
    zero(writer / "00000000.seg", HEADER_BYTES + 1400 * SLOT_BYTES, 4096)


def half_a_slot(writer: Path) -> None:
    zero(writer / "00000000.seg", HEADER_BYTES + 1500 * SLOT_BYTES + 512, 512)


def the_header(writer: Path) -> None:
    zero(writer / "00000000.seg", 0, HEADER_BYTES)


def the_segment(writer: Path) -> None:
    os.truncate(writer / "00000000.seg", 0)


def the_control_page(writer: Path) -> None:
    zero(writer / "ctl", 0, 4096)


def the_control_file(writer: Path) -> None:
    os.truncate(writer / "ctl", 0)


def the_note_of_a_file(writer: Path) -> None:
    (note,) = (writer / "files").glob("*.json")
    os.truncate(note, 0)


LOSSES: list[tuple[Callable[[Path], None], int]] = [
    # what is lost, and how many of the 1000 last points must be left
    (nothing, 1000),
    (a_page, 870),
    (half_a_slot, 980),
    (the_header, 0),
    (the_segment, 0),
    (the_control_page, 1000),
    (the_control_file, 0),
    (the_note_of_a_file, 1000),
]
USUAL = (a_page, the_header, the_control_file)


def lose_power(place: Place) -> tuple[str, Path]:
    """A run that has been half sent when everything stops; its writer's folder, as it was in memory."""
    script = place.start(TRAINING)
    assert script.stdin is not None
    assert script.stdout is not None
    run_id = script.stdout.readline().strip()
    eventually(lambda: len(place.shipper_pids()) == 1)
    (shipper,) = place.shipper_pids()
    os.kill(shipper, signal.SIGSTOP)
    script.stdin.write("\n")
    script.stdin.flush()
    assert script.stdout.readline().strip() == "written"
    os.kill(shipper, signal.SIGKILL)
    script.kill()
    script.wait()
    eventually(lambda: not alive(shipper))
    (writer,) = spool.writers(os.path.join(place.target, run_id))
    return run_id, Path(writer)


@pytest.mark.parametrize(
    ("lost", "left"),
    [pytest.param(*case, id=case[0].__name__, marks=() if case[0] in USUAL else pytest.mark.slow) for case in LOSSES],
)
def test_a_run_is_killed_and_what_is_readable_arrives(lost: Callable[[Path], None], left: int, place: Place) -> None:
    place.environ["CLEW_HEARTBEAT_S"] = "0.3"
    run_id, writer = lose_power(place)
    lost(writer)
    place.ship()
    client = ClewClient()
    eventually(lambda: client.get_run(run_id).info.status == "KILLED")
    run = client.get_run(run_id)
    assert run.data.tags["clew.killed_reason"]
    steps = [m.step for m in client.get_metric_history(run_id, "loss")]
    assert steps[:1000] == SOUND
    assert steps == sorted(set(steps))
    assert left <= len(steps) - 1000 <= 1000
    assert all(m.value == m.step * 0.5 for m in client.get_metric_history(run_id, "loss"))
    forget_links()
