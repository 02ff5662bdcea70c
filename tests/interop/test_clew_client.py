"""Clew's client against a real MLflow server, and against Clew's own with the same script."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interop.conftest import script_runner

pytestmark = pytest.mark.interop

RunScript = Callable[[str | Path, str, str], str]


SCRIPTS = ("classic", "media", "datasets", "logged_models", "registry", "webhooks")
PAIRS = [(client, server) for client in ("clew", "mlflow") for server in ("clew_server_sqlite", "mlflow_server")]
# The longest scripts run with MLflow's client in the long run; what they ask for is in the tests of the routes, too.
USUAL = {("clew", "clew_server_sqlite", script) for script in SCRIPTS} | {
    ("mlflow", "clew_server_sqlite", script) for script in SCRIPTS if script not in ("media", "registry")
}


@pytest.mark.parametrize(
    ("client", "server", "script"),
    [
        pytest.param(*pair, script, marks=() if (*pair, script) in USUAL else pytest.mark.slow)
        for pair in PAIRS
        for script in SCRIPTS
    ],
)
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


OTHERWISE = {
    "client.download_artifacts": "the path may be left out: all of a run's artifacts",
    "evaluate": "an argument of MLflow's own code is not taken",
    "login": "there is no Databricks to log in to by default",
    "models.evaluate": "an argument of MLflow's own code is not taken",
    "pyfunc.save_model": "unknown arguments are refused, not passed on",
    "sklearn.autolog": "models are kept by skops, which runs no code on loading, where it can",
    "transformers.autolog": "models and data are kept, as for every other framework",
    "sklearn.log_model": "unknown arguments are refused, not passed on",
    "spark.get_default_conda_env": "models of pyspark.ml.connect are not kept",
    "spark.get_default_pip_requirements": "models of pyspark.ml.connect are not kept",
    "spark.log_model": "what every framework takes is given by name",
    "spark.save_model": "what every framework takes is given by name",
}
"""What takes other arguments than in MLflow, and why."""

DOORS = ("catboost", "lightgbm", "onnx", "prophet", "pytorch", "statsmodels", "transformers", "xgboost")
"""Frameworks whose ``save_model`` and ``log_model`` take the arguments of ``clew.models.LogArguments``."""

ABSENT = {
    "traces and what belongs to GenAI are no part of Clew": (
        r"(client\.)?\w*(trace|span|prompt|assessment|feedback|expectation|issue|session|mcp)\w*"
        r"|client\.(\w+_dataset|\w+_dataset_tags?|search_datasets|\w+_dataset\w*_experiments)|gateway|metrics\.genai"
    ),
    "checkpoints are read by the framework itself; weights are always in the model": (
        r"pytorch\.load_checkpoint|transformers\.persist_pretrained_model"
    ),
    "there are no workspaces": r"(client\.)?\w*workspace\w*",
    "MLflow's own machinery": (
        r"transformers\.(generate_signature_output|is_gpu_available)"
        r"|(context|maybe_hint_tracing_skill|set_telemetry_client|test|artifacts\.(add_databricks|get_artifact_rep)\w*)"
        r"|metrics\.deprecated|models\.(FlavorBackend|Resource|ResourceType|set_retriever_schema)"
        r"|pyfunc\.(build_model_env|load_pyfunc|update_signature_\w+|get_model_dependencies)"
    ),
    "projects are not run": r"run",
    "metrics of texts and retrievers are not computed": (
        r"metrics\.(\w+_level|bleu|exact_match|latency|\w+_at_k|rouge\w+|to\w+)"
    ),
    "serving of models and what belongs to it come with a later version": (
        r"pyfunc\.(add_to_model|set_prediction_context)"
        r"|models\.(ModelConfig|ModelInputExample|\w+_requirements|add_libraries_to_model|build_docker|convert_\w+)"
        r"|models\.(predict|set_signature|validate_\w+)"
    ),
}
"""Why names of MLflow's are not there, and which."""


@pytest.fixture(scope="module")
def names(peer_python: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """The public names of Clew and of MLflow, with their arguments."""
    run = script_runner(tmp_path_factory.mktemp("names"))
    texts = [run(python, "signatures", "").splitlines()[0] for python in (sys.executable, peer_python)]
    return json.loads(texts[0]), json.loads(texts[1])


def test_arguments_are_mlflow_s_with_more_only_behind_them(names: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Names, order, kinds and defaults."""
    ours, theirs = names
    shared = {n for n in ours.keys() & theirs.keys() if None not in (ours[n], theirs[n]) and not in_a_door(n)}
    assert len(shared) >= 150
    assert {n for n in shared if ours[n][: len(theirs[n])] != theirs[n]} == set(OTHERWISE)
    more = [argument for n in shared for argument in ours[n][len(theirs[n]) :]]
    assert [argument for argument in more if argument[2] == "needed"] == []


def in_a_door(name: str) -> bool:
    """Whether it saves or loads models of a framework whose common arguments are a shared set of keywords."""
    return name.partition(".")[0] in DOORS and re.search(r"\.(save|log|load)_model$", name) is not None


def test_doors_of_frameworks_take_mlflow_s_arguments(names: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """The first ones by position, all by name; MLflow's ``kwargs`` pass unknown ones on, which Clew refuses."""
    ours, theirs = names
    doors = {name for name in theirs if in_a_door(name)}
    assert {name.partition(".")[0] for name in doors} == set(DOORS)
    for name in doors:
        assert ours[name][:2] == theirs[name][:2], name
        taken, wanted = ({argument[0] for argument in found[name]} for found in names)
        assert wanted - taken <= {"kwargs"}, name


def test_what_is_absent_is_so_for_a_reason(names: tuple[dict[str, Any], dict[str, Any]]) -> None:
    ours, theirs = names
    lacking = set(theirs) - set(ours)
    assert {name for name in lacking if not any(re.fullmatch(p, name) for p in ABSENT.values())} == set()
    for reason, pattern in ABSENT.items():
        assert any(re.fullmatch(pattern, name) for name in lacking), f"nothing is absent because {reason}"


def test_digests_schemas_and_profiles_of_data_equal_mlflow_s(peer_python: Path, run_script: RunScript) -> None:
    ours, theirs = (run_script(python, "digests", "").splitlines() for python in (sys.executable, peer_python))
    assert ours == theirs


@pytest.mark.slow
def test_evaluations_come_to_mlflow_s_numbers(
    peer_python: Path, clew_server_sqlite: str, mlflow_server: str, run_script: RunScript
) -> None:
    cases = ((sys.executable, clew_server_sqlite), (peer_python, clew_server_sqlite), (sys.executable, mlflow_server))
    texts = [run_script(python, "evaluation", server) for python, server in cases]
    ours, theirs, elsewhere = ([line for line in text.splitlines() if line.startswith("= ")] for text in texts)
    assert len(ours) >= 20
    assert ours == theirs == elsewhere
