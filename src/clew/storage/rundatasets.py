"""The datasets that runs read, as one text per run: something to group, colour and rank by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from clew.storage.engine import Tx

SEPARATOR: Final = ", "
_COLUMNS: Final = {"name": "d.name", "digest": "d.digest", "context": "i.context"}


def dataset_texts(tx: Tx, rns: Sequence[int], name: str) -> dict[int, str]:
    """The names, digests or contexts of each run's datasets: distinct, sorted, joined by a comma; only runs with any.

    name: ``name``, ``digest`` or ``context``.
    """
    value = _COLUMNS[name]
    found: defaultdict[int, set[str]] = defaultdict(set)
    for rn, text in tx.all(
        f"SELECT i.rn, {value} FROM run_input i JOIN dataset d ON d.id = i.dataset_id"
        f" WHERE {tx.dialect.any_of('i.rn', 'rns')} AND {value} IS NOT NULL",
        rns=list(rns),
    ):
        found[rn].add(text)
    return {rn: SEPARATOR.join(sorted(texts)) for rn, texts in found.items()}
