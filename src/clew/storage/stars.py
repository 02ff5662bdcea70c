"""Stars: runs, experiments and logged models that somebody marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from clew.storage.engine import Tx, WriteTx
from clew.storage.experiments import get_experiment
from clew.storage.keys import get_run_ref
from clew.storage.models import get_model

Kind = Literal["run", "experiment", "model"]

_NUMBERS: Final[dict[Kind, int]] = {"run": 0, "experiment": 1, "model": 2}


class Star(msgspec.Struct, frozen=True):
    """A star and when it was given."""

    kind: Kind
    entity: str
    starred_ms: int


def star(tx: WriteTx, kind: Kind, entity: str) -> None:
    """Mark a run, experiment or logged model by its id; one that is marked stays so.

    Raises:
        NotFound: there is none with this id.
    """
    if kind == "run":
        get_run_ref(tx, entity)
    elif kind == "experiment":
        entity = get_experiment(tx, entity).experiment_id
    else:
        get_model(tx, entity)
    tx.run(
        "INSERT INTO star (kind, entity, starred_ms) VALUES (:kind, :entity, :now)"
        " ON CONFLICT (kind, entity) DO NOTHING",
        kind=_NUMBERS[kind],
        entity=entity,
        now=tx.place.clock(),
    )


def unstar(tx: WriteTx, kind: Kind, entity: str) -> None:
    """Take the mark away; without effect where there is none."""
    tx.run("DELETE FROM star WHERE kind = :kind AND entity = :entity", kind=_NUMBERS[kind], entity=entity)


def list_stars(tx: Tx, kind: Kind | None = None) -> list[Star]:
    """All stars, the newest first; kind: only of these."""
    kinds = {number: name for name, number in _NUMBERS.items()}
    rows = tx.all(
        f"SELECT kind, entity, starred_ms FROM star WHERE {tx.dialect.any_of('kind', 'kinds')}"
        " ORDER BY starred_ms DESC, kind, entity",
        kinds=list(kinds) if kind is None else [_NUMBERS[kind]],
    )
    return [Star(kinds[number], entity, starred_ms) for number, entity, starred_ms in rows]


def starred(tx: Tx, kind: Kind, entities: Sequence[str]) -> set[str]:
    """Those of these ids that have a star."""
    rows = tx.all(
        f"SELECT entity FROM star WHERE kind = :kind AND {tx.dialect.any_of('entity', 'entities')}",
        kind=_NUMBERS[kind],
        entities=list(entities),
    )
    return {entity for (entity,) in rows}
