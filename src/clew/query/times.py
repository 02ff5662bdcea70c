"""Points in time as people write them: ``-7d``, ``'2026-11-01'``, ``'2026-11-01 12:30+01:00'``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

UNITS_MS: Final = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
"""Unit of a relative time -> milliseconds."""

_RELATIVE = re.compile(r"([+-][0-9]{1,12}(?:\.[0-9]{1,6})?)([smhdw])", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].+)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def relative_ms(text: str, now_ms: int) -> int | None:
    """The time that lies as far from ``now_ms`` as ``text`` says, such as ``-7d``; None if it says no such thing."""
    match = _RELATIVE.fullmatch(text)
    return None if match is None else now_ms + round(float(match[1]) * UNITS_MS[match[2]])


def calendar_ms(text: str) -> int | None:
    """The milliseconds since 1970 of an ISO 8601 date, with or without a time of day; None if it is none.

    A time without a zone is in UTC.
    """
    if not _DATE.fullmatch(text):
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    return (time - _EPOCH) // timedelta(milliseconds=1)
