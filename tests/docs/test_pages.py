"""The pages lead where they say, and their filters can be read."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from clew.query.fields import RUNS
from clew.query.order import read_order
from clew.query.parser import read_filter

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FILTER_PAGE = (ROOT / "docs" / "filter.md").read_text(encoding="utf-8")


def anchor(heading: str) -> str:
    """The name by which a heading is linked to."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        path, _, place = target.partition("#")
        linked = Path(os.path.normpath(page.parent / path)) if path else page
        assert linked.exists(), target
        if place:
            headings = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert place in map(anchor, headings), target


def test_every_example_of_a_filter_can_be_read() -> None:
    filters = re.findall(r'filter_string="([^"]*)"', FILTER_PAGE)
    assert len(filters) >= 4
    for text in filters:
        assert read_filter(text, RUNS) is not None
    for text in re.findall(r'order_by=\["([^"]*)"\]', FILTER_PAGE):
        assert read_order([text], RUNS)


def test_every_field_of_runs_is_in_the_page() -> None:
    names = {field.name for field in RUNS.attributes.values()} | {f"dataset.{name}" for name in RUNS.dataset_keys}
    assert [name for name in names if f"`{name}`" not in FILTER_PAGE] == []
    prefixes = [prefix for prefix in RUNS.prefixes if f"`{prefix}." not in FILTER_PAGE]
    assert prefixes == []
