"""What lies in the trash, and its choosing for deletion.

Deletion for good has three steps, so that a crash between any two leaves no live run without files: what goes is
marked (stage 3: nothing brings it back), then its files go, then its rows (``storage/purge.py``). What is marked is
taken up by the next round, whoever asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import msgspec

from clew.errors import Conflict, NotFound
from clew.storage import retention
from clew.storage.engine import Tx, WriteTx
from clew.storage.experiments import number_of

MARKED: Final = 3  # run.deleted and experiment.deleted: being deleted for good
_RUN_HELD: Final = "EXISTS (SELECT 1 FROM model_version v WHERE v.run_id = x.run_id)"
_MODEL_HELD: Final = "EXISTS (SELECT 1 FROM model_version v WHERE v.model_id = x.model_id)"
MAX_HELD: Final = 100  # runs, and models, that are named as staying
Kind = Literal["run", "experiment", "model"]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of the trash.

    before_ms: what came there until then, where no rule of its experiment says otherwise; None: only what a rule ends.
    run_ids, experiment_ids, model_ids: these alone, whatever rules say, if they came there until ``before_ms``.
    """

    before_ms: int | None = None
    run_ids: Sequence[str] = ()
    experiment_ids: Sequence[str] = ()
    model_ids: Sequence[str] = ()

    @property
    def named(self) -> bool:
        """Whether single things are named."""
        return bool(self.run_ids or self.experiment_ids or self.model_ids)


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in the trash. number: its rn, mn or id. location: of its files."""

    kind: Kind
    number: int
    id: str
    name: str
    experiment_id: int
    deleted_ms: int
    location: str


class Scope(msgspec.Struct, frozen=True):
    """A condition over ``x.experiment_id``, ``x.deleted_ms`` and the like, and its parameters."""

    sql: str
    params: dict[str, Any]


def check(tx: Tx, wanted: Wanted, *, gone_is_well: bool = False) -> None:
    """Refuse what is named and does not lie in the trash.

    gone_is_well: what does not exist is no fault.

    Raises:
        NotFound: there is no such thing.
        Conflict: it is in use; only what lies in the trash is ever deleted for good.
    """
    experiments = [str(number_of(i)) for i in wanted.experiment_ids]
    for kind, table, field, asked, in_trash in (
        ("run", "run", "run_id", wanted.run_ids, "deleted <> 0"),
        ("experiment", "experiment", "CAST(id AS TEXT)", experiments, "deleted <> 0"),
        ("logged model", "logged_model", "model_id", wanted.model_ids, "deleted_ms IS NOT NULL"),
    ):
        states: dict[str, Any] = dict(
            tx.all(
                f"SELECT {field}, CASE WHEN {in_trash} THEN 1 ELSE 0 END FROM {table}"
                f" WHERE {tx.dialect.any_of(field, 'asked')}",
                asked=list(asked),
            )
        )
        for one in asked:
            if one not in states:
                if gone_is_well:
                    continue
                raise NotFound(f"There is no {kind} {one}; what was deleted for good is in `clew audit`.")
            if not states[one]:
                raise Conflict(f"The {kind} {one} is in use. Delete it first; only the trash is emptied.")


def listed(tx: Tx, wanted: Wanted, limit: int) -> list[Item]:
    """What would go, at most ``limit`` things: runs, then models, then experiments."""
    experiments = _experiments(tx, wanted)
    inside = [e.number for e in experiments]
    found: list[Item] = []
    for read in (_runs, _models):
        for scope in _scopes(tx, wanted, inside, "run" if read is _runs else "model"):
            known = {item.number for item in found if item.kind == ("run" if read is _runs else "model")}
            found += [i for i in read(tx, scope, limit) if i.number not in known]
    return [*found, *experiments][:limit]


def held(tx: Tx, wanted: Wanted) -> list[tuple[Item, str]]:
    """What of the trash stays, and why: what a registered version is made of, and experiments that are not empty."""
    experiments = _old_experiments(tx, wanted)
    inside = [e.number for e, _ in experiments]
    found: list[tuple[Item, str]] = []
    for read in (_runs, _models):
        for scope in _scopes(tx, wanted, inside, "run" if read is _runs else "model"):
            known = {item.id for item, _ in found}
            items = [item for item in read(tx, scope, MAX_HELD, held=True) if item.id not in known]
            found += [(item, "a registered model version is made of it") for item in items]
    return [*found, *((e, f"{count} run(s) or model(s) in it are in use") for e, count in experiments if count)]


def mark(tx: WriteTx, wanted: Wanted, limit: int, skip: frozenset[str] = frozenset()) -> list[Item]:
    """The next things to delete, marked so that nothing brings them back; experiments come when they are empty.

    skip: ids that are passed over, because they could not be deleted.
    """
    for experiment in _experiments(tx, wanted):
        tx.run("UPDATE experiment SET deleted = 3 WHERE id = :id AND deleted <> 0", id=experiment.number)
    inside = [n for (n,) in tx.all("SELECT id FROM experiment WHERE deleted = 3 ORDER BY id")]
    tx.memory.clear()
    most = limit + len(skip)
    for scope in (Scope("x.deleted = 3", {}), *_scopes(tx, wanted, inside, "run")):
        runs = [i for i in _runs(tx, scope, most) if i.id not in skip][:limit]
        if runs:
            rns = [r.number for r in runs]
            rows = tx.all(
                f"UPDATE run SET deleted = 3 WHERE {tx.dialect.any_of('rn', 'rns')} AND deleted <> 0 RETURNING rn",
                rns=rns,
            )
            marked = {rn for (rn,) in rows}
            tx.touched.update(marked)
            return [r for r in runs if r.number in marked]
    for scope in _scopes(tx, wanted, inside, "model"):
        models = [i for i in _models(tx, scope, most) if i.id not in skip][:limit]
        if models:
            return models
    return _empty_experiments(tx, inside)[:limit]


def _scopes(tx: Tx, wanted: Wanted, inside: Sequence[int], kind: Literal["run", "model"]) -> Iterator[Scope]:
    """Conditions that together describe the runs or models that are wanted. inside: experiments that go as a whole."""
    if inside:
        yield Scope(tx.dialect.any_of("x.experiment_id", "inside"), {"inside": list(inside)})
    gone = "x.deleted <> 0" if kind == "run" else "x.deleted_ms IS NOT NULL"
    if wanted.named:
        asked = list(wanted.run_ids if kind == "run" else wanted.model_ids)
        if asked:
            column = "x.run_id" if kind == "run" else "x.model_id"
            sql = f"{gone} AND x.deleted_ms <= :before AND {tx.dialect.any_of(column, 'asked')}"
            yield Scope(sql, {"before": wanted.before_ms, "asked": asked})
        return
    ruled = _cutoffs(tx)
    if wanted.before_ms is not None:
        sql = f"{gone} AND x.deleted_ms <= :before AND NOT ({tx.dialect.any_of('x.experiment_id', 'ruled')})"
        if not ruled:
            sql = f"{gone} AND x.deleted_ms <= :before"
        yield Scope(sql, {"before": wanted.before_ms} | ({"ruled": list(ruled)} if ruled else {}))
    for number, before_ms in ruled.items():
        yield Scope(
            f"{gone} AND x.experiment_id = :number AND x.deleted_ms <= :before", {"number": number, "before": before_ms}
        )


def _cutoffs(tx: Tx) -> dict[int, int]:
    """Until when things must have come into the trash to go, for experiments with a rule."""
    now = tx.place.clock()
    return {
        rule.experiment_id: now - round(rule.trash_days * retention.DAY_MS)
        for rule in retention.rules(tx)
        if rule.trash_days is not None
    }


def _experiments(tx: Tx, wanted: Wanted) -> list[Item]:
    return [experiment for experiment, in_use in _old_experiments(tx, wanted) if not in_use]


def _old_experiments(tx: Tx, wanted: Wanted) -> list[tuple[Item, int]]:
    """Experiments that are wanted, each with the number of its runs and models that are in use."""
    ruled = {} if wanted.named else _cutoffs(tx)
    asked = {number_of(i) for i in wanted.experiment_ids}
    found = []
    for row in tx.all(
        "SELECT e.id, e.name, e.deleted_ms, e.artifact_location, e.deleted,"
        f" (SELECT count(*) FROM run x WHERE x.experiment_id = e.id AND (x.deleted = 0 OR {_RUN_HELD}))"
        f" + (SELECT count(*) FROM logged_model x WHERE x.experiment_id = e.id AND {_MODEL_HELD})"
        " FROM experiment e WHERE e.deleted <> 0 ORDER BY e.id"
    ):
        number, name, deleted_ms, location, stage, in_use = row
        before_ms = ruled.get(number, wanted.before_ms)
        chosen = number in asked if wanted.named else True
        if stage == MARKED or (chosen and before_ms is not None and deleted_ms <= before_ms):
            item = Item(
                kind="experiment",
                number=number,
                id=str(number),
                name=name,
                experiment_id=number,
                deleted_ms=deleted_ms,
                location=location,
            )
            found.append((item, in_use))
    return found


def _empty_experiments(tx: Tx, numbers: Sequence[int]) -> list[Item]:
    rows = tx.all(
        "SELECT e.id, e.name, e.deleted_ms, e.artifact_location FROM experiment e"
        f" WHERE {tx.dialect.any_of('e.id', 'ids')} AND e.deleted = 3"
        " AND NOT EXISTS (SELECT 1 FROM run r WHERE r.experiment_id = e.id)"
        " AND NOT EXISTS (SELECT 1 FROM logged_model m WHERE m.experiment_id = e.id) ORDER BY e.id",
        ids=list(numbers),
    )
    return [
        Item(kind="experiment", number=n, id=str(n), name=name, experiment_id=n, deleted_ms=ms, location=location)
        for n, name, ms, location in rows
    ]


def _runs(tx: Tx, scope: Scope, limit: int, *, held: bool = False) -> list[Item]:
    """held: those that a registered version holds, instead of those that may go."""
    chosen = _RUN_HELD if held else f"(x.deleted = {MARKED} OR NOT {_RUN_HELD})"
    rows = tx.all(
        "SELECT x.rn, x.run_id, x.name, x.experiment_id, coalesce(x.deleted_ms, 0), x.artifact_uri FROM run x"
        f" WHERE {scope.sql} AND x.deleted <> 0 AND {chosen} ORDER BY x.rn LIMIT :most",
        most=limit,
        **scope.params,
    )
    return [_item("run", row) for row in rows]


def _models(tx: Tx, scope: Scope, limit: int, *, held: bool = False) -> list[Item]:
    """held: as for runs."""
    chosen = _MODEL_HELD if held else f"NOT {_MODEL_HELD}"
    rows = tx.all(
        "SELECT x.mn, x.model_id, x.name, x.experiment_id, coalesce(x.deleted_ms, 0), x.artifact_location"
        f" FROM logged_model x WHERE {scope.sql} AND {chosen} ORDER BY x.mn LIMIT :most",
        most=limit,
        **scope.params,
    )
    return [_item("model", row) for row in rows]


def _item(kind: Kind, row: tuple[Any, ...]) -> Item:
    number, known_as, name, experiment_id, deleted_ms, location = row
    return Item(
        kind=kind,
        number=number,
        id=known_as,
        name=name,
        experiment_id=experiment_id,
        deleted_ms=deleted_ms,
        location=location,
    )
