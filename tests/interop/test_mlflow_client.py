"""An unmodified MLflow client against ``clew server``, on both databases.

The scripts hold what MLflow itself does: the slow test runs them against MLflow's server too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

RunScript = Callable[[str | Path, str, str], None]

pytestmark = pytest.mark.interop

MLFLOW_BEHAVIOUR = ("errors", "experiments", "runs", "search", "artifacts", "models", "autolog")


@pytest.mark.parametrize(
    "script",
    [
        *(*MLFLOW_BEHAVIOUR[:-1], "superset", "guarded"),
        pytest.param("autolog", marks=pytest.mark.slow),
    ],
)
def test_mlflow_client_works_on_sqlite(
    script: str, clew_server_sqlite: str, peer_python: Path, run_script: RunScript
) -> None:
    run_script(peer_python, script, clew_server_sqlite)


# What depends on the database is in these; the others follow in the long run.
ON_THE_DATABASE = ("experiments", "runs", "search")


@pytest.mark.postgres
@pytest.mark.parametrize(
    "script",
    [
        pytest.param(script, marks=() if script in ON_THE_DATABASE else pytest.mark.slow)
        for script in (*MLFLOW_BEHAVIOUR, "superset", "guarded")
    ],
)
def test_mlflow_client_works_on_postgresql(
    script: str, clew_server_postgresql: str, peer_python: Path, run_script: RunScript
) -> None:
    run_script(peer_python, script, clew_server_postgresql)


@pytest.mark.parametrize("script", ["artifacts", "direct"])
def test_mlflow_client_works_with_a_bucket(
    script: str, clew_server_s3: str, peer_python: Path, run_script: RunScript
) -> None:
    run_script(peer_python, script, clew_server_s3)


@pytest.mark.slow
@pytest.mark.parametrize("script", MLFLOW_BEHAVIOUR)
def test_scripts_hold_on_mlflow_itself(
    script: str, mlflow_server: str, peer_python: Path, run_script: RunScript
) -> None:
    run_script(peer_python, script, mlflow_server)
