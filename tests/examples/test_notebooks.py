"""The notebooks are the scripts, hold no outputs, and run from top to bottom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jupytext
import nbclient
import nbformat
import pytest

from interop.conftest import ROOT, clean_environ

SCRIPTS = sorted(path for path in (ROOT / "examples").glob("*.py") if path.read_text().startswith("# %%"))


def cells(notebook: Any) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_notebook_has_the_cells_of_its_script_and_no_outputs(script: Path) -> None:
    notebook = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    assert cells(notebook) == cells(jupytext.read(script)), "`make notebooks` writes them anew"
    assert [cell for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")] == []


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(
    script: Path, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in clean_environ(tmp_path, CLEW_TRACKING_URI=server).items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    nbclient.NotebookClient(notebook, timeout=280, resources={"metadata": {"path": str(tmp_path)}}).execute()
    said = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    assert f"look at {server}/" in said
