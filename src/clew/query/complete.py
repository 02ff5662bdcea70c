"""What may be typed at a place of a filter; the text around it need not be right.

The pure half: which names and values exist is told by a :class:`Vocabulary`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, Literal, Protocol, TypeAlias

import msgspec

from clew.errors import InvalidFilter
from clew.query.ast import CALL_SUMMARIES, NUMBER_OPS, OPEN, TEXT_OPS, WORD_SUMMARIES, Field, FieldKind, ValueType
from clew.query.fields import Fields
from clew.query.highlight import Reading, step
from clew.query.lexer import Token, tokenize_unfinished
from clew.query.parser import resolve_key
from clew.query.settle import settle_field
from clew.query.syntax import parse_key
from clew.query.text import quote, write_key

MAX_COMPLETIONS: Final = 50
MAX_VALUES: Final = 20
MAX_LENGTH: Final = 200
"""Characters; a longer value is no help while typing."""

_TIMES: Final = (("-1h", "an hour ago"), ("-1d", "a day ago"), ("-7d", "a week ago"), ("-30d", "30 days ago"))
_DETAILS: Final = {
    "min": "least value",
    "max": "greatest value",
    "first": "first value",
    "last": "latest value",
    "mean": "mean of all values",
    "count": "number of points",
    "nans": "number of points that are NaN",
    "at(": "value at a step",
    "last(": "mean of the last points",
}

CompletionKind: TypeAlias = Literal["prefix", "key", "summary", "operator", "value", "keyword"]


class Completion(msgspec.Struct, frozen=True):
    """A text that may replace the characters from ``start`` up to ``stop``."""

    text: str
    kind: CompletionKind
    start: int
    stop: int
    detail: str = ""


class Counted(msgspec.Struct, frozen=True):
    """A name or value that exists, and how many of the newest entities have it."""

    text: str
    count: int


class Vocabulary(Protocol):
    """What exists where the filter would search; the most used first."""

    def keys(self, kind: FieldKind, /) -> Sequence[Counted]:
        """The metrics, params or tags."""
        ...

    def values(self, field: Field, /) -> Sequence[Counted]:
        """The texts that a field has."""
        ...


def complete(text: str, cursor: int, fields: Fields, vocabulary: Vocabulary) -> list[Completion]:
    """What may stand at ``cursor``, an index into ``text``; the likeliest first."""
    return _Place(text, max(0, min(cursor, len(text))), fields, vocabulary).completions()


class _Place:
    def __init__(self, text: str, cursor: int, fields: Fields, vocabulary: Vocabulary) -> None:
        tokens = [token for token in tokenize_unfinished(text) if token.kind != "end"]
        touched = [token for token in tokens if token.start < cursor <= token.end and _is_typed(token)]
        self.fields = fields
        self.vocabulary = vocabulary
        self.start, self.stop = (touched[0].start, touched[0].end) if touched else (cursor, cursor)
        self.typed = text[self.start : cursor]
        before = [token for token in tokens if token.end <= self.start]
        self.reading = Reading()
        for at in range(len(before)):
            step(self.reading, before, at, fields)
        self.last: Token | None = before[-1] if before else None

    def completions(self) -> list[Completion]:
        if self.reading.argument:
            return []
        makers = {
            "operand": self.operands,
            "operator": self.operators,
            "value": self.values,
            "values": self.values,
            "list": lambda: self.words(("(",), "operator"),
            "null": lambda: self.words(("NULL", "NOT NULL"), "keyword"),
            "joiner": self.joiners,
        }
        unique = {one.text: one for one in makers[self.reading.expects]()}
        return list(islice((one for one in unique.values() if one.text != self.typed), MAX_COMPLETIONS))

    def offer(self, text: str, kind: CompletionKind, detail: str = "") -> Completion:
        return Completion(text, kind, self.start, self.stop, detail)

    def words(self, words: Iterable[str], kind: CompletionKind) -> Iterator[Completion]:
        for word in words:
            if word.startswith(self.typed.upper()):
                yield self.offer(word, kind)

    def joiners(self) -> Iterator[Completion]:
        yield from self.words(("AND", "OR"), "keyword")
        if self.reading.depth > 0:
            yield from self.words((")",), "operator")

    def operands(self) -> Iterator[Completion]:
        entity, dot, name = self.typed.partition(".")
        kind = self.fields.prefixes.get(entity) if dot else None
        if kind is FieldKind.DATASET or kind is FieldKind.ATTRIBUTE:
            table = self.fields.attributes if kind is FieldKind.ATTRIBUTE else self.fields.dataset_keys
            for key in _fitting([Counted(one, 0) for one in table], name):
                yield self.offer(f"{entity}.{key.text}" if key.text.isidentifier() else f"{entity}.`{key.text}`", "key")
        elif kind is not None:
            yield from self.summaries(kind, name)
            yield from self.keys(kind, name)
        elif not dot:
            yield from self.starts()

    def starts(self) -> Iterator[Completion]:
        """Attributes and prefixes, then keys of any kind that hold what is typed."""
        names = dict.fromkeys(field.name for field in self.fields.attributes.values())
        for name in _fitting([Counted(one, 0) for one in names], self.typed):
            yield self.offer(name.text, "key")
        prefixes = [word for kind, word in self.fields.written.items() if kind is not FieldKind.ATTRIBUTE]
        for prefix in _fitting([Counted(one, 0) for one in prefixes], self.typed):
            yield self.offer(f"{prefix.text}.", "prefix")
        yield from self.words(("NOT",), "keyword")
        if self.typed:
            for kind in self.fields.written:
                if kind not in (FieldKind.ATTRIBUTE, FieldKind.DATASET):
                    yield from self.keys(kind, self.typed)

    def keys(self, kind: FieldKind, typed: str) -> Iterator[Completion]:
        for key in _fitting(self.vocabulary.keys(kind), typed):
            yield self.offer(write_key(self.fields.keyed(kind, key.text), self.fields), "key", f"{key.count}")

    def summaries(self, kind: FieldKind, typed: str) -> Iterator[Completion]:
        """Summaries of a metric whose whole name stands before the cursor."""
        if kind is not FieldKind.METRIC or not self.fields.summaries:
            return
        names = {key.text for key in self.vocabulary.keys(kind)}
        plain = typed.replace("`", "").replace('"', "")
        base, dot, word = plain.rpartition(".")
        name, begun = (plain, "") if plain in names else (base, word if dot else "")
        if name not in names:
            return
        for summary in (*WORD_SUMMARIES, *(f"{call}(" for call in CALL_SUMMARIES)):
            if summary.startswith(begun):
                yield self.offer(self.summary(kind, name, summary, names), "summary", _DETAILS[summary])

    def summary(self, kind: FieldKind, name: str, summary: str, names: set[str]) -> str:
        metric = self.fields.keyed(kind, name)
        if summary.endswith("(") or f"{name}.{summary}" not in names:
            return f"{write_key(metric, self.fields)}.{summary}"
        return f"{self.fields.written[kind]}.`{name}`.{summary}"

    def field(self) -> Field | None:
        """The field whose comparison is being written; None if its key cannot be read."""
        if self.reading.key is None:
            return None
        text = self.reading.key.text
        try:
            field = resolve_key(text, parse_key(text)[0], self.fields)
        except InvalidFilter:
            return None
        if field.summary != OPEN:
            return field
        return settle_field(field, {key.text for key in self.vocabulary.keys(field.kind)})

    def operators(self) -> Iterator[Completion]:
        field = self.field()
        if field is not None:
            after_not = self.last is not None and self.last.kind == "keyword"
            yield from self.words(("IN (",) if after_not else _operators(field), "operator")
        else:
            yield from self.joiners()

    def values(self) -> Iterator[Completion]:
        field = self.field()
        if field is None or field.type is ValueType.NUMBER:
            return
        if field.type is ValueType.INTEGER:
            for text, detail in _TIMES:
                if text.startswith(self.typed):
                    yield self.offer(text, "value", detail)
            return
        typed = self.typed.strip("'\"")
        short = [value for value in self.vocabulary.values(field) if len(value.text) <= MAX_LENGTH]
        for value in islice(_fitting(short, typed), MAX_VALUES):
            yield self.offer(quote(value.text), "value", f"{value.count}")


def _is_typed(token: Token) -> bool:
    """Whether the cursor at the end of ``token`` still belongs to it."""
    return token.kind in ("word", "name", "text", "keyword") or token.text in ("!", "=!")


def _operators(field: Field) -> tuple[str, ...]:
    null = ("IS NULL", "IS NOT NULL")
    if field.type in (ValueType.NUMBER, ValueType.INTEGER):
        return (*NUMBER_OPS, *null)
    both = (*TEXT_OPS, "IN (", "NOT IN (", *null)
    return (*both, *NUMBER_OPS[2:]) if field.type is ValueType.MIXED else both


def _fitting(entries: Sequence[Counted], typed: str) -> list[Counted]:
    """The entries that contain ``typed`` in any case; those that begin with it first, else in their order."""
    needle = typed.strip("`\"'").casefold()
    found = [entry for entry in entries if needle in entry.text.casefold()]
    return sorted(found, key=lambda entry: not entry.text.casefold().startswith(needle))
