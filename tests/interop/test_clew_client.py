"""Clew's client against a real MLflow server, and against Clew's own with the same script."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.interop

RunScript = Callable[[str | Path, str, str], None]


def test_clew_client_works_against_mlflow(mlflow_server: str, run_script: RunScript) -> None:
    run_script(sys.executable, "clew_client", mlflow_server)


def test_clew_client_works_against_clew(clew_server: str, run_script: RunScript) -> None:
    run_script(sys.executable, "clew_client", clew_server)


def test_frames_are_those_of_mlflow(clew_server: str, peer_python: Path, run_script: RunScript) -> None:
    run_script(peer_python, "frame_mlflow", clew_server)
    run_script(sys.executable, "frame_clew", clew_server)
