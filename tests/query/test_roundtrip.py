"""What is printed reads back as the same tree."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.query.ast import Comparison, Expr
from clew.query.fields import ENTITIES, EXPERIMENTS, MODELS, RUNS, Fields
from clew.query.order import Order, read_order
from clew.query.parser import read_filter
from clew.query.text import quote, write_filter, write_key
from filter_strategies import filters, orders

SCALE = float(os.environ.get("CLEW_TEST_SCALE", "1"))


@pytest.mark.parametrize("entity", ENTITIES)
@settings(max_examples=int(150 * SCALE), deadline=None)
@given(data=st.data())
def test_a_printed_tree_reads_back(entity: str, data: st.DataObject) -> None:
    fields = ENTITIES[entity]
    tree = data.draw(filters(fields))
    assert read_filter(write_filter(tree, fields), fields) == tree


@settings(max_examples=int(200 * SCALE), deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_any_text_can_be_quoted(text: str) -> None:
    tree = read_filter(f"tags.a = {quote(text)}", RUNS)
    assert tree == Comparison(RUNS.keyed(RUNS.prefixes["tags"], "a"), "=", text)


@pytest.mark.parametrize("fields", [RUNS, EXPERIMENTS, MODELS], ids=lambda fields: fields.noun)
@settings(max_examples=int(50 * SCALE), deadline=None)
@given(data=st.data())
def test_an_order_reads_back(fields: Fields, data: st.DataObject) -> None:
    order: tuple[Order, ...] = data.draw(orders(fields))
    texts = [write_key(one.field, fields) + (" desc" if one.descending else "") for one in order]
    assert read_order(texts, fields) == order


def test_nothing_prints_as_nothing() -> None:
    nothing: Expr | None = read_filter("  ", RUNS)
    assert nothing is None
    assert write_filter(nothing, RUNS) == ""
