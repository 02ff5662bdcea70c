"""The helper for conda environments that old notebooks import from a private place."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

import clew
from clew.utils.environment import _mlflow_conda_env

CHOSEN = {
    "additional_conda_deps": ["cmake=3.30"],
    "additional_pip_deps": ["cloudpickle==3.1.2", "scikit-learn==1.9.0"],
    "additional_conda_channels": ["defaults"],
}


def test_a_model_is_saved_with_it(tmp_path: Path) -> None:
    def double(model_input):  # type: ignore[no-untyped-def]
        return model_input * 2

    env = _mlflow_conda_env(additional_pip_deps=["scikit-learn==1.9.0", "cloudpickle==3.1.2"])
    clew.pyfunc.save_model(str(tmp_path / "m"), python_model=double, conda_env=env)
    assert yaml.safe_load((tmp_path / "m" / "conda.yaml").read_text()) == env
    assert (tmp_path / "m" / "requirements.txt").read_text() == "scikit-learn==1.9.0\ncloudpickle==3.1.2\n"


def test_a_path_gets_the_yaml(tmp_path: Path) -> None:
    path = tmp_path / "conda.yaml"
    assert _mlflow_conda_env(path, **CHOSEN) is None
    assert yaml.safe_load(path.read_text()) == _mlflow_conda_env(**CHOSEN)


@pytest.mark.interop
def test_it_gives_what_mlflow_s_gives(peer_python: str) -> None:
    script = (
        "import json, sys; from mlflow.utils.environment import _mlflow_conda_env as env;"
        "print(json.dumps(env(**json.loads(sys.argv[1]), install_mlflow=False)))"
    )
    told = subprocess.run([peer_python, "-c", script, json.dumps(CHOSEN)], capture_output=True, check=True, text=True)
    theirs, ours = json.loads(told.stdout.splitlines()[-1]), _mlflow_conda_env(**CHOSEN)
    assert ours is not None

    def plain(env):  # type: ignore[no-untyped-def]
        """Without the versions of Python and pip, which may differ."""
        cut = [
            entry if isinstance(entry, dict) else entry.partition("=")[0].rstrip("<") for entry in env["dependencies"]
        ]
        return env | {"dependencies": cut}

    assert plain(ours) == plain(theirs)
