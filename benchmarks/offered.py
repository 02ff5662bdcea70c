"""Metric points offered straight to a store, without HTTP: requests of many shapes, and clients that wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from clew import ids
from clew.errors import TooManyRequests
from clew.storage import metrics, runs
from clew.storage.engine import WriteTx
from clew.storage.store import Store

TIME_MS = 1_700_000_000_000
PATIENCE_S = 300.0
PAUSE_S = 0.05  # before a request that was refused is sent again


class Request(NamedTuple):
    """A write to one run."""

    write: Callable[[WriteTx], object]
    run_id: str


@dataclass(frozen=True)
class Shape:
    """What one request holds: so many steps of so many keys."""

    keys: int
    steps: int

    @property
    def points(self) -> int:
        return self.keys * self.steps

    def __str__(self) -> str:
        return f"{self.keys} × {self.steps}" if self.points > 1 else "1 point"


class Requests:
    """Writes of one shape, to many runs in turn; no step of a series comes twice.

    run_ids: of the runs, which are made for it.
    """

    def __init__(self, store: Store, shape: Shape, run_count: int = 1000) -> None:
        self.shape = shape
        self.run_ids = make_runs(store, run_count)
        self._keys = [f"m{k}" for k in range(shape.keys)]
        self._index = np.tile(np.arange(shape.keys, dtype=np.int32), shape.steps)
        self._steps = np.repeat(np.arange(shape.steps, dtype=np.int64), shape.keys)
        noise = np.random.default_rng(7)
        # As noisy curves of float32 are; a few tables of values serve all requests.
        self._values = noise.normal(0, 1, (64, shape.points)).astype(np.float32).astype(np.float64)
        self._numbers = noise.permutation(64).tolist()
        self._next = 0

    def __next__(self) -> Request:
        turn, run = divmod(self._next, len(self.run_ids))
        number = self._numbers[self._next % 64]
        self._next += 1
        run_id, first = self.run_ids[run], turn * self.shape.steps
        if self.shape.points == 1:
            value = float(self._values[number, 0])
            return Request(lambda tx: metrics.log_point(tx, run_id, "m0", first, TIME_MS + 130 * first, value), run_id)
        steps = self._steps + first
        columns = metrics.PointColumns(
            keys=self._keys,
            key_index=self._index,
            steps=steps,
            times_ms=TIME_MS + steps * 130 + number,
            values=self._values[number],
        )
        return Request(lambda tx: metrics.log_points(tx, run_id, columns), run_id)


def make_runs(store: Store, count: int) -> list[str]:
    """The ids of new runs in experiment 0."""
    made = [ids.new_id() for _ in range(count)]

    def make(tx: WriteTx) -> None:
        for run_id in made:
            runs.create_run(tx, experiment_id="0", run_id=run_id, start_ms=TIME_MS)

    store.write(make)
    return made


class Clients:
    """Clients that each wait for an answer before they ask again; refused requests are repeated after a pause."""

    def __init__(self, store: Store, requests: Requests) -> None:
        self.answered = 0
        self.waits_s: list[float] = []
        self._store = store
        self._requests = requests
        self._open = 0
        self._until = 0.0
        self._gate = threading.Lock()
        self._all_answered = threading.Event()
        self._failure: BaseException | None = None

    def drive(self, count: int, period_s: float) -> float:
        """Let ``count`` clients ask for so long; requests answered per second."""
        self.answered, self.waits_s = 0, []
        begun = time.perf_counter()
        self._until = begun + period_s
        self._open = count
        self._all_answered.clear()
        for _ in range(count):
            self._ask(next(self._requests))
        if not self._all_answered.wait(period_s + PATIENCE_S):
            raise SystemExit("the store does not answer")
        if self._failure is not None:
            raise self._failure
        return self.answered / (time.perf_counter() - begun)

    def _ask(self, request: Request) -> None:
        asked = time.perf_counter()
        self._store.submit(request.write, lambda _, error: self._done(request, asked, error), request.run_id)

    def _done(self, request: Request, asked: float, error: BaseException | None) -> None:
        """Called by the store's own thread."""
        now = time.perf_counter()
        if isinstance(error, TooManyRequests):
            if now < self._until:
                threading.Timer(PAUSE_S, self._ask, [request]).start()
                return
        elif error is not None:
            self._failure = error
        else:
            self.answered += 1
            self.waits_s.append(now - asked)
            if now < self._until:
                with self._gate:
                    following = next(self._requests)
                self._ask(following)
                return
        with self._gate:
            self._open -= 1
            if not self._open:
                self._all_answered.set()
