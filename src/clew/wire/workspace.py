# ruff: noqa: RUF012 - these are Structs, which copy their list defaults; the base lies in another module
"""Messages about what people keep: saved views, short links, stars."""

from __future__ import annotations

from typing import Any, Literal

from clew.wire.mlflow import Int64, Message

Scope = Literal["shared", "private"]
Kind = Literal["run", "experiment", "model"]


class CreateView(Message, kw_only=True):
    """views: keep a view; body: any JSON object up to 256 kB. owner: a name, taken as given."""

    experiment_id: str
    name: str
    body: dict[str, Any]
    scope: Scope = "shared"
    owner: str = ""
    preferred: bool = False


class View(Message, kw_only=True):
    """A saved view. body: left out in lists. preferred: whether it is the experiment's default."""

    view_id: str = ""
    experiment_id: str = ""
    name: str = ""
    scope: Scope | None = None
    owner: str = ""
    preferred: bool | None = None
    revision: int | None = None
    creation_time: Int64 | None = None
    last_update_time: Int64 | None = None
    body: dict[str, Any] | None = None


class ViewResponse(Message, kw_only=True):
    """The view as stored."""

    view: View | None = None


class ViewById(Message, kw_only=True):
    """views/{view_id}."""

    view_id: str


class ListViews(Message, kw_only=True):
    """views: the shared views of an experiment, and the private ones of ``owner``."""

    experiment_id: str
    owner: str = ""


class ListViewsResponse(Message, kw_only=True):
    """Views by name, without their bodies."""

    views: list[View] = []


class UpdateView(Message, kw_only=True):
    """views/{view_id}: change what is given; revision: the one that was changed."""

    view_id: str
    revision: Int64
    name: str | None = None
    scope: Scope | None = None
    body: dict[str, Any] | None = None
    preferred: bool | None = None


class CreateLink(Message, kw_only=True):
    """links: path: an address inside the UI, from the slash on, with its query."""

    path: str


class CreateLinkResponse(Message, kw_only=True):
    """link_id: 8 characters that are safe in addresses. path: where the link can be opened."""

    link_id: str = ""
    path: str = ""


class GiveStar(Message, kw_only=True):
    """stars: mark something; the same again changes nothing."""

    kind: Kind
    id: str


class ListStars(Message, kw_only=True):
    """stars: kind: only of these."""

    kind: Kind | None = None


class Star(Message, kw_only=True):
    """A star and when it was given."""

    kind: Kind | None = None
    id: str = ""
    starred_time: Int64 | None = None


class ListStarsResponse(Message, kw_only=True):
    """Stars, the newest first."""

    stars: list[Star] = []
