"""The shipper's rules, with a target in memory: what goes out when, who counts as killed, what is set aside."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.client import spool
from clew.client.journal import Journal
from clew.client.reader import Batch, Reader
from clew.client.runlog import RunLog
from clew.client.shipper import Shipper, hold
from clew.client.start import Launcher
from clew.errors import ClewError, Denied, NotFound, Unavailable
from clew.ids import now_ms
from clew.wire.frames import PARAM
from hosts import eventually
from journals import contents

RUN = "ab" * 16


class Memory:
    """A target that keeps what it gets.

    events: what happened, in order. away, unknown: whether it answers, and knows the run.
    against: what it says to single runs.
    """

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}
        self.events: list[str] = []
        self.away = False
        self.unknown = False
        self.against: dict[str, Exception] = {}
        self.lose_answers = 0

    def _ask(self) -> None:
        if self.away:
            raise Unavailable("the target is on holiday")
        if self.unknown:
            raise NotFound(f"Run with id={RUN} not found")

    def cursor(self, reader: Reader) -> int:
        self._ask()
        if reader.run_id in self.against:
            raise self.against[reader.run_id]
        return len(self.data.get(reader.writer_id, b"")) // 32

    def deliver(self, reader: Reader, batch: Batch) -> int:
        self._ask()
        have = self.data.get(reader.writer_id, b"")
        cursor = len(have) // 32
        if batch.seq > cursor:
            return cursor
        self.data[reader.writer_id] = have + batch.data[(cursor - batch.seq) * 32 :]
        self.events.append(f"slots to {batch.end}")
        if self.lose_answers:
            self.lose_answers -= 1
            raise Unavailable("the answer got lost")
        return max(cursor, batch.end)

    def beat(self, run_id: str) -> None:
        self._ask()
        self.events.append(f"beat {run_id[:2]}")

    def upload(self, reader: Reader, path: str, file: str) -> None:
        self._ask()
        with open(file, "rb") as stream:
            self.events.append(f"file {path} {stream.read().decode()}")

    def tag(self, reader: Reader, key: str, value: str) -> None:
        self.events.append(f"tag {key}")

    def mark_killed(self, reader: Reader) -> None:
        self._ask()
        self.events.append("killed")


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return spool.open_target(str(tmp_path / "spool"), "sqlite:////nowhere/x.db")


@pytest.fixture
def target() -> Memory:
    return Memory()


@pytest.fixture
def journals(folder: str) -> Iterator[list[Journal]]:
    """Two journals of one run: of the process that began it, and of a guest."""
    both = [Journal(os.path.join(folder, RUN), RUN, owner=owner) for owner in (True, False)]
    yield both
    for journal in both:
        journal.close()


def die(journal: Journal) -> None:
    """What the end of its process does to a journal."""
    journal.restart()


def once(folder: str, target: Memory) -> Shipper:
    shipper = Shipper(folder, target, once=True)
    shipper.run()
    return shipper


def test_all_that_is_written_goes_out_once(folder: str, target: Memory, journals: list[Journal]) -> None:
    for step in range(40_000):
        journals[0].log_metric("x", float(step), step)
    target.lose_answers = 2
    for _ in range(3):
        once(folder, target)
    (data,) = target.data.values()
    assert contents(data) == [("x", float(n), n) for n in range(40_000)]
    assert "killed" not in target.events
    journals[0].end("FINISHED", 1)
    once(folder, target)
    assert os.listdir(folder).count(RUN) == 0
    assert "killed" not in target.events


def test_a_run_is_killed_when_its_beginner_died_and_nobody_else_writes(
    folder: str, target: Memory, journals: list[Journal]
) -> None:
    owner, guest = journals
    owner.log_metric("x", 1.0)
    guest.log_metric("x", 2.0)
    die(owner)
    once(folder, target)
    assert "killed" not in target.events
    guest.close()
    once(folder, target)
    assert target.events[-1] == "killed"
    assert list(spool.runs(folder)) == []


def test_a_guest_s_death_ends_nothing(folder: str, target: Memory, journals: list[Journal]) -> None:
    journals[1].log_metric("x", 1.0)
    die(journals[1])
    once(folder, target)
    assert [e for e in target.events if not e.startswith("slots")] == []
    assert list(spool.runs(folder)) == []


def test_only_the_beginner_s_life_is_told(folder: str, target: Memory, journals: list[Journal]) -> None:
    journals[1].log_metric("x", 1.0)
    once(folder, target)
    assert "beat ab" not in target.events
    journals[0].open()
    once(folder, target)
    assert "beat ab" in target.events


def test_a_target_that_is_away_keeps_everything_in_place(folder: str, target: Memory, journals: list[Journal]) -> None:
    journals[0].log_metric("x", 1.0)
    receipt = journals[0].end("FINISHED", 1)
    assert receipt is not None
    target.away = True
    shipper = once(folder, target)
    assert shipper.trouble.text == receipt.trouble.text == "the target is on holiday"
    assert (shipper.trouble.kind, receipt.trouble.kind, receipt.tries) == ("away", "away", 1)
    assert abs(receipt.trouble.since_ms - now_ms()) < 60_000
    assert receipt.pending > 0
    target.away = False
    assert not once(folder, target).trouble
    assert receipt.pending == 0


def test_a_refused_journal_is_set_aside_with_the_reason(folder: str, target: Memory, journals: list[Journal]) -> None:
    journals[0].log_metric("x", 1.0)
    target.unknown = True
    assert once(folder, target).refused == []  # the writer lives: its next batch may begin the run
    die(journals[0])
    (aside,) = once(folder, target).refused
    assert Path(aside, "reason.txt").read_text() == f"Run with id={RUN} not found\n"
    assert spool.segments(aside) != []
    assert once(folder, target).refused == []


@pytest.mark.parametrize(
    ("error", "stays"),
    [
        (Denied("not yours"), True),
        (ClewError("oops"), True),
        (NotFound("no such run"), False),
        (KeyError("run"), False),
        (OSError(28, "No space left on device", "cursor.json"), True),
    ],
    ids=lambda e: type(e).__name__ if isinstance(e, Exception) else "",
)
def test_one_run_s_trouble_is_its_own(folder: str, target: Memory, error: Exception, stays: bool) -> None:
    other = "cd" * 16
    for run_id in (RUN, other):
        journal = Journal(os.path.join(folder, run_id), run_id)
        journal.log_metric("x", 1.0)
        journal.close()
    target.against[RUN] = error
    shipper = once(folder, target)
    assert not shipper.trouble
    assert len(target.data) == 1
    assert [run_id for run_id, _ in spool.runs(folder)] == [RUN]
    assert (list(shipper.troubles), len(shipper.refused)) == (([RUN], 0) if stays else ([], 1))
    if not stays:
        spool.readmit(folder)
    del target.against[RUN]
    assert not once(folder, target).troubles
    assert len(target.data) == 2
    assert list(spool.runs(folder)) == []


def test_a_torn_control_page_and_a_torn_note_hold_up_nobody(folder: str, target: Memory) -> None:
    for run_id in (RUN, "cd" * 16, "ef" * 16):
        journal = Journal(os.path.join(folder, run_id), run_id)
        journal.log_metric("x", 1.0)
        writer = journal.writer_folder
        journal.close()
        if run_id == RUN:
            os.truncate(os.path.join(writer, "ctl"), 100)
        elif run_id == "cd" * 16:
            os.mkdir(os.path.join(writer, "files"))
            Path(writer, "files", "00000001.json").write_text('{"path": "a')
        else:
            os.truncate(spool.segments(writer)[0], 5000)
    shipper = once(folder, target)
    assert len(target.data) == 2
    assert len(shipper.refused) == 1
    assert len(list(spool.runs(folder))) == 1


def test_a_shipper_that_is_asked_to_makes_way(folder: str, target: Memory, journals: list[Journal]) -> None:
    journals[0].log_metric("x", 1.0)
    target.away = True
    shipper = Shipper(folder, target)
    thread = threading.Thread(target=shipper.run)
    thread.start()
    eventually(lambda: shipper.trouble)
    assert thread.is_alive()
    assert spool.wake(folder, spool.LEAVE)
    thread.join(30)
    assert not thread.is_alive()
    assert not spool.wake(folder)


def test_the_lock_says_whose_it_is(folder: str) -> None:
    assert spool.holder(folder) is None
    lock = hold(folder, 0.0)
    assert lock is not None
    assert spool.holder(folder) == os.getpid()
    os.close(lock)
    assert spool.holder(folder) is None


def test_a_torn_control_page_loses_no_point(folder: str, target: Memory, journals: list[Journal]) -> None:
    journals[0].log_metric("x", 1.0)
    page = os.path.join(journals[0].writer_folder, "ctl")
    die(journals[0])
    os.truncate(page, 0)
    assert once(folder, target).refused == []
    (data,) = target.data.values()
    assert contents(data) == [("x", 1.0, 0)]
    assert list(spool.runs(folder)) == []


@pytest.mark.parametrize("guest_lives", [False, True])
def test_a_run_whose_beginner_left_an_unreadable_journal_is_killed(
    guest_lives: bool, folder: str, target: Memory, journals: list[Journal]
) -> None:
    journals[0].log_metric("x", 1.0)
    if guest_lives:
        journals[1].log_metric("x", 2.0)
    (segment,) = spool.segments(journals[0].writer_folder)
    die(journals[0])
    with open(segment, "r+b") as file:
        file.write(bytes(4096))  # a power loss took its header
    assert len(once(folder, target).refused) == 1
    assert ("killed" in target.events) is not guest_lives


def test_files_go_out_between_what_was_logged_before_and_after_them(
    folder: str, target: Memory, tmp_path: Path
) -> None:
    log = RunLog(Launcher(folder, "process", offline=True), RUN, owner=True, truncate=True)
    file = tmp_path / "f.txt"
    log.log_params({"before": 1})
    for text in ("one", "two"):
        file.write_text(text)
        log.spool_file(str(file), "f.txt")
    log.log_params({"after": 1})
    log.end("FINISHED", 1)
    once(folder, target)
    kinds = [e if e.startswith("file") else "slots" for e in target.events]
    assert kinds == ["slots", "file f.txt one", "slots", "file f.txt two", "slots"]
    (data,) = target.data.values()
    assert [f[1] for f in contents(data) if f[0] == PARAM] == [
        {"key": "before", "value": "1"},
        {"key": "after", "value": "1"},
    ]


def test_drafts_of_writers_that_died_while_opening_go(folder: str, target: Memory) -> None:
    old = Path(folder, RUN, "tmp-" + "0" * 32)
    fresh = Path(folder, "cd" * 16, "tmp-" + "1" * 32)
    for draft in (old, fresh):
        draft.mkdir(parents=True)
    os.utime(old, (0, 0))
    once(folder, target)
    assert not old.parent.exists()
    assert fresh.exists()


def test_a_writer_may_open_in_a_folder_that_the_shipper_takes_away(
    folder: str, target: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    make = os.mkdir

    def mkdir(path: str, mode: int = 0o777) -> None:
        make(path, mode)
        if os.path.basename(path) == RUN and len(taken) < 3:
            taken.append(path)
            once(folder, target)  # a shipper that looks at this moment finds the run's folder empty
            assert not os.path.exists(path)

    monkeypatch.setattr(os, "mkdir", mkdir)
    journal = Journal(os.path.join(folder, RUN), RUN, owner=True)
    journal.log_metric("x", 1.0, 0)
    journal.end("FINISHED", 1)
    once(folder, target)
    assert len(taken) == 3
    assert journal.dropped == 0
    (data,) = target.data.values()
    assert len(contents(data)) >= 2


def test_a_spool_without_fifos_still_tells_whether_a_shipper_lives(folder: str) -> None:
    os.unlink(os.path.join(folder, "wake"))
    assert not spool.wake(folder)
    lock = hold(folder, 0.0)
    assert lock is not None
    assert spool.wake(folder)
    os.close(lock)
    assert not spool.wake(folder)
