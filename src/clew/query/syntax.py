"""Tokens to a syntax tree: the shape of a filter, before any name or value is understood.

::

    filter  = [ or [ "AND" ] ]                     a dangling AND is tolerated, as in MLflow
    or      = and { "OR" and }
    and     = not { "AND" not }
    not     = { "NOT" } primary
    primary = "(" or ")" | key [ call ] test | word
    call    = "(" integer ")"                      at once after the key: metrics.loss.at(100)
    test    = operator value | ["NOT"] "IN" "(" value { "," value } [","] ")" | "IS" ["NOT"] "NULL"
"""

from __future__ import annotations

import re
from typing import TypeAlias

import msgspec

from clew.errors import InvalidFilter
from clew.query.lexer import Token, tokenize

MAX_DEPTH = 50
"""Parentheses and NOTs inside each other; more is refused, so that no text can exhaust the stack."""

MAX_CLAUSES = 200
"""Comparisons in one filter; lists count once."""

_PLAIN = re.compile(r"[^\W\d]\w*(\.[\w.]*)?")
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_OPERATORS = frozenset({"=", "!=", ">", ">=", "<", "<=", "~"})
_PATTERN_WORDS = frozenset({"LIKE", "ILIKE", "RLIKE"})


class Key(msgspec.Struct, frozen=True):
    """A name before an operator: entity is what stands before the first dot, None without one.

    quoted: whether the name stood in quotes. summary: the word after a quoted name, or before an argument in brackets.
    """

    entity: str | None
    name: str
    text: str
    position: int
    quoted: bool = False
    summary: str = ""
    argument: int | None = None


class Operand(msgspec.Struct, frozen=True):
    """A value as written; quoted says whether it stood in quotes, text includes them."""

    value: str
    quoted: bool
    text: str
    position: int


class Clause(msgspec.Struct, frozen=True):
    """``key op operands``; op is an operator, ``IN``, ``NOT IN``, ``IS NULL`` or ``IS NOT NULL``.

    position: of the operator.
    """

    key: Key
    op: str
    position: int
    operands: tuple[Operand, ...] = ()


class Bare(msgspec.Struct, frozen=True):
    """A word or quoted text on its own."""

    operand: Operand


class AllOf(msgspec.Struct, frozen=True):
    """Two or more joined by AND."""

    items: tuple[Syntax, ...]


class AnyOf(msgspec.Struct, frozen=True):
    """Two or more joined by OR."""

    items: tuple[Syntax, ...]


class Negation(msgspec.Struct, frozen=True):
    """NOT before something."""

    item: Syntax


Syntax: TypeAlias = Clause | Bare | AllOf | AnyOf | Negation


def parse(text: str) -> Syntax | None:
    """The syntax tree of ``text``; None when there is nothing in it.

    Raises:
        InvalidFilter: the text does not follow the grammar.
    """
    return _Parser(text).filter()


def parse_key(text: str) -> tuple[Key, list[Token]]:
    """The key at the start of ``text``, and the tokens after it up to and without the end.

    Raises:
        InvalidFilter: ``text`` does not start with a key.
    """
    tokens = tokenize(text)
    key = _key(text, tokens[0])
    if not _calls(tokens, 0):
        return key, tokens[1:-1]
    return _called(text, key, tokens[1:4]), tokens[4:-1]


def _calls(tokens: list[Token], at: int) -> bool:
    """Whether a bracket follows the key at ``at`` without a space."""
    return "." in tokens[at].text and tokens[at + 1].kind == "(" and tokens[at + 1].start == tokens[at].end


def _called(text: str, key: Key, tokens: list[Token]) -> Key:
    """``key`` with the argument in brackets that ``tokens`` are."""
    number = tokens[1]
    if number.kind != "word" or not _INTEGER.fullmatch(number.text):
        raise InvalidFilter(text, number.start, f"'{number.text}' is no whole number", "a number, as in at(100)")
    if tokens[2].kind != ")":
        raise InvalidFilter(text, tokens[2].start, "the bracket is not closed", ")")
    name, summary = (key.name, key.summary) if key.quoted else _split(key.name)
    written = text[key.position : tokens[2].end]
    return Key(key.entity, name, written, key.position, True, summary, int(number.text))


def _split(name: str) -> tuple[str, str]:
    base, _, last = name.rpartition(".")
    return base, last


def _key(text: str, token: Token) -> Key:
    if token.kind == "name":
        return Key(token.entity, token.value, token.text, token.start, True, token.summary)
    if token.kind == "word" and _PLAIN.fullmatch(token.text):
        entity, dot, name = token.text.partition(".")
        return Key(entity if dot else None, name if dot else entity, token.text, token.start)
    if token.kind == "text" and token.text.startswith('"'):
        return Key(None, token.value, token.text, token.start)
    problem = f"Invalid comparison clause. Expected 'Identifier' found '{token.text or 'the end'}'"
    entity, dot, name = token.text.partition(".")
    hint = f"the key in backticks: {entity}.`{name}`" if token.kind == "word" and dot else "a key such as metrics.loss"
    raise InvalidFilter(text, token.start, problem, hint)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.at = 0
        self.depth = 0
        self.clauses = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        token = self.token
        self.at += token.kind != "end"
        return token

    def at_kind(self, *kinds: str) -> bool:
        return self.token.kind in kinds

    def at_keyword(self, *words: str) -> bool:
        return self.token.kind == "keyword" and self.token.value in words

    def wrong(self, problem: str, expected: str, token: Token | None = None) -> InvalidFilter:
        return InvalidFilter(self.text, (token or self.token).start, problem, expected)

    def unexpected(self, expected: str) -> InvalidFilter:
        token = self.token
        found = "the filter ends too early" if token.kind == "end" else f"found {token.text}"
        return self.wrong(f"Invalid clause(s) in filter string: {found}", expected)

    def filter(self) -> Syntax | None:
        if self.at_kind("end"):
            return None
        tree = self.any_of()
        if not self.at_kind("end"):
            raise self.unexpected("AND, OR or the end")
        return tree

    def any_of(self) -> Syntax:
        items = [self.all_of()]
        while self.at_keyword("OR"):
            self.next()
            first = self.token
            item = self.all_of()
            self.refuse_lonely_value(items[-1], item, first)
            items.append(item)
        flat = [part for item in items for part in (item.items if isinstance(item, AnyOf) else (item,))]
        return flat[0] if len(flat) == 1 else AnyOf(tuple(flat))

    def all_of(self) -> Syntax:
        items = [self.negation()]
        while self.at_keyword("AND"):
            self.next()
            if self.at_kind("end") and self.depth == 0:
                break
            items.append(self.negation())
        flat = [part for item in items for part in (item.items if isinstance(item, AllOf) else (item,))]
        return flat[0] if len(flat) == 1 else AllOf(tuple(flat))

    def refuse_lonely_value(self, left: Syntax, right: Syntax, token: Token) -> None:
        """``status = 'A' OR 'B'`` means a list to everyone but a parser, so it is not read as free text."""
        last = left.items[-1] if isinstance(left, AllOf) else left
        if isinstance(last, Clause) and isinstance(right, Bare) and token.kind != "(":
            raise self.wrong(
                f"{token.text} after OR is no comparison",
                f"a list, {last.key.text} IN (…, {token.text}), or ({token.text}) to look for it in names",
                token,
            )

    def negation(self) -> Syntax:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.wrong("parentheses and NOTs are nested too deeply", f"at most {MAX_DEPTH} levels")
        tree: Syntax
        if self.at_keyword("NOT"):
            self.next()
            tree = Negation(self.negation())
        elif self.at_kind("("):
            tree = self.group()
        else:
            tree = self.primary()
        self.depth -= 1
        return tree

    def group(self) -> Syntax:
        opening = self.next()
        tree = self.any_of()
        if not self.at_kind(")"):
            raise self.unexpected(f"AND, OR or the ) that closes position {opening.start}")
        self.next()
        return tree

    def primary(self) -> Syntax:
        self.clauses += 1
        if self.clauses > MAX_CLAUSES:
            raise self.wrong(f"a filter may have {MAX_CLAUSES} comparisons", "fewer, or a list: key IN (…)")
        token = self.token
        if token.kind not in ("word", "name", "text"):
            raise self.unexpected("a comparison such as metrics.loss < 0.1")
        self.next()
        if _calls(self.tokens, self.at - 1):
            return self.test(self.called(token))
        if self.at_kind("operator") or self.at_keyword("NOT", "IN", "IS", *_PATTERN_WORDS):
            return self.test(_key(self.text, token))
        if token.kind == "name":
            raise self.unexpected("an operator such as = or LIKE")
        return Bare(_operand(token))

    def called(self, token: Token) -> Key:
        key = _called(self.text, _key(self.text, token), self.tokens[self.at : self.at + 3])
        self.at += 3
        if not (self.at_kind("operator") or self.at_keyword("NOT", "IN", "IS", *_PATTERN_WORDS)):
            raise self.unexpected("an operator such as = or <")
        return key

    def test(self, key: Key) -> Syntax:
        token = self.next()
        word = token.value
        if word == "IS":
            return Clause(key, self.null_test(), token.start)
        if word == "NOT":
            if not self.at_keyword("IN"):
                raise self.unexpected(f"IN; other operators are negated in front: NOT {key.text} LIKE 'x'")
            self.next()
            return Clause(key, "NOT IN", token.start, self.list())
        if word == "IN":
            return Clause(key, "IN", token.start, self.list())
        if word not in _OPERATORS and word not in _PATTERN_WORDS:
            raise self.wrong(f"Invalid comparator '{word}'", "one of = != > >= < <= ~ LIKE ILIKE RLIKE IN IS", token)
        return Clause(key, word, token.start, (self.value(key),))

    def null_test(self) -> str:
        negated = self.at_keyword("NOT")
        if negated:
            self.next()
        if not self.at_keyword("NULL"):
            raise self.unexpected("NULL" if negated else "NULL or NOT NULL")
        self.next()
        return "IS NOT NULL" if negated else "IS NULL"

    def value(self, key: Key) -> Operand:
        if self.at_kind("("):
            raise self.wrong("a list stands where one value belongs", f"one value, or {key.text} IN (…)")
        if not self.at_kind("text", "word", "name"):
            raise self.unexpected("a value")
        return _operand(self.next())

    def list(self) -> tuple[Operand, ...]:
        if not self.at_kind("("):
            raise self.unexpected("a list such as ('a', 'b')")
        opening = self.next()
        values: list[Operand] = []
        while not self.at_kind(")"):
            if not self.at_kind("text", "word", "name"):
                raise self.unexpected("a value or )")
            values.append(_operand(self.next()))
            if self.at_kind(","):
                self.next()
            elif not self.at_kind(")"):
                raise self.unexpected(", or )")
        self.next()
        if not values:
            raise self.wrong(
                "While parsing a list in the query, expected a non-empty list of string values, but got empty list",
                "at least one value",
                opening,
            )
        return tuple(values)


def _operand(token: Token) -> Operand:
    return Operand(token.value if token.kind == "text" else token.text, token.kind == "text", token.text, token.start)
