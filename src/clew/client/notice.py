"""What the client tells the user: one line per cause, through the logger ``clew``."""

from __future__ import annotations

import sys

from clew import settings

_told: set[str] = set()


def warn(text: str) -> None:
    """Log ``text`` as a warning."""
    import logging  # 16 ms, and most scripts never warn

    logger = logging.getLogger("clew")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.getLevelNamesMapping().get(settings.read().log_level, logging.WARNING))
    logger.warning("%s", text)


def warn_once(cause: str, text: str) -> None:
    """Log ``text`` unless this process has already warned of ``cause``."""
    if cause not in _told:
        _told.add(cause)
        warn(text)


def forget(cause: str) -> None:
    """Let ``cause`` warn again, since it was cured in between."""
    _told.discard(cause)


def say(text: str) -> None:
    """Print a line for the reader of the script's output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
