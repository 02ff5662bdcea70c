"""What is offered while a filter is typed; ``|`` marks the cursor."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.query.ast import Field, FieldKind
from clew.query.complete import Completion, Counted, complete
from clew.query.fields import ENTITIES, EXPERIMENTS, RUNS, Fields
from clew.query.highlight import spans
from clew.query.order import read_order
from clew.query.parser import read_filter


class Words:
    """A small world of names and values."""

    def keys(self, kind: FieldKind) -> Sequence[Counted]:
        names = {
            FieldKind.METRIC: ("loss", "val/loss", "acc", "acc.max"),
            FieldKind.PARAM: ("lr", "loss_fn"),
            FieldKind.TAG: ("team",),
        }
        return [Counted(name, 9 - at) for at, name in enumerate(names[kind])]

    def values(self, field: Field) -> Sequence[Counted]:
        values = ("RUNNING", "FINISHED") if field.name == "status" else ("adam", "it's", "x" * 300)
        return [Counted(value, 1) for value in values]


def at(marked: str, fields: Fields = RUNS) -> list[Completion]:
    return complete(marked.replace("|", ""), marked.index("|"), fields, Words())


def texts(marked: str, fields: Fields = RUNS) -> list[str]:
    return [one.text for one in at(marked, fields)]


@pytest.mark.parametrize(
    ("marked", "first"),
    [
        ("lo|", ["metrics.loss", "metrics.`val/loss`", "params.loss_fn"]),
        ("met|", ["metrics."]),
        ("start|", ["start_time"]),
        ("metrics.|", ["metrics.loss", "metrics.`val/loss`"]),
        ("metrics.`val/|", ["metrics.`val/loss`"]),
        ("metrics.loss.m|", ["metrics.loss.min", "metrics.loss.max", "metrics.loss.mean"]),
        ("metrics.acc.max|", ["metrics.`acc.max`.min"]),
        ("metrics.`val/loss`.at|", ["metrics.`val/loss`.at("]),
        ("dataset.|", ["dataset.name", "dataset.digest", "dataset.context"]),
        ("metrics.loss |", ["=", "!=", ">", ">=", "<", "<=", "IS NULL"]),
        ("metrics.loss.at(3) |", ["=", "!="]),
        ("params.lr |", ["=", "!=", "LIKE"]),
        ("params.lr NOT |", ["IN ("]),
        ("tags.team IS |", ["NULL", "NOT NULL"]),
        ("status = |", ["'RUNNING'", "'FINISHED'"]),
        ("status = 'f|", ["'FINISHED'"]),
        ("status IN ('RUNNING', |", ["'RUNNING'", "'FINISHED'"]),
        ("params.lr = it|", ['"it\'s"']),
        ("start_time > -|", ["-1h", "-1d", "-7d", "-30d"]),
        ("metrics.loss < 1 |", ["AND", "OR"]),
        ("(metrics.loss < 1 |", ["AND", "OR", ")"]),
        ("metrics.loss < 1 a|", ["AND"]),
        ("resnet |", ["AND", "OR"]),
        ("a = 'b' and te|", ["tags.team"]),
        ("metrics.acc > 1 AND te| AND status = 'x'", ["tags.team"]),
    ],
)
def test_the_likeliest_come_first(marked: str, first: list[str]) -> None:
    assert texts(marked)[: len(first)] == first


@pytest.mark.parametrize("marked", ["metrics.loss.at(|", "metrics.loss < |", "metrics.nobody.m|"])
def test_nothing_is_offered_where_nothing_is_known(marked: str) -> None:
    assert texts(marked) == []


def test_a_completion_replaces_the_word_at_the_cursor() -> None:
    (only,) = at("metrics.acc > 1 AND te|am = 'x'")
    assert (only.start, only.stop) == (20, 24)
    assert {(one.start, one.stop) for one in at("status = | AND")} == {(9, 9)}


def test_experiments_have_their_own_names() -> None:
    assert texts("|", EXPERIMENTS)[:2] == ["name", "experiment_id"]
    assert texts("tags.|", EXPERIMENTS) == ["tags.team"]


def test_every_key_that_is_offered_can_be_read() -> None:
    for marked in ("|", "metrics.|", "params.|", "lo|", "metrics.loss.|", "metrics.acc.|", "metrics.`val/loss`.|"):
        for text in texts(marked):
            if not text.endswith((".", "(", "NOT")) and not text.startswith("dataset"):
                assert read_order([text], RUNS)
    assert read_filter("metrics.acc.max.min < 1", RUNS)


PIECES = st.sampled_from(
    [
        *("metrics.", "loss", ".at(", "7", " ", "`", "'", '"', "(", ")", ","),
        *("=", "!", "~", "IN", "NOT", "IS", "AND", "\0"),
    ]
)


@pytest.mark.parametrize("entity", ENTITIES)
@given(pieces=st.lists(PIECES, max_size=12), cursor=st.integers(-5, 60))
def test_any_unfinished_text_is_borne(entity: str, pieces: list[str], cursor: int) -> None:
    text, fields = "".join(pieces), ENTITIES[entity]
    found = spans(text, fields)
    covered = [index for span in found for index in range(span.start, span.stop)]
    assert covered == [index for index, character in enumerate(text) if index in covered]
    assert all(character.isspace() for index, character in enumerate(text) if index not in set(covered))
    for one in complete(text, cursor, fields, Words()):
        assert 0 <= one.start <= one.stop <= len(text)


def test_tokens_are_told_apart() -> None:
    text = "NOT metrics.loss.at(5) < 1e-3 AND (params.lr IN ('1', '2') OR resnet) AND tags.`a b` ILIKE 'x"
    shown = [(text[span.start : span.stop], span.kind) for span in spans(text, RUNS)]
    assert shown == [
        ("NOT", "keyword"),
        ("metrics.loss.at", "key"),
        ("(", "bracket"),
        ("5", "key"),
        (")", "bracket"),
        ("<", "operator"),
        ("1e-3", "value"),
        ("AND", "keyword"),
        ("(", "bracket"),
        ("params.lr", "key"),
        ("IN", "keyword"),
        ("(", "bracket"),
        ("'1'", "value"),
        (",", "bracket"),
        ("'2'", "value"),
        (")", "bracket"),
        ("OR", "keyword"),
        ("resnet", "text"),
        (")", "bracket"),
        ("AND", "keyword"),
        ("tags.`a b`", "key"),
        ("ILIKE", "operator"),
        ("'x", "value"),
    ]
