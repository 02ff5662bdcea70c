"""Every Python example of the pages runs: a page's examples one after the other, as a reader would try them.

What a page takes for granted (a model, a data frame) stands in ``preambles/<page>.py``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from interop.conftest import clean_environ, free_port, running

ROOT = Path(__file__).resolve().parents[2]
PREAMBLES = Path(__file__).with_name("preambles")
FRAMEWORKS = (
    "catboost dask distributed hyperopt joblibspark keras lightgbm lightning onnx prophet ray statsmodels torch "
    "transformers"
).split()
# docs/why quotes the insides of Clew and has nothing to try.
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/zh-CN/*.md")])


def snippets(page: Path) -> str:
    found = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return "\n\n".join(found)


def script(page: Path) -> str:
    """What a page's reader runs, with what the page takes for granted before it."""
    preamble = PREAMBLES / f"{page.stem}.py"
    return (preamble.read_text(encoding="utf-8") if preamble.exists() else "") + "\n\n" + snippets(page)


def marks(page: Path) -> list[pytest.MarkDecorator]:
    imported = set(re.findall(r"^\s*(?:import|from) (\w+)", script(page), re.MULTILINE))
    if "pyspark" in imported:
        return [pytest.mark.spark]
    if imported & set(FRAMEWORKS):
        return [pytest.mark.frameworks]
    # The Chinese pages follow the English ones.
    return [pytest.mark.slow] if "zh-CN" in str(page.relative_to(ROOT)) else []


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = tmp_path_factory.mktemp("pages"), free_port()
    command = [sys.executable, "-m", "clew", "server", "--port", str(port), "--backend-store-uri", "sqlite:///clew.db"]
    with running(command, port, folder) as url:
        yield url


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, id=str(page.relative_to(ROOT)), marks=marks(page)) for page in PAGES if snippets(page)],
)
def test_every_example_of_a_page_runs(page: Path, server: str, tmp_path: Path) -> None:
    environ = clean_environ(tmp_path, CLEW_TRACKING_URI=server, CLEW_EXPERIMENT_NAME=page.stem, MPLBACKEND="agg")
    done = subprocess.run(
        [sys.executable, "-c", script(page)],
        cwd=tmp_path,
        env=environ | {"PYTHONPATH": os.environ.get("PYTHONPATH", ""), "PYSPARK_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_every_preamble_has_its_page() -> None:
    assert {path.stem for path in PREAMBLES.glob("*.py")} <= {page.stem for page in PAGES if snippets(page)}
