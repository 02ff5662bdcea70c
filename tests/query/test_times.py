"""Times as people write them."""

from __future__ import annotations

import pytest

from clew.errors import InvalidFilter
from clew.query.ast import Comparison
from clew.query.fields import EXPERIMENTS, MODELS, RUNS, Fields
from clew.query.parser import read_filter

NOW = 1_700_000_000_000  # 2023-11-14 22:13:20 UTC
DAY = 86_400_000


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("-7d", NOW - 7 * DAY),
        ("-90s", NOW - 90_000),
        ("-5m", NOW - 300_000),
        ("+1h", NOW + 3_600_000),
        ("-1.5d", NOW - DAY - DAY // 2),
        ("-2w", NOW - 14 * DAY),
        ("1699999999999", NOW - 1),
        ("'2023-11-14'", NOW - NOW % DAY),
        ("'2023-11-14 22:13'", NOW - 20_000),
        ('"2023-11-14T22:13:20.5Z"', NOW + 500),
        ("'2023-11-14T23:13:20+01:00'", NOW),
        ("'0001-01-01T00:00+14:00'", -62_135_647_200_000),
    ],
)
@pytest.mark.parametrize(
    ("fields", "name"), [(RUNS, "start_time"), (EXPERIMENTS, "creation_time"), (MODELS, "last_updated_timestamp")]
)
def test_a_time_is_read(fields: Fields, name: str, written: str, expected: int) -> None:
    field = fields.attributes[name]
    assert read_filter(f"{name} > {written}", fields, lambda: NOW) == Comparison(field, ">", expected)


@pytest.mark.parametrize(
    "written", ["'7d'", "-7y", "7d", "'2023-13-01'", "'2023-11-14 25:00'", "'20231114'", "'1'", "-d"]
)
def test_what_is_no_time_is_refused_with_the_forms_that_are(written: str) -> None:
    with pytest.raises(InvalidFilter, match=r"numeric attribute: start_time.*-7d.*2026-11-01"):
        read_filter(f"start_time > {written}", RUNS)


def test_a_metric_is_no_time() -> None:
    with pytest.raises(InvalidFilter, match="Expected numeric value type for metric"):
        read_filter("metrics.a > -7d", RUNS)
