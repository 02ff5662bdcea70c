"""Lists that know the token of their next page, and show themselves in notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from clew.entities.experiment import Experiment
from clew.entities.metric import Metric
from clew.entities.model import LoggedModel
from clew.entities.run import Run

T = TypeVar("T")

_SHOWN_BY: Final[tuple[tuple[type, str], ...]] = (
    (Run, "runs_table"),
    (Experiment, "experiments_table"),
    (LoggedModel, "models_table"),
    (Metric, "points_card"),
)


class PagedList(list[T]):
    """One page of a search, or all of them.

    token: fetches the next page; None on the last one.
    """

    def __init__(self, items: Iterable[T], token: str | None = None) -> None:
        super().__init__(items)
        self.token = token or None

    def to_list(self) -> list[T]:
        """The items as a plain list."""
        return list(self)

    def _repr_html_(self) -> str | None:
        for kind, name in _SHOWN_BY:
            if self and all(isinstance(item, kind) for item in self):
                from clew.entities import cards  # most lists are never shown

                return str(getattr(cards, name)(self))
        return None


def all_pages(fetch: Callable[[int, str | None], PagedList[T]], most: int | None, page: int) -> PagedList[T]:
    """Up to ``most`` items (None: all) from ``fetch(max_results, token)``, ``page`` at a time."""
    found: PagedList[T] = PagedList(())
    token = None
    while most is None or len(found) < most:
        part = fetch(page if most is None else min(page, most - len(found)), token)
        found += part
        token = part.token
        if token is None:
            break
    return found
