"""Runs as a table: only the asked columns, a batch of rows at a time, read run by run as the rows lie on disk."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from clew.entities.run import RunInfo
from clew.storage.dialect import gathered
from clew.storage.engine import Row, Tx
from clew.storage.hydrate import load_infos
from clew.storage.keys import METRIC, PARAM, TAG

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Codes = NDArray[np.int32]
Kind = Literal["metrics", "params", "tags"]

KINDS: Final[tuple[Kind, ...]] = ("metrics", "params", "tags")
MAX_ROWS: Final = 16_384
"""Rows of one batch."""

_NUMBERS: Final[dict[Kind, int]] = {"metrics": METRIC, "params": PARAM, "tags": TAG}
_TABLES: Final[dict[Kind, str]] = {"metrics": "latest_metric", "params": "param", "tags": "tag"}
_MAX_CELLS: Final = 500_000
_MAX_CHARACTERS: Final = 16_000_000
_FIRST_ROWS: Final = 64
_LOOKED_AT: Final = 1000  # runs in which keys are looked for at once


class Keys(msgspec.Struct, frozen=True):
    """The columns of one kind.

    names: of the columns. ids: key id -> place of its column; every experiment has ids of its own.
    whole: whether no key of the runs is left out.
    """

    names: tuple[str, ...]
    ids: dict[int, int]
    whole: bool


class Texts(msgspec.Struct, frozen=True):
    """Texts as codes: int32[columns, n], places in ``texts``, -1 where there is none."""

    codes: Codes
    texts: list[str]


class Batch(msgspec.Struct, frozen=True):
    """Some rows.

    metrics: float64[columns, n], NaN where there is no value or the value is NaN; present: bool[columns, n].
    """

    infos: list[RunInfo]
    metrics: Floats
    present: Mask
    params: Texts
    tags: Texts


def find_keys(tx: Tx, experiments: Sequence[int], rns: Sequence[int], kind: Kind, asked: Sequence[str] | None) -> Keys:
    """The columns of a table of these runs.

    asked: their names, in this order, whether any run has them or not; None for all that some run has, by name.
    Cost: for None, a look at the key numbers of the runs until every key was seen.
    """
    within = f"kind = {_NUMBERS[kind]} AND {tx.dialect.any_of('experiment_id', 'experiments')}"
    if asked is not None:
        names = tuple(dict.fromkeys(asked))
        rows = tx.all(
            f"SELECT id, name FROM key WHERE {within} AND {tx.dialect.any_of('name', 'names')}",
            experiments=list(experiments),
            names=list(names),
        )
    else:
        rows = tx.all(f"SELECT id, name FROM key WHERE {within}", experiments=list(experiments))
        used = _used_keys(tx, rns, kind, {key for key, _ in rows})
        rows = [row for row in rows if row[0] in used]
        names = tuple(sorted({name for _, name in rows}))
    places = {name: place for place, name in enumerate(names)}
    return Keys(names, {key: places[name] for key, name in rows}, asked is None)


def read_batches(tx: Tx, rns: Sequence[int], keys: dict[Kind, Keys]) -> Iterator[Batch]:
    """The rows of these runs in the order given, in batches of bounded size; runs that are gone are left out."""
    columns = sum(len(of_kind.names) for of_kind in keys.values())
    most = max(1, min(MAX_ROWS, _MAX_CELLS // max(1, columns)))
    size, start = min(_FIRST_ROWS, most), 0
    while start < len(rns):
        batch, characters = _read(tx, rns[start : start + size], keys)
        yield batch
        start += size
        size = max(1, size // 2) if characters > _MAX_CHARACTERS else min(2 * size, most)


def _used_keys(tx: Tx, rns: Sequence[int], kind: Kind, known: set[int]) -> set[int]:
    """Those of the keys that some of the runs have."""
    used: set[int] = set()
    for start in range(0, len(rns), _LOOKED_AT):
        if used == known:
            break
        rows = tx.all(
            f"SELECT DISTINCT key FROM {_TABLES[kind]} WHERE {tx.dialect.any_of('rn', 'rns')}",
            rns=list(rns[start : start + _LOOKED_AT]),
        )
        used.update(row[0] for row in rows)
    return used


def _read(tx: Tx, rns: Sequence[int], keys: dict[Kind, Keys]) -> tuple[Batch, int]:
    """A batch, and how many characters its texts have."""
    infos = load_infos(tx, rns)
    rows = {rn: row for row, rn in enumerate(rn for rn in rns if rn in infos)}
    metrics, present = _floats(tx, rows, keys["metrics"])
    params, characters = _texts(tx, rows, "params", keys["params"])
    tags, more = _texts(tx, rows, "tags", keys["tags"])
    return Batch([infos[rn] for rn in rows], metrics, present, params, tags), characters + more


def _floats(tx: Tx, rows: dict[int, int], keys: Keys) -> tuple[Floats, Mask]:
    shape = (len(rows), len(keys.names))
    matrix, present, places = np.full(shape, np.nan), np.zeros(shape, np.bool_), _Places(keys)
    for rn, ids, cell in _gathered(tx, rows, "metrics", keys):
        columns = places.of(ids)
        matrix[rows[rn], columns] = np.array(gathered(cell), np.float64)  # a NaN is stored as NULL
        present[rows[rn], columns] = True
    return np.ascontiguousarray(matrix.T), np.ascontiguousarray(present.T)


def _texts(tx: Tx, rows: dict[int, int], kind: Kind, keys: Keys) -> tuple[Texts, int]:
    matrix = np.full((len(rows), len(keys.names)), -1, np.int32)
    places, known, characters = _Places(keys), _Known(), 0
    for rn, ids, cell in _gathered(tx, rows, kind, keys):
        texts = gathered(cell)
        matrix[rows[rn], places.of(ids)] = np.fromiter(map(known.__getitem__, texts), np.int32, len(texts))
        characters += len(cell) if isinstance(cell, str) else sum(map(len, texts))
    return Texts(np.ascontiguousarray(matrix.T), list(known)), characters


class _Known(dict[str, int]):
    """The code of each text; a new one gets the next."""

    def __missing__(self, text: str) -> int:
        code = self[text] = len(self)
        return code


def _gathered(tx: Tx, rows: Collection[int], kind: Kind, keys: Keys) -> list[Row]:
    """Run number, key ids and values of each run: a row per cell would take longer than all the rest."""
    if not keys.ids:
        return []
    sql = (
        f"SELECT rn, {tx.dialect.gathered('key')}, {tx.dialect.gathered('value')} FROM {_TABLES[kind]}"
        f" WHERE {tx.dialect.any_of('rn', 'rns')}"
    )
    if keys.whole:
        return tx.all(f"{sql} GROUP BY rn", rns=list(rows))
    return tx.all(f"{sql} AND {tx.dialect.any_of('key', 'keys')} GROUP BY rn", rns=list(rows), keys=list(keys.ids))


class _Places:
    """Lists of key ids as places of columns; most runs have the same keys, so each list is looked up once."""

    def __init__(self, keys: Keys) -> None:
        self._ids = keys.ids
        self._known: dict[object, NDArray[np.int64]] = {}

    def of(self, cell: str | list[int]) -> NDArray[np.int64]:
        """int64[n]: the places of the ids in a gathered cell."""
        name: object = cell if isinstance(cell, str) else tuple(cell)
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = np.array([self._ids[key] for key in gathered(cell)], np.int64)
        return found
