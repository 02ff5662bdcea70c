"""The quick start of the logging API, run as users run it; that of autologging is in tests/integrations."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from clew import ClewClient
from interop.conftest import ROOT

EXAMPLE = ROOT / "examples" / "quickstart_logging_api.py"


@pytest.fixture
def wines(tmp_path: Path) -> str:
    """A table like the wines' own."""
    rows = [f"{4 + n % 7}.{n % 10};0.{n % 9}1;{3 + n % 6}" for n in range(60)]
    path = tmp_path / "wines.csv"
    path.write_text("\n".join(['"fixed acidity";"citric acid";"quality"', *rows]))
    return str(path)


@pytest.mark.parametrize(
    ("environ", "own_data"),
    [
        ("server", True),
        ("embedded", False),
        pytest.param("server", False, marks=pytest.mark.slow),
        pytest.param("embedded", True, marks=pytest.mark.slow),
    ],
    indirect=["environ"],
)
def test_the_run_holds_what_was_logged_by_hand(
    environ: dict[str, str], own_data: bool, wines: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLE), *(["--wine", wines] if own_data else [])],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "predicts as before: True" in done.stdout
    found = re.search(r"^run +([0-9a-f]{32})", done.stdout, re.MULTILINE)
    assert found, done.stdout
    client = ClewClient(environ["CLEW_TRACKING_URI"])
    run = client.get_run(found[1])
    assert run.data.params == {"num_trees": "100", "maxdepth": "6", "max_feat": "3"}
    assert set(run.data.metrics) == {"mse"}
    assert len(run.outputs.model_outputs) == 1
    (tmp_path / "fetched").mkdir()
    for file in ("predictions.csv", "residuals_plot.png"):
        fetched = Path(client.download_artifacts(found[1], file, str(tmp_path / "fetched")))
        assert fetched.read_bytes() == (tmp_path / file).read_bytes()
