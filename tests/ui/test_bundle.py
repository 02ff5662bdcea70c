"""What a browser loads before the first page: within the budget, compressed, and nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "src" / "clew" / "server" / "static"
MAX_SCRIPT, MAX_STYLE = 200_000, 25_000  # bytes of gzip


def test_the_first_page_stays_within_its_budget() -> None:
    index = STATIC / "index.html"
    if not index.exists():
        pytest.skip("the web UI is not built: run make ui")
    page = index.read_text()
    first = re.findall(r'(?:src|href)="\./(assets/[^"]+\.(?:js|css))"', page)
    sizes = {name: (STATIC / f"{name}.gz").stat().st_size for name in first}
    assert 0 < sum(size for name, size in sizes.items() if name.endswith(".js")) <= MAX_SCRIPT, sizes
    assert 0 < sum(size for name, size in sizes.items() if name.endswith(".css")) <= MAX_STYLE, sizes
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
