"""Down-sampling keeps what the eye would miss: extremes, gaps, ends."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clew.storage.downsample import envelope

VALUES = st.lists(st.one_of(st.floats(width=32), st.sampled_from([np.nan, np.inf, -np.inf])), min_size=1, max_size=400)


@given(VALUES, st.integers(2, 120))
def test_limits_order_and_ends(values: list[float], max_points: int) -> None:
    chosen = envelope(np.array(values), max_points)
    assert len(chosen) <= max_points
    assert (np.diff(chosen) > 0).all()
    assert chosen[0] == 0
    assert chosen[-1] == len(values) - 1


@given(VALUES, st.integers(12, 120))
def test_extremes_stay(values: list[float], max_points: int) -> None:
    array = np.array(values)
    kept = array[envelope(array, max_points)]
    finite = array[np.isfinite(array)]
    if len(finite):
        assert finite.min() in kept
        assert finite.max() in kept
    assert np.isnan(array).any() == np.isnan(kept).any()
    assert (array == np.inf).any() == (kept == np.inf).any()
    assert (array == -np.inf).any() == (kept == -np.inf).any()


def test_every_stretch_keeps_its_spike() -> None:
    values = np.zeros(100_000)
    spikes = np.arange(50, 100_000, 1000)
    values[spikes] = np.where(spikes % 2000 < 1000, 1.0, -1.0)
    assert set(spikes.tolist()) <= set(envelope(values, 2000).tolist())


def test_nan_keeps_a_mark_where_it_occurs() -> None:
    values = np.arange(10_000, dtype=float)
    values[5000:5100] = np.nan
    chosen = envelope(values, 300)
    marked = chosen[np.isnan(values[chosen])]
    assert len(marked)
    assert ((marked >= 5000) & (marked < 5100)).all()


def test_few_points_stay_as_they_are() -> None:
    assert envelope(np.arange(5.0), 5).tolist() == [0, 1, 2, 3, 4]
