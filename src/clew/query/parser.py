"""Text to checked tree: every name resolved, every value of the right type, or an error that says where.

Message texts follow MLflow's wherever its clients may match on them (rest_api facts, section 13).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from clew.errors import InvalidFilter, InvalidValue
from clew.ids import now_ms
from clew.query.ast import (
    CALL_SUMMARIES,
    NUMBER_OPS,
    OPEN,
    PATTERN_OPS,
    TEXT_OPS,
    WORD_SUMMARIES,
    And,
    Comparison,
    Expr,
    Field,
    FieldKind,
    FreeText,
    InList,
    IsNull,
    Not,
    Op,
    Or,
    Value,
    ValueType,
)
from clew.query.fields import Fields
from clew.query.match import matcher
from clew.query.syntax import AllOf, AnyOf, Bare, Clause, Key, Negation, Operand, Syntax, parse
from clew.query.times import calendar_ms, relative_ms

Clock = Callable[[], int]
"""Tells the time in milliseconds since 1970."""

MAX_TAIL = 1_000_000
"""Points that ``last(n)`` may take the mean of."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,40}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf(?:inity)?)", re.ASCII | re.IGNORECASE)
_ANY_OP: dict[str, Op] = {op: op for op in (*NUMBER_OPS, *TEXT_OPS)}


def read_filter(text: str | None, fields: Fields, clock: Clock = now_ms) -> Expr | None:
    """The checked tree of a filter over ``fields``; None for an empty text, which means everything.

    clock: what relative times such as ``-7d`` count from.

    Raises:
        InvalidFilter: the text cannot be read; with the position and what was expected there.
    """
    syntax = parse(text or "")
    return None if syntax is None else _Checker(text or "", fields, clock).expr(syntax)


def find_faults(text: str, fields: Fields, clock: Clock = now_ms) -> list[InvalidFilter]:
    """Everything that is wrong with a filter: its shape, or else each comparison that cannot be understood."""
    try:
        syntax = parse(text)
    except InvalidFilter as error:
        return [error]
    checker = _Checker(text, fields, clock)
    return [] if syntax is None else [fault for part in _parts(syntax) for fault in checker.faults(part)]


def _parts(syntax: Syntax) -> Iterator[Syntax]:
    if isinstance(syntax, AllOf | AnyOf):
        for item in syntax.items:
            yield from _parts(item)
    elif isinstance(syntax, Negation):
        yield from _parts(syntax.item)
    else:
        yield syntax


def resolve_key(text: str, key: Key, fields: Fields) -> Field:
    """The field that ``key`` names.

    Raises:
        InvalidFilter: no such entity or attribute.
    """
    kind = FieldKind.ATTRIBUTE if key.entity is None else fields.prefixes.get(key.entity)
    if kind is None:
        raise InvalidFilter(text, key.position, f"Invalid entity type '{key.entity}'. {fields.valid_prefixes}")
    if kind in (FieldKind.ATTRIBUTE, FieldKind.DATASET):
        word, table = (
            ("attribute", fields.attributes) if kind is FieldKind.ATTRIBUTE else ("dataset", fields.dataset_keys)
        )
        if key.name not in table:
            names = ", ".join(repr(name) for name in table)
            problem = f"Invalid {word} key '{key.name}' specified. Valid keys are '{{{names}}}'"
            raise InvalidFilter(text, key.position, problem)
        return table[key.name]
    if not key.name:
        raise InvalidFilter(text, key.position, f"the {kind} has no name", f"one after the dot: {key.entity}.name")
    field = fields.keyed(kind, key.name)
    has_history = kind is FieldKind.METRIC and fields.summaries
    if key.summary:
        if not has_history:
            raise InvalidFilter(text, key.position, f"{key.text}: only metrics of runs have summaries", "a key")
        return _summary(text, key, field)
    base, _, word = key.name.rpartition(".")
    if has_history and base and word in WORD_SUMMARIES and not key.quoted:
        return Field(kind, key.name, field.type, OPEN)
    return field


def _summary(text: str, key: Key, field: Field) -> Field:
    if key.argument is None:
        if key.summary not in WORD_SUMMARIES:
            words = ", ".join((*WORD_SUMMARIES, "at(step)", "last(n)"))
            raise InvalidFilter(text, key.position, f"Invalid summary '{key.summary}' of a metric", words)
        return Field(field.kind, field.name, field.type, "" if key.summary == "last" else key.summary)
    if key.summary not in CALL_SUMMARIES:
        raise InvalidFilter(text, key.position, f"{key.text}: '{key.summary}' takes no number", "at(step) or last(n)")
    low, high = (1, MAX_TAIL) if key.summary == "last" else (-(2**63), 2**63 - 1)
    if not low <= key.argument <= high:
        raise InvalidFilter(text, key.position, f"{key.argument} is out of range", f"a number from {low} to {high}")
    return Field(field.kind, field.name, field.type, CALL_SUMMARIES[key.summary], key.argument)


class _Checker:
    def __init__(self, text: str, fields: Fields, clock: Clock) -> None:
        self.text = text
        self.fields = fields
        self.clock = clock

    def expr(self, syntax: Syntax) -> Expr:
        if isinstance(syntax, AllOf):
            return And(tuple(self.expr(item) for item in syntax.items))
        if isinstance(syntax, AnyOf):
            return Or(tuple(self.expr(item) for item in syntax.items))
        if isinstance(syntax, Negation):
            return Not(self.expr(syntax.item))
        if isinstance(syntax, Bare):
            return self.free_text(syntax.operand)
        return self.clause(syntax)

    def faults(self, part: Syntax) -> list[InvalidFilter]:
        try:
            self.expr(part)
        except InvalidFilter as error:
            return [error]
        return []

    def wrong(self, position: int, problem: str, expected: str = "") -> InvalidFilter:
        return InvalidFilter(self.text, position, problem, expected)

    def free_text(self, operand: Operand) -> FreeText:
        if not operand.quoted:
            prefix, dot, _ = operand.value.partition(".")
            if operand.value in self.fields.attributes or (dot and prefix in self.fields.prefixes):
                end = operand.position + len(operand.text)
                raise self.wrong(
                    end, f"Invalid clause(s) in filter string: '{operand.text}'", "an operator and a value"
                )
            if not any(c.isalpha() for c in operand.value) or _NUMBER.fullmatch(operand.value):
                raise self.wrong(
                    operand.position,
                    f"Invalid clause(s) in filter string: '{operand.text}'",
                    f"a comparison, or '{operand.text}' in quotes to look for it in names",
                )
        if not operand.value.strip():
            raise self.wrong(operand.position, "an empty text matches everything", "a word to look for")
        return FreeText(operand.value)

    def clause(self, clause: Clause) -> Expr:
        field = resolve_key(self.text, clause.key, self.fields)
        if clause.op in ("IS NULL", "IS NOT NULL"):
            return IsNull(field, clause.op == "IS NOT NULL")
        if clause.op in ("IN", "NOT IN"):
            return self.in_list(field, clause)
        return self.comparison(field, clause)

    def in_list(self, field: Field, clause: Clause) -> Expr:
        if field.type in (ValueType.NUMBER, ValueType.INTEGER):
            found = ", ".join(operand.text for operand in clause.operands)
            raise self.not_number(field, clause.operands[0].position, f"({found})")
        values = tuple(self.stored(field, self.value(field, operand)) for operand in clause.operands)
        for value, operand in zip(values, clause.operands, strict=True):
            if type(value) is not type(values[0]):
                raise self.wrong(
                    operand.position,
                    "While parsing a list in the query, expected string value, punctuation, or whitespace, "
                    f"but got different type in list: {operand.text}",
                    "all values in quotes, or none",
                )
        return InList(field, values, clause.op == "NOT IN")

    def comparison(self, field: Field, clause: Clause) -> Expr:
        (operand,) = clause.operands
        value = self.value(field, operand)
        op = _ANY_OP[clause.op]
        allowed = TEXT_OPS if isinstance(value, str) else NUMBER_OPS
        if op not in allowed:
            shown = "', '".join((*allowed, "IN", "NOT IN") if isinstance(value, str) else allowed)
            hint = f"a number without quotes: {clause.key.text} {op} 0.5" if field.type is ValueType.MIXED else ""
            if not isinstance(value, str):
                hint = f"a quoted text after {op}" if field.type is ValueType.MIXED else ""
            raise self.wrong(clause.position, f"Invalid comparator '{op}' not one of '{{'{shown}'}}'", hint)
        if op in PATTERN_OPS and isinstance(value, str):
            try:
                matcher(op, value)
            except InvalidValue as error:
                raise self.wrong(operand.position, error.message, "a readable pattern") from None
        else:
            value = self.stored(field, value)
        return Comparison(field, op, value)

    def stored(self, field: Field, value: Value) -> Value:
        if field.kind is FieldKind.ATTRIBUTE and isinstance(value, str):
            return self.fields.values.get(field.name, {}).get(value, value)
        return value

    def time(self, operand: Operand) -> int | None:
        return calendar_ms(operand.value) if operand.quoted else relative_ms(operand.value, self.clock())

    def value(self, field: Field, operand: Operand) -> Value:
        if field.type is ValueType.INTEGER and (time := self.time(operand)) is not None:
            return time
        if field.type in (ValueType.NUMBER, ValueType.INTEGER):
            if operand.quoted or not _NUMBER.fullmatch(operand.value):
                raise self.not_number(field, operand.position, operand.text)
            whole = field.type is ValueType.INTEGER and _INTEGER.fullmatch(operand.value)
            return int(operand.value) if whole else float(operand.value)
        if operand.quoted:
            return operand.value
        if field.type is ValueType.MIXED and _NUMBER.fullmatch(operand.value):
            return float(operand.value)
        raise self.not_text(field, operand)

    def not_number(self, field: Field, position: int, found: str) -> InvalidFilter:
        if field.kind is FieldKind.METRIC:
            noun, expected = "metric", "a number without quotes"
        else:
            noun = f"numeric attribute: {field.name}"
            expected = "milliseconds without quotes, a time such as -7d, or a date in quotes such as '2026-11-01'"
        return self.wrong(position, f"Expected numeric value type for {noun}. Found {found}", expected)

    def not_text(self, field: Field, operand: Operand) -> InvalidFilter:
        if _NUMBER.fullmatch(operand.value):
            noun = "attributes" if field.kind is FieldKind.ATTRIBUTE else str(field.kind)
            problem = f"Expected a quoted string value for {noun} (e.g. 'my-value'). Got value {operand.text}"
        else:
            problem = (
                "Parameter value is either not quoted or unidentified quote types used for string value "
                f"{operand.text}. Use either single or double quotes"
            )
        return self.wrong(operand.position, problem, f"'{operand.value.strip('`')}' in quotes")
