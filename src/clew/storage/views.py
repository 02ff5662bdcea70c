"""Saved views: how somebody wants to see the runs of an experiment."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from clew.errors import EditConflict, NotFound
from clew.storage.engine import Row, Tx, WriteTx
from clew.storage.experiments import get_experiment, number_of

Scope = Literal["shared", "private"]

_FIELDS: Final = "id, experiment_id, name, scope, owner, preferred, body, revision, created_ms, updated_ms"


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A view. body_json: its state as the UI wrote it. revision: 1 at first. preferred: the experiment's default."""

    view_id: str
    experiment_id: str
    name: str
    scope: Scope
    owner: str
    preferred: bool
    body_json: str
    revision: int
    created_ms: int
    updated_ms: int


def create_view(
    tx: WriteTx,
    *,
    experiment_id: str,
    name: str,
    body_json: str,
    scope: Scope = "shared",
    owner: str = "",
    preferred: bool = False,
) -> View:
    """A new view.

    Raises:
        NotFound: there is no such experiment.
    """
    get_experiment(tx, experiment_id)
    rows = tx.all(
        "INSERT INTO saved_view (experiment_id, name, scope, owner, preferred, body, revision, created_ms, updated_ms)"
        " VALUES (:experiment, :name, :scope, :owner, 0, :body, 1, :now, :now) RETURNING id",
        experiment=number_of(experiment_id),
        name=name,
        scope=scope,
        owner=owner,
        body=body_json,
        now=tx.place.clock(),
    )
    view_id = str(rows[0][0])
    if preferred:
        _prefer(tx, get_view(tx, view_id))
    return get_view(tx, view_id)


def get_view(tx: Tx, view_id: str) -> View:
    """The view.

    Raises:
        NotFound: there is none.
    """
    row = tx.one(f"SELECT {_FIELDS} FROM saved_view WHERE id = :id", id=_number(view_id))
    if row is None:
        raise NotFound(f"There is no saved view with id {view_id}; it may have been deleted.")
    return _view(row)


def list_views(tx: Tx, experiment_id: str, owner: str = "") -> list[View]:
    """The shared views of an experiment and the private ones of ``owner``, by name.

    Raises:
        NotFound: there is no such experiment.
    """
    get_experiment(tx, experiment_id)
    rows = tx.all(
        f"SELECT {_FIELDS} FROM saved_view WHERE experiment_id = :experiment"
        " AND (scope = 'shared' OR owner = :owner) ORDER BY name, id",
        experiment=number_of(experiment_id),
        owner=owner,
    )
    return [_view(row) for row in rows]


def update_view(
    tx: WriteTx,
    view_id: str,
    revision: int,
    *,
    name: str | None = None,
    scope: Scope | None = None,
    body_json: str | None = None,
    preferred: bool | None = None,
) -> View:
    """The view after a change of revision ``revision``; what is None stays.

    Raises:
        NotFound: there is no such view.
        EditConflict: somebody changed it meanwhile; carries both states.
    """
    tx.run("UPDATE saved_view SET revision = revision WHERE id = :id", id=_number(view_id))  # others wait from here
    stored = get_view(tx, view_id)
    offered = {"name": name, "scope": scope, "body": body_json, "preferred": preferred}
    if stored.revision != revision:
        raise EditConflict(
            f"The view {stored.name!r} was changed meanwhile: it is at revision {stored.revision}, and your change"
            f" is of revision {revision}. Look at both, and send what shall stay with revision {stored.revision}.",
            stored=_shown(stored),
            offered={key: value for key, value in offered.items() if value is not None} | {"revision": revision},
        )
    tx.run(
        "UPDATE saved_view SET name = :name, scope = :scope, body = :body, revision = :revision, updated_ms = :now"
        " WHERE id = :id",
        id=_number(view_id),
        name=stored.name if name is None else name,
        scope=stored.scope if scope is None else scope,
        body=stored.body_json if body_json is None else body_json,
        revision=revision + 1,
        now=tx.place.clock(),
    )
    if preferred:
        _prefer(tx, stored)
    elif preferred is False:
        tx.run("UPDATE saved_view SET preferred = 0 WHERE id = :id", id=_number(view_id))
    return get_view(tx, view_id)


def delete_view(tx: WriteTx, view_id: str) -> None:
    """Remove a view for good.

    Raises:
        NotFound: there is none.
    """
    if not tx.run("DELETE FROM saved_view WHERE id = :id", id=_number(view_id)):
        raise NotFound(f"There is no saved view with id {view_id}; it may have been deleted.")


def _prefer(tx: WriteTx, view: View) -> None:
    """Make it the default of its experiment, and no other."""
    tx.run(
        "UPDATE saved_view SET preferred = CASE WHEN id = :id THEN 1 ELSE 0 END WHERE experiment_id = :experiment",
        id=_number(view.view_id),
        experiment=number_of(view.experiment_id),
    )


def _shown(view: View) -> dict[str, Any]:
    return {
        "name": view.name,
        "scope": view.scope,
        "body": view.body_json,
        "preferred": view.preferred,
        "revision": view.revision,
        "updated_time": view.updated_ms,
    }


def _number(view_id: str) -> int:
    """The id as a number; one that no view has where it is none."""
    return int(view_id) if view_id.isascii() and view_id.isdecimal() and len(view_id) < 16 else -1


def _view(row: Row) -> View:
    number, experiment, name, scope, owner, preferred, body, revision, created_ms, updated_ms = row
    return View(
        view_id=str(number),
        experiment_id=str(experiment),
        name=name,
        scope=scope,
        owner=owner,
        preferred=bool(preferred),
        body_json=body,
        revision=revision,
        created_ms=created_ms,
        updated_ms=updated_ms,
    )
