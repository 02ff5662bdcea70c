"""Which modules a pickle imports, found by reading it without running it."""

from __future__ import annotations

import logging
import pickletools
import sys
from typing import Final

_SCAN_BYTES: Final = 32 << 20

_log = logging.getLogger("clew.packaging")


def modules_of_pickle(path: str) -> set[str]:
    """Modules that the first 32 MiB of a pickle name."""
    with open(path, "rb") as file:
        raw = file.read(_SCAN_BYTES)
    modules, texts = set(), [""]
    try:
        for code, argument, _ in pickletools.genops(raw):
            if isinstance(argument, str) and code.name != "GLOBAL":
                texts.append(argument)
            elif code.name == "GLOBAL":
                modules.add(str(argument).partition(" ")[0])
            elif code.name == "STACK_GLOBAL":
                # The module may come from the memo, further back than the last two texts.
                modules.update(text for text in texts[-8:] if text.partition(".")[0] in sys.modules)
    except ValueError:
        _log.debug("%s: the pickle is longer than what is read for requirements.", path)
    return modules
