"""Secrets kept out of what is recorded: values of telling variables, and tokens that have a known form."""

from __future__ import annotations

import re
from typing import Final

from clew import settings

MASK: Final = "***"
_WORDS: Final = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "ACCESS_KEY", "PRIVATE_KEY", "CREDENTIAL")
_MIN_CHARACTERS: Final = 8
"""Shorter values are words as well, and masking them would riddle the text."""
_FORMS: Final = re.compile(
    r"""
    \b(?:AKIA|ASIA)[0-9A-Z]{16}\b                         # Amazon
    | \bgh[pousr]_[A-Za-z0-9]{36,}\b | \bgithub_pat_\w{50,}\b
    | \bglpat-[\w-]{20,}
    | \bhf_[A-Za-z0-9]{30,}\b
    | \bsk-[A-Za-z0-9_-]{20,}
    | \bxox[abprs]-[\w-]{10,}                             # Slack
    | \bAIza[\w-]{35}\b                                   # Google
    | \beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}             # JSON web tokens
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?-----END\ [A-Z ]*PRIVATE\ KEY-----
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_ADDRESS: Final = re.compile(r"(://[^\s:/@]+):[^\s@/]+@")
_ASSIGNED: Final = re.compile(
    r"(?i)((?:api_?key|access_?key|secret|token|passw(?:or)?d)\w*[\"']?\s*[:=]\s*)([\"'])[^\"'\n]{8,}\2"
)


def is_secret(name: str) -> bool:
    """Whether the name of a variable says that its value is secret."""
    return any(word in name.upper() for word in _WORDS)


def masked(text: str) -> str:
    """``text`` with secrets as ``***``.

    Masked are values of environment variables whose names tell (token, secret, password, key), passwords in
    addresses, quoted values that are assigned to such names, and tokens of well-known forms.
    """
    values = [v for name, v in settings.variables().items() if is_secret(name) and len(v) >= _MIN_CHARACTERS]
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, MASK)
    text = _FORMS.sub(MASK, text)
    text = _IN_ADDRESS.sub(rf"\1:{MASK}@", text)
    return _ASSIGNED.sub(rf"\1\2{MASK}\2", text)
