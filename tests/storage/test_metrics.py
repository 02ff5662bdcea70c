"""Metric points and their summaries, before any compaction, on both databases."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.errors import Conflict, NotFound
from clew.storage import metrics, runs, series, summary
from clew.storage.chunks import Points
from clew.storage.metrics import PointColumns
from clew.storage.store import Store

PointRow = tuple[str, int, int, float]


@pytest.fixture
def run(store: Store) -> str:
    return new_run(store)


def new_run(store: Store) -> str:
    return store.write(lambda tx: runs.create_run(tx, experiment_id="0")).info.run_id


def columns(rows: list[PointRow], **bound) -> PointColumns:
    keys = list(dict.fromkeys(row[0] for row in rows))
    return PointColumns(
        keys,
        np.array([keys.index(row[0]) for row in rows], np.int32),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.int64),
        np.array([row[3] for row in rows], np.float64),
        **bound,
    )


def log(store: Store, run: str, rows: list[PointRow]) -> None:
    store.write(lambda tx: metrics.log_points(tx, run, columns(rows)))


def history(store: Store, run: str, key: str, **part: int) -> list[tuple[int, int, str]]:
    found = store.read(lambda tx: metrics.history(tx, run, key, **part))
    return [(m.timestamp, m.step, repr(m.value)) for m in found]


def latest(store: Store, run: str) -> dict[str, tuple[int, int, str]]:
    data = store.read(lambda tx: runs.get_run(tx, run)).data
    assert {m.key: repr(m.value) for m in data.latest} == {k: repr(v) for k, v in data.metrics.items()}
    return {m.key: (m.step, m.timestamp, repr(m.value)) for m in data.latest}


def test_history_is_sorted_by_time_step_and_value(store: Store, run: str) -> None:
    log(store, run, [("m", 2, 20, 1.0), ("m", 1, 30, 2.0), ("x", 0, 0, 9.0), ("m", 3, 20, 0.0)])
    store.write(lambda tx: metrics.log_point(tx, run, "m", 2, 20, math.nan))
    store.write(lambda tx: metrics.log_point(tx, run, "m", 2, 20, -math.inf))
    assert history(store, run, "m") == [
        (20, 2, "nan"),
        (20, 2, "-inf"),
        (20, 2, "1.0"),
        (20, 3, "0.0"),
        (30, 1, "2.0"),
    ]
    assert history(store, run, "m", start=1, limit=2) == [(20, 2, "-inf"), (20, 2, "1.0")]
    assert history(store, run, "none") == history(store, "none", "m") == []


def test_equal_points_collapse(store: Store, run: str) -> None:
    for _ in range(3):
        log(store, run, [("m", 1, 1, 0.5)] * 30 + [("m", 1, 1, math.nan)])
    assert history(store, run, "m") == [(1, 1, "nan"), (1, 1, "0.5")]


@pytest.mark.parametrize("value", [1e-320, -0.0, 1.7976931348623157e308, math.inf, -math.inf, math.nan, 0.1])
def test_values_come_back_as_they_were(store: Store, run: str, value: float) -> None:
    log(store, run, [("m", -(2**63), 2**63 - 1, value)])
    assert history(store, run, "m") == [(2**63 - 1, -(2**63), repr(value))]
    # SQLite keeps the whole number in a column of reals as an integer, which has no negative zero.
    assert latest(store, run)["m"] in [(-(2**63), 2**63 - 1, repr(same)) for same in (value, value + 0.0)]


def test_latest_is_the_largest_step_time_and_value(store: Store, run: str) -> None:
    rows = [("m", 5, 1, 1.0), ("m", 4, 9, 2.0), ("m", 5, 2, 0.0), ("m", 5, 2, 3.0), ("m", 5, 2, math.nan)]
    for row in rows:
        log(store, run, [row])
    assert latest(store, run)["m"] == (5, 2, "3.0")
    log(store, run, [("m", 5, 3, math.nan)])
    assert latest(store, run)["m"] == (5, 3, "nan")


def summaries(store: Store) -> list[tuple]:
    return store.read(
        lambda tx: tx.all(
            "SELECT key, step, ts, is_nan, value, first_step, first_ts, first_nan, first_value, min_value, max_value"
            " FROM latest_metric ORDER BY rn, key"
        )
    )


POINTS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.integers(-2, 2),
        st.integers(0, 2),
        st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1.0, -1.5]),
    ),
    min_size=1,
    max_size=90,
)


def expected_summary(rows: list[PointRow]) -> dict[str, tuple]:
    def order(row: PointRow) -> tuple:
        return row[1], row[2], not math.isnan(row[3]), 0.0 if math.isnan(row[3]) else row[3]

    made = {}
    for key in {row[0] for row in rows}:
        points = [row for row in rows if row[0] == key]
        last, first = max(points, key=order), min(points, key=order)
        numbers = [row[3] for row in points if not math.isnan(row[3])]
        made[key] = (*order(last), *order(first), min(numbers, default=None), max(numbers, default=None))
    return made


def plain(row: summary.Summary) -> tuple:
    _, _, value, is_nan, step, ts, _, first, first_nan, first_step, first_ts, least, most = row
    return (step, ts, not is_nan, value or 0.0, first_step, first_ts, not first_nan, first or 0.0, least, most)


@given(POINTS)
def test_both_ways_to_summarize_agree_with_the_definition(rows: list[PointRow]) -> None:
    numbered = [(7, ord(key), step, time, value, 0) for key, step, time, value in rows]
    arrays = Points(
        *(np.array([row[i] for row in numbered], np.int64) for i in (1, 2, 3)),
        np.array([row[4] for row in numbered], np.float64),
    )
    by_rows = {chr(s[1]): plain(s) for s in summary.summarize_rows(numbered)}
    by_arrays = {chr(s[1]): plain(s) for s in summary.summarize(np.full(len(rows), 7), arrays)}
    assert by_rows == by_arrays == expected_summary(rows)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=POINTS, cuts=st.lists(st.integers(0, 90), max_size=3))
def test_summaries_do_not_depend_on_how_points_arrive(store: Store, rows: list[PointRow], cuts: list[int]) -> None:
    run = new_run(store)
    places = [0, *sorted(cuts), len(rows)]
    for start, end in itertools.pairwise(places):
        if rows[start:end]:
            log(store, run, rows[start:end])
            log(store, run, rows[:end:2] or rows[:1])
    found = store.read(
        lambda tx: tx.all(
            "SELECT k.name, m.step, m.ts, m.is_nan, m.value, m.first_step, m.first_ts, m.first_nan, m.first_value,"
            " m.min_value, m.max_value FROM latest_metric m JOIN key k ON k.id = m.key JOIN run r ON r.rn = m.rn"
            " WHERE r.run_id = :run",
            run=run,
        )
    )
    made = {
        name: (step, ts, not nan, value or 0.0, fstep, fts, not fnan, fvalue or 0.0, least, most)
        for name, step, ts, nan, value, fstep, fts, fnan, fvalue, least, most in found
    }
    assert made == expected_summary(rows)


def test_many_runs_in_one_group_stay_apart(store: Store) -> None:
    names = [new_run(store) for _ in range(5)]

    def fill(tx):
        for index, name in enumerate(names * 2):
            rows = [(f"k{k}", index, index, float(index * 100 + k)) for k in range(30)]
            metrics.log_points(tx, name, columns(rows))
            metrics.log_point(tx, name, "one", index, index, float(index))

    store.write(fill)
    for index, name in enumerate(names):
        for key, offset in (("k0", 0), ("k29", 29)):
            wanted = [(i, i, repr(float(i * 100 + offset))) for i in (index, index + 5)]
            assert history(store, name, key) == wanted
        assert history(store, name, "one") == [(i, i, repr(float(i))) for i in (index, index + 5)]


def test_contexts_are_kept_and_part_of_a_points_identity(store: Store, run: str) -> None:
    rows: list[PointRow] = [("m", 1, 1, 1.0)] * 3
    bound = columns(
        rows, contexts=[("m-1", "d", "x", -1), ("", "", "", 3)], context_index=np.array([0, 1, -1], np.int32)
    )
    for _ in range(2):
        store.write(lambda tx: metrics.log_points(tx, run, bound))
    found = store.read(lambda tx: metrics.history(tx, run, "m"))
    assert sorted((m.model_id or "", m.dataset_name or "", m.dataset_digest or "") for m in found) == [
        ("", "", ""),
        ("", "", ""),
        ("m-1", "d", "x"),
    ]


def test_refusals(store: Store, run: str) -> None:
    with pytest.raises(NotFound, match="Run with id=nope not found"):
        log(store, "nope", [("m", 0, 0, 1.0)])
    store.write(lambda tx: runs.delete_run(tx, run))
    with pytest.raises(Conflict, match=r"must be in the 'active' state. Current state is deleted."):
        store.write(lambda tx: metrics.log_point(tx, run, "m", 0, 0, 1.0))
    store.write(lambda tx: runs.restore_run(tx, run))
    log(store, run, [])
    assert history(store, run, "m") == []


def test_points_move_a_runs_change_number(store: Store, run: str) -> None:
    def change() -> int:
        return store.read(lambda tx: tx.one("SELECT change FROM run"))[0]

    before = change()
    log(store, run, [("m", 0, 0, 1.0)])
    assert change() > before


def test_series_by_step(store: Store, run: str) -> None:
    other = new_run(store)
    log(store, run, [("a", s, 100 - s, float(s)) for s in (3, 1, 2)] + [("b", 0, 0, math.inf)])
    log(store, other, [("a", 7, 7, 7.0)])
    found = store.read(lambda tx: series.series(tx, [other, run, "nope"], ["b", "a", "zz"]))
    shown = [(s.run_id, s.key, s.steps.tolist(), s.times.tolist(), s.values.tolist()) for s in found]
    assert shown == [
        (other, "a", [7], [7], [7.0]),
        (run, "b", [0], [0], [math.inf]),
        (run, "a", [1, 2, 3], [99, 98, 97], [1.0, 2.0, 3.0]),
    ]
    (part,) = store.read(lambda tx: series.series(tx, [run], ["a"], within=series.Range(start_step=2, end_step=2)))
    assert part.steps.tolist() == [2]
    assert store.read(lambda tx: series.series(tx, [run], ["a"], within=series.Range(start_step=4))) == []


def test_series_are_thinned_to_what_was_asked(store: Store, run: str) -> None:
    n = 20_000
    values = np.sin(np.arange(n) / 500)
    values[[777, 15_001]] = [9.0, -9.0]
    points = PointColumns(["m"], np.zeros(n, np.int32), np.arange(n), np.arange(n), values)
    store.write(lambda tx: metrics.log_points(tx, run, points))
    (found,) = store.read(lambda tx: series.series(tx, [run], ["m"], max_points=200))
    assert len(found.values) <= 200
    assert {777, 15_001, 0, n - 1} <= set(found.steps.tolist())
    np.testing.assert_array_equal(found.values, values[found.steps])
    (whole,) = store.read(lambda tx: series.series(tx, [run], ["m"], max_points=None))
    np.testing.assert_array_equal(whole.values, values)
