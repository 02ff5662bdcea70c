"""What a log call returned from is in the journal, whole, in order and once."""

from __future__ import annotations

import math
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.client import spool
from clew.client.journal import Journal
from clew.client.limits import Limits
from clew.client.mlflow_target import items
from clew.client.segment import Header, seal
from clew.errors import InvalidValue
from clew.ids import new_id
from clew.wire.frames import CONTEXT, HEADER_BYTES, PARAM, RUN_END, SEGMENT_BYTES, SLOT_BYTES, SLOTS_PER_SEGMENT
from journals import contents, read_all

RUN = "ab" * 16


@contextmanager
def journal(limits: Limits | None = None, owner: bool = False) -> Iterator[Journal]:
    """A journal in a folder that goes away."""
    folder = tempfile.mkdtemp(prefix="clew-test-")
    try:
        it = Journal(os.path.join(folder, RUN), RUN, limits=limits, owner=owner)
        yield it
        it.close()
    finally:
        shutil.rmtree(folder)


KEYS = st.sampled_from(["loss", "acc", "val/loss", "größe", "k" * 250])
POINTS = st.tuples(KEYS, st.floats(allow_nan=False), st.integers(-(1 << 63), (1 << 63) - 1))
PARAMS = st.tuples(st.just(PARAM), st.fixed_dictionaries({"key": KEYS, "value": st.text(st.characters(codec="utf-8"))}))
CALLS = st.lists(st.one_of(POINTS, PARAMS), max_size=40)


def write(it: Journal, calls: list[tuple[object, ...]]) -> None:
    for call in calls:
        if len(call) == 2:
            it.log_record(*call)  # type: ignore[arg-type]
        else:
            it.log_metric(*call)  # type: ignore[arg-type]


@given(CALLS)
@settings(max_examples=60, deadline=None)
def test_what_was_logged_is_read_in_order(calls: list[tuple[object, ...]]) -> None:
    with journal() as it:
        write(it, calls)
        assert not calls or contents(read_all(it.writer_folder, alive=True)) == calls


@given(CALLS.filter(bool), st.data())
@settings(max_examples=120, deadline=None)
def test_a_journal_cut_at_any_byte_gives_a_prefix(calls: list[tuple[object, ...]], data: st.DataObject) -> None:
    with journal() as it:
        write(it, calls)
        receipt = it.fence()
        assert receipt is not None
        end = HEADER_BYTES + receipt.position * SLOT_BYTES
        cut = data.draw(st.integers(HEADER_BYTES, end), label="cut")
        path = spool.segments(it.writer_folder)[0]
        with open(path, "r+b") as file:
            whole = file.read()
            file.seek(cut)
            file.write(bytes(SEGMENT_BYTES - cut))
        read = contents(sound(it.writer_folder))
        with open(path, "r+b") as file:
            file.write(whole)
        assert read == calls[: len(read)]
        if cut == end:
            assert read == calls


def sound(writer_folder: str) -> bytes:
    """What a server would take of the first segment: slots up to the first broken one."""
    with open(spool.segments(writer_folder)[0], "rb") as file:
        raw = file.read()
    header = Header(raw)
    from clew.client.segment import sound_slots

    body = raw[HEADER_BYTES:]
    return body[: sound_slots(body, header.salt, 0) * SLOT_BYTES]


def test_threads_lose_nothing() -> None:
    with journal() as it:

        def log(number: int) -> None:
            for step in range(5000):
                it.log_metric(f"k{number}", float(step), step)

        run_threads(log)
        found = contents(read_all(it.writer_folder, alive=True))
        for number in range(4):
            assert [s for k, _, s in found if k == f"k{number}"] == list(range(5000))


def test_threads_may_mix_points_records_and_batches() -> None:
    with journal() as it:

        def log(number: int) -> None:
            for step in range(400):
                it.log_metric(f"m{number}", float(step), step)
                it.log_record(PARAM, {"key": f"p{number}.{step}", "value": "x" * (step % 90)})
                it.log_points({f"a{number}": 1.0, f"b{number}": math.pi}, step)

        run_threads(log)
        found = contents(read_all(it.writer_folder, alive=True))
        assert len(found) == 4 * 400 * 4
        assert len({str(f) for f in found}) == len(found)


def run_threads(log: object) -> None:
    threads = [threading.Thread(target=log, args=(n,)) for n in range(4)]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_forked_child_writes_a_journal_of_its_own() -> None:
    with journal(owner=True) as it:
        it.log_metric("x", 0.0, 0)
        child = os.fork()
        if child == 0:
            for step in range(1, 1000):
                it.log_metric("x", 1.0, step)
            os._exit(0)
        for step in range(1, 1000):
            it.log_metric("x", 0.0, step)
        assert os.waitpid(child, 0)[1] == 0
        folders = spool.writers(it.run_folder)
        assert len(folders) == 2
        by_parent = [f for f in folders if spool.lives(f)]
        assert by_parent == [it.writer_folder]  # the child's death shows, and the parent's lock was not lost
        (by_child,) = set(folders) - set(by_parent)
        assert [s for _, _, s in contents(read_all(by_child))] == list(range(1, 1000))
        assert [s for _, _, s in contents(read_all(it.writer_folder, alive=True))] == list(range(1000))
        assert spool.Ctl(os.path.join(by_child, "ctl")).get(spool.STATE) & spool.OWNER == 0


def test_many_keys_and_rotation() -> None:
    with journal() as it:
        for number in range(100_000):
            it.log_metric(f"key/{number}", float(number), number)
        paths = spool.segments(it.writer_folder)
        assert len(paths) > 10
        found = contents(read_all(it.writer_folder, alive=True))
        assert found == [(f"key/{n}", float(n), n) for n in range(100_000)]


def test_no_points_are_no_fault() -> None:
    with journal() as it:
        it.log_points({})
        it.log_points({"m": 1.0}, 1)
        it.log_points({})
        assert contents(read_all(it.writer_folder, alive=True)) == [("m", 1.0, 1)]


def test_segments_follow_each_other_without_a_gap() -> None:
    with journal() as it:
        for step in range(2 * SLOTS_PER_SEGMENT + 10):
            it.log_metric("loss", 0.5, step)
        headers = []
        for path in spool.segments(it.writer_folder):
            with open(path, "rb") as file:
                headers.append(Header(file.read(HEADER_BYTES)))
        assert [h.number for h in headers] == [0, 1, 2]
        assert [h.sealed for h in headers] == [SLOTS_PER_SEGMENT, SLOTS_PER_SEGMENT, None]
        assert [h.base_seq for h in headers] == [0, SLOTS_PER_SEGMENT, 2 * SLOTS_PER_SEGMENT]
        assert {h.run_id for h in headers} == {RUN}


def test_a_signal_handler_may_log_at_any_moment() -> None:
    with journal() as it:
        handled = 0

        def handler(*_: object) -> None:
            nonlocal handled
            handled += 1
            it.log_metric("handled", 1.0, handled)
            it.log_record(PARAM, {"key": f"h{handled}", "value": "y" * 100})

        with interval_signal(handler):
            for step in range(60_000):
                it.log_metric("loop", 0.0, step)
                if step % 10 == 0:
                    it.log_record(PARAM, {"key": f"l{step}", "value": "z" * 50})
        found = contents(read_all(it.writer_folder, alive=True))
        assert handled > 10
        assert [f[2] for f in found if f[0] == "loop"] == list(range(60_000))
        assert [f[2] for f in found if f[0] == "handled"] == list(range(1, handled + 1))
        assert len([f for f in found if f[0] == PARAM]) == 6000 + handled


# An interrupt between the opening of a file or folder and the `with` that closes it leaves the closing to the
# interpreter, which warns; no code can prevent that.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_at_any_moment_loses_no_call_that_returned() -> None:
    class Interrupt(BaseException):
        pass

    def interrupt(*_: object) -> None:
        raise Interrupt

    with journal() as it:
        returned: list[int] = []
        step = 0
        with interval_signal(interrupt) as stop:
            while step < 80_000:
                try:
                    while step < 80_000:
                        step += 1
                        it.log_metric("loop", 0.0, step)
                        returned.append(step)
                        if step % 50 == 0:
                            it.log_record(PARAM, {"key": f"p{step}", "value": "v" * 300})
                except Interrupt:
                    continue
            stop()
        it.log_metric("loop", 0.0, -1)
        steps = [f[2] for f in contents(read_all(it.writer_folder, alive=True)) if f[0] == "loop"]
        assert sorted(set(returned) - set(steps)) == []
        assert len(steps) == len(set(steps))
        assert steps[-1] == -1


def everything(it: Journal) -> list[list[tuple[object, ...]]]:
    """What each writer of the run wrote."""
    return [contents(read_all(writer)) for writer in spool.writers(it.run_folder)]


def test_a_signal_handler_may_end_the_run_at_any_moment() -> None:
    with journal(owner=True) as it:
        ends = 0

        def handler(*_: object) -> None:
            nonlocal ends
            ends += 1
            it.end("KILLED", ends)

        step = 0
        with interval_signal(handler) as stop:
            while ends < 30:
                it.log_metric(f"k{step % 3}", 0.0, step)
                it.log_points({"a": 0.0, "b": 0.0}, step, context=("m", "", ""))
                it.log_record(PARAM, {"key": f"l{step}", "value": "z" * 50})
                step += 1
            stop()
        it.close()
        found = [entry for entries in everything(it) for entry in entries if entry[0] != CONTEXT]
        assert sorted(f[2] for f in found if str(f[0]).startswith("k")) == list(range(step))
        assert sorted(f[2] for f in found if f[0] in ("a", "b")) == sorted([*range(step), *range(step)])
        assert len([f for f in found if f[0] == PARAM]) == step
        assert sorted(f[1]["end_ms"] for f in found if f[0] == RUN_END) == list(range(1, ends + 1))


def test_a_signal_handler_that_ends_a_run_inside_a_write_ends_it_after_the_write() -> None:
    with journal(owner=True) as it:

        def end_once() -> None:
            it.tend = None
            it.end("KILLED", 7)

        it.tend = end_once  # called in the middle of opening a writer
        it.log_metric("m", 1.0, 1)
        it.log_metric("m", 2.0, 2)
        it.close()
        end = (RUN_END, {"status": "KILLED", "end_ms": 7})
        assert sorted(everything(it), key=len) == [[end], [("m", 1.0, 1), ("m", 2.0, 2)]]


def test_a_signal_handler_that_ends_a_run_inside_its_end_harms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with journal(owner=True) as it:

        def end_once(*arguments: object) -> None:
            monkeypatch.setattr("clew.client.writer.seal", seal)
            it.log_metric("m", 2.0, 2)
            it.end("KILLED", 7)
            seal(*arguments)  # type: ignore[arg-type]

        it.log_metric("m", 1.0, 1)
        monkeypatch.setattr("clew.client.writer.seal", end_once)  # called in the middle of closing a writer
        it.end("FINISHED", 5)
        it.close()
        found = [entry for entries in everything(it) for entry in entries]
        assert sorted(f[2] for f in found if f[0] == "m") == [1, 2]
        assert sorted(f[1]["end_ms"] for f in found if f[0] == RUN_END) == [5, 7]


def test_threads_may_log_while_the_journal_is_closed() -> None:
    with journal() as it:
        logged = [0, 0]
        stop = threading.Event()

        def log(which: int) -> None:
            while not stop.is_set():
                it.log_metric(f"t{which}", 0.0, logged[which])
                it.log_points({f"p{which}": 0.0, f"q{which}": 0.0}, logged[which])
                logged[which] += 1

        threads = [threading.Thread(target=log, args=(which,)) for which in range(2)]
        for thread in threads:
            thread.start()
        for _ in range(60):
            it.close()
            time.sleep(0.002)
        stop.set()
        for thread in threads:
            thread.join()
        it.close()
        found = [entry for entries in everything(it) for entry in entries]
        for which in range(2):
            for key in "tpq":
                assert sorted(f[2] for f in found if f[0] == f"{key}{which}") == list(range(logged[which]))


@contextmanager
def interval_signal(handler: object) -> Iterator[object]:
    """A timer that interrupts the main thread about every half millisecond of its work."""

    def stop() -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    before = signal.signal(signal.SIGVTALRM, handler)  # type: ignore[arg-type]
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.001, 0.0007)
    try:
        yield stop
    finally:
        stop()
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("key", ["", "a//b", "../x", "/a", "a\x00b", "k" * 251, "a?b", None, 3])
def test_bad_keys_raise_and_leave_nothing(key: str) -> None:
    with journal() as it:
        with pytest.raises(InvalidValue, match="expected a text, not int" if key == 3 else None):
            it.log_metric(key, 1.0)
        assert it.fence() is None


@pytest.mark.parametrize("value", ["1.0", None, [1.0, 2.0], object(), 10**400])
def test_values_that_are_no_numbers_raise(value: float) -> None:
    with journal() as it:
        it.log_metric("ok", 1.0)
        with pytest.raises(InvalidValue, match="metric 'ok'"):
            it.log_metric("ok", value)
        with pytest.raises(InvalidValue):
            it.log_points({"ok": 2.0, "bad": value})
        assert contents(read_all(it.writer_folder, alive=True)) == [("ok", 1.0, 0)]


@pytest.mark.parametrize("step", ["1", 1.5, None, 1 << 63])
def test_steps_that_are_no_integers_raise(step: int) -> None:
    with journal() as it, pytest.raises(InvalidValue, match="step"):
        it.log_metric("ok", 1.0, step)


def test_numbers_of_other_libraries_are_taken() -> None:
    import numpy as np

    with journal() as it:
        for value in (np.float32(0.5), np.int64(3), np.array(2.0), np.array([4.0]), True):
            it.log_metric("v", value)  # type: ignore[arg-type]
        it.log_metric("v", 1.0, np.int32(7))  # type: ignore[arg-type]
        it.log_metric("v", 1.0, 8.0)  # type: ignore[arg-type]
        assert [f[1:] for f in contents(read_all(it.writer_folder, alive=True))] == [
            (0.5, 0),
            (3.0, 0),
            (2.0, 0),
            (4.0, 0),
            (1.0, 0),
            (1.0, 7),
            (1.0, 8),
        ]


def test_nan_and_infinities_are_data() -> None:
    with journal() as it:
        it.log_points({"n": math.nan, "p": math.inf, "m": -math.inf})
        found = {str(k): v for k, v, _ in contents(read_all(it.writer_folder, alive=True))}
        assert math.isnan(float(str(found["n"])))
        assert (found["p"], found["m"]) == (math.inf, -math.inf)


def test_one_key_under_several_contexts_has_several_ids() -> None:
    with journal() as it:
        it.log_points({"acc": 0.1})
        it.log_points({"acc": 0.2}, context=("m-1", "", ""))
        it.log_points({"acc": 0.3}, context=("m-1", "data", "d1"))
        it.log_points({"acc": 0.4}, context=("m-1", "", ""))
        ids = [fields[3] for kind, fields, _ in items(read_all(it.writer_folder, alive=True)) if kind < 0]
        assert ids[1] == ids[3]
        assert len(set(ids)) == 3


def test_a_full_spool_drops_points_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    with journal(Limits(max_bytes=2 * SEGMENT_BYTES, keep_bytes=0, keep_fraction=0)) as it:
        for step in range(3 * SLOTS_PER_SEGMENT):
            it.log_metric("loss", float(step), step)
        assert it.dropped > SLOTS_PER_SEGMENT // 2
        assert [r.getMessage() for r in caplog.records if "dropped" in r.getMessage()] != []
        assert len(caplog.records) == 1


def test_the_reserve_holds_params_end_and_last_values() -> None:
    with journal(Limits(max_bytes=20 * SEGMENT_BYTES, keep_bytes=0, keep_fraction=0)) as it:
        last = 21 * SLOTS_PER_SEGMENT
        for step in range(last):
            it.log_metric("loss", float(step), step)
        assert it.dropped
        assert it.log_record(PARAM, {"key": "late", "value": "1"})
        folder = it.writer_folder
        it.end("FINISHED", 5)
        found = contents(read_all(folder))
        assert (PARAM, {"key": "late", "value": "1"}) in found
        assert (RUN_END, {"status": "FINISHED", "end_ms": 5}) in found
        assert found[-1] == ("loss", float(last - 1), last - 1)


def test_points_go_on_once_there_is_room_again() -> None:
    with journal(Limits(max_bytes=2 * SEGMENT_BYTES, keep_bytes=0, keep_fraction=0)) as it:
        for step in range(2 * SLOTS_PER_SEGMENT + 100):
            it.log_metric("loss", 1.0, step)
        assert it.dropped
        os.unlink(spool.segments(it.writer_folder)[0])
        it._retry_at = 0
        before = it.dropped
        it.log_metric("loss", 1.0, 7)
        assert it.dropped == before


def test_a_spool_that_cannot_be_written_costs_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("not a folder")
    it = Journal(str(tmp_path / "file" / RUN), RUN)
    for step in range(10):
        it.log_metric("loss", 1.0, step)
        it.log_record(PARAM, {"key": "p", "value": "1"})
    assert it.dropped == 20
    assert len(caplog.records) == 1
    assert it.end("FINISHED", 1) is None


def test_a_closed_journal_opens_again_as_a_guest() -> None:
    with journal(owner=True) as it:
        it.log_metric("x", 1.0)
        first = it.writer_folder
        receipt = it.end("FINISHED", 1)
        assert receipt is not None
        assert receipt.pending == receipt.position > 0
        it.log_metric("x", 2.0)
        assert it.writer_folder != first
        states = [spool.Ctl(os.path.join(f, "ctl")).get(spool.STATE) for f in (first, it.writer_folder)]
        assert states == [spool.OWNER | spool.ENDED, 0]


def test_writers_have_ids_of_their_own() -> None:
    with journal() as it:
        it.log_metric("x", 1.0)
        with open(spool.segments(it.writer_folder)[0], "rb") as file:
            header = Header(file.read(HEADER_BYTES))
        assert it.writer_folder.endswith("w-" + header.writer_id)
        assert header.writer_id != new_id()
