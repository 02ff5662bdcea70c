"""Keys to choose from: which names runs use, how often, and with what values."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

import msgspec

from clew.storage.engine import Tx
from clew.storage.experiments import number_of
from clew.storage.keys import METRIC, PARAM, TAG

EXACT_RUNS: Final = 20_000  # with more runs than this, the newest so many are looked at
TOP_VALUES: Final = 10
_TABLES: Final = {METRIC: "latest_metric", PARAM: "param", TAG: "tag"}


class KeyFacts(msgspec.Struct, kw_only=True):
    """A key and what it holds.

    runs: how many have it. least, most: range of its numbers; of metrics the latest values, NaN left out.
    distinct, numeric: of params and tags. top: their most frequent values with counts.
    """

    name: str
    runs: int
    least: float | None = None
    most: float | None = None
    distinct: int | None = None
    numeric: bool | None = None
    top: tuple[tuple[str, int], ...] = ()


def newest_runs(tx: Tx, experiment_ids: Sequence[str], limit: int) -> list[int]:
    """Numbers of the newest active runs of these experiments, at most ``limit``."""
    rows = tx.all(
        f"SELECT rn FROM run WHERE {tx.dialect.any_of('experiment_id', 'experiments')} AND deleted = 0"
        " ORDER BY start_ms DESC, rn DESC LIMIT :limit",
        experiments=[number_of(one) for one in experiment_ids],
        limit=limit,
    )
    return [rn for (rn,) in rows]


def suggest(
    tx: Tx, experiment_ids: Sequence[str], kind: int, text: str, limit: int
) -> tuple[list[KeyFacts], int | None]:
    """Keys of ``kind`` whose name holds ``text`` in any case, the best fitting first; and how many runs were sampled.

    Best is the name itself, then a beginning, then the beginning of a part after ``/``, ``.`` or ``_``; then what
    most runs have. The second value is None where all runs were looked at.

    Raises:
        InvalidValue: an experiment id is no integer.
    """
    rns = newest_runs(tx, experiment_ids, EXACT_RUNS + 1)
    sampled = EXACT_RUNS if len(rns) > EXACT_RUNS else None
    rns = rns[:EXACT_RUNS]
    names = _names(tx, experiment_ids, kind, text)
    counts = _counts(tx, rns, names, kind)
    found = sorted(counts, key=lambda name: (_fit(name, text), -counts[name], name))[:limit]
    facts = {name: KeyFacts(name=name, runs=counts[name]) for name in found}
    names = {key: name for key, name in names.items() if name in facts}
    if kind == METRIC:
        _add_ranges(tx, facts, rns, names)
    else:
        _add_values(tx, facts, rns, names, kind)
    return list(facts.values()), sampled


def frequent(tx: Tx, experiment_ids: Sequence[str], rns: list[int], kind: int, limit: int) -> list[str]:
    """The keys of ``kind`` that most of these runs have, at most ``limit``.

    Raises:
        InvalidValue: an experiment id is no integer.
    """
    counts = _counts(tx, rns, _names(tx, experiment_ids, kind, ""), kind)
    return sorted(counts, key=lambda name: (-counts[name], name))[:limit]


def _counts(tx: Tx, rns: list[int], names: dict[int, str], kind: int) -> dict[str, int]:
    """How many of the runs have each of these keys; those that have none are left out."""
    counts: dict[str, int] = defaultdict(int)
    if rns and names:
        for key, count in tx.all(
            f"SELECT key, count(*) FROM {_TABLES[kind]}"
            f" WHERE {tx.dialect.any_of('rn', 'rns')} AND {tx.dialect.any_of('key', 'keys')} GROUP BY key",
            rns=rns,
            keys=list(names),
        ):
            counts[names[key]] += count
    return counts


def _names(tx: Tx, experiment_ids: Sequence[str], kind: int, text: str) -> dict[int, str]:
    wanted = text.casefold()
    rows = tx.all(
        f"SELECT id, name FROM key WHERE kind = :kind AND {tx.dialect.any_of('experiment_id', 'experiments')}",
        kind=kind,
        experiments=[number_of(one) for one in experiment_ids],
    )
    return {key: name for key, name in rows if wanted in name.casefold()}


def _fit(name: str, text: str) -> int:
    name, text = name.casefold(), text.casefold()
    if name == text:
        return 0
    if name.startswith(text):
        return 1
    return 2 if any(mark + text in name for mark in "/._- ") else 3


def _add_ranges(tx: Tx, facts: dict[str, KeyFacts], rns: list[int], names: dict[int, str]) -> None:
    for key, least, most in tx.all(
        "SELECT key, min(value), max(value) FROM latest_metric"
        f" WHERE {tx.dialect.any_of('rn', 'rns')} AND {tx.dialect.any_of('key', 'keys')} GROUP BY key",
        rns=rns,
        keys=list(names),
    ):
        fact = facts[names[key]]
        if least is not None:  # else every value is NaN
            fact.least = least if fact.least is None else min(fact.least, least)
            fact.most = most if fact.most is None else max(fact.most, most)


def _add_values(tx: Tx, facts: dict[str, KeyFacts], rns: list[int], names: dict[int, str], kind: int) -> None:
    # Counted here and not by GROUP BY, which sorts all texts: where most values differ, that takes four times as long.
    values: dict[str, Counter[tuple[str, float | None]]] = {name: Counter() for name in facts}
    number = "number" if kind == PARAM else "NULL"
    for key, value, parsed in tx.all(
        f"SELECT key, value, {number} FROM {_TABLES[kind]}"
        f" WHERE {tx.dialect.any_of('rn', 'rns')} AND {tx.dialect.any_of('key', 'keys')}",
        rns=rns,
        keys=list(names),
    ):
        values[names[key]][value, parsed] += 1
    for name, counts in values.items():
        fact = facts[name]
        fact.distinct = len(counts)
        top = heapq.nsmallest(TOP_VALUES, counts.items(), key=lambda item: (-item[1], item[0][0]))
        fact.top = tuple((value, count) for (value, _), count in top)
        if kind == PARAM:
            numbers = [parsed for _, parsed in counts if parsed is not None]
            fact.numeric = len(numbers) == len(counts)
            if fact.numeric:
                fact.least, fact.most = min(numbers), max(numbers)
