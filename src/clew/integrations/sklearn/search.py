"""What a search of scikit-learn's leaves beside its own run: all candidates as a table, the best ones as child runs."""

from __future__ import annotations

import csv
import logging
import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from clew.client.contents import draft
from clew.client.values import dataset_fields
from clew.entities.dataset import Dataset
from clew.entities.run import RunStatus
from clew.integrations import guard
from clew.integrations.onefit import class_tags
from clew.integrations.recorder import Recorder
from clew.integrations.trials import STATE_TAG, write_trial

TABLE: Final = "cv_results.csv"
_log = logging.getLogger("clew.autolog")
_MEANS: Final = ("mean_", "std_", "rank_")
_COUNTS: Final = ("iter", "n_resources")  # of searches by halving


def log_table(recorder: Recorder, results: Mapping[str, Any]) -> None:
    """Keep ``cv_results_`` as the artifact ``cv_results.csv``, a row per candidate."""
    with draft(TABLE) as file:
        with open(file, "w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(results)
            writer.writerows(zip(*(list(column) for column in results.values()), strict=True))
        active = recorder.active
        active.link.put_artifact(recorder.run_id, file, TABLE, later=True, fleeting=True)


def log_candidates(recorder: Recorder, search: Any, dataset: Dataset | None, start_ms: int) -> None:
    """Write the best candidates as children of the search's run, ``max_tuning_runs`` of them, by rank.

    dataset: what they were trained on. start_ms: when the search began; candidates say how long they took, not when.
    """
    results = search.cv_results_
    ranked = _by_rank(search)
    most = recorder.options.max_tuning_runs
    chosen = ranked if most is None else ranked[:most]
    for number in chosen:
        guard.guarded("logging a candidate", _write, recorder, search, number, dataset, start_ms)
    if len(chosen) < len(ranked):
        _log.info(
            "%d of %d candidates became child runs, the best by rank; all are in %s. max_tuning_runs= asks for more.",
            len(chosen),
            len(results["params"]),
            TABLE,
        )


def _by_rank(search: Any) -> list[int]:
    """The candidates' numbers, the best first."""
    results = search.cv_results_
    names = [name for name in results if name.startswith("rank_test_")]
    wanted = f"rank_test_{search.refit}" if isinstance(search.refit, str) else "rank_test_score"
    name = wanted if wanted in names else names[0]
    return [int(number) for number in np.argsort(results[name], kind="stable")]


def _write(recorder: Recorder, search: Any, number: int, dataset: Dataset | None, start_ms: int) -> None:
    from sklearn.base import clone

    results = search.cv_results_
    candidate = clone(search.estimator).set_params(**clone_params(results["params"][number]))
    trial = write_trial(recorder.active, number, class_tags(candidate), start_ms)
    failed = math.isnan(_scores(results, number).get("mean_test_score", 0.0))
    try:
        for name, value in candidate.get_params(deep=True).items():
            guard.guarded("logging a parameter", trial.log.log_params, {name: value})
        trial.log.log_points(_scores(results, number))
        trial.log.set_tags({STATE_TAG: "FAIL" if failed else "COMPLETE"})
        if dataset is not None:
            trial.log.log_input(dataset_fields(dataset), {"mlflow.data.context": "train"}, None)
    finally:
        if failed:
            trial.fail("Its training failed in at least one split; the search went on (error_score).")
        else:
            trial.end(RunStatus.FINISHED)


def clone_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Params of a candidate, estimators among them as copies, which setting params of theirs does not change."""
    from sklearn.base import clone

    return {name: clone(value, safe=False) for name, value in params.items()}


def _scores(results: Mapping[str, Any], number: int) -> dict[str, float]:
    names = [name for name in results if name.startswith(_MEANS) or name in _COUNTS]
    return {name: float(results[name][number]) for name in names}
