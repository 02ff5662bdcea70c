"""Full, read-only and odd disks: training goes on, one warning, params and last values are kept, and what happens at
the limit is the user's choice."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

import clew
from clew.cli.pending import read_target
from clew.client import spool
from clew.client.journal import Journal
from clew.client.limits import Limits, used_bytes
from clew.client.mlflow_target import items
from clew.client.runlog import RunLog
from clew.client.start import Launcher
from clew.errors import InvalidValue, SpoolFull
from clew.settings import read as read_settings
from clew.wire.frames import HEADER_BYTES, PARAM, RUN_END, SEGMENT_BYTES, SLOT_BYTES, SLOTS_PER_SEGMENT
from journals import contents, read_all
from sandbox import FILTER, needs_filters, run_script

RUN = "ab" * 16


def tight(segments: int, **more: object) -> Limits:
    """Room for so many segments."""
    return Limits(segments * SEGMENT_BYTES, 0.0, 0, **more)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "run" / RUN)


def last_step(it: Journal) -> int:
    """The step of the last point in the newest segment."""
    with open(spool.segments(it.writer_folder)[-1], "rb") as file:
        file.seek(HEADER_BYTES)
        data = file.read()
    used = it._slot * SLOT_BYTES
    return [fields[2] for kind, fields, _ in items(data[:used]) if kind < 0][-1]


def log(it: Journal, steps: range) -> None:
    for step in steps:
        it.log_metric("loss", float(step), step)


def test_where_the_user_wants_an_error_a_full_journal_raises_it(folder: str, caplog: pytest.LogCaptureFixture) -> None:
    it = Journal(folder, RUN, limits=tight(10, on_full="raise"))
    with pytest.raises(SpoolFull, match="CLEW_SPOOL_MAX_MB") as raised:
        log(it, range(11 * SLOTS_PER_SEGMENT))
    assert "CLEW_SPOOL_FULL=drop" in str(raised.value)
    assert caplog.records == []
    with pytest.raises(SpoolFull):
        it.log_metric("another", 1.0)
    assert it.log_record(PARAM, {"key": "in the reserve", "value": "1"})
    folder = it.writer_folder
    assert it.end("FINISHED", 1) is not None
    kinds = [entry[0] for entry in contents(read_all(folder))]
    assert {PARAM, RUN_END} <= set(kinds)
    assert kinds[-1] in ("loss", "another")


@pytest.mark.slow
def test_a_log_call_may_wait_for_room(folder: str, caplog: pytest.LogCaptureFixture) -> None:
    waited = threading.Event()
    it = Journal(folder, RUN, limits=tight(2, on_full="block", wait_s=60.0), tend=lambda: None)
    log(it, range(SLOTS_PER_SEGMENT + 10))

    def make_room() -> None:
        while not any("wait for room" in r.getMessage() for r in caplog.records):
            waited.wait(0.01)
        os.unlink(spool.segments(it.writer_folder)[0])  # as the shipper does when the server has it

    shipper = threading.Thread(target=make_room)
    shipper.start()
    last = 2 * SLOTS_PER_SEGMENT + 100
    log(it, range(SLOTS_PER_SEGMENT + 10, last))
    shipper.join()
    assert it.dropped == 0
    assert last_step(it) == last - 1
    assert len(caplog.records) == 1
    it.close()


def test_a_log_call_that_has_waited_in_vain_drops_and_the_next_ones_do_not_wait(
    folder: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pauses: list[float] = []
    it = Journal(folder, RUN, limits=tight(1, on_full="block", wait_s=0.15))
    monkeypatch.setattr(it.__class__, "_await_room", lambda self: (pauses.append(1), threading.Event().wait(0.06)))
    log(it, range(SLOTS_PER_SEGMENT + 50))
    assert 1 <= len(pauses) <= 3
    assert it.dropped >= 50
    told = [r.getMessage() for r in caplog.records]
    assert [("wait for room" in t, "are dropped" in t) for t in told] == [(True, False), (False, True)]
    it.close()


def test_new_keys_of_a_full_journal_are_counted_and_harm_nobody(folder: str) -> None:
    it = Journal(folder, RUN, limits=tight(0))
    for number in range(20):
        it.log_metric(f"k{number}", 1.0)
    it.log_record(PARAM, {"key": "p", "value": "1"})
    assert it.dropped == 21
    assert it.end("FINISHED", 1) is None


def test_files_count_too_and_are_referred_to_where_a_copy_finds_no_room(tmp_path: Path, folder: str) -> None:
    log_ = RunLog(Launcher(str(tmp_path / "run"), "process", offline=True), RUN, owner=True, truncate=True)
    log_.journal._limits = tight(3)
    file = tmp_path / "a.bin"
    file.write_bytes(b"x" * (1 << 20))
    for number in range(4):
        log_.spool_file(str(file), f"{number}.bin")
    notes = [json.loads(Path(n).read_text()) for n in spool.file_notes(log_.journal.writer_folder)]
    assert [n["copied"] for n in notes] == [True, True, False, False]
    assert notes[3]["file"] == str(file)
    assert used_bytes(folder) == SEGMENT_BYTES + (2 << 20)
    log_.journal.close()


def test_the_settings_are_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Limits.of(read_settings({}))
    assert (usual.max_bytes, usual.keep_bytes, usual.keep_fraction) == (1 << 30, 500 << 20, 0.05)
    assert (usual.on_full, usual.wait_s) == ("drop", 60.0)
    assert [usual.keep_of(gigabytes << 30) >> 20 for gigabytes in (1, 5, 100)] == [256, 500, 5120]
    given = {"SPOOL_MAX_MB": "7", "SPOOL_KEEP_MB": "0", "SPOOL_FULL": "block", "SPOOL_FULL_WAIT_S": "2.5"}
    own = Limits.of(read_settings({f"CLEW_{k}": v for k, v in given.items()}))
    assert (own.max_bytes, own.keep_of(1 << 40), own.on_full, own.wait_s) == (7 << 20, 0, "block", 2.5)
    for name, value in (("SPOOL_MAX_MB", "1.5"), ("SPOOL_KEEP_MB", "-1"), ("SPOOL_FULL", "explode")):
        with pytest.raises(InvalidValue, match=f"CLEW_{name}"):
            read_settings({f"CLEW_{name}": value})


@pytest.mark.slow
def test_waiting_and_looking_do_not_depend_on_the_clock(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    day = 86_400 * 10**9
    now = [1_700_000_000 * 10**9]
    ticks = [0]
    monkeypatch.setattr("clew.client.journal._time_ns", lambda: now[0])
    monkeypatch.setattr("clew.client.writer._monotonic_ns", lambda: ticks[0])
    tended: list[int] = []
    it = Journal(folder, RUN, limits=tight(2), tend=lambda: tended.append(ticks[0]))
    for jump in (0, -day, 3 * day, -2 * day):
        now[0] += jump
        ticks[0] += 6 * 10**9
        it.log_metric("loss", 1.0, 0)
    assert tended == [6 * 10**9, *(n * 6 * 10**9 for n in (2, 3, 4))]

    log(it, range(2 * SLOTS_PER_SEGMENT))
    assert it.dropped
    os.unlink(spool.segments(it.writer_folder)[0])
    now[0] -= 30 * day
    ticks[0] += 2 * 10**9
    before = it.dropped
    it.log_metric("loss", 1.0, -7)
    assert it.dropped == before
    assert last_step(it) == -7
    it.close()


FULL = """
import os, sys, logging
logging.basicConfig(format="%(message)s")
import clew
spool = os.environ["CLEW_SPOOL"]
def fill():
    with open(spool + "/ballast", "wb") as file:
        try:
            while True:
                file.write(b"x" * 65536); file.flush()
        except OSError:
            pass
"""


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


def test_a_disk_that_is_full_from_the_start_costs_one_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        FULL
        + """
fill()
with clew.start_run():
    for step in range(1000):
        clew.log_metric("loss", 1.0, step)
    clew.log_param("p", 1)
    clew.log_text("t", "t.txt")
print(clew.client.session.session.link.launcher.folder)
"""
    )
    (tmp_path / "tmp").mkdir()
    done = run_script(code, small_disk="size=6m", CLEW_OFFLINE="1", TMPDIR=str(tmp_path / "tmp"))
    assert done.returncode == 0, done.stderr
    (told,) = lines(done.stderr)
    assert "No space left on device" in told
    assert str(tmp_path / "tmp") in told
    found = read_target(done.stdout.strip())
    assert (found.runs, found.entries > 1000, found.files, found.dropped) == (1, True, 1, 0)


@pytest.mark.slow
def test_a_disk_that_fills_up_keeps_params_and_last_values(tmp_path: Path) -> None:
    code = (
        FULL
        + """
import sys; sys.path.insert(0, os.environ["TESTS"])
from journals import contents, read_all
from clew.client import spool as spools
run = clew.start_run()
for step in range(400_000):
    clew.log_metric("loss", float(step), step)
clew.log_param("late", 1)
log = clew.client.session.session.stack()[-1].log
folder, dropped = log.journal.writer_folder, log.journal.dropped
clew.end_run()
found = contents(read_all(folder))
print(dropped > 0, (2, {"key": "late", "value": "1"}) in found, found[-1] == ("loss", 399_999.0, 399_999))
print((3, {"key": "clew.dropped", "value": str(dropped)}) in found)
print(len({f[2] for f in found if f[0] == "loss"}) == 400_000 - dropped + 1)
"""
    )
    tests = str(Path(__file__).parents[1])
    done = run_script(code, small_disk="size=12m", CLEW_OFFLINE="1", CLEW_SPOOL_KEEP_MB="3", TESTS=tests)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True"] * 5
    told = lines(done.stderr)
    assert len([text for text in told if "MiB left" in text]) == 1
    assert "found no room" in told[-1]
    assert len(told) == 2


def test_a_read_only_home_moves_the_journal(store: str, tmp_path: Path) -> None:
    code = FULL + "with clew.start_run() as run: clew.log_metric('x', 1.0)\nprint(run.info.run_id)"
    (tmp_path / "tmp").mkdir()
    done = run_script(code, small_disk="ro,size=4m", TMPDIR=str(tmp_path / "tmp"))
    assert done.returncode == 0, done.stderr
    (told,) = lines(done.stderr)
    assert "Read-only file system" in told
    assert str(tmp_path / "tmp") in told
    assert clew.get_run(done.stdout.strip()).data.metrics == {"x": 1.0}


def test_where_nothing_can_be_written_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CLEW_SPOOL", str(tmp_path / "file" / "spool"))
    monkeypatch.setenv("CLEW_OFFLINE", "1")
    monkeypatch.setattr("clew.client.spool.spare_roots", lambda: iter([str(tmp_path / "file")]))
    (tmp_path / "a.txt").write_text("a")
    with clew.start_run():
        clew.log_metric("x", 1.0)
        clew.log_param("p", 1)
        clew.log_artifact(tmp_path / "a.txt")
    told = [r.getMessage() for r in caplog.records]
    assert told[0].startswith("Nothing is logged: the spool")
    assert len([t for t in told if "cannot be written" in t and "spool" in t]) <= 2


LOGGING = """
import logging, os
logging.basicConfig(format="%(message)s")
import clew
with clew.start_run() as run:
    clew.log_param("p", 1)
    for step in range(2000):
        clew.log_metric("loss", float(step), step)
    clew.log_text("t", "t.txt")
    journal = clew.client.session.session.stack()[-1].log.journal
    kind = type(journal._mm).__name__
    journal.log_metric("last", 1.0)
    assert clew.flush()
print(run.info.run_id, kind)
"""


@pytest.fixture
def own(tmp_path: Path) -> str:
    """A spool that no other process ships."""
    return str(tmp_path / "own")


def check_log(run_id: str) -> None:
    run = clew.get_run(run_id)
    assert (run.info.status, run.data.params, run.data.metrics["last"]) == ("FINISHED", {"p": "1"}, 1.0)
    assert [m.step for m in clew.get_metric_history(run_id, "loss")] == list(range(2000))
    assert clew.artifacts.load_text(f"runs:/{run_id}/t.txt") == "t"


@needs_filters
@pytest.mark.slow
def test_a_spool_without_memory_maps_works(store: str, own: str) -> None:
    with clew.start_run():  # its host runs outside of the sandbox
        done = run_script(FILTER + "forbid('mmap', errno.ENODEV, 3, 1)\n" + LOGGING, CLEW_SPOOL=own)
        assert done.returncode == 0, done.stderr
    run_id, kind = done.stdout.split()
    assert kind == "FileWindow"
    check_log(run_id)
    assert lines(done.stderr) == []


@needs_filters
def test_where_no_process_may_be_started_a_thread_ships(store: str, own: str) -> None:
    with clew.start_run():
        done = run_script(FILTER + "forbid('execve', errno.EPERM)\n" + LOGGING, CLEW_SPOOL=own)
        assert done.returncode == 0, done.stderr
    run_id, _ = done.stdout.split()
    check_log(run_id)
    (told,) = lines(done.stderr)
    assert "Operation not permitted" in told
    assert "a thread of this process does it" in told


@needs_filters
@pytest.mark.slow
def test_thread_mode_can_be_chosen(store: str, own: str) -> None:
    sandbox = FILTER + "forbid('execve', errno.EPERM)\n"
    with clew.start_run():
        done = run_script(sandbox + LOGGING, CLEW_SPOOL=own, CLEW_SHIPPER="thread")
        assert done.returncode == 0, done.stderr
    run_id, _ = done.stdout.split()
    check_log(run_id)
    assert lines(done.stderr) == []


@pytest.mark.slow
def test_where_not_even_a_thread_can_be_started_sync_is_named(
    store: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    with clew.start_run():
        clew.log_metric("x", 1.0)
    clew.flush()
    folder = spool.target_folder(os.environ["CLEW_SPOOL"], store)
    launcher = Launcher(folder, "process")
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: (_ for _ in ()).throw(BlockingIOError(11, "try again")))
    monkeypatch.setattr(threading.Thread, "start", no)
    monkeypatch.setattr(spool, "wake", lambda *_: False)
    assert not launcher.tend()
    assert not launcher.tend()
    (told,) = [r.getMessage() for r in caplog.records]
    assert "clew sync" in told


def test_a_file_that_is_gone_soon_is_copied_whatever_its_size(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CLEW_OFFLINE", "1")
    with clew.start_run():
        clew.log_text("x" * (17 << 20), "large.txt")
        monkeypatch.setattr(Journal, "has_room", lambda *_: False)
        clew.log_text("x", "no room.txt")
    found = read_target(spool.target_folder(os.environ["CLEW_SPOOL"], store))
    assert (found.files, found.size_bytes) == (1, SEGMENT_BYTES + (17 << 20))
    (told,) = [r.getMessage() for r in caplog.records]
    assert "'no room.txt'" in told
    assert "no room for a copy" in told


def test_a_temporary_folder_that_is_full_costs_the_file_and_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("CLEW_OFFLINE", "1")
    with clew.start_run():
        monkeypatch.setattr("tempfile.mkdtemp", full)
        clew.log_text("t", "t.txt")
        clew.log_dict({}, "d.json")
    (told,) = [r.getMessage() for r in caplog.records]
    assert "'t.txt' is not kept: No space left on device" in told


def test_a_torn_note_of_a_target_is_mended_by_the_next_script(tmp_path: Path) -> None:
    uri = "http://127.0.0.1:1"
    folder = spool.open_target(str(tmp_path), uri)
    Path(folder, "target.json").write_text("")
    assert read_target(folder).target == "a target whose note is torn"
    assert spool.open_target(str(tmp_path), uri) == folder
    assert read_target(folder).target == uri
