"""Random checked trees and orders over small alphabets, so that they hit the random rows of the tests."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st

from clew.query.ast import (
    NUMBER_OPS,
    OPEN,
    TEXT_OPS,
    WORD_SUMMARIES,
    Comparison,
    Expr,
    Field,
    FieldKind,
    FreeText,
    InList,
    IsNull,
    Not,
    ValueType,
    all_of,
    any_of,
)
from clew.query.fields import EXPERIMENTS, MODELS, RUNS, Fields
from clew.query.order import Order

KEYS = ("a", "b", "a.mean", "k.last", "x y", "é/ü")
TEXTS = (
    *("", "a", "A", "abc", "ABC", "aXc", "a%c", "a_c", "it's", 'say "x"', "both ' and \"", "back\\slash", "''"),
    *("straße", "STRASSE", "İ", "i̇", "ΟΔΟΣ", "οδος", "line\nbreak", "0.1", "1e-1", "+.10", "1", "1.0", "-0", "nan"),
    *("inf", "1_0", " 1", "٣", "1e999", "FINISHED", "RUNNING", "\U0001f600", "￿"),
)
PATTERNS = (
    "%",
    "_",
    "a%",
    "%c",
    "%b%",
    "a_c",
    "A%C",
    "%'%",
    "",
    "%a%c%",
    "__",
    "%_",
    "a%%c",
    "ß",
    "%ss%",
    "%\n%",
    "0._",
)
WORDS = ("heron", "HERON-2", "abcd", "ABCE", "abcd00", "ab", "a b", "ß", "1", "zzz")
REGEXES = ("", "a", "^a", "c$", "^.$", "a.c", "(?i)abc", "[0-9]", "a|b", r"\.", "^$", "(?s)e.b", "ß", r"\\")
NUMBERS = (0.0, -0.0, 0.1, 1.0, -1.0, 2.5, 1e308, 5e-324, -1e-300, float("inf"), float("-inf"), 10.0)
FEW_NUMBERS = (-1.0, 0.0, 0.5, 1.0, 2.0, float("inf"))
STEPS = (-(2**63), -1, 0, 1, 2, 7, 2**63 - 1)
TIMES = (0, 1, 2, 1000, 1001, 1_700_000_000_000, 2**53 + 1)
NAMES = ("swift-heron-1", "swift-HERON-2", "abcd", "", "Straße", "x%y_z", "ABCD1234", "a b", "1")
STATUSES = ("RUNNING", "FINISHED", "FAILED", "finished", "KILLED", "")
IDS = tuple(f"{prefix}{i:028x}" for i, prefix in enumerate(("abcd", "abce", "1234", "ffff") * 8))


def keyed(fields: Fields, kind: FieldKind) -> st.SearchStrategy[Field]:
    plain = st.sampled_from([fields.keyed(kind, key) for key in (*KEYS, "nobody has this")])
    return plain | summary(plain) if kind is FieldKind.METRIC and fields.summaries else plain


@st.composite
def summary(draw: st.DrawFn, metrics: st.SearchStrategy[Field]) -> Field:
    metric = draw(metrics)
    word = draw(st.sampled_from((*WORD_SUMMARIES, "at", "at", "tail", "tail")))
    if word == "at":
        return msgspec.structs.replace(metric, summary="at", argument=draw(st.sampled_from(STEPS)))
    if word == "tail":
        return msgspec.structs.replace(metric, summary="tail", argument=draw(st.sampled_from((1, 2, 3, 1000))))
    if metric.name.isidentifier() and draw(st.booleans()):
        return msgspec.structs.replace(metric, name=f"{metric.name}.{word}", summary=OPEN)
    return msgspec.structs.replace(metric, summary="" if word == "last" else word)


def any_field(fields: Fields) -> st.SearchStrategy[Field]:
    kinds = [kind for kind in fields.written if kind in (FieldKind.METRIC, FieldKind.PARAM, FieldKind.TAG)]
    choices = [keyed(fields, kind) for kind in kinds]
    choices.append(st.sampled_from(sorted(set(fields.attributes.values()), key=lambda f: f.name)))
    if fields.dataset_keys:
        choices.append(st.sampled_from(list(fields.dataset_keys.values())))
    return st.one_of(choices)


def text_value(fields: Fields, field: Field) -> st.SearchStrategy[str]:
    if field.kind is FieldKind.ATTRIBUTE and field.name == "status":
        names = [*STATUSES, "LOGGED_MODEL_READY", "LOGGED_MODEL_PENDING"]
        short = fields.values.get("status", {})  # checked trees hold the stored spelling
        return st.sampled_from([short.get(name, name) for name in names])
    if field.name in ("run_id", "model_id"):
        return st.sampled_from([*IDS[:6], "m-" + IDS[0], "nothing"])
    if field.name in ("run_name", "name"):
        return st.sampled_from(NAMES)
    if field.name == "experiment_id":
        return st.sampled_from(("0", "1", "2", "12", "x"))
    return st.sampled_from(TEXTS)


@st.composite
def comparison(draw: st.DrawFn, fields: Fields) -> Expr:
    field = draw(any_field(fields))
    numeric = field.type in (ValueType.NUMBER, ValueType.INTEGER)
    if numeric or (field.type is ValueType.MIXED and draw(st.booleans())):
        op = draw(st.sampled_from(NUMBER_OPS))
        if field.type is ValueType.INTEGER:
            whole = st.sampled_from((*TIMES, -1, 2**63, -(2**70)))
            return Comparison(field, op, draw(whole | st.sampled_from((0.5, 1.0, 1000.5, 1e30, *NUMBERS[-3:]))))
        return Comparison(field, op, draw(st.sampled_from(NUMBERS)))
    op = draw(st.sampled_from(TEXT_OPS))
    if op == "RLIKE":
        return Comparison(field, op, draw(st.sampled_from(REGEXES)))
    if op in ("LIKE", "ILIKE"):
        return Comparison(field, op, draw(st.sampled_from(PATTERNS) | text_value(fields, field)))
    return Comparison(field, op, draw(text_value(fields, field)))


@st.composite
def in_list(draw: st.DrawFn, fields: Fields) -> Expr:
    field = draw(any_field(fields).filter(lambda f: f.type in (ValueType.TEXT, ValueType.MIXED)))
    one = text_value(fields, field)
    if field.type is ValueType.MIXED and draw(st.booleans()):
        one = st.sampled_from(NUMBERS)  # type: ignore[assignment]
    values = tuple(draw(st.lists(one, min_size=1, max_size=4)))
    return InList(field, values, draw(st.booleans()))


def leaf(fields: Fields) -> st.SearchStrategy[Expr]:
    return st.one_of(
        comparison(fields),
        comparison(fields),
        comparison(fields),
        in_list(fields),
        st.builds(IsNull, any_field(fields), st.booleans()),
        st.builds(
            FreeText, st.sampled_from(("heron", "HERON-2", "abcd", "ABCE", "abcd00", "ab", "a b", "ß", "1", "zzz"))
        ),
    )


def filters(fields: Fields) -> st.SearchStrategy[Expr]:
    """Trees of a few leaves, in the flat form that the parser makes."""
    return trees(leaf(fields))


def trees(leaves: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(all_of),
            st.lists(inner, min_size=2, max_size=3).map(any_of),
            inner.map(Not),
        ),
        max_leaves=6,
    )


def orders(fields: Fields) -> st.SearchStrategy[tuple[Order, ...]]:
    key = any_field(fields).filter(lambda field: field.kind in fields.sortable)
    return st.lists(st.builds(Order, key, st.booleans()), max_size=3, unique_by=lambda o: o.field).map(tuple)


def histories() -> st.SearchStrategy[Expr]:
    """Trees about the summaries of few metrics with few values."""
    field = summary(st.sampled_from([RUNS.keyed(FieldKind.METRIC, key) for key in KEYS[:2]]))
    number = st.sampled_from(FEW_NUMBERS)
    one = st.builds(Comparison, field, st.sampled_from(NUMBER_OPS), number) | st.builds(IsNull, field, st.booleans())
    other = st.builds(Comparison, st.just(RUNS.name), st.sampled_from(("=", "!=")), st.sampled_from(NAMES[:3]))
    return trees(one | one | other)


def history_orders() -> st.SearchStrategy[tuple[Order, ...]]:
    field = summary(st.sampled_from([RUNS.keyed(FieldKind.METRIC, key) for key in KEYS[:2]]))
    return st.lists(st.builds(Order, field, st.booleans()), max_size=2, unique_by=lambda o: o.field).map(tuple)


RUN_FILTERS, EXPERIMENT_FILTERS, MODEL_FILTERS = filters(RUNS), filters(EXPERIMENTS), filters(MODELS)
