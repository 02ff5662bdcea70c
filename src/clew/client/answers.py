"""What a refusing answer means to the client.

A tracking server refuses with a JSON object that has a message. Whatever else comes back is the word of a
proxy, a login page or a stranger, and says nothing about a run. Standard library only.
"""

from __future__ import annotations

import json
from typing import Any

from clew.client.http import Answer
from clew.errors import (
    AlreadyExists,
    ClewError,
    Conflict,
    Corrupt,
    Denied,
    InvalidValue,
    NotFound,
    NotSupported,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)

_CONFLICTS = ("must be in the 'active' state", "Changing param values")


def check(answer: Answer) -> None:
    """Raise what a refusing answer says; a web page in place of an answer refuses, too.

    Raises:
        ClewError: as ``refused`` says.
    """
    if answer.status >= 300 or is_page(answer):
        raise refused(answer)


def read(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer.

    Raises:
        NotSupported: it is none, so whoever answers is no tracking server. ClewError: as ``refused`` says.
    """
    check(answer)
    try:
        data = json.loads(answer.body)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise stranger(answer)
    return data


def refused(answer: Answer) -> ClewError:
    """The error that a refusing answer stands for.

    Unavailable and TooManyRequests ask to come back later; Unauthenticated and NotSupported hold for all that is
    sent there; TooLarge is cured by less at a time; the others are about this request. A bare ClewError is a fault
    of the server's.
    """
    status = answer.status
    if status == 401:
        return Unauthenticated(_said(answer))
    if status == 403:
        return Denied(_said(answer))
    if status == 413:
        return TooLarge(_said(answer))
    if status == 429:
        return TooManyRequests(_said(answer), retry_after_s(answer))
    if status in (408, 502, 503, 504):
        return Unavailable(_said(answer), retry_after_s(answer))
    if 300 <= status < 400:
        goal = answer.headers.get("location", "another address")
        return NotSupported(f"{answer.where} answers with a redirect to {goal}; set the tracking URI to that address.")
    if status >= 500 and status != 501:
        return Corrupt(_said(answer)) if b"DATA_LOSS" in answer.body else ClewError(_said(answer))
    if status < 300 or message_of(answer) is None:
        return stranger(answer)
    return _refusal(answer)


def _refusal(answer: Answer) -> ClewError:
    """What a tracking server refuses, in its own words."""
    text = message_of(answer) or ""
    if answer.status == 404:
        return NotFound(text)
    if answer.status in (405, 501):
        return NotSupported(text)
    if b"DATA_LOSS" in answer.body:
        return Corrupt(text)
    if b"RESOURCE_ALREADY_EXISTS" in answer.body:
        return AlreadyExists(text)
    if answer.status == 409 or any(part in text for part in _CONFLICTS):
        return Conflict(text)
    return InvalidValue(text)


def stranger(answer: Answer) -> NotSupported:
    """The error for an answer that no tracking server gives."""
    what = "a web page" if is_page(answer) else "something else"
    return NotSupported(
        f"{answer.where} answered HTTP status {answer.status} with {what} instead of JSON; "
        "is this the address of a tracking server, or is a login page or proxy in between?"
    )


def is_page(answer: Answer) -> bool:
    """Whether the answer is a web page."""
    return "text/html" in answer.headers.get("content-type", "")


def message_of(answer: Answer) -> str | None:
    """What a tracking server says to its refusal; None where this is not the answer of one."""
    try:
        message = json.loads(answer.body)["message"]
    except (ValueError, KeyError, TypeError):
        return None
    return str(message)


def retry_after_s(answer: Answer) -> float:
    """The seconds after which the server asks to come back, told as such or as a date; 0 where it does not say."""
    text = answer.headers.get("retry-after", "")
    if not text or text.isdigit():
        return float(text or 0)
    import time
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return 0.0


def _said(answer: Answer) -> str:
    """Who refuses, how, and why as far as it is said."""
    from http import HTTPStatus

    said = message_of(answer)
    if said is None and not is_page(answer):
        said = answer.body[:200].decode("utf-8", "replace").strip()
    if not said:
        known = answer.status in {status.value for status in HTTPStatus}
        said = HTTPStatus(answer.status).phrase if known else "no reason given"
    return f"{answer.where} answers {answer.status}: {said}"
