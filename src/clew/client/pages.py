"""Lists that know the token of their next page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


class PagedList(list[T]):
    """One page of a search.

    token: fetches the next page; None on the last one.
    """

    def __init__(self, items: Iterable[T], token: str | None = None) -> None:
        super().__init__(items)
        self.token = token or None

    def to_list(self) -> list[T]:
        """The items as a plain list."""
        return list(self)


def all_pages(fetch: Callable[[int, str | None], PagedList[T]], most: int | None, page: int) -> list[T]:
    """Up to ``most`` items (None: all) from ``fetch(max_results, token)``, ``page`` at a time."""
    found: list[T] = []
    token = None
    while most is None or len(found) < most:
        part = fetch(page if most is None else min(page, most - len(found)), token)
        found += part
        token = part.token
        if token is None:
            break
    return found
