"""What a refusing answer means to the client.

Standard library only.
"""

from __future__ import annotations

from clew.client.http import Answer
from clew.errors import NotFound, NotSupported, Unavailable


def check(answer: Answer) -> None:
    """Raise what a refusing answer says.

    Raises:
        NotFound, Unavailable, NotSupported: as the status says.
    """
    if answer.status < 300:
        return
    text = refusal(answer)
    if answer.status == 404:
        raise NotFound(text)
    if answer.status in (408, 429, 502, 503, 504):
        raise Unavailable(text)
    raise NotSupported(text)


def refusal(answer: Answer) -> str:
    """What a refusing answer says, for people."""
    import json

    try:
        return str(json.loads(answer.body)["message"])
    except (ValueError, KeyError, TypeError):
        text = answer.body[:300].decode("utf-8", "replace").strip()
        return text or f"the server answered {answer.status}"
