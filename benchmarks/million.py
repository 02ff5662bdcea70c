"""Searches of one experiment with very many runs × 20 metrics × 20 params × 5 tags, by the column index.

100,000 runs; a million with ``--full``, where the goals count. The limit is one numpy comparison of as many floats.
SQL alone answers the same questions at 100,000 runs. Filling takes minutes: ``--store FOLDER`` keeps the stores.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

from benchmarks import index_process
from benchmarks.limits import comparing
from benchmarks.many_runs import filled
from benchmarks.result import Result, seconds
from clew.entities.page import Page
from clew.storage import hydrate, metrics, search
from clew.storage.columns.index import ColumnIndex
from clew.storage.engine import WriteTx
from clew.storage.store import Store

PAGE = 100
FAR = 500
CHANGED = 1000
KEPT: Path | None = None
"""Where filled stores stay, None for nowhere; ``--store`` sets it."""


class Query(NamedTuple):
    """One shape of the design's table. most: of the goal, in comparisons; None for the 300 ms of every query."""

    name: str
    where: str
    order: str = ""
    most: float | None = 20
    limit: int = PAGE


QUERIES = (
    Query("Q1 one metric, newest first", "metrics.m2 > 0.9"),
    Query("Q2 metric and param, by a metric", "metrics.m0 > 0.5 AND params.p4 = 'adamw'", "metrics.m3"),
    Query("Q2b by a metric that opposes the filter", "metrics.m0 > 0.9", "metrics.m1 DESC"),
    Query("Q3 by a param of 5000 values", "", "params.p3"),
    Query("Q3b by a param that differs everywhere", "", "params.p0"),
    Query("Q4 OR over metric, param and tag", "metrics.m5 > 0.99 OR params.p6 = '7' OR tags.t1 = '5'", "metrics.m3"),
    Query("Q5 LIKE on texts that all differ", "params.p0 LIKE '%abc1%'", most=60),
    Query("Q5i ILIKE on the same", "params.p0 ILIKE '%ABC1%'", most=60),
    Query("Q5b LIKE on 20,000 names", "attributes.run_name LIKE '%ial-123%'", most=60),
    Query("RLIKE on texts that all differ", "params.p0 RLIKE 'abc[0-9]d'", most=None),
    Query("Q7 the count alone", "metrics.m0 > 0.5 AND params.p4 = 'adamw'", limit=1),
    Query(
        "Q10 four ANDs",
        "metrics.m0 > 0.9 AND metrics.m2 > 0.5 AND params.p4 = 'sgd' AND tags.t1 = '5'",
        "metrics.m3",
    ),
    Query("Q12 NOT over OR", "NOT (metrics.m0 > 0.1 OR params.p4 = 'adam')", "metrics.m2"),
)
PAGED = Query("Q6", "metrics.m0 > 0.3", "metrics.m3")


def run(*, full: bool) -> list[Result]:
    count = 1_000_000 if full else 100_000
    found: list[Result] = []
    with filled(count, KEPT) as stores:
        for name, url in stores:
            with tempfile.TemporaryDirectory() as place:
                found += _Searches(f"{name}, {count:,} runs", url, count).results()
                found += _upkeep(f"{name}, {count:,} runs", url, Path(place), count)
    return found


class _Searches:
    """All questions to one store."""

    def __init__(self, label: str, url: str, count: int) -> None:
        self._label = label
        self._url = url
        self._count = count
        self._store = Store.open(url, background=False, columns=ColumnIndex(min_runs=0))

    def results(self) -> list[Result]:
        compare = comparing(self._count)
        found = [self._shape(query, compare) for query in QUERIES]
        found += [self._pages(), self._hydration(), self._delta()]
        self._store.close()
        if self._count <= 100_000:
            self._store = Store.open(self._url, background=False, columns=ColumnIndex(min_runs=2**62))
            found += [self._by_sql(query) for query in QUERIES]
            self._store.close()
        return found

    def _shape(self, query: Query, comparison: Callable[[], float]) -> Result:
        first = self._ms(query)
        compared, taken = zip(*((comparison(), self._ms(query)) for _ in range(21)), strict=True)
        compare = median(compared)
        # At 100,000 runs a goal in comparisons would be one for what does not grow with the runs.
        at_most = 300.0 if query.most is None or self._count < 1_000_000 else query.most * compare
        return Result(
            name=f"{self._label}: {query.name}",
            value=median(taken),
            unit="ms",
            goal=min(at_most, 300.0),
            limit=compare,
            limit_name=f"numpy compare of {self._count:,}",
            note=f"goal 10; p95 {np.percentile(taken, 95):.3g} ms, first use {first:,.0f} ms",
        )

    def _by_sql(self, query: Query) -> Result:
        taken = [self._ms(query) for _ in range(3)]
        return Result(
            name=f"{self._label}: {query.name}, by SQL alone", value=median(taken), unit="ms", note="for comparison"
        )

    def _pages(self) -> Result:
        token = None
        for _ in range(FAR - 1):
            token = self._ask(PAGED, token).token
            assert token
        near = median(self._ms(PAGED) for _ in range(21))
        far = median(self._ms(PAGED, token) for _ in range(21))
        return Result(
            name=f"{self._label}: Q6 page {FAR}",
            value=far,
            unit="ms",
            goal=1.2 * near,
            limit=near,
            limit_name="page 1 of the same",
            note="goal 11",
        )

    def _hydration(self) -> Result:
        page = self._ask(QUERIES[2]).items
        taken = [seconds(lambda: self._store.read(lambda tx: hydrate.hydrate(tx, page))) * 1000 for _ in range(21)]
        assert len(page) == PAGE
        return Result(
            name=f"{self._label}: {PAGE} runs with their 45 values each",
            value=median(taken),
            unit="ms",
            goal=3 if self._store.dialect_name == "sqlite" else 20,
            note="goal 12",
        )

    def _delta(self) -> Result:
        """A search right after 1000 runs got a new value; nothing is waited for in between."""
        noise = np.random.default_rng()
        ids = [
            run_id
            for (run_id,) in self._store.read(
                lambda tx: tx.all(
                    f"SELECT run_id FROM run WHERE {tx.dialect.any_of('rn', 'rns')}",
                    rns=sorted(noise.choice(self._count, CHANGED, replace=False).tolist()),
                )
            )
        ]
        query = QUERIES[1]
        usual = median(self._ms(query) for _ in range(7))
        taken = []
        for _ in range(7):
            self._store.write(lambda tx: _change(tx, ids, noise))
            taken.append(self._ms(query))
        return Result(
            name=f"{self._label}: first search after {CHANGED} changed runs",
            value=median(taken),
            unit="ms",
            goal=20,
            limit=usual,
            limit_name="the search without changes",
            note="goal 13; the columns of all queries above are brought up to date",
        )

    def _ask(self, query: Query, token: str | None = None) -> Page[int]:
        order = [query.order] if query.order else []

        def work(tx: object) -> Page[int]:
            return search.search_runs(
                tx, ["0"], query.where, order, max_results=query.limit, page_token=token, with_total=True
            )

        return self._store.read(work)

    def _ms(self, query: Query, token: str | None = None) -> float:
        return seconds(lambda: self._ask(query, token)) * 1000


def _change(tx: WriteTx, run_ids: list[str], noise: np.random.Generator) -> None:
    now = tx.place.clock()
    for run_id, value in zip(run_ids, noise.random(len(run_ids)).tolist(), strict=True):
        metrics.log_point(tx, run_id, "m0", now, now, value)


def _upkeep(label: str, url: str, folder: Path, count: int) -> list[Result]:
    """The index of all 45 columns: made out of SQL, kept, and opened again."""
    made = index_process.measure(url, folder)
    size = sum(os.path.getsize(folder / name) for name in os.listdir(folder))
    again = index_process.measure(url, folder)
    scale = count / 1_000_000
    measures: list[tuple[str, float, str, float | None, str]] = [
        (
            "index of 45 columns made out of SQL",
            made["all_s"],
            "s",
            30 * scale,
            f"first answer {made['first_s']:.2g} s",
        ),
        ("first answer with its snapshot", again["first_s"] * 1000, "ms", 100, f"file {size / 1e6:,.0f} MB"),
        ("all columns out of the snapshot", again["all_s"] * 1000, "ms", None, ""),
        ("index, its own account", made["nbytes"] / 1e6, "MB", 450 * scale, ""),
        ("memory that the process has gained", made["private"] / 1e6, "MB", None, "made out of SQL"),
        ("memory gained with the snapshot", again["private"] / 1e6, "MB", None, "what it maps left out"),
    ]
    return [
        Result(name=f"{label}: {what}", value=value, unit=unit, goal=goal, note=f"goal 14; {note}".rstrip("; "))
        for what, value, unit, goal, note in measures
    ]
