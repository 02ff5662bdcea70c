"""Numbers, times and errors as people read them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest

from clew.cli.screen import duration, local_time, number, print_json, print_table, show_error, size
from clew.errors import InvalidFilter, InvalidValue, Unavailable

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (0.25, "0.25"), (1 / 3, "0.333333"), (1e-9, "1e-09"), (math.nan, "nan"), (math.inf, "inf")],
)
def test_numbers_have_six_digits(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("span_ms", "text"),
    [(0, "0 ms"), (999, "999 ms"), (12_340, "12.3 s"), (245_000, "4 min 5 s"), (12_000_000, "3 h 20 min")],
)
def test_durations_take_the_unit_that_fits(span_ms: int, text: str) -> None:
    assert duration(1000, 1000 + span_ms) == text


def test_what_is_unknown_is_empty() -> None:
    assert duration(None, 5) == duration(5, None) == local_time(None) == local_time(0) == size(None) == ""


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2e7, "20 MB"), (3e12, "3 TB")]
)
def test_sizes_are_decimal(count: int, text: str) -> None:
    assert size(count) == text


def test_json_has_words_for_numbers_that_json_lacks(capsys: Capture) -> None:
    print_json({"a": [math.nan, math.inf, -math.inf, 1.5], "ü": None})
    assert capsys.readouterr().out == (
        '{\n  "a": [\n    "NaN",\n    "Infinity",\n    "-Infinity",\n    1.5\n  ],\n  "ü": null\n}\n'
    )


def test_an_error_is_one_line(capsys: Capture) -> None:
    show_error(Unavailable("the server\nis away"))
    assert capsys.readouterr().err == "Error: the server is away\n"


def test_an_error_of_the_system_names_the_file(capsys: Capture) -> None:
    show_error(PermissionError(13, "Permission denied", "/x/clew.db"))
    assert capsys.readouterr().err == "Error: Permission denied: /x/clew.db\n"


@pytest.mark.parametrize("rebuilt", [lambda e: e, lambda e: InvalidValue(str(e))], ids=["own", "from the wire"])
def test_a_filter_fault_is_pointed_at(rebuilt: Callable[[Exception], InvalidValue], capsys: Capture) -> None:
    show_error(rebuilt(InvalidFilter("a = 1 AND ?", 10, "unexpected '?'", "a comparison")))
    assert capsys.readouterr().err.splitlines() == [
        "Error: unexpected '?'; expected a comparison",
        "  a = 1 AND ?",
        "            ^",
    ]


def test_the_caret_counts_columns_not_characters(capsys: Capture) -> None:
    show_error(InvalidFilter("tags.空\n= 1 ?", 10, "unexpected '?'"))
    _, shown, caret = capsys.readouterr().err.splitlines()
    assert shown == "  tags.空 = 1 ?"
    assert caret == " " * 13 + "^"


def test_a_narrow_terminal_gets_blocks_and_a_wide_one_a_table(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    headers, rows = ("Run ID", "Name", "metrics.loss#"), [("a" * 32, "quiet-fox-12", "0.25"), ("b" * 32, "", "1")]
    monkeypatch.setenv("COLUMNS", "40")
    print_table(headers, rows)
    narrow = _plain_text(capsys.readouterr().out)
    assert narrow == ["a" * 32, "  Name quiet-fox-12", "  metrics.loss 0.25", "b" * 32, "  metrics.loss 1"]
    monkeypatch.setenv("COLUMNS", "80")
    print_table(headers, rows)
    wide = _plain_text(capsys.readouterr().out)
    assert wide[0].split() == ["Run", "ID", "Name", "metrics.loss"]
    assert wide[2].split() == ["a" * 32, "quiet-fox-12", "0.25"]


def _plain_text(out: str) -> list[str]:
    lines = re.sub(r"\x1b\[[0-9;]*m", "", out).splitlines()
    return [line.rstrip() for line in lines if line.strip()]
