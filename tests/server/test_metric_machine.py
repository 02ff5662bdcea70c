"""Metrics are what a recount of all points gives, whatever is written, sent again, compacted, moved or purged."""

from __future__ import annotations

import math
import os
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from clew.entities.run import RunStatus
from clew.errors import Conflict
from clew.storage import compact, metrics, runs, transfer
from clew.storage.metrics import PointColumns
from clew.storage.pointvalues import point_summary
from clew.storage.store import Store
from clew.wire import frames

from .conftest import NATIVE, Tracker
from .test_ingest import Journal

SCALE = float(os.environ.get("CLEW_TEST_SCALE", "1"))
KEYS = ("a", "b", "c.d")
CONTEXTS = (("", "", "", -1), ("", "d", "x", -1))
Point = tuple[str, int, int, int, int]  # key, step, time, the value's bits, context

# One NaN only: two of different payloads are two points to the store, and one to who compares what it answers.
VALUES = st.sampled_from((0.0, -0.0, 0.1, 1.0, -2.5, 5e-324, 1e300, math.nan, math.inf, -math.inf)) | st.floats(
    width=32, allow_nan=False
)
ROW = st.tuples(st.sampled_from(KEYS), st.integers(-2, 12), st.integers(0, 3), VALUES, st.integers(0, 1))
ROWS = st.lists(ROW, min_size=1, max_size=25)
WHICH = st.integers(0, 2)


def bits(value: float) -> int:
    """One pattern for all NaN, since only arrays promise to keep its payload."""
    return int(struct.unpack("<q", struct.pack("<d", math.nan if math.isnan(value) else value))[0])


def value_of(point: Point) -> float:
    return float(struct.unpack("<d", struct.pack("<q", point[3]))[0])


def order(point: Point) -> tuple[Any, ...]:
    value = value_of(point)
    return point[1], point[2], not math.isnan(value), 0.0 if math.isnan(value) else value


def recount(points: set[Point]) -> tuple[Any, ...]:
    """Count, NaN count, mean, last, first, min and max of one metric by their definitions."""
    last, first = max(points, key=order), min(points, key=order)
    numbers = [value_of(p) for p in points if not math.isnan(value_of(p))]
    nans = len(points) - len(numbers)
    return len(points), nans, order(last), order(first), min(numbers, default=None), max(numbers, default=None)


def mean_of(points: set[Point]) -> float | None:
    numbers = [value_of(p) for p in points if not math.isnan(value_of(p))]
    if not numbers:
        return None
    if math.inf in numbers and -math.inf in numbers:
        return math.nan
    try:
        return math.fsum(numbers) / len(numbers)
    except OverflowError:
        return math.fsum(number / len(numbers) for number in numbers)


class Metrics(RuleBasedStateMachine):
    """Three runs and all that happens to them; ``points`` is what they must hold."""

    client: Tracker
    store: Store

    @initialize()
    def begin(self) -> None:
        self.journals = [self._begun() for _ in range(3)]
        self.points: list[set[Point]] = [set() for _ in range(3)]
        self.trashed = [False] * 3

    def _begun(self) -> Journal:
        """The journal of a new run, with names for all keys."""
        journal = Journal()
        journal.begin()
        journal.record(frames.CONTEXT, {"id": 1, "dataset_name": "d", "dataset_digest": "x"})
        for number, key in enumerate(KEYS):
            journal.key(number, key)
            journal.key(10 + number, key, context=1)
        assert journal.send(self.client).status == 200
        return journal

    def run_id(self, which: int) -> str:
        return self.journals[which].run_id

    def _added(self, which: int, points: list[Point]) -> None:
        if not self.trashed[which]:
            self.points[which].update(points)

    @rule(which=WHICH, rows=ROWS)
    def log_columns(self, which: int, rows: list[Any]) -> None:
        columns = PointColumns(
            list(KEYS),
            np.array([KEYS.index(row[0]) for row in rows], np.int32),
            np.array([row[1] for row in rows], np.int64),
            np.array([row[2] for row in rows], np.int64),
            np.array([row[3] for row in rows], np.float64),
            list(CONTEXTS[1:]),
            np.array([row[4] - 1 for row in rows], np.int32),
        )
        try:
            self.store.write(lambda tx: metrics.log_points(tx, self.run_id(which), columns))
        except Conflict:
            assert self.trashed[which]
        self._added(which, [(k, s, t, bits(v), c) for k, s, t, v, c in rows])

    @rule(which=WHICH, row=ROW)
    def log_one(self, which: int, row: Any) -> None:
        key, step, time, value, context = row
        bound = CONTEXTS[context] if context else None
        try:
            self.store.write(lambda tx: metrics.log_point(tx, self.run_id(which), key, step, time, value, bound))
        except Conflict:
            assert self.trashed[which]
        self._added(which, [(key, step, time, bits(value), context)])

    @rule(which=WHICH, rows=ROWS, twice=st.booleans())
    def send_journal(self, which: int, rows: list[Any], twice: bool) -> None:
        journal = self.journals[which]
        first = len(journal)
        for key, step, time, value, context in rows:
            journal.point(KEYS.index(key) + 10 * context, step, value, time * 1_000_000)
        for _ in range(1 + twice):
            assert journal.send(self.client, first).status == 200
        self._added(which, [(k, s, t, bits(v), c) for k, s, t, v, c in rows])

    @rule(which=WHICH, share=st.floats(0, 1))
    def send_journal_from_an_earlier_place(self, which: int, share: float) -> None:
        journal = self.journals[which]
        answer = journal.send(self.client, int(share * (len(journal) - 1)))
        assert answer.status in (200, 400)  # a place inside of a record is none to begin at
        assert journal.cursor(self.client) == len(journal)

    @rule(which=WHICH, every=st.integers(1, 3))
    def log_again(self, which: int, every: int) -> None:
        """What is there already, bit for bit."""
        again = sorted(self.points[which])[::every]
        if again and not self.trashed[which]:
            self.log_columns(which, [(p[0], p[1], p[2], value_of(p), p[4]) for p in again])

    @rule(everything=st.booleans())
    def compact(self, everything: bool) -> None:
        self.store.compact(everything=everything)

    @rule(which=WHICH)
    def end(self, which: int) -> None:
        if not self.trashed[which]:
            self.store.write(lambda tx: runs.update_run(tx, self.run_id(which), status=RunStatus.FINISHED, end_ms=1))

    @rule(which=WHICH)
    def trash_or_restore(self, which: int) -> None:
        act = runs.restore_run if self.trashed[which] else runs.delete_run
        self.store.write(lambda tx: act(tx, self.run_id(which)))
        self.trashed[which] = not self.trashed[which]

    @rule(which=WHICH)
    def move(self, which: int) -> None:
        if not self.trashed[which]:
            home = self.client.new_experiment(f"home-{os.urandom(8).hex()}")
            self.store.write(lambda tx: transfer.move_run(tx, self.run_id(which), home))

    @rule(which=WHICH)
    def purge(self, which: int) -> None:
        """Its points go for good, and nobody else's; a new run takes its place."""
        if not self.trashed[which]:
            return
        answer = self.client.post(NATIVE + "trash/purge", {"run_ids": [self.run_id(which)], "dry_run": False})
        assert answer.status == 200, answer.text
        assert self.client.get("/api/2.0/mlflow/runs/get", run_id=self.run_id(which)).status == 404
        self.journals[which] = self._begun()
        self.points[which], self.trashed[which] = set(), False

    @invariant()
    def is_as_a_recount_says(self) -> None:
        for which in range(3):
            self.store.read(lambda tx, which=which: self._compare(tx, which))

    def _compare(self, tx: Any, which: int) -> None:
        run_id = self.run_id(which)
        (rn,) = tx.one("SELECT rn FROM run WHERE run_id = :run", run=run_id)
        wanted = {key: {p for p in self.points[which] if p[0] == key} for key in KEYS}
        for key in KEYS:
            found = metrics.history(tx, run_id, key)
            places = [
                (m.timestamp, m.step, not math.isnan(m.value), m.value if m.value == m.value else 0) for m in found
            ]
            assert places == sorted(places)
            stored = [(key, m.step, m.timestamp, bits(m.value), int(bool(m.dataset_name))) for m in found]
            assert sorted(stored) == sorted(wanted[key])
        ids = dict(
            tx.all("SELECT k.id, k.name FROM key k JOIN latest_metric m ON m.key = k.id WHERE m.rn = :rn", rn=rn)
        )
        counted = point_summary(tx, [rn], sorted(ids))
        seen = {
            ids[key]: (count, nans, average)
            for key, count, nans, average in zip(
                counted.keys.tolist(),
                counted.counts.tolist(),
                counted.nans.tolist(),
                counted.means.tolist(),
                strict=True,
            )
        }
        kept = tx.all(
            "SELECT key, step, ts, is_nan, value, first_step, first_ts, first_nan, first_value, min_value, max_value"
            " FROM latest_metric WHERE rn = :rn",
            rn=rn,
        )
        assert set(seen) == {ids[row[0]] for row in kept} == {key for key in KEYS if wanted[key]}
        for key, step, ts, nan, value, fstep, fts, fnan, fvalue, least, most in kept:
            name = ids[key]
            count, nans, average = seen[name]
            last, first = (step, ts, not nan, value or 0.0), (fstep, fts, not fnan, fvalue or 0.0)
            assert (count, nans, last, first, least, most) == recount(wanted[name])
            true = mean_of(wanted[name])
            if true is None or math.isnan(true):
                assert math.isnan(average)
            else:
                assert average == pytest.approx(true, rel=1e-9, abs=1e-300) or _cancelled(wanted[name])


def _cancelled(points: set[Point]) -> bool:
    """Whether large values of both signs leave a mean of rounding errors."""
    numbers = [abs(value_of(p)) for p in points if math.isfinite(value_of(p))]
    return max(numbers, default=0.0) > 1e6


def check(client: Tracker, monkeypatch: pytest.MonkeyPatch, examples: int) -> None:
    for name, points in (("CHUNK_LEAST", 8), ("CHUNK_MOST", 16), ("MERGE_BLOCKS", 3), ("WINDOW_POINTS", 50)):
        monkeypatch.setattr(compact, name, points)  # so low that a few points go all the way
    Metrics.client, Metrics.store = client, client.app.site.store
    run_state_machine_as_test(
        Metrics,
        settings=settings(
            max_examples=max(1, int(examples * SCALE)),
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_metrics_are_what_a_recount_gives(client: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    check(client, monkeypatch, 12)


@pytest.mark.slow
def test_metrics_are_what_a_recount_gives_after_very_much(client: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    check(client, monkeypatch, 150)
