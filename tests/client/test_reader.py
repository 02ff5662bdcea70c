"""What the shipper reads of a journal: whole slots, in order, and what is left after a power loss."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.client import spool
from clew.client.journal import Journal
from clew.client.mlflow_target import items
from clew.client.reader import Reader
from clew.client.segment import GAP, mend, record_bytes, slot_bytes, sound_slots, written_slots
from clew.errors import Corrupt
from clew.wire.frames import HEADER_BYTES, PARAM, POINT, RECORD_BASE, SLOT_BYTES, SLOTS_PER_SEGMENT
from journals import contents, read_all

RUN = "cd" * 16


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    it = Journal(str(tmp_path / RUN), RUN, owner=True)
    yield it
    it.close()


def test_batches_follow_the_writer(journal: Journal) -> None:
    journal.log_metric("x", 1.0)
    reader = Reader(journal.writer_folder, RUN)
    reader.acknowledge(0)
    first = reader.batch()
    assert first is not None
    reader.acknowledge(first.end)
    assert reader.batch() is None
    journal.log_metric("x", 2.0)
    second = reader.batch()
    assert second is not None
    assert (second.seq, second.slot, len(second.data)) == (first.end, first.end, SLOT_BYTES)
    assert sound_slots(second.data, second.salt, second.slot) == 1
    assert reader.batch(below=first.end) is None


def test_shipped_segments_go_and_the_cursor_may_rewind_inside_what_is_left(journal: Journal) -> None:
    for step in range(SLOTS_PER_SEGMENT + 100):
        journal.log_metric("x", 1.0, step)
    reader = Reader(journal.writer_folder, RUN)
    reader.acknowledge(SLOTS_PER_SEGMENT)
    batch = reader.batch()
    assert batch is not None
    assert (batch.seq, batch.slot) == (SLOTS_PER_SEGMENT, 0)
    assert [os.path.basename(p) for p in spool.segments(journal.writer_folder)] == ["00000001.seg"]
    again = Reader(journal.writer_folder, RUN)
    again.acknowledge(SLOTS_PER_SEGMENT + 50)
    rest = again.batch()
    assert rest is not None
    assert (rest.seq, rest.end) == (SLOTS_PER_SEGMENT + 50, batch.end)
    again.acknowledge(7)
    with pytest.raises(Corrupt, match="the target lost them"):
        again.batch()


def test_a_segment_that_was_never_sealed_ends_where_the_next_one_begins(journal: Journal) -> None:
    for step in range(SLOTS_PER_SEGMENT + 5):
        journal.log_metric("x", 1.0, step)
    with open(spool.segments(journal.writer_folder)[0], "r+b") as file:
        file.seek(128)
        file.write(bytes(8))  # as an interrupt between two steps of a rotation leaves it
    assert len(contents(read_all(journal.writer_folder))) == SLOTS_PER_SEGMENT + 5


def test_after_a_power_loss_the_rest_is_shipped_with_a_gap(journal: Journal) -> None:
    for step in range(100):
        journal.log_metric("x", 1.0, step)
        if step % 10 == 0:
            journal.log_record(PARAM, {"key": f"p{step}", "value": "v" * 200})
    folder = journal.writer_folder
    receipt = journal.fence()
    assert receipt is not None
    path = spool.segments(folder)[0]
    with open(path, "r+b") as file:
        file.seek(HEADER_BYTES + 64 * SLOT_BYTES)
        file.write(bytes(16 * SLOT_BYTES))  # half a kilobyte that never reached the disk
    data = read_all(folder)
    assert len(data) == receipt.position * SLOT_BYTES
    steps = [f[2] for f in contents(data) if f[0] == "x"]
    assert steps == sorted(steps)
    assert 80 < len(steps) < 100
    assert {kind for kind, _, _ in items(data)} >= {GAP - RECORD_BASE}


def test_a_record_whose_head_was_never_written_is_no_loss(journal: Journal) -> None:
    journal.log_metric("x", 1.0)
    receipt = journal.fence()
    assert receipt is not None
    path = spool.segments(journal.writer_folder)[0]
    _, body = record_bytes(PARAM, 0, b'{"key":"torn","value":"' + b"z" * 300, journal._salt, receipt.position)
    with open(path, "r+b") as file:
        file.seek(HEADER_BYTES + (receipt.position + 1) * SLOT_BYTES)
        file.write(body)
    data = read_all(journal.writer_folder)
    assert len(data) == receipt.position * SLOT_BYTES


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.randoms(use_true_random=False))
def test_mending_keeps_every_sound_item_and_makes_all_slots_sound(salt: int, count: int, chance: random.Random) -> None:
    data = bytearray()
    starts = []
    while len(data) < count * SLOT_BYTES:
        slot = len(data) // SLOT_BYTES
        starts.append(slot)
        if chance.random() < 0.7:
            data += slot_bytes(POINT.pack(1_700_000_000 * 10**9, 0.5, slot, 7), salt ^ slot)
        else:
            head, body = record_bytes(PARAM, 0, b'{"key":"k","value":"%d"}' % slot, salt, slot)
            data += head + body
    total = len(data) // SLOT_BYTES
    broken = {chance.randrange(total) for _ in range(chance.randrange(4))}
    for slot in broken:
        data[slot * SLOT_BYTES : (slot + 1) * SLOT_BYTES] = bytes(SLOT_BYTES)
    mended, lost = mend(bytes(data), salt, 0)
    assert sound_slots(mended, salt, 0) == total
    ends = [*starts[1:], total]
    whole = [s for s, e in zip(starts, ends, strict=True) if not broken & set(range(s, e))]
    for start in whole:
        assert (
            mended[start * SLOT_BYTES : (start + 1) * SLOT_BYTES] == data[start * SLOT_BYTES : (start + 1) * SLOT_BYTES]
        )
    spoilt = sum(e - s for s, e in zip(starts, ends, strict=True) if broken & set(range(s, e)))
    assert len(broken) <= lost <= spoilt
    kept = [kind for kind, _, _ in items(mended) if kind != GAP - RECORD_BASE]
    assert len(kept) == len(whole)


def test_the_front_of_written_slots_is_found_at_every_length() -> None:
    for count in (0, 1, 255, 256, 257, 700):
        data = b"\x01" * SLOT_BYTES * count + bytes(SLOT_BYTES * 300)
        assert written_slots(memoryview(data)) == count
    assert written_slots(memoryview(b"\x01" * SLOT_BYTES * 300)) == 300
