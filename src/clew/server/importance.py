"""Which params a metric goes with: permutation importance of a random forest, and rank correlation.

Numpy only; the forest is scikit-learn's, imported when it is asked for. Importance is an association in the
runs at hand, never a cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clew.errors import MissingPackage

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_RUNS: Final = 10
REPEATS: Final = 5  # shuffles of each param; the spread is over them
_TREES: Final = 25
_TREE_RUNS: Final = 1200  # drawn for each tree
_JUDGED_RUNS: Final = 500  # held out to measure on
_LEVELS: Final = 50  # texts told apart in one param; rarer ones count as one


class Ranked(NamedTuple):
    """One param. importance, spread: shares, of which the means of all params sum up to 1 (0 where nothing counts)."""

    importance: float
    spread: float


class Forest(NamedTuple):
    """params: by name. score: R² on the runs held out."""

    params: dict[str, Ranked]
    score: float


def encode_texts(texts: list[str | None]) -> Floats:
    """Texts as numbers for trees: the rank by frequency; missing ones are NaN. float64[n]."""
    counts: dict[str, int] = {}
    for text in texts:
        if text is not None:
            counts[text] = counts.get(text, 0) + 1
    ordered = sorted(counts, key=lambda text: (-counts[text], text))
    codes = {text: min(rank, _LEVELS) for rank, text in enumerate(ordered)}
    return np.array([np.nan if text is None else codes[text] for text in texts], np.float64)


def spearman(left: Floats, right: Floats) -> float | None:
    """Rank correlation of two float64[n], over the places where both are numbers; None where it is not defined."""
    both = ~(np.isnan(left) | np.isnan(right))
    if int(both.sum()) < LEAST_RUNS:
        return None
    a, b = _ranks(left[both]), _ranks(right[both])
    a -= a.mean()
    b -= b.mean()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(np.clip((a @ b) / norm, -1.0, 1.0)) if norm > 0 else None


def _ranks(values: Floats) -> Floats:
    """Ranks from 1; equal values share the mean of theirs."""
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts).astype(np.float64)
    ranks: Floats = (last - (counts - 1) / 2.0)[group]
    return ranks


def forest(columns: Mapping[str, Floats], target: Floats, seed: int = 0) -> Forest:
    """How much worse a random forest predicts ``target`` on held-out runs when one param is shuffled.

    columns: float64[n] each, NaN where a run lacks the param. target: float64[n], finite. Same input, same answer.
    Cost: about a second for 10,000 runs of 20 params, whatever more runs there are.

    Raises:
        MissingPackage: scikit-learn is not installed.
    """
    try:
        from sklearn.ensemble import RandomForestRegressor
    except ImportError:
        raise MissingPackage("Importance by a forest needs scikit-learn: pip install 'clew[sklearn]'") from None
    names = list(columns)
    table = _filled(columns, len(target))
    goal = _ranks(target)  # a few runs that diverged must not be all that counts
    goal = (goal - goal.mean()) / (goal.std() or 1.0)
    draw = np.random.default_rng(seed)
    order = draw.permutation(len(goal))
    held = order[: min(_JUDGED_RUNS, max(3, len(goal) // 4))]
    fitted = order[len(held) :]
    model: Any = RandomForestRegressor(
        n_estimators=_TREES,
        max_features=max(1, -(-len(names) // 3)),
        min_samples_leaf=2 if len(goal) < 200 else 5,
        max_samples=min(_TREE_RUNS, len(fitted)),
        random_state=seed,
    )
    model.fit(table[fitted], goal[fitted])
    return _judge(model, names, table[held], goal[held], draw)


def _judge(model: Any, names: list[str], table: Floats, goal: Floats, draw: np.random.Generator) -> Forest:
    base = float(np.square(model.predict(table) - goal).mean())
    losses = np.empty((len(names), REPEATS))
    for i in range(len(names)):
        shuffled = np.tile(table, (REPEATS, 1))
        shuffled[:, i] = np.concatenate([draw.permutation(table[:, i]) for _ in range(REPEATS)])
        errors = np.square(model.predict(shuffled) - np.tile(goal, REPEATS)).reshape(REPEATS, -1).mean(axis=1)
        losses[i] = errors - base
    means = np.maximum(losses.mean(axis=1), 0.0)
    total = float(means.sum()) or 1.0
    ranked = {
        name: Ranked(float(mean / total), float(spread / total))
        for name, mean, spread in zip(names, means, losses.std(axis=1), strict=True)
    }
    return Forest(ranked, 1.0 - base / (float(goal.var()) or 1.0))


def _filled(columns: Mapping[str, Floats], rows: int) -> Floats:
    """A table in which every value is finite in float32, and missing ones lie below all others."""
    table = np.empty((rows, len(columns)))
    for i, column in enumerate(columns.values()):
        present = ~np.isnan(column)
        table[:, i] = 0.0
        if present.any():  # ranks are all that trees look at, and any float has one
            table[present, i] = _ranks(column[present])
    return table
