"""JSON lists that are kept in tags, where any client may put anything else."""

from __future__ import annotations

import json
from typing import Any


def read(text: str | None) -> list[Any]:
    """The list in a tag's text; [] where there is none."""
    try:
        found = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) else []
