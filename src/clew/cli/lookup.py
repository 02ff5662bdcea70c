"""From what a user types to ids: experiments by name, runs by the first digits of their id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from clew import settings
from clew.client.pages import all_pages
from clew.errors import InvalidValue, NotFound

if TYPE_CHECKING:
    from clew.client.api import ClewClient
    from clew.entities.run import Run

PAGE = 1000
ID_DIGITS = 32
MIN_PREFIX = 4


def search(
    client: ClewClient, ids: Sequence[str], filter_text: str, order_by: Sequence[str], view: str, limit: int
) -> list[Run]:
    """Runs that match, at most ``limit``."""
    return all_pages(
        lambda most, token: client.search_runs(
            list(ids),
            filter_string=filter_text,
            run_view_type=view,
            max_results=most,
            order_by=list(order_by),
            page_token=token,
        ),
        limit,
        PAGE,
    )


def experiment_ids(client: ClewClient, asked: Sequence[str]) -> list[str]:
    """Ids of the experiments that were asked for by name or id; of all where none was.

    Raises:
        NotFound: there is no such experiment.
    """
    environ = settings.read()
    if not asked:
        asked = [text for text in (environ.experiment_id or environ.experiment_name,) if text]
    if asked:
        return [experiment_id(client, text) for text in asked]
    found = all_pages(lambda most, token: client.search_experiments(max_results=most, page_token=token), None, PAGE)
    return [e.experiment_id for e in found]


def experiment_id(client: ClewClient, text: str) -> str:
    """The id of the experiment that is named so or has this id.

    Raises:
        NotFound: there is none.
    """
    named = client.get_experiment_by_name(text)
    if named is not None:
        return named.experiment_id
    if not text.isdecimal():
        raise NotFound(f"There is no experiment named {text!r}; `clew experiments list` shows those that exist.")
    return client.get_experiment(text).experiment_id


def whole_id(client: ClewClient, text: str) -> str:
    """The id of the one run whose id begins with ``text``.

    Raises:
        InvalidValue: this is no beginning of an id, or several runs have it.
        NotFound: no run has it.
    """
    digits = text.lower()
    if len(digits) == ID_DIGITS:
        return digits
    if not MIN_PREFIX <= len(digits) < ID_DIGITS or set(digits) - set("0123456789abcdef"):
        raise InvalidValue(
            f"{text!r} is no run id: it has 32 hex digits, of which the first {MIN_PREFIX} or more are enough."
        )
    ids = experiment_ids(client, ())
    hits = [r.info.run_id for r in search(client, ids, f"run_id LIKE '{digits}%'", (), "ALL", 3)]
    if not hits:
        raise NotFound(f"No run's id begins with {digits}; `clew runs list` shows the runs.")
    if len(hits) > 1:
        raise InvalidValue(f"Several runs' ids begin with {digits}: {', '.join(hits)}, …; give more digits.")
    return hits[0]
