"""The folder of an image, read as Docker would read it; Docker itself is not at hand."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.linear_model import LinearRegression

import clew
from clew.cli.main import cli
from clew.errors import AlreadyExists
from clew.serving.image import write_context

from .conftest import LINE


@pytest.fixture
def model(tmp_path: Path) -> str:
    """A saved line, a + 2 b."""
    path = str(tmp_path / "line")
    clew.sklearn.save_model(LinearRegression().fit(LINE, LINE["a"] + 2 * LINE["b"]), path, input_example=LINE)
    return path


def steps(folder: Path) -> list[tuple[str, str]]:
    """(instruction, rest) of a Dockerfile."""
    lines = [line for line in (folder / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]


def test_the_file_builds_from_what_lies_beside_it(model: str, tmp_path: Path) -> None:
    folder = tmp_path / "image"
    image = write_context(model, str(folder))
    told = steps(folder)
    words = dict(told)
    version = ".".join(map(str, sys.version_info[:3]))
    assert (told[0], image.base) == (("FROM", f"python:{version}-slim"), f"python:{version}-slim")
    for instruction, rest in told:
        if instruction == "COPY":
            assert (folder / rest.split()[0]).exists(), rest
    assert [rest for instruction, rest in told if instruction == "RUN"] == [
        "pip install --no-cache-dir -r requirements.txt"
    ]
    assert not any(instruction == "ADD" for instruction, _ in told)
    assert words["USER"] == "10001:10001"
    assert [i for i, _ in told].index("USER") < [i for i, _ in told].index("CMD")
    assert words["EXPOSE"] == "8080"
    check = json.loads(words["HEALTHCHECK"].partition("CMD ")[2])
    assert "http://127.0.0.1:8080/ping" in check[-1]
    assert "--trust" not in json.loads(words["CMD"])
    assert (folder / "app" / "clew" / "serving" / "app.py").exists()
    assert not list((folder / "app").rglob("__pycache__"))
    assert not (folder / "app" / "clew" / "server" / "static").exists()


def test_requirements_are_pinned_and_none_stands_twice(model: str, tmp_path: Path) -> None:
    Path(model, "requirements.txt").write_text("# made by hand\nscikit_learn==1.0\nNumPy==2.0.0\nlightgbm>=4\n")
    folder = tmp_path / "image"
    image = write_context(model, str(folder))
    lines = (folder / "requirements.txt").read_text().splitlines()
    assert lines[:3] == ["scikit_learn==1.0", "NumPy==2.0.0", "lightgbm>=4"]
    rest = [line.partition("==")[0] for line in lines[3:]]
    assert {"pandas", "starlette", "uvicorn", "msgspec"} <= set(rest)
    assert "numpy" not in rest
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+", line) for line in lines[3:])
    assert not image.base.endswith("-slim")


@pytest.mark.parametrize(("python", "same"), [("3.12.4", True), ("3.8.10", False), ("rm -rf /", False)])
def test_python_is_the_model_s_where_clew_runs_there(model: str, tmp_path: Path, python: str, same: bool) -> None:
    Path(model, "python_env.yaml").write_text(f"python: {python}\n")
    image = write_context(model, str(tmp_path / "image"))
    assert (image.base == f"python:{python}-slim") is same


def test_a_model_that_may_run_code_says_so_in_its_command(model: str, tmp_path: Path) -> None:
    image = write_context(model, str(tmp_path / "image"), trust="pickle", base="registry/python:3", port=9000)
    words = dict(steps(tmp_path / "image"))
    assert (image.trusted, words["FROM"]) == (True, "registry/python:3")
    assert json.loads(words["CMD"])[-4:] == ["--port", "9000", "--trust", "pickle"]


def test_a_folder_with_something_in_it_is_left_alone(model: str, tmp_path: Path) -> None:
    (tmp_path / "image").mkdir()
    (tmp_path / "image" / "mine.txt").write_text("x")
    with pytest.raises(AlreadyExists):
        write_context(model, str(tmp_path / "image"))
    assert os.listdir(tmp_path / "image") == ["mine.txt"]


def test_the_command_serves_from_the_folder_with_its_own_code(model: str, tmp_path: Path) -> None:
    folder = tmp_path / "image"
    done = CliRunner().invoke(cli, ["models", "build-docker", "-m", model, "-d", str(folder), "-n", "line"])
    assert done.exit_code == 0, done.output
    assert f"docker build -t line {folder}" in done.stdout
    # What the image does not install must not be needed.
    absent = tmp_path / "absent"
    absent.mkdir()
    for name in ("apsw", "obstore", "re2", "pyarrow", "psycopg"):
        (absent / f"{name}.py").write_text(f"raise ImportError('{name} is not in the image')\n")
    words = json.loads(dict(steps(folder))["CMD"])
    at = {"0.0.0.0": "127.0.0.1", "8080": "0"}
    command = [sys.executable, *(at.get(word, word) for word in words[1:])]
    environ = os.environ | {"PYTHONPATH": f"{absent}{os.pathsep}{folder / 'app'}", "CLEW_SCORING_TOKEN": "secret"}
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"at http://127\.0\.0\.1:(\d+)/invocations\. ", line):
                break
        else:
            raise AssertionError((tmp_path / "log").read_text())
        url = f"http://127.0.0.1:{found[1]}"
        assert urllib.request.urlopen(f"{url}/ping", timeout=10).status == 200
        body = pd.DataFrame({"a": [1.0], "b": [2.0]}).to_dict(orient="split")
        headers = {"Content-Type": "application/json", "Authorization": "Bearer secret"}
        request = urllib.request.Request(f"{url}/invocations", json.dumps({"dataframe_split": body}).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.load(answer)["predictions"] == [pytest.approx(5.0)]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
        process.stdout.close()
