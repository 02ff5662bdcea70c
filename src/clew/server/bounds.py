"""Numbers that a request may give, and how far."""

from __future__ import annotations

from clew.errors import InvalidValue


def within(name: str, value: int | None, default: int, most: int, *, least: int = 1) -> int:
    """``value``, or ``default`` for None.

    Raises:
        InvalidValue: it is not within ``least`` and ``most``.
    """
    value = default if value is None else value
    if not least <= value <= most:
        raise InvalidValue(f"Invalid value {value} for parameter '{name}': {least} to {most}.")
    return value
