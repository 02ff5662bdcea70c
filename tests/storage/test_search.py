"""Search where the random cases of the oracle seldom go, on both databases."""

from __future__ import annotations

import math

import numpy as np
import pytest

from clew.entities.page import Page
from clew.errors import InvalidValue
from clew.storage import experiments, history, keys, metrics, models, runs, search
from clew.storage.engine import Tx
from clew.storage.hydrate import load_infos
from clew.storage.points import PointColumns
from clew.storage.pointvalues import point_summary
from clew.storage.runcolumns import MAX_JOINS
from clew.storage.store import Store


def test_a_nan_metric_of_a_model_is_present(store: Store) -> None:
    model = store.write(lambda tx: models.create_model(tx, experiment_id="0")).model_id
    run = store.write(lambda tx: runs.create_run(tx, experiment_id="0")).info.run_id
    store.write(lambda tx: metrics.log_point(tx, run, "m", 0, 0, math.nan, (model, "", "", -1)))

    def found(text: str) -> int:
        return len(store.read(lambda tx: search.search_models(tx, ["0"], filter=text)).items)

    assert found("metrics.m IS NOT NULL") == 1
    assert found("metrics.m IS NULL") == 0
    assert found("metrics.n IS NULL") == 1


@pytest.mark.parametrize("value", [math.nan, 1.0])
def test_keys_beyond_what_one_statement_joins_are_found(store: Store, value: float) -> None:
    run = store.write(lambda tx: runs.create_run(tx, experiment_id="0")).info.run_id
    keys = [f"k{n}" for n in range(MAX_JOINS + 5)]
    for key in keys:
        store.write(lambda tx, key=key: metrics.log_point(tx, run, key, 0, 0, value))

    def found(text: str) -> int:
        return len(store.read(lambda tx: search.search_runs(tx, ["0"], text)).items)

    assert found(" AND ".join(f"metrics.{key} IS NOT NULL" for key in keys)) == 1
    assert found(" OR ".join(f"metrics.{key} IS NULL" for key in keys)) == 0
    assert found(" AND ".join(f"metrics.{key} != 7" for key in keys)) == 1
    assert found(" OR ".join(f"metrics.{key} = 7" for key in keys)) == 0


def log(store: Store, values: list[float], key: str = "loss", name: str = "r") -> str:
    """A run with one metric at steps 0, 1, …."""
    run = store.write(lambda tx: runs.create_run(tx, experiment_id="0", run_name=name)).info.run_id
    n = len(values)
    zeros = np.zeros(n, np.int64)
    points = PointColumns([key], zeros.astype(np.int32), np.arange(n, dtype=np.int64), zeros, np.array(values))
    store.write(lambda tx: metrics.log_points(tx, run, points))
    return run


def names(store: Store, text: str, order: str = "run_name") -> str:
    def found(tx: Tx) -> str:
        page = search.search_runs(tx, ["0"], text, [order], max_results=100)
        infos = load_infos(tx, page.items)
        return "".join(infos[rn].run_name for rn in page.items)

    return store.read(found)


def test_points_are_read_of_few_runs_only(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, name in enumerate("abcd"):
        log(store, [float(number), 9.0, 5.0], name=name)
    monkeypatch.setattr(history, "MAX_RUNS", 2)
    with pytest.raises(InvalidValue, match=r"metrics\.`loss`\.mean .* more than 2 .*Narrow the search"):
        names(store, "metrics.loss.mean < 9")
    assert names(store, "metrics.loss.mean < 9 AND run_name IN ('a', 'b')") == "ab"
    assert names(store, "metrics.other.mean < 4") == ""  # nobody has it, so nothing is read
    assert names(store, "metrics.loss.at(0) <= 0") == "a"  # min tells that the others need not be read


def test_a_page_keeps_the_moment_of_the_first(store: Store) -> None:
    clock = [10_000]
    store.read(lambda tx: setattr(tx.place, "clock", lambda: clock[0]))
    for name, start in (("a", 7000), ("b", 8000), ("c", 9000)):
        store.write(lambda tx, n=name, t=start: runs.create_run(tx, experiment_id="0", run_name=n, start_ms=t))

    def page(token: str | None) -> Page[int]:
        return store.read(
            lambda tx: search.search_runs(
                tx, ["0"], "start_time >= -3s", max_results=1, page_token=token, with_total=True
            )
        )

    first = page(None)
    clock[0] += 60_000
    second = page(first.token)
    assert (first.total, second.total, len(second.items)) == (3, 3, 1)
    assert page(None).total == 0


def test_experiments_sort_by_tags_and_models_by_params(store: Store) -> None:
    for name, stage in (("a", "2"), ("b", "1"), ("c", None)):
        tags = {"stage": stage} if stage else {}
        store.write(lambda tx, n=name, t=tags: experiments.create_experiment(tx, n, tags=t))
        store.write(lambda tx, n=name, t=tags: models.create_model(tx, experiment_id="0", name=n, params=t))
    page = store.read(lambda tx: search.search_experiments(tx, filter="name != 'Default'", order_by=["tags.stage"]))
    assert [one.name for one in page.items] == ["b", "a", "c"]
    found = store.read(lambda tx: search.search_models(tx, ["0"], order_by=[("params.stage", False, None, None)]))
    assert [one.name for one in found.items] == ["a", "b", "c"]


def test_a_summary_counts_each_point_once(store: Store) -> None:
    run = log(store, [1.0, math.nan, 4.0])
    for _ in range(2):
        store.write(lambda tx: metrics.log_point(tx, run, "loss", 2, 0, 4.0))
    nan = log(store, [math.nan, math.nan])
    both = log(store, [math.inf, -math.inf, 0.0])

    def summary(tx: Tx) -> dict[int, tuple[int, int, float]]:
        rns = [keys.get_run_ref(tx, one).rn for one in (run, nan, both)]
        key = keys.find_key(tx, 0, keys.METRIC, "loss")
        found = point_summary(tx, [*rns, 999], [key, 999])
        assert set(found.keys.tolist()) == {key}
        rows = zip(found.rns.tolist(), found.counts.tolist(), found.nans.tolist(), found.means.tolist(), strict=True)
        return {rns.index(rn): tuple(row) for rn, *row in rows}

    before = store.read(summary)
    assert before[0] == (3, 1, 2.5)
    assert before[1][:2] == (2, 2)
    assert before[2][:2] == (3, 0)
    assert math.isnan(before[1][2])
    assert math.isnan(before[2][2])
    store.compact(everything=True)
    log(store, [1.0], key="other")
    assert repr(store.read(summary)) == repr(before)
    assert names(store, "metrics.loss.mean IS NULL AND metrics.other IS NULL") == "r"
    assert names(store, "metrics.loss.mean != 0") == "rr"
