"""What follows a metric's name: summaries, and names that look like them."""

from __future__ import annotations

import pytest

from clew.errors import InvalidFilter
from clew.query.ast import Comparison, Field, FieldKind, ValueType
from clew.query.fields import MODELS, RUNS, Fields
from clew.query.order import read_order
from clew.query.parser import read_filter
from clew.query.settle import settle, settle_orders


def metric(name: str, summary: str = "", argument: int = 0) -> Field:
    return Field(FieldKind.METRIC, name, ValueType.NUMBER, summary, argument)


def field_of(key: str, *existing: str, fields: Fields = RUNS) -> Field:
    tree = settle(read_filter(f"{key} < 1", fields), existing)
    assert isinstance(tree, Comparison)
    return tree.field


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("metrics.a.min", metric("a", "min")),
        ("metrics.a.last", metric("a")),
        ("metrics.`x y`.max", metric("x y", "max")),
        ('metrics."a.b".first', metric("a.b", "first")),
        ("metrics.a.b.count", metric("a.b", "count")),
        ("metrics.a.at(100)", metric("a", "at", 100)),
        ("metrics.a.at( -3 )", metric("a", "at", -3)),
        ("metrics.`x y`.last(10)", metric("x y", "tail", 10)),
        ("metrics.a.median", metric("a.median")),
        ("metrics.min", metric("min")),
        ("metrics.a.at", metric("a.at")),
    ],
)
def test_a_summary_is_read(key: str, expected: Field) -> None:
    assert field_of(key) == expected
    (order,) = settle_orders(read_order([f"{key} DESC"], RUNS), ())
    assert (order.field, order.descending) == (expected, True)


def test_a_metric_of_that_name_comes_before_a_summary() -> None:
    assert field_of("metrics.a.mean", "a.mean", "a") == metric("a.mean")
    assert field_of("metrics.a.last", "a.last", "a") == metric("a.last")
    assert field_of("metrics.`a`.mean", "a.mean", "a") == metric("a", "mean")
    assert field_of("metrics.`a.mean`", "a") == metric("a.mean")


def test_metrics_of_models_have_no_summaries() -> None:
    assert field_of("metrics.a.min", fields=MODELS) == metric("a.min")
    with pytest.raises(InvalidFilter, match="only metrics of runs"):
        read_filter("metrics.a.at(1) < 1", MODELS)


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("metrics.a.at(1", 14, "not closed"),
        ("metrics.a.at(x) = 1", 13, "no whole number"),
        ("metrics.a.at() = 1", 13, "no whole number"),
        ("metrics.a.at(1)", 15, "ends too early"),
        ("metrics.a.min(1) = 1", 0, "takes no number"),
        ("metrics.a.last(0) = 1", 0, "out of range"),
        ("metrics.a.at(9223372036854775808) = 1", 0, "out of range"),
        ("metrics.`a`.foo = 1", 0, "Invalid summary"),
        ("metrics.at(1) = 1", 0, "no name"),
        ("params.a.at(1) = '1'", 0, "only metrics"),
    ],
)
def test_a_fault_has_its_place(text: str, position: int, problem: str) -> None:
    with pytest.raises(InvalidFilter) as caught:
        read_filter(text, RUNS)
    assert (caught.value.position, problem in caught.value.problem) == (position, True)
