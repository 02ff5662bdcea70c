"""The folder of an image, read as Docker would read it; Docker itself is not at hand."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import urllib.error
import urllib.request
import venv
from pathlib import Path

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement
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


def installed(lines: list[str], folder: Path) -> Path:
    """The Python of a fresh environment that has what ``pip install`` of these lines brings, and nothing else.

    The packages are this environment's own, linked; a line that asks for another version than that fails.
    """
    venv.create(folder, symlinks=True, with_pip=False)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    waiting, done = [Requirement(line) for line in lines], set()
    while waiting:
        wanted = waiting.pop()
        found = importlib.metadata.distribution(wanted.name)
        assert wanted.specifier.contains(found.version), (str(wanted), found.version)
        key = (wanted.name.lower(), *sorted(wanted.extras))
        if key in done:
            continue
        done.add(key)
        for extra in ("", *wanted.extras):
            needed = [Requirement(line) for line in found.requires or ()]
            waiting += [one for one in needed if one.marker is None or one.marker.evaluate({"extra": extra})]
        for top in {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}:
            if not (site / top).exists():
                (site / top).symlink_to(Path(str(found.locate_file(top))))
    return folder / "bin" / "python"


def test_it_serves_with_what_it_installs_and_its_own_code(model: str, tmp_path: Path) -> None:
    folder = tmp_path / "image"
    done = CliRunner().invoke(cli, ["models", "build-docker", "-m", model, "-d", str(folder), "-n", "line"])
    assert done.exit_code == 0, done.output
    assert f"docker build -t line {folder}" in done.stdout
    python = installed((folder / "requirements.txt").read_text().splitlines(), tmp_path / "venv")
    told = steps(folder)
    words, check = (json.loads(text) for text in (dict(told)["CMD"], dict(told)["HEALTHCHECK"].partition("CMD ")[2]))
    environ = dict(word.split("=", 1) for step, rest in told if step == "ENV" for word in rest.split())
    environ |= {"PYTHONPATH": str(folder / "app"), "CLEW_SCORING_TOKEN": "secret", "HOME": str(tmp_path)}
    assert (words[0], check[0]) == ("python", "python")
    at = {"0.0.0.0": "127.0.0.1", "8080": "0"}
    command = [str(python), *(at.get(word, word) for word in words[1:])]
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"at http://127\.0\.0\.1:(\d+)/invocations\. ", line):
                break
        else:
            raise AssertionError((tmp_path / "log").read_text())

        def healthy() -> bool:
            ask = [str(python), *(word.replace(":8080/", f":{found[1]}/") for word in check[1:])]
            return subprocess.run(ask, env=environ, capture_output=True).returncode == 0

        def score(body: bytes, kind: str, token: str = "secret") -> tuple[int, bytes]:
            headers = {"Content-Type": kind, "Authorization": f"Bearer {token}"}
            request = urllib.request.Request(f"http://127.0.0.1:{found[1]}/invocations", body, headers)
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return answer.status, answer.read()
            except urllib.error.HTTPError as refusal:
                with refusal:
                    return refusal.code, refusal.read()

        assert healthy()
        status, answer = score(b'{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}}', "application/json")
        assert (status, json.loads(answer)["predictions"]) == (200, [pytest.approx(5.0)])
        assert score(b"a,b\n1,2\n", "text/csv")[0] == 200
        assert score(b"{}", "application/json", "other")[0] == 401
        status, answer = score(b"x", "application/vnd.apache.parquet")
        assert status == 415
        assert b"pyarrow is not installed" in answer
    finally:
        process.send_signal(signal.SIGTERM)  # as docker stop does
        process.wait(20)
        process.stdout.close()
    assert not healthy()
    assert not list((folder / "app").rglob("__pycache__"))
