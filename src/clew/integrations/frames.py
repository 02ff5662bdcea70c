"""The user's own names for data: what a variable is called in the code that called a framework."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

UNKNOWN = "unknown_dataset"
_OURS = ("clew", "sklearn", "joblib", "functools")


def caller(ignored: tuple[str, ...]) -> FrameType | None:
    """The innermost frame whose module is in none of the top-level packages or modules ``ignored``."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the one way to a caller's names
    while frame is not None and _belongs(frame, ignored):
        frame = frame.f_back
    return frame


def called_by_user(layers: tuple[str, ...]) -> bool:
    """Whether the first frame outside ``layers`` (modules between the user and us) is the user's."""
    frame = caller(layers)
    return frame is not None and not _belongs(frame, _OURS)


def name_of(data: Any) -> str:
    """The variable that holds exactly this object in the user's frame; ``unknown_dataset`` where none does."""
    frame = caller(_OURS)
    if frame is None:
        return UNKNOWN
    for scope in (frame.f_locals, frame.f_globals):
        for name, value in list(scope.items()):
            if value is data and not name.startswith("_"):
                return name
    return UNKNOWN


def _belongs(frame: FrameType, packages: tuple[str, ...]) -> bool:
    module = str(frame.f_globals.get("__name__", ""))
    return any(module == package or module.startswith(package + ".") for package in packages)
