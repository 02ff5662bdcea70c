"""What keeps journals from being sent, and what to do about it. Standard library only."""

from __future__ import annotations

from typing import Final, Literal, get_args

from clew.errors import (
    AlreadyExists,
    ClewError,
    Conflict,
    Corrupt,
    DeadlineExceeded,
    Denied,
    InvalidValue,
    NotFound,
    NotSupported,
    SpoolFull,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)

Kind = Literal["", "away", "unknown", "stranger", "denied", "failed", "refused", "broken", "stuck"]
"""Why nothing is sent. All runs of a target: nobody answers there, or asks to wait; we are not known there, so a token
is missing; no tracking server answers. One run: it may not be written to; the server failed at it; it is refused; its
journal is broken; the spool cannot be written. Numbers on disk are places in this list: only add."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

_OF_ONE_RUN: Final = ("denied", "failed", "refused", "broken")
_MISTAKES: Final = (NotFound, AlreadyExists, Conflict, InvalidValue, SpoolFull)


class Trouble:
    """What keeps a journal from being sent.

    kind: ``""`` while nothing does. text: in words for people.
    since_ms, tried_ms: when it began and when it was last tried, milliseconds since 1970.
    """

    __slots__ = ("kind", "since_ms", "text", "tried_ms")

    def __init__(self, kind: Kind, text: str, since_ms: int = 0, tried_ms: int = 0) -> None:
        self.kind = kind
        self.text = text
        self.since_ms = since_ms
        self.tried_ms = tried_ms

    def __bool__(self) -> bool:
        return self.kind != ""

    @property
    def of_one_run(self) -> bool:
        """Whether it holds up this run only."""
        return self.kind in _OF_ONE_RUN

    @property
    def cure(self) -> str:
        """What to do about it: a sentence."""
        return cure(self.kind)


NONE: Final = Trouble("", "")


def is_mistake(error: ClewError) -> bool:
    """Whether the user got something wrong, so that a log call raises; everything else is no fault of the script's."""
    return isinstance(error, _MISTAKES)


def kind_of(error: ClewError) -> Kind:
    """Which kind of trouble an error of the target's is."""
    if isinstance(error, Unauthenticated):
        return "unknown"
    if isinstance(error, Denied):
        return "denied"
    if isinstance(error, NotSupported):
        return "stranger"
    if isinstance(error, Corrupt):
        return "broken"
    if isinstance(error, Unavailable | TooManyRequests | DeadlineExceeded):
        return "away"
    return "refused" if is_mistake(error) or isinstance(error, TooLarge) else "failed"


def cure(kind: Kind) -> str:
    """What to do about trouble of this kind: a sentence."""
    return _CURES[kind]


_CURES: Final[dict[Kind, str]] = {
    "": "",
    "away": "It is sent when the server is back, at the latest by `clew sync`.",
    "unknown": "Set CLEW_TOKEN, or the login that the server asks for, then run `clew sync`.",
    "stranger": "Check the tracking URI, and proxies and login pages on the way; then run `clew sync`.",
    "denied": "Ask for the right to write there, or set CLEW_TOKEN to a token that has it; then run `clew sync`.",
    "failed": "That is a fault of the server, whose log says more. It is tried again, at the latest by `clew sync`.",
    "refused": "When the cause is mended, `clew sync` tries again.",
    "broken": "What can be read is kept where it lies; please report this.",
    "stuck": "Free some space there, or mend the permissions; it is tried again by itself.",
}
