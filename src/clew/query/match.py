"""String matching: one matcher for SQL, the evaluator and whatever index comes later.

``LIKE`` is case-sensitive, ``%`` stands for any run of characters and ``_`` for one; there is no escape character.
``ILIKE`` and ``~`` (contains) compare under Unicode case folding. ``RLIKE`` searches a regular expression anywhere
in the value, in RE2 syntax, case-sensitive, in time linear in the value.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import re2

from clew.errors import InvalidValue

Matcher = Callable[[str], bool]

MAX_PATTERN = 10_000
"""Characters; a longer pattern is a mistake or an attack."""

# Bytes. A set answers "no" where its automaton does not fit its memory, so it gets far more than the pattern may use.
_PATTERN_MEMORY = 4 << 20
_SET_MEMORY = 64 << 20


def matcher(op: str, pattern: str) -> Matcher:
    """A test of one string against ``pattern``.

    op: LIKE, ILIKE, RLIKE or ~.

    Raises:
        InvalidValue: the pattern is too long, or no regular expression in RE2 syntax.
    """
    if len(pattern) > MAX_PATTERN:
        raise InvalidValue(f"a pattern may have {MAX_PATTERN} characters, this one has {len(pattern)}")
    return _MAKERS[op](pattern)


@lru_cache(maxsize=256)
def _kept(op: str, pattern: str) -> Matcher:
    return matcher(op, pattern)


def fits(op: str, pattern: str, value: str | None) -> bool:
    """Whether ``value`` matches; False for None, so that a database can call this on any column."""
    return value is not None and _kept(op, pattern)(value)


def _contains(pattern: str) -> Matcher:
    needle = pattern.casefold()
    return lambda value: needle in value.casefold()


def _ilike(pattern: str) -> Matcher:
    return _folded(_like(pattern.casefold()))


def _folded(inner: Matcher) -> Matcher:
    return lambda value: inner(value.casefold())


def _like(pattern: str) -> Matcher:
    if "_" in pattern:
        body = "".join(".*" if c == "%" else "." if c == "_" else re2.escape(c) for c in pattern)
        return _search(rf"(?s)\A{body}\z")
    first, *rest = pattern.split("%")
    if not rest:
        return lambda value: value == pattern
    *middle, last = rest
    inner = [part for part in middle if part]
    if not inner:
        return lambda value: len(value) >= len(first) + len(last) and value.startswith(first) and value.endswith(last)
    if not first and not last and len(inner) == 1:
        needle = inner[0]
        return lambda value: needle in value
    return _pieces(first, inner, last)


def _pieces(first: str, inner: list[str], last: str) -> Matcher:
    def matches(value: str) -> bool:
        if not value.startswith(first):
            return False
        at, end = len(first), len(value) - len(last)
        for piece in inner:
            # The leftmost fit is always enough, because it leaves most room for what follows.
            at = value.find(piece, at, max(end, 0))
            if at < 0:
                return False
            at += len(piece)
        return at <= end and value.endswith(last)

    return matches


def _search(pattern: str) -> Matcher:
    # A set of one pattern answers yes or no in a sixth of the time of re2.search, which also finds the place.
    searcher = re2.Set.SearchSet(options(_SET_MEMORY))
    searcher.Add(_checked(pattern))
    searcher.Compile()
    return lambda value: searcher.Match(value) is not None


def _checked(pattern: str) -> str:
    try:
        re2.compile(pattern, options(_PATTERN_MEMORY))
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if error.args else "unreadable"
        raise InvalidValue(f"{pattern!r} is no regular expression in RE2 syntax: {reason}") from None
    return pattern


def options(max_mem: int, *, never_capture: bool = False) -> re2.Options:
    """How expressions are compiled. max_mem: bytes for the automaton. never_capture: take groups for mere brackets."""
    made = re2.Options()
    made.log_errors = False
    made.max_mem = max_mem
    made.never_capture = never_capture
    return made


_MAKERS = {"LIKE": _like, "ILIKE": _ilike, "~": _contains, "RLIKE": _search}
