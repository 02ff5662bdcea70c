"""What the experiments page draws beside the counts: how busy the last days were, and the goal metric's best value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from clew.query.ast import FieldKind
from clew.query.fields import RUNS
from clew.query.text import write_key
from clew.storage import experiments, projection, search
from clew.storage.engine import Tx
from clew.storage.hydrate import load_infos
from clew.wire.floats import wire_number
from clew.wire.native import ExperimentRow

DAYS: Final = 30
MAX_GOALS: Final = 100
"""Experiments of one answer whose best run is looked for; each is a search."""

_DAY_MS: Final = 86_400_000
_GOAL: Final = "mlflow.experiment.primaryMetric.name"
_RISING: Final = "mlflow.experiment.primaryMetric.greaterIsBetter"


def add_activity(tx: Tx, rows: Sequence[ExperimentRow]) -> None:
    """Fill in ``daily_runs`` and ``best``."""
    since = tx.place.clock() - DAYS * _DAY_MS + 1
    daily = experiments.daily_runs(tx, [row.experiment_id or "" for row in rows], since, DAYS)
    goals = 0
    for row in rows:
        row.daily_runs = daily.get(row.experiment_id or "", [])
        tags = {tag.key: tag.value for tag in row.tags}
        if (metric := tags.get(_GOAL)) and row.runs and goals < MAX_GOALS:
            goals += 1
            rising = (tags.get(_RISING) or "true").lower() == "true"
            row.best = _best(tx, row.experiment_id or "", metric, rising)


def _best(tx: Tx, experiment_id: str, metric: str, rising: bool) -> float | None:
    field = RUNS.keyed(FieldKind.METRIC, metric)
    order = f"{write_key(field, RUNS)} {'DESC' if rising else 'ASC'}"
    page = search.search_runs(tx, [experiment_id], order_by=[order], max_results=1)
    numbers = [experiments.number_of(experiment_id)]
    ((*_, value),) = projection.read_columns(tx, numbers, load_infos(tx, page.items), [field]) or [[None]]
    return wire_number(value) if isinstance(value, float) else None
