"""When the text of a param counts as a number: one rule for writing, SQL and the evaluator."""

from __future__ import annotations

import math
import re

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)


def parse_number(text: str) -> float | None:
    """``text`` as a float64 if it is a finite number in decimal or exponent form, else None.

    Spaces, underscores, hexadecimal forms, ``nan`` and ``inf`` are not numbers here, and neither is a text whose
    value overflows.
    """
    if len(text) > 400 or not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None
