"""Clew's client against a real MLflow server, and against Clew's own with the same script."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.interop

RunScript = Callable[[str | Path, str, str], str]


@pytest.mark.parametrize("script", ["classic", "media", "datasets", "logged_models"])
@pytest.mark.parametrize("client", ["mlflow", "clew"])
@pytest.mark.parametrize("server", ["mlflow_server", "clew_server_sqlite"])
def test_one_script_for_both_clients_and_servers(
    script: str, client: str, server: str, request: pytest.FixtureRequest, run_script: RunScript
) -> None:
    python = request.getfixturevalue("peer_python") if client == "mlflow" else sys.executable
    run_script(python, script, request.getfixturevalue(server))


@pytest.mark.parametrize("server", ["mlflow_server", "clew_server_sqlite"])
def test_ranks_make_one_run(server: str, request: pytest.FixtureRequest, run_script: RunScript) -> None:
    run_script(sys.executable, "ranks", request.getfixturevalue(server))


def test_clew_client_works_against_mlflow(mlflow_server: str, run_script: RunScript) -> None:
    run_script(sys.executable, "clew_client", mlflow_server)


def test_clew_client_works_against_clew(clew_server: str, run_script: RunScript) -> None:
    run_script(sys.executable, "clew_client", clew_server)


def test_frames_are_those_of_mlflow(clew_server: str, peer_python: Path, run_script: RunScript) -> None:
    run_script(peer_python, "frame_mlflow", clew_server)
    run_script(sys.executable, "frame_clew", clew_server)


def test_arguments_are_mlflow_s_with_more_only_behind_them(peer_python: Path, run_script: RunScript) -> None:
    ours, theirs = (
        json.loads(run_script(python, "signatures", "").splitlines()[0]) for python in (sys.executable, peer_python)
    )
    shared = ours.keys() & theirs.keys()
    assert len(shared) >= 130
    assert {n: ours[n][: len(theirs[n])] for n in shared} == {n: theirs[n] for n in shared}


def test_digests_schemas_and_profiles_of_data_equal_mlflow_s(peer_python: Path, run_script: RunScript) -> None:
    ours, theirs = (run_script(python, "digests", "").splitlines() for python in (sys.executable, peer_python))
    assert ours == theirs
