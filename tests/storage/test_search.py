"""Search where the random cases of the oracle seldom go, on both databases."""

from __future__ import annotations

import math

import pytest

from clew.storage import metrics, models, runs, search
from clew.storage.sources import MAX_JOINS
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
