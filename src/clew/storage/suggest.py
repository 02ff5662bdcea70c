"""Keys to choose from: which names runs use, how often, and with what values."""

from __future__ import annotations

from collections import defaultdict
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
    if not names or not rns:
        return [], sampled
    counts: dict[str, int] = defaultdict(int)
    for key, count in tx.all(
        f"SELECT key, count(*) FROM {_TABLES[kind]}"
        f" WHERE {tx.dialect.any_of('rn', 'rns')} AND {tx.dialect.any_of('key', 'keys')} GROUP BY key",
        rns=rns,
        keys=list(names),
    ):
        counts[names[key]] += count
    found = sorted(counts, key=lambda name: (_fit(name, text), -counts[name], name))[:limit]
    facts = {name: KeyFacts(name=name, runs=counts[name]) for name in found}
    keys = [key for key, name in names.items() if name in facts]
    if kind == METRIC:
        _add_ranges(tx, facts, rns, keys)
    else:
        _add_values(tx, facts, rns, keys, kind)
    return list(facts.values()), sampled


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


def _add_ranges(tx: Tx, facts: dict[str, KeyFacts], rns: list[int], keys: list[int]) -> None:
    for name, least, most in tx.all(
        "SELECT k.name, min(v.value), max(v.value) FROM latest_metric v JOIN key k ON k.id = v.key"
        f" WHERE {tx.dialect.any_of('v.rn', 'rns')} AND {tx.dialect.any_of('v.key', 'keys')} GROUP BY k.name",
        rns=rns,
        keys=keys,
    ):
        facts[name].least, facts[name].most = least, most


def _add_values(tx: Tx, facts: dict[str, KeyFacts], rns: list[int], keys: list[int], kind: int) -> None:
    number = "v.number" if kind == PARAM else "NULL"
    grouped = (
        f"SELECT k.name AS name, v.value AS value, count(*) AS n, min({number}) AS number"
        f" FROM {_TABLES[kind]} v JOIN key k ON k.id = v.key"
        f" WHERE {tx.dialect.any_of('v.rn', 'rns')} AND {tx.dialect.any_of('v.key', 'keys')} GROUP BY k.name, v.value"
    )
    for name, distinct, numbers, least, most in tx.all(
        f"SELECT g.name, count(*), count(g.number), min(g.number), max(g.number) FROM ({grouped}) g GROUP BY g.name",
        rns=rns,
        keys=keys,
    ):
        fact = facts[name]
        fact.distinct = distinct
        if kind == PARAM:
            fact.numeric = numbers == distinct
        if fact.numeric:
            fact.least, fact.most = least, most
    top: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for name, value, count in tx.all(
        "SELECT p.name, p.value, p.n FROM (SELECT g.name, g.value, g.n,"
        f" row_number() OVER (PARTITION BY g.name ORDER BY g.n DESC, g.value) AS place FROM ({grouped}) g) p"
        " WHERE p.place <= :top ORDER BY p.name, p.place",
        rns=rns,
        keys=keys,
        top=TOP_VALUES,
    ):
        top[name].append((value, count))
    for name, values in top.items():
        facts[name].top = tuple(values)
