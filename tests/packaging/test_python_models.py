"""Models that are Python: saved, read back, asked, refused; and the ways to and from MLflow."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import clew
from clew.errors import Denied, InvalidValue, NotSupported
from clew.packaging.manifest import read_mlmodel
from peers import ask

FRAME = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})


class Scaled(clew.pyfunc.PythonModel):
    """Adds the columns, times a factor out of a file, times a param."""

    def load_context(self, context: Any) -> None:
        self.factor = float(Path(context.artifacts["factor"]).read_text())
        self.offset = context.model_config.get("offset", 0)

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        assert context.artifacts
        return model_input.sum(axis=1) * self.factor * (params or {}).get("times", 1) + self.offset


def saved(folder: Path, model: Any, **more: Any) -> str:
    """Where ``model`` was saved."""
    clew.pyfunc.save_model(str(folder), python_model=model, **more)
    return str(folder)


def asked(uri: str, data: Any = FRAME, params: Any = None, **more: Any) -> Any:
    return np.asarray(clew.pyfunc.load_model(uri, trust="pickle", **more).predict(data, params)).tolist()


@pytest.fixture
def factor(tmp_path: Path) -> str:
    (tmp_path / "factor.txt").write_text("10")
    return str(tmp_path / "factor.txt")


def test_a_model_has_its_artifacts_settings_and_params(tmp_path: Path, factor: str) -> None:
    uri = saved(
        tmp_path / "m",
        Scaled(),
        artifacts={"factor": factor},
        model_config={"offset": 1},
        input_example=(FRAME, {"times": 1}),
    )
    Path(factor).unlink()
    assert asked(uri) == [41.0, 61.0]
    assert asked(uri, params={"times": 2}) == [81.0, 121.0]
    assert asked(uri, model_config={"offset": 5}) == [45.0, 65.0]
    signature = read_mlmodel(uri).signature
    assert signature is not None
    assert signature.inputs is not None
    assert signature.inputs.input_names() == ["a", "b"]
    assert isinstance(clew.pyfunc.load_model(uri, trust="pickle").unwrap_python_model(), object)


def test_a_function_is_a_model(tmp_path: Path) -> None:
    assert asked(saved(tmp_path / "one", lambda model_input: model_input["a"] + 1)) == [2.0, 3.0]

    def scaled(model_input: Any, params: Any) -> Any:
        return model_input["a"] * params["by"]

    uri = saved(tmp_path / "two", scaled, input_example=(FRAME, {"by": 1}))
    assert asked(uri, params={"by": 3}) == [3.0, 6.0]
    assert clew.pyfunc.load_model(uri, trust="pickle").unwrap_python_model()(FRAME, {"by": 2}).tolist() == [2.0, 4.0]


def test_context_may_be_left_out(tmp_path: Path) -> None:
    class Plain(clew.pyfunc.PythonModel):
        def predict(self, model_input: Any) -> Any:  # type: ignore[override]
            return model_input["b"]

    assert asked(saved(tmp_path / "m", Plain())) == [3.0, 4.0]


def test_a_script_defines_a_model(tmp_path: Path) -> None:
    script = tmp_path / "my_model.py"
    script.write_text(
        textwrap.dedent(
            """
            import clew

            class Mine(clew.pyfunc.PythonModel):
                def predict(self, context, model_input):
                    return model_input["a"] * context.model_config["by"]

            clew.models.set_model(Mine())
            """
        )
    )
    uri = saved(tmp_path / "m", str(script), model_config={"by": 7})
    script.unlink()
    assert asked(uri) == [7.0, 14.0]
    assert asked(uri, model_config={"by": 2}) == [2.0, 4.0]
    (tmp_path / "empty.py").write_text("x = 1\n")
    with pytest.raises(InvalidValue, match="set_model"):
        saved(tmp_path / "n", str(tmp_path / "empty.py"))
    assert not (tmp_path / "n").exists()


def test_a_loader_of_its_own_is_given_the_data(tmp_path: Path) -> None:
    (tmp_path / "own_loader.py").write_text(
        "class M:\n"
        "    def __init__(self, text): self.n = int(text)\n"
        "    def predict(self, data, params=None): return [self.n] * len(data)\n"
        "def _load_pyfunc(path):\n"
        "    with open(path) as file: return M(file.read())\n"
    )
    (tmp_path / "n.txt").write_text("5")
    clew.pyfunc.save_model(
        str(tmp_path / "m"),
        loader_module="own_loader",
        data_path=str(tmp_path / "n.txt"),
        code_paths=[str(tmp_path / "own_loader.py")],
    )
    assert asked(str(tmp_path / "m")) == [5, 5]
    with pytest.raises(Denied, match="own_loader"):
        clew.pyfunc.load_model(str(tmp_path / "m"))


def test_none_loads_without_trust(tmp_path: Path) -> None:
    uri = saved(tmp_path / "m", lambda model_input: model_input)
    for trust in (None, "safe"):
        with pytest.raises(Denied, match="trust='pickle'"):
            clew.pyfunc.load_model(uri, trust=trust)  # type: ignore[arg-type]


def test_what_could_not_be_asked_is_refused_when_it_is_saved(tmp_path: Path) -> None:
    class Backwards(clew.pyfunc.PythonModel):
        def predict(self, model_input: Any, context: Any) -> Any:  # type: ignore[override]
            return model_input

    class Renamed(clew.pyfunc.PythonModel):
        def predict(self, ctx: Any, model_input: Any) -> Any:  # type: ignore[override]
            return model_input

    class OddContext(clew.pyfunc.PythonModel):
        def load_context(self, ctx: Any) -> None:  # type: ignore[override]
            pass

        def predict(self, context: Any, model_input: Any) -> Any:  # type: ignore[override]
            return model_input

    class Unloadable(clew.pyfunc.PythonModel):
        def load_context(self, context: Any) -> None:
            raise ValueError("no such thing")

        def predict(self, context: Any, model_input: Any) -> Any:  # type: ignore[override]
            return model_input

    for model, words in (
        (Backwards(), "context, model_input"),
        (Renamed(), "context, model_input"),
        (OddContext(), "of the name context"),
        (3, "must be a PythonModel"),
        ("nothing.py", "no Python script"),
    ):
        with pytest.raises(InvalidValue, match=words):
            saved(tmp_path / "m", model)
    with pytest.raises(ValueError, match="no such thing"):
        saved(tmp_path / "m", Unloadable())
    with pytest.raises(InvalidValue, match="does not exist"):
        saved(tmp_path / "m", Scaled(), artifacts={"factor": str(tmp_path / "none")})
    with pytest.raises(InvalidValue, match="not both"):
        clew.pyfunc.save_model(str(tmp_path / "m"), python_model=Scaled(), loader_module="x")
    with pytest.raises(InvalidValue, match="not both"):
        clew.pyfunc.save_model(str(tmp_path / "m"))
    with pytest.raises(NotSupported, match="resources"):
        clew.pyfunc.save_model(str(tmp_path / "m"), python_model=Scaled(), resources=[1])
    assert not (tmp_path / "m").exists()


def test_artifacts_stay_inside_the_model(tmp_path: Path, factor: str) -> None:
    uri = saved(tmp_path / "m", Scaled(), artifacts={"factor": factor})
    manifest = Path(uri, "MLmodel")
    text = manifest.read_text()
    assert factor not in text
    for outside in ("../factor.txt", factor, "artifacts/../../factor.txt"):
        manifest.write_text(text.replace("path: artifacts/factor/factor.txt", f"path: {outside}"))
        with pytest.raises(Denied, match="outside"):
            clew.pyfunc.load_model(uri, trust="pickle")


READ = """
import json, sys, mlflow, pandas as pd
frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
print(json.dumps([[float(x) for x in mlflow.pyfunc.load_model(folder).predict(frame)] for folder in sys.argv[1:]]))
"""

WRITE = """
import sys, mlflow
folder, factor = sys.argv[1:]
class Scaled(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        with open(context.artifacts["factor"]) as file:
            self.factor = float(file.read())
    def predict(self, context, model_input, params=None):
        return model_input.sum(axis=1) * self.factor + context.model_config["offset"]
def plus(model_input):
    return model_input["a"] + 1
more = {"pip_requirements": ["cloudpickle"]}
parts = {"artifacts": {"factor": factor}, "model_config": {"offset": 1}}
mlflow.pyfunc.save_model(folder + "/class", python_model=Scaled(), **parts, **more)
mlflow.pyfunc.save_model(folder + "/function", python_model=plus, **more)
"""


@pytest.mark.interop
def test_mlflow_asks_what_clew_saves(tmp_path: Path, factor: str, peer_python: str) -> None:
    class Offset(clew.pyfunc.PythonModel):
        def load_context(self, context: Any) -> None:
            with open(context.artifacts["factor"]) as file:
                self.factor = float(file.read())

        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return model_input.sum(axis=1) * self.factor + context.model_config["offset"]

    folders = [
        saved(tmp_path / "class", Offset(), artifacts={"factor": factor}, model_config={"offset": 1}),
        saved(tmp_path / "function", lambda model_input: model_input["a"] + 1),
    ]
    assert json.loads(ask(peer_python, READ, *folders).splitlines()[-1]) == [[41.0, 61.0], [2.0, 3.0]]


@pytest.mark.interop
def test_clew_asks_what_mlflow_saves(tmp_path: Path, factor: str, peer_python: str) -> None:
    ask(peer_python, WRITE, str(tmp_path), factor)
    assert asked(str(tmp_path / "class")) == [41.0, 61.0]
    assert asked(str(tmp_path / "function")) == [2.0, 3.0]
    with pytest.raises(Denied):
        clew.pyfunc.load_model(str(tmp_path / "class"))
