"""Expressions over a buffer of texts find what they find in each text by itself."""

from __future__ import annotations

import bisect
from itertools import accumulate

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clew.errors import InvalidValue
from clew.query.match import matcher
from clew.query.regex import finder

TEXTS = st.lists(st.text("ab-]\n^$é1 ", max_size=6), min_size=1, max_size=12)
PIECES = (
    *("a", "b", ".", "é", "-", " ", "|", "\\.", "\\n", "\\d", "\\D", "\\W", "\\S", "\\b", "[ab]", "[^a]", "[^a1]"),
    *(
        "[^-a]",
        "[^]a]",
        "[]a]",
        "[\\d-]",
        "(a|b)",
        "(?:ab)",
        "(?i)",
        "a*",
        "b+",
        ".*",
        ".+?",
        "a{2}",
        "[[:alpha:]]",
        "\\pL",
    ),
)
PATTERNS = st.builds(
    "{}{}{}".format,
    st.sampled_from(("", "^")),
    st.lists(st.sampled_from(PIECES), max_size=4).map("".join),
    st.sampled_from(("", "$")),
)


def found(pattern: str, texts: list[str]) -> list[bool] | None:
    """Which texts the pattern finds in their buffer."""
    find = finder(pattern)
    if find is None:
        return None
    encoded = [text.encode() for text in texts]
    starts = list(accumulate((len(text) + 1 for text in encoded), initial=1))
    hits = [False] * len(texts)
    for place in find(bytearray(b"\0" + b"\0".join(encoded) + b"\0")):
        number = bisect.bisect_right(starts, place) - 1
        assert not hits[number], "each text is found once"
        hits[number] = True
    return hits


@given(PATTERNS, TEXTS)
def test_a_buffer_is_searched_as_each_text_is(pattern: str, texts: list[str]) -> None:
    try:
        fits = matcher("RLIKE", pattern)
    except InvalidValue:
        assume(False)
    hits = found(pattern, texts)
    assume(hits is not None)
    assert hits == [fits(text) for text in texts]


@pytest.mark.parametrize("pattern", ["resnet.*v2", "^run-[0-9]+$", r"\bbest\b", "a|^b|c", "lr=0\\.0[^1]"])
def test_usual_expressions_are_searched_in_the_buffer(pattern: str) -> None:
    assert (finder(pattern) is not None) is ("|^" not in pattern)
