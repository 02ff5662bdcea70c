"""Calls about what people keep: saved views, short links, stars."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from clew.entities import names
from clew.errors import InvalidValue
from clew.server.context import Site
from clew.storage import links, stars, views
from clew.storage.engine import Tx, WriteTx
from clew.wire import workspace as wire
from clew.wire.mlflow import Empty, Message

Job = Callable[[WriteTx], Message]

MAX_BODY_BYTES: Final = 256 * 1024
MAX_NAME: Final = 250
MAX_PATH: Final = 64 * 1024
MAX_NESTING: Final = 100
# One slash, then no second one and no backslash, which browsers take for one; nothing that a header cannot hold.
_OWN_PATH: Final = re.compile(r"/(?![/\\])[!-\[\]-~]*")


def create_view(_site: Site, request: wire.CreateView) -> Job:
    """Keep a view."""
    names.check_length("name", request.name, MAX_NAME)
    names.check_length("owner", request.owner, MAX_NAME)
    body_json = _body_json(request.body)
    return lambda tx: _answer(
        views.create_view(
            tx,
            experiment_id=request.experiment_id,
            name=request.name,
            body_json=body_json,
            scope=request.scope,
            owner=request.owner,
            preferred=request.preferred,
        )
    )


def get_view(tx: Tx, request: wire.ViewById) -> wire.ViewResponse:
    """A view with its body."""
    return _answer(views.get_view(tx, request.view_id))


def list_views(tx: Tx, request: wire.ListViews) -> wire.ListViewsResponse:
    """Views of an experiment, without their bodies."""
    found = views.list_views(tx, request.experiment_id, request.owner)
    return wire.ListViewsResponse(views=[_message(view) for view in found])


def update_view(_site: Site, request: wire.UpdateView) -> Job:
    """Change a view, unless somebody else did meanwhile."""
    if request.name is not None:
        names.check_length("name", request.name, MAX_NAME)
        if not request.name:
            raise InvalidValue("A view needs a name; leave 'name' out to keep the one it has.")
    body_json = None if request.body is None else _body_json(request.body)
    return lambda tx: _answer(
        views.update_view(
            tx,
            request.view_id,
            request.revision,
            name=request.name,
            scope=request.scope,
            body_json=body_json,
            preferred=request.preferred,
        )
    )


def delete_view(_site: Site, request: wire.ViewById) -> Job:
    """Remove a view."""

    def job(tx: WriteTx) -> Empty:
        views.delete_view(tx, request.view_id)
        return Empty()

    return job


def create_link(_site: Site, request: wire.CreateLink) -> Job:
    """A short link to a page of this UI."""
    path = check_own_path(request.path)

    def job(tx: WriteTx) -> wire.CreateLinkResponse:
        link_id = links.make_link(tx, path)
        return wire.CreateLinkResponse(link_id=link_id, path=f"/l/{link_id}")

    return job


def give_star(_site: Site, request: wire.GiveStar) -> Job:
    """Mark a run, experiment or logged model."""

    def job(tx: WriteTx) -> Empty:
        stars.star(tx, request.kind, request.id)
        return Empty()

    return job


def take_star(_site: Site, request: wire.GiveStar) -> Job:
    """Take a mark away."""

    def job(tx: WriteTx) -> Empty:
        stars.unstar(tx, request.kind, request.id)
        return Empty()

    return job


def list_stars(tx: Tx, request: wire.ListStars) -> wire.ListStarsResponse:
    """What is marked, the newest first."""
    return wire.ListStarsResponse(
        stars=[
            wire.Star(kind=star.kind, id=star.entity, starred_time=star.starred_ms)
            for star in stars.list_stars(tx, request.kind)
        ]
    )


def check_own_path(path: str) -> str:
    """``path`` if it leads to a page of this UI and nowhere else.

    Raises:
        InvalidValue: it names another host or scheme, a call of the API, or holds what an address cannot.
    """
    if len(path) > MAX_PATH:
        raise InvalidValue(f"A link's path holds at most {MAX_PATH} characters. Got {len(path)}.")
    if not _OWN_PATH.fullmatch(path) or path.startswith(("/api/", "/ajax-api/", "/l/")):
        raise InvalidValue(
            f"Invalid path {path[:200]!r}: give the address of a page from its first slash on, percent-encoded, such as"
            " /experiments/1/runs?q=…; links lead nowhere else."
        )
    return path


def _body_json(body: dict[str, Any]) -> str:
    if _nested_over(body, MAX_NESTING):
        raise InvalidValue(f"'body' may be nested {MAX_NESTING} levels deep; this one is deeper.")
    try:
        encoded = msgspec.json.encode(body)
    except UnicodeEncodeError:
        raise InvalidValue("'body' cannot be kept: it holds half of a surrogate pair.") from None
    if len(encoded) > MAX_BODY_BYTES:
        raise InvalidValue(f"'body' holds at most {MAX_BODY_BYTES >> 10} kB of JSON. Got {len(encoded)} bytes.")
    return encoded.decode()


def _nested_over(value: Any, most: int) -> bool:
    """Whether lists and dictionaries lie in each other more than ``most`` deep; every reader has some limit."""
    level = [value]
    for _ in range(most + 1):
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True


def _answer(view: views.View) -> wire.ViewResponse:
    message = _message(view)
    message.body = msgspec.json.decode(view.body_json)
    return wire.ViewResponse(view=message)


def _message(view: views.View) -> wire.View:
    return wire.View(
        view_id=view.view_id,
        experiment_id=view.experiment_id,
        name=view.name,
        scope=view.scope,
        owner=view.owner,
        preferred=view.preferred,
        revision=view.revision,
        creation_time=view.created_ms,
        last_update_time=view.updated_ms,
    )


WRITES: tuple[Callable[..., Any], ...] = (create_view, update_view, delete_view, create_link, give_star, take_star)
READS: tuple[Callable[..., Any], ...] = (get_view, list_views, list_stars)
