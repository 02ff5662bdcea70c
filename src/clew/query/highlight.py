"""What each token of a filter is, told without a full parse, so that it works on a text that is being typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec

from clew.query.fields import Fields
from clew.query.lexer import Token, tokenize_unfinished

Expects: TypeAlias = Literal["operand", "operator", "value", "list", "values", "null", "joiner"]
"""What comes next: a key or a word; an operator (or a joiner, where the word was free text); a value; the bracket of a
list; a value in it; NULL; AND or OR."""

SpanKind: TypeAlias = Literal["key", "operator", "value", "keyword", "text", "bracket"]

_PATTERNS = frozenset({"LIKE", "ILIKE", "RLIKE"})


class Span(msgspec.Struct, frozen=True):
    """A token: half-open range of character indices and what it is; ``text`` is free text."""

    start: int
    stop: int
    kind: SpanKind


class Reading(msgspec.Struct):
    """What is known after some tokens.

    key: the key of the comparison that is being written. depth: brackets that are open.
    """

    expects: Expects = "operand"
    key: Token | None = None
    argument: str = ""
    depth: int = 0


def spans(text: str, fields: Fields) -> list[Span]:
    """Every token of ``text``, from left to right; a quote that is left open goes to the end."""
    tokens = [token for token in tokenize_unfinished(text) if token.kind != "end"]
    reading = Reading()
    return [Span(token.start, token.end, step(reading, tokens, at, fields)) for at, token in enumerate(tokens)]


def step(reading: Reading, tokens: Sequence[Token], at: int, fields: Fields) -> SpanKind:
    """What token ``at`` is; ``reading`` goes on past it."""
    token = tokens[at]
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    if reading.argument:
        return _argument(reading, token)
    if token.kind == "keyword":
        return _keyword(reading, token)
    if token.kind == "operator":
        reading.expects = "value"
        return "operator"
    if token.kind in ("(", ")", ","):
        return _punctuation(reading, token)
    if reading.expects in ("value", "values"):
        reading.expects = "values" if reading.expects == "values" else "joiner"
        return "value"
    reading.key, reading.expects = token, "operator"
    if following is not None and _touches(token, following):
        reading.argument = token.text
        return "key"
    return "key" if _is_key(token, following, fields) else "text"


def _touches(token: Token, following: Token) -> bool:
    return following.kind == "(" and following.start == token.end and "." in token.text


def _is_key(token: Token, following: Token | None, fields: Fields) -> bool:
    if following is not None and (following.kind == "operator" or following.value in {"IN", "IS", "NOT", *_PATTERNS}):
        return True
    prefix, dot, _ = token.text.partition(".")
    return token.text.strip("`") in fields.attributes or (bool(dot) and prefix in fields.prefixes)


def _argument(reading: Reading, token: Token) -> SpanKind:
    reading.argument += token.text
    if token.kind == ")" or token.kind not in ("(", "word"):
        reading.key = None if reading.key is None else msgspec.structs.replace(reading.key, text=reading.argument)
        reading.argument = ""
    return "bracket" if token.kind in ("(", ")") else "key"


def _keyword(reading: Reading, token: Token) -> SpanKind:
    if token.value in _PATTERNS:
        reading.expects = "value"
        return "operator"
    following: dict[str, Expects] = {"AND": "operand", "OR": "operand", "IN": "list", "IS": "null", "NULL": "joiner"}
    reading.expects = following.get(token.value, reading.expects)
    return "keyword"


def _punctuation(reading: Reading, token: Token) -> SpanKind:
    if token.kind == "(":
        reading.depth += 1
        if reading.expects == "list":
            reading.expects = "values"
    elif token.kind == ")":
        reading.depth -= 1
        reading.expects = "joiner"
    return "bracket"
