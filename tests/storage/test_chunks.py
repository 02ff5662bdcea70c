"""Metric bytes: what goes in comes out bit for bit, in few bytes, and foreign bytes are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.errors import Corrupt
from clew.storage import chunks
from clew.storage.chunks import Block, Points

I64 = st.integers(-(2**63), 2**63 - 1)
SMALL = st.integers(-3, 3)
BITS = st.one_of(
    st.integers(0, 2**64 - 1),
    st.sampled_from([0x7FF8000000000001, 0xFFF8000000000000, 0x7FF0000000000001, 1 << 63, 0x7FF << 52, 0xFFF << 52, 1]),
    st.floats(width=32, allow_nan=False).map(lambda x: int(np.float64(x).view(np.uint64))),
)


def points_of(rows: list[tuple[int, int, int, int, int]]) -> Points:
    """Rows of (key, step, time, value bits, context), grouped by key as blocks want them."""
    rows = sorted(rows, key=lambda row: row[0])
    keys, steps, times, bits, contexts = (list(column) for column in zip(*rows, strict=True)) if rows else ([],) * 5
    return Points(
        np.array(keys, np.int64),
        np.array(steps, np.int64),
        np.array(times, np.int64),
        np.array(bits, np.uint64).view(np.float64),
        np.array(contexts, np.int64) if any(contexts) else None,
    )


def assert_same(found: Points, wanted: Points) -> None:
    np.testing.assert_array_equal(found.keys, wanted.keys)
    np.testing.assert_array_equal(found.steps, wanted.steps)
    np.testing.assert_array_equal(found.times, wanted.times)
    np.testing.assert_array_equal(found.values.view(np.uint64), wanted.values.view(np.uint64))
    if wanted.contexts is None:
        assert found.contexts is None
    else:
        np.testing.assert_array_equal(found.contexts, wanted.contexts)


ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.one_of(I64, SMALL), st.one_of(I64, SMALL), BITS, st.integers(0, 2)), max_size=40
)


@given(st.lists(st.one_of(I64, SMALL), max_size=60))
def test_integers_come_back(column: list[int]) -> None:
    array = np.array(column, np.int64)
    np.testing.assert_array_equal(chunks.decode_ints(memoryview(chunks.encode_ints(array)), len(array)), array)


@pytest.mark.parametrize("spread", [0, 1, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**40, 2**63])
def test_integers_of_every_width_come_back(spread: int) -> None:
    # Deltas of 0 and ``spread``, the last ones wrapping around.
    array = np.cumsum(np.array([7, 0, spread, 0, spread], np.uint64)).view(np.int64)
    np.testing.assert_array_equal(chunks.decode_ints(memoryview(chunks.encode_ints(array)), len(array)), array)


@given(st.lists(BITS, min_size=1, max_size=60))
def test_values_come_back_bit_for_bit(bits: list[int]) -> None:
    array = np.array(bits, np.uint64).view(np.float64)
    found = chunks.decode_values(memoryview(chunks.encode_values(array)), len(array))
    np.testing.assert_array_equal(found.view(np.uint64), array.view(np.uint64))


@given(ROWS)
def test_log_rows_come_back(rows: list[tuple[int, int, int, int, int]]) -> None:
    points = points_of(rows)
    assert_same(chunks.decode_log(chunks.encode_log(points)), points)


@given(ROWS.filter(bool))
def test_small_log_rows_come_back(rows: list[tuple[int, int, int, int, int]]) -> None:
    points = points_of(rows)
    contexts = [0] * len(points) if points.contexts is None else points.contexts.tolist()
    columns = (points.keys.tolist(), points.steps.tolist(), points.times.tolist(), points.values.tolist(), contexts)
    found = chunks.decode_log(chunks.encode_log_rows([(1, *row) for row in zip(*columns, strict=True)]))
    # Python floats keep NaN payloads only by courtesy of the platform; everything else must be equal.
    np.testing.assert_array_equal(found.values, points.values)
    assert_same(Points(found.keys, found.steps, found.times, points.values, found.contexts), points)


@given(ROWS.filter(bool))
def test_blocks_come_back(rows: list[tuple[int, int, int, int, int]]) -> None:
    points = points_of(rows)
    block = Block(chunks.encode_block(points))
    assert_same(block.points(), points)
    for key in set(points.keys.tolist()):
        span = block.span(key)
        assert span is not None
        assert_same(block.points().take(span), points.take(points.keys == key))
    assert block.span(99) is None


@given(st.lists(st.tuples(I64, SMALL), min_size=1, max_size=30), st.data())
def test_single_steps_and_times_are_found(rows: list[tuple[int, int]], data: st.DataObject) -> None:
    points = points_of([(1, step, time, 0, 0) for step, time in rows])
    index = np.array(data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=9)), np.int64)
    block = Block(chunks.encode_block(points))
    np.testing.assert_array_equal(block.steps_at(index), points.steps[index])
    np.testing.assert_array_equal(block.times_at(index), points.times[index])


def test_a_jump_between_keys_costs_nothing() -> None:
    steps = np.concatenate([np.arange(1000), np.arange(1000) + 2**50])
    ordinary = Points(np.repeat([1, 2], 1000), np.tile(np.arange(1000), 2), np.zeros(2000, np.int64), np.zeros(2000))
    jumping = Points(ordinary.keys, steps, ordinary.times, ordinary.values)
    assert len(chunks.encode_block(jumping)) - len(chunks.encode_block(ordinary)) < 32


@given(ROWS, st.booleans())
def test_sorting_drops_equal_points_only(rows: list[tuple[int, int, int, int, int]], by_time: bool) -> None:
    points = points_of([(1, *row[1:]) for row in rows + rows[: len(rows) // 2]])
    found = chunks.sort_unique(points, by_time=by_time)

    def identities(columns: Points) -> list[tuple[int, ...]]:
        contexts = [0] * len(columns) if columns.contexts is None else columns.contexts.tolist()
        bits = columns.values.view(np.uint64).tolist()
        return list(zip(columns.steps.tolist(), columns.times.tolist(), bits, contexts, strict=True))

    assert sorted(identities(found)) == sorted(set(identities(points)))
    places = [(t, s) if by_time else (s, t) for s, t, _, _ in identities(found)]
    assert places == sorted(places)


def test_nan_sorts_before_every_number() -> None:
    values = np.array([1.0, np.nan, -np.inf, np.inf])
    zeros = np.zeros(4, np.int64)
    found = chunks.sort_unique(Points(zeros, zeros, zeros, values), by_time=True)
    assert [str(value) for value in found.values] == ["nan", "-inf", "1.0", "inf"]


@pytest.mark.parametrize("body", [b"", b"\x02" + bytes(30), b"\x01\x01\x00\x00"])
def test_other_formats_are_refused(body: bytes) -> None:
    with pytest.raises(Corrupt, match="format"):
        chunks.decode_log(body)


def test_cut_bodies_are_refused() -> None:
    body = chunks.encode_log(points_of([(1, 2, 3, 4, 0)]))
    with pytest.raises(Corrupt, match="should have"):
        chunks.decode_log(body[:-1])


@pytest.mark.parametrize(("dtype", "goal"), [(np.float32, 5.5), (np.float64, 9.5)])
def test_bytes_per_point_of_a_chunk(dtype: type, goal: float) -> None:
    rng = np.random.default_rng(7)
    n = 65_536
    values = rng.normal(size=n).astype(dtype).astype(np.float64)
    times = 1_700_000_000_000 + np.cumsum(rng.integers(90, 140, n))
    body = chunks.encode_block(Points(np.ones(n, np.int64), np.arange(n), times, values))
    assert len(body) / n <= goal
