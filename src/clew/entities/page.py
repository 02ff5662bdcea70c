"""One page of a search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Items of one page, in order.

    token: opaque text that fetches the next page, or None on the last.
    total: how many items match in all, or None where it was not asked for.
    """

    items: Sequence[T]
    token: str | None = None
    total: int | None = None
