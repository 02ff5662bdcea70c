"""The rarer ways of MLflow's Java client: addresses, optional fields, and files, moved by the ``mlflow`` command."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import pytest

from interop.conftest import clean_environ
from interop.test_client_forms import JAVA_HEADERS, sender, unique
from interop.wire import Wire

pytestmark = pytest.mark.interop


def test_an_address_with_a_slash_at_its_end(clew_server: str) -> None:
    """Address and path are joined by a slash, whatever the address ends with."""
    wire = Wire(clew_server, clew=True)
    body = json.dumps({"name": unique("slash")}).encode()
    made = wire.request("POST", "//api/2.0/mlflow/experiments/create", body, JAVA_HEADERS)
    assert made.status == 200, made.body
    query = {"experiment_id": made.json()["experiment_id"]}
    assert wire.request("GET", "//api/2.0/mlflow/experiments/get", query=query).status == 200


def test_names_that_nobody_has_are_404(clew_server: str) -> None:
    """The client makes an empty Optional of status 404, and of nothing else."""
    answer = Wire(clew_server, clew=True).request(
        "GET", "/api/2.0/mlflow/experiments/get-by-name", query={"experiment_name": unique("nobody + 花")}
    )
    assert answer.status == 404
    assert answer.json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_searches_without_a_filter(clew_server: str) -> None:
    """An absent filter is an empty text, in bodies and in queries; an absent order is no list at all."""
    java = sender(clew_server, JAVA_HEADERS)
    name = unique("unfiltered")
    java("POST", "registered-models/create", f'{{\n  "name": "{name}"\n}}')
    found = java("GET", "registered-models/search", query=urlencode({"filter": "", "max_results": "1000"}))
    assert name in [m["name"] for m in found["registered_models"]]
    assert "error_code" not in java(
        "GET", "model-versions/search", query=urlencode({"filter": "", "max_results": "1000"})
    )
    body = '{\n  "max_results": "1000",\n  "filter": "",\n  "view_type": "ACTIVE_ONLY"\n}'
    assert java("POST", "experiments/search", body)["experiments"]
    body = '{\n  "experiment_ids": ["0"],\n  "max_results": 1000\n}'
    assert "error_code" not in java("POST", "runs/search", body)


def test_versions_without_what_is_optional(clew_server: str) -> None:
    """A stage without word of the versions there, an update without a description."""
    java = sender(clew_server, JAVA_HEADERS)
    name = unique("optional")
    java("POST", "registered-models/create", f'{{\n  "name": "{name}"\n}}')
    run = java("POST", "runs/create", '{\n  "experiment_id": "0",\n  "start_time": "1"\n}')["run"]["info"]
    version = f'"name": "{name}",\n  "version": "1"'
    source = f'"run_id": "{run["run_id"]}",\n  "source": "{run["artifact_uri"]}/m"'
    java("POST", "model-versions/create", f'{{\n  "name": "{name}",\n  {source}\n}}')
    moved = java("POST", "model-versions/transition-stage", f'{{\n  {version},\n  "stage": "Staging"\n}}')
    assert moved["model_version"]["current_stage"] == "Staging"
    updated = java("PATCH", "model-versions/update", f"{{\n  {version}\n}}")["model_version"]
    assert (updated["version"], updated["description"]) == ("1", "")


@pytest.mark.slow
def test_files_move_by_the_command(clew_server_sqlite: str, peer_python: Path, tmp_path: Path) -> None:
    java = sender(clew_server_sqlite, JAVA_HEADERS)
    run_id = java("POST", "runs/create", '{\n  "experiment_id": "0",\n  "start_time": "1"\n}')["run"]["info"]["run_id"]
    source = tmp_path / "größe a.txt"
    source.write_text("花\n", encoding="utf-8")

    def mlflow(verb: str, *more: str) -> str:
        done = subprocess.run(
            [str(peer_python), "-W", "ignore", "-m", "mlflow", "artifacts", verb, *more],
            cwd=tmp_path,
            env=clean_environ(tmp_path, MLFLOW_TRACKING_URI=clew_server_sqlite, GIT_PYTHON_REFRESH="quiet"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout

    place = ("--run-id", run_id, "--artifact-path", "d")
    mlflow("log-artifact", "--local-file", str(source), *place)
    # the client parses all that the command prints
    assert json.loads(mlflow("list", *place)) == [{"path": "d/größe a.txt", "is_dir": False, "file_size": 4}]
    assert json.loads(mlflow("list", "--run-id", run_id)) == [{"path": "d", "is_dir": True}]
    folder = Path(mlflow("download", *place).strip())
    assert (folder / "größe a.txt").read_text(encoding="utf-8") == "花\n"
