"""Which modules a pickle imports, found by reading it without running it."""

from __future__ import annotations

import logging
import pickletools
from typing import Final

_SCAN_BYTES: Final = 32 << 20

_log = logging.getLogger("clew.packaging")


def modules_of_pickle(path: str) -> set[str]:
    """Modules that the first 32 MiB of a pickle name."""
    with open(path, "rb") as file:
        raw = file.read(_SCAN_BYTES)
    modules: set[str] = set()
    memo: dict[int, str | None] = {}
    named: tuple[str | None, str | None] = (None, None)
    top: str | None = None  # what the last operation pushed, if that is a text
    try:
        for code, argument, _ in pickletools.genops(raw):
            if code.name == "GLOBAL":
                modules.add(str(argument).partition(" ")[0])
            elif code.name == "STACK_GLOBAL" and named[0]:
                modules.add(named[0])
            if code.name == "MEMOIZE":
                memo[len(memo)] = top
            elif code.name in ("PUT", "BINPUT", "LONG_BINPUT"):
                memo[int(argument or 0)] = top
            elif code.name in ("GET", "BINGET", "LONG_BINGET"):
                top = memo.get(int(argument or 0))
                named = (named[1], top)
            elif code.name not in ("FRAME", "PROTO"):
                top = argument if isinstance(argument, str) and "UNICODE" in code.name else None
                named = (named[1], top)
    except ValueError:
        _log.debug("%s: the pickle is longer than what is read for requirements.", path)
    return modules
