"""Models that Clew's client logs, on servers of both kinds, loaded by both clients."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.interop

RunScript = Callable[[str | Path, str, str], None]


@pytest.mark.slow
@pytest.mark.parametrize("server", ["clew_server_sqlite", "mlflow_server"])
def test_models_of_clew_load_everywhere(
    server: str, request: pytest.FixtureRequest, run_script: RunScript, peer_python: Path
) -> None:
    url = request.getfixturevalue(server)
    run_script(sys.executable, "clew_autolog", url)
    run_script(peer_python, "load_clew_models", url)
