"""SQL answers what the evaluator answers: random rows, random filters, random orders, on both databases."""

from __future__ import annotations

import math
import os
import random
import re
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.entities.dataset import Dataset, DatasetInput
from clew.entities.experiment import Experiment
from clew.entities.metric import Metric
from clew.entities.model import LoggedModel, LoggedModelStatus
from clew.entities.run import Run, RunStatus
from clew.query.ast import Expr, FieldKind
from clew.query.evaluate import select_experiments, select_models, select_runs
from clew.query.fields import EXPERIMENTS, MODELS, RUNS
from clew.query.order import Order
from clew.query.settle import settle, settle_orders
from clew.query.text import write_filter, write_key
from clew.storage import experiments, inputs, metrics, models, runs, search
from clew.storage.columns.index import ColumnIndex
from clew.storage.engine import Tx, WriteTx
from clew.storage.hydrate import hydrate
from clew.storage.points import PointColumns
from clew.storage.store import Store
from filter_strategies import (
    EXPERIMENT_FILTERS,
    FEW_NUMBERS,
    IDS,
    KEYS,
    MODEL_FILTERS,
    NAMES,
    NUMBERS,
    RUN_FILTERS,
    STEPS,
    TEXTS,
    TIMES,
    histories,
    history_orders,
    orders,
)

SCALE = float(os.environ.get("CLEW_TEST_SCALE", "1"))
NOW = 1_700_000_000_500
WORLDS = 40
"""Random sets of rows; each is loaded when a case first asks for it."""


def many(cases: int) -> settings:
    """Settings for so many cases, scaled by CLEW_TEST_SCALE."""
    slow = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=max(1, int(cases * SCALE)), deadline=None, suppress_health_check=slow)


def run_spec(rng: random.Random) -> dict[str, Any]:
    def some(values: Sequence[Any]) -> dict[str, Any]:
        return {key: rng.choice(values) for key in rng.sample(KEYS, rng.randrange(len(KEYS)))}

    return {
        "name": rng.choice(NAMES),
        "user": rng.choice(("", "ann", "Bob")),
        "start": rng.choice(TIMES),
        "end": rng.choice((None, None, *TIMES)),
        "status": rng.choice(list(RunStatus)),
        "params": some(TEXTS),
        "tags": some(TEXTS),
        "metrics": {key: some_points(rng) for key in rng.sample(KEYS, rng.randrange(len(KEYS)))},
        "datasets": [
            (rng.choice(("a", "abc", "it's")), rng.choice("1A"), rng.choice((None, "train", "eval", "a")))
            for _ in range(rng.choice((0, 0, 1, 2)))
        ],
        "deleted": rng.random() < 0.1,
        "second": rng.random() < 0.3,
    }


Point = tuple[int, int, float]
"""(step, time in ms, value)."""


def some_points(rng: random.Random) -> list[Point]:
    """One point mostly, sometimes several: steps and times in no order, repeats, NaN."""
    number = rng.choice((1, 1, 1, 2, 5))
    made = [(rng.choice(STEPS), rng.choice((0, 1)), rng.choice((*NUMBERS, math.nan, math.nan))) for _ in range(number)]
    return made + made[: rng.randrange(2)]


def points(series: dict[str, list[Point]]) -> PointColumns:
    rows = [(index, *point) for index, one in enumerate(series.values()) for point in one]
    index, steps, times, values = zip(*rows, strict=True) if rows else ((), (), (), ())
    return PointColumns(
        keys=list(series),
        key_index=np.array(index, np.int32),
        steps=np.array(steps, np.int64),
        times_ms=np.array(times, np.int64),
        values=np.array(values, np.float64),
    )


def history_spec(rng: random.Random) -> dict[str, Any]:
    """A run in which the same metrics have several points of few values."""

    def some() -> list[Point]:
        values = (*FEW_NUMBERS, math.nan, -math.inf)
        return [(rng.choice(STEPS[1:5]), rng.choice((0, 1)), rng.choice(values)) for _ in range(rng.randrange(1, 7))]

    return run_spec(rng) | {"metrics": {key: some() for key in KEYS[:2] if rng.random() < 0.8}}


class World:
    """Two experiments of a store with random runs; the seed says which."""

    def __init__(self, store: Store, seed: int, spec: Callable[[random.Random], dict[str, Any]] = run_spec) -> None:
        self.seed = seed
        rng = random.Random(seed)
        specs = [spec(rng) for _ in range(rng.randrange(1, 16))]
        self.experiments: list[str] = store.write(self._make_experiments)
        store.write(lambda tx: self._fill(tx, specs))
        self.rows: dict[int, Run] = store.read(self._rows)
        self._points = {
            (run.info.run_id, key): store.read(lambda tx, run=run, key=key: metrics.history(tx, run.info.run_id, key))  # type: ignore[misc]
            for run in self.rows.values()
            for key in run.data.metrics
        }

    def history(self, run_id: str, key: str) -> list[Metric]:
        return self._points.get((run_id, key), [])

    def _make_experiments(self, tx: WriteTx) -> list[str]:
        return [experiments.create_experiment(tx, f"world {self.seed}.{i}") for i in range(2)]

    def _fill(self, tx: WriteTx, specs: list[dict[str, Any]]) -> None:
        for number, spec in enumerate(specs):
            self.add(tx, spec, f"{IDS[number][:4]}{self.seed:012x}{number:016x}")

    def add(self, tx: WriteTx, spec: dict[str, Any], run_id: str) -> None:
        runs.create_run(
            tx,
            experiment_id=self.experiments[spec["second"]],
            run_id=run_id,
            run_name=spec["name"],
            user_id=spec["user"],
            start_ms=spec["start"],
            tags=spec["tags"],
        )
        runs.log_params(tx, run_id, list(spec["params"].items()))
        metrics.log_points(tx, run_id, points(spec["metrics"]))
        uses = [
            DatasetInput(
                dataset=Dataset(name=name, digest=digest), tags={"mlflow.data.context": context} if context else {}
            )
            for name, digest, context in spec["datasets"]
        ]
        inputs.log_inputs(tx, run_id, uses)
        runs.update_run(tx, run_id, status=spec["status"], end_ms=spec["end"])
        if spec["deleted"]:
            runs.delete_run(tx, run_id)

    def _rows(self, tx: Tx) -> dict[int, Run]:
        found = tx.all(
            f"SELECT rn FROM run WHERE {tx.dialect.any_of('experiment_id', 'ids')}",
            ids=[int(one) for one in self.experiments],
        )
        return dict(zip([row[0] for row in found], hydrate(tx, [row[0] for row in found]), strict=True))


def in_view(stage: str, view: str) -> bool:
    return view == "ALL" or (stage == "active") is (view == "ACTIVE_ONLY")


def respelled(text: str, relative: bool) -> str:
    """The filter with every time before the year 10000 as a date, or as the distance from ``NOW``."""

    def spelled(match: re.Match[str]) -> str:
        ms = int(match[2])
        if relative:
            return f"{match[1]}{(ms - NOW) / 1000:+.3f}s"
        return f"{match[1]}'{(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).isoformat()}'"

    return re.sub(r"(_time \S+ )([0-9]{1,13})(?![\d.e])", spelled, text)


class Asked:
    """One search as users write it."""

    def __init__(
        self, data: st.DataObject, filters: st.SearchStrategy[Expr], sorting: st.SearchStrategy[tuple[Order, ...]]
    ) -> None:
        self.tree = data.draw(st.none() | filters | filters | filters)
        self.order = data.draw(sorting)
        self.view = data.draw(st.sampled_from(("ACTIVE_ONLY", "ACTIVE_ONLY", "DELETED_ONLY", "ALL")))
        self.size = data.draw(st.sampled_from((1, 2, 3, 5, 100)))
        self.both = data.draw(st.booleans())
        self.counted = data.draw(st.booleans())
        written = write_filter(self.tree, RUNS)
        self.text = data.draw(st.sampled_from((written, respelled(written, False), respelled(written, True))))
        self.texts = [write_key(one.field, RUNS) + (" DESC" if one.descending else "") for one in self.order]

    def where(self, world: World) -> list[str]:
        return [*world.experiments, "999999999"] if self.both else world.experiments[:1]

    def pages(self, tx: Tx, world: World) -> list[int]:
        found: list[int] = []
        token = None
        while True:
            page = search.search_runs(
                tx, self.where(world), self.text, self.texts, self.view, self.size, token, self.counted
            )
            found += page.items
            assert len(page.items) <= self.size
            token = page.token
            if token is None:
                break
            assert len(page.items) == self.size
        if self.counted:
            assert page.total == len(found)
        return found

    def expected(self, world: World) -> list[int]:
        rows = world.rows
        numbers = {run.info.run_id: rn for rn, run in rows.items()}
        there = [
            run
            for run in rows.values()
            if run.info.experiment_id in self.where(world) and in_view(run.info.lifecycle_stage, self.view)
        ]
        names = {
            key for run in rows.values() if run.info.experiment_id in self.where(world) for key in run.data.metrics
        }
        tree, order = settle(self.tree, names), settle_orders(self.order, names)
        return [numbers[run.info.run_id] for run in select_runs(there, tree, order, world.history)]


def check_runs(store: Store) -> None:
    store.read(lambda tx: setattr(tx.place, "clock", lambda: NOW))
    check_cases(store, 200, range(WORLDS), run_spec, RUN_FILTERS, orders(RUNS))
    check_cases(store, 80, range(WORLDS, 2 * WORLDS), history_spec, histories(), history_orders())


def check_cases(
    store: Store,
    cases: int,
    seeds: range,
    spec: Callable[[random.Random], dict[str, Any]],
    filters: st.SearchStrategy[Expr],
    sorting: st.SearchStrategy[tuple[Order, ...]],
) -> None:
    worlds: dict[int, World] = {}

    @many(cases)
    @given(st.sampled_from(seeds), st.data())
    def check(seed: int, data: st.DataObject) -> None:
        if seed not in worlds:
            worlds[seed] = World(store, seed, spec)
        asked = Asked(data, filters, sorting)
        expected = asked.expected(worlds[seed])
        found = store.read(lambda tx: asked.pages(tx, worlds[seed]))
        assert found == expected, (asked.text, asked.texts)

    check()


def add_experiment(tx: WriteTx, rng: random.Random, number: int) -> None:
    tags = {key: rng.choice(TEXTS) for key in rng.sample(KEYS, rng.randrange(4))}
    own_id = experiments.create_experiment(tx, f"{rng.choice(NAMES)}{number}", tags=tags)
    tx.run(
        "UPDATE experiment SET created_ms = :created, updated_ms = :updated WHERE id = :id",
        created=rng.choice(TIMES),
        updated=rng.choice(TIMES),
        id=int(own_id),
    )
    if rng.random() < 0.2:
        experiments.delete_experiment(tx, own_id)


def test_experiments(store: Store) -> None:
    rng = random.Random(1)
    store.write(lambda tx: [add_experiment(tx, rng, number) for number in range(14)])
    numbers = store.read(lambda tx: [row[0] for row in tx.all("SELECT id FROM experiment")])
    stored = store.read(lambda tx: experiments.load_experiments(tx, numbers))

    @many(200)
    @given(st.none() | EXPERIMENT_FILTERS, orders(EXPERIMENTS), st.sampled_from((1, 2, 5, 100)))
    def check(tree: Expr | None, order: tuple[Order, ...], size: int) -> None:
        text = write_filter(tree, EXPERIMENTS)
        texts = [write_key(one.field, EXPERIMENTS) + (" DESC" if one.descending else "") for one in order]
        for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL"):
            there = [one for one in stored if in_view(one.lifecycle_stage, view)]
            found: list[Experiment] = []
            token = None
            while True:
                page = store.read(
                    lambda tx, token=token, view=view: search.search_experiments(  # type: ignore[misc]
                        tx, filter=text, order_by=texts, view=view, max_results=size, page_token=token, with_total=True
                    )
                )
                found += page.items
                token = page.token
                if token is None:
                    break
            assert found == select_experiments(there, tree, order), (text, texts)
            assert page.total == len(found)

    check()


def add_model(tx: WriteTx, rng: random.Random, homes: list[str], number: int) -> None:
    def some(values: Sequence[Any]) -> dict[str, Any]:
        return {key: rng.choice(values) for key in rng.sample(KEYS, rng.randrange(len(KEYS)))}

    home = rng.choice(homes)
    run = runs.create_run(tx, experiment_id=home, run_name="r")
    model = models.create_model(
        tx,
        experiment_id=home,
        model_id=f"m-{IDS[number]}",
        name=rng.choice([name for name in NAMES if name]),
        model_type=rng.choice(("", "a", "abc")),
        source_run_id=rng.choice(("", run.info.run_id)),
        params=some(TEXTS),
        tags=some(TEXTS),
    )
    for key, value in some((*NUMBERS, math.nan)).items():
        for dataset, digest in rng.sample([("", ""), ("a", "1"), ("a", "2"), ("b", "1")], 2):
            context = (model.model_id, dataset, digest, -1)
            metrics.log_point(tx, run.info.run_id, key, rng.randrange(2), rng.randrange(2), value, context)
    if rng.random() < 0.5:
        models.finalize_model(tx, model.model_id, rng.choice((LoggedModelStatus.READY, LoggedModelStatus.FAILED)))
    tx.run("UPDATE logged_model SET created_ms = :t WHERE model_id = :id", t=rng.choice(TIMES), id=model.model_id)
    if rng.random() < 0.1:
        models.delete_model(tx, model.model_id)


def test_models(store: Store) -> None:
    rng = random.Random(2)
    homes = store.write(lambda tx: [experiments.create_experiment(tx, name) for name in "abc"])
    store.write(lambda tx: [add_model(tx, rng, homes, number) for number in range(14)])
    numbers = store.read(lambda tx: [row[0] for row in tx.all("SELECT mn FROM logged_model WHERE deleted_ms IS NULL")])
    stored = store.read(lambda tx: models.load_models(tx, numbers))
    narrowing = st.lists(st.sampled_from((("a", "1"), ("a", None), ("b", "1"), ("zzz", "1"))), max_size=2)

    @many(200)
    @given(st.none() | MODEL_FILTERS, orders(MODELS), narrowing, st.sampled_from((1, 3, 100)), st.integers(1, 3))
    def check(
        tree: Expr | None, order: tuple[Order, ...], datasets: list[tuple[str, str | None]], size: int, wide: int
    ) -> None:
        order = tuple(
            msgspec.structs.replace(
                one, dataset_name="a" if wide > 1 else None, dataset_digest="1" if wide > 2 else None
            )
            if one.field.kind is FieldKind.METRIC
            else one
            for one in order
        )
        asked = [
            (write_key(o.field, MODELS).replace("`", ""), not o.descending, o.dataset_name, o.dataset_digest)
            for o in order
        ]
        where = homes[:wide]
        found: list[LoggedModel] = []
        token = None
        while True:
            page = store.read(
                lambda tx, token=token: search.search_models(  # type: ignore[misc]
                    tx,
                    where,
                    filter=write_filter(tree, MODELS),
                    datasets=datasets,
                    order_by=asked,
                    max_results=size,
                    page_token=token,
                    with_total=True,
                )
            )
            found += page.items
            token = page.token
            if token is None:
                break
        there = [model for model in stored if model.experiment_id in where]
        expected = select_models(there, tree, order, datasets)
        assert [m.model_id for m in found] == [m.model_id for m in expected], (write_filter(tree, MODELS), asked)
        assert page.total == len(found)

    check()


def test_runs_by_sql(store: Store) -> None:
    check_runs(store)


def test_runs_by_columns(store_url: str) -> None:
    with closing(Store.open(store_url, background=False, columns=ColumnIndex(min_runs=0))) as store:
        check_runs(store)
