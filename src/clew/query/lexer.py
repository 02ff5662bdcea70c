"""Tokens of the filter language; every token keeps its place in the text.

This module decides where a token ends. What a token means is the parser's business, but for one thing: a word is
marked as keyword here, since no bare word can be anything else at that place.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from clew.errors import InvalidFilter

Kind = Literal["word", "name", "text", "operator", "keyword", "(", ")", ",", "end"]

KEYWORDS = frozenset({"AND", "OR", "NOT", "IN", "IS", "NULL", "LIKE", "ILIKE", "RLIKE"})

_DELIMITERS = r"\s=<>!~(),'\"`"
_TOKEN = re.compile(
    rf"""
    (?P<space>\s+)
  | (?P<name>(?P<entity>[^{_DELIMITERS}.]+)\.(?P<key>`[^`]*`|"[^"]*"|'[^']*')(?:\.(?P<summary>\w+))?)
  | (?P<attribute>`[^`]*`)
  | (?P<escaped>[eE]'(?:[^'\\]|\\.)*')
  | (?P<single>'(?:[^']|'')*')
  | (?P<double>"(?:[^"]|"")*")
  | (?P<operator>[=<>!~]+)
  | (?P<punctuation>[(),])
  | (?P<word>[^{_DELIMITERS}]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Token(msgspec.Struct, frozen=True, gc=False):
    """One token.

    text: as written. value: without quotes, keywords in upper case.
    start, end: half-open range of character indices in the filter text.
    entity, summary: what stands before and after a quoted key, if it has a dot there.
    """

    kind: Kind
    text: str
    value: str
    start: int
    end: int
    entity: str | None = None
    summary: str = ""


def tokenize(text: str) -> list[Token]:
    """The tokens of ``text``; the last one has kind ``end``.

    Inside ``'…'`` and ``"…"`` the value is taken as it stands: as in MLflow, a doubled quote stays doubled. In
    ``E'…'`` a backslash makes the next character literal.

    Raises:
        InvalidFilter: a quote is left open, or a character cannot be stored.
    """
    _check_characters(text)
    tokens, at = _scan(text)
    if at < len(text):
        raise InvalidFilter(text, at, f"the quote {text[at]} is never closed", f"another {text[at]}")
    return tokens


def tokenize_unfinished(text: str) -> list[Token]:
    """The tokens of a text that is being typed: a quote that is left open goes to the end."""
    tokens, at = _scan(text)
    if at == len(text):
        return tokens
    end = tokens.pop()
    if tokens and tokens[-1].end == at and tokens[-1].kind == "word" and tokens[-1].text.endswith("."):
        key = tokens.pop()
        tokens.append(Token("name", text[key.start :], text[at + 1 :], key.start, len(text), key.text[:-1]))
    else:
        tokens.append(Token("name" if text[at] == "`" else "text", text[at:], text[at + 1 :], at, len(text)))
    return [*tokens, end]


def _scan(text: str) -> tuple[list[Token], int]:
    """The tokens with the end after them, and where a quote is never closed; the length of ``text`` if all are."""
    tokens: list[Token] = []
    at = 0
    while at < len(text) and (match := _TOKEN.match(text, at)) is not None:
        at = match.end()
        if match.lastgroup != "space":
            tokens.append(_token(match))
    tokens.append(Token("end", "", "", len(text), len(text)))
    return tokens, at


def _token(match: re.Match[str]) -> Token:
    text, start, end = match[0], match.start(), match.end()
    # `name` holds named groups of its own, so lastgroup cannot tell it.
    if match["name"] is not None:
        return Token("name", text, match["key"][1:-1], start, end, match["entity"], match["summary"] or "")
    if match["attribute"] is not None:
        return Token("name", text, text[1:-1], start, end)
    if match["escaped"] is not None:
        return Token("text", text, _ESCAPE.sub(r"\1", text[2:-1]), start, end)
    if match["single"] is not None or match["double"] is not None:
        return Token("text", text, text[1:-1], start, end)
    if match["operator"] is not None:
        return Token("operator", text, text, start, end)
    if match["punctuation"] is not None:
        kind: Kind = "(" if text == "(" else ")" if text == ")" else ","
        return Token(kind, text, text, start, end)
    if text.upper() in KEYWORDS:
        return Token("keyword", text, text.upper(), start, end)
    return Token("word", text, text, start, end)


def _check_characters(text: str) -> None:
    if (nul := text.find("\x00")) >= 0:
        raise InvalidFilter(
            text.replace("\x00", "\\0"), nul, "the text holds a NUL character", "none, no store keeps it"
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        shown = text.encode("utf-8", "backslashreplace").decode()
        raise InvalidFilter(shown, error.start, "the text holds half of a surrogate pair", "valid Unicode") from None
