"""What a model directory may do while it is loaded: nothing, unless the caller says so."""

from __future__ import annotations

import os
import pickle
import py_compile
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
import yaml
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeRegressor

from clew.errors import ClewError, Corrupt, Denied, InvalidValue, NotFound, NotSupported
from clew.packaging.flavor import LoadPolicy
from clew.packaging.flavors import estimatorfile
from clew.packaging.manifest import read_mlmodel
from clew.packaging.pyfunc import load_native, load_pyfunc
from clew.packaging.save import ModelOptions, save_model
from peers import ask

SAFE, PICKLE = LoadPolicy(), LoadPolicy("pickle")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])
    save_model(model, str(tmp_path / "model"), options=ModelOptions(input_example=np.array([[1.0]])))
    return tmp_path / "model"


def foreign(folder: Path, **config: Any) -> str:
    """A directory as another tool may have written it: no sums, any configuration."""
    folder.mkdir(exist_ok=True)
    own = {"pickled_model": "model.pkl", "serialization_format": "pickle", **config}
    pyfunc = {"loader_module": "mlflow.sklearn", "model_path": own["pickled_model"], "predict_fn": "predict"}
    text = yaml.safe_dump({"flavors": {"sklearn": own, "python_function": pyfunc}})
    (folder / "MLmodel").write_text(text)
    return str(folder)


class Bomb:
    def __reduce__(self) -> Any:
        return os.mkdir, (self.path,)

    def __init__(self, path: str) -> None:
        self.path = path


def test_a_foreign_pickle_runs_only_when_the_caller_says_so(tmp_path: Path) -> None:
    path = foreign(tmp_path / "m")
    with open(tmp_path / "m" / "model.pkl", "wb") as file:
        pickle.dump(Bomb(str(tmp_path / "boom")), file)
    for load in (load_pyfunc, lambda p, policy: load_native(p, "sklearn", policy)):
        with pytest.raises(Denied, match="trust='pickle'"):
            load(path, SAFE)
    assert not (tmp_path / "boom").exists()
    load_native(path, "sklearn", PICKLE)
    assert (tmp_path / "boom").exists()


def test_the_list_of_trusted_types_in_a_model_is_not_believed(tmp_path: Path) -> None:
    path = foreign(
        tmp_path / "m",
        pickled_model="model.skops",
        serialization_format="skops",
        skops_trusted_types=["os.system", "posix.system"],
    )
    skops.io.dump(FunctionTransformer(os.system), tmp_path / "m" / "model.skops")
    with pytest.raises(Denied, match="system"):
        load_native(path, "sklearn", SAFE)
    named = LoadPolicy(trusted_types=("posix.system", "nt.system"))
    assert isinstance(load_native(path, "sklearn", named), FunctionTransformer)


def test_a_pickle_that_says_it_is_skops_is_damaged(tmp_path: Path) -> None:
    path = foreign(tmp_path / "m", serialization_format="skops")
    (tmp_path / "m" / "model.pkl").write_bytes(pickle.dumps(Bomb(str(tmp_path / "boom"))))
    with pytest.raises(Corrupt):
        load_native(path, "sklearn", SAFE)
    assert not (tmp_path / "boom").exists()


def test_a_file_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimatorfile, "_UNPACKED_BYTES", 1 << 20)
    path = foreign(tmp_path / "m", pickled_model="model.skops", serialization_format="skops")
    model = LinearRegression().fit([[1.0]], [1.0])
    model.coef_ = np.zeros(1 << 18)
    skops.io.dump(model, tmp_path / "m" / "model.skops", compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(Denied, match="unpack"):
        load_native(path, "sklearn", SAFE)
    assert len(load_native(path, "sklearn", PICKLE).coef_) == 1 << 18


def test_a_tree_that_points_outside_itself_is_refused(tmp_path: Path) -> None:
    model = DecisionTreeRegressor(max_depth=2).fit(np.arange(20.0).reshape(10, 2), np.arange(10.0))
    model.tree_.children_left[0] = 1000
    path = foreign(tmp_path / "m", pickled_model="model.skops", serialization_format="skops")
    skops.io.dump(model, tmp_path / "m" / "model.skops")
    with pytest.raises(Corrupt, match="out of range"):
        load_native(path, "sklearn", SAFE)


def test_a_tree_that_reads_columns_which_the_model_does_not_have_is_refused(tmp_path: Path) -> None:
    model = DecisionTreeRegressor(max_depth=2).fit(np.arange(20.0).reshape(10, 2), np.arange(10.0))
    model.n_features_in_ = 1
    path = foreign(tmp_path / "m", pickled_model="model.skops", serialization_format="skops")
    skops.io.dump(model, tmp_path / "m" / "model.skops")
    with pytest.raises(Corrupt, match="out of range"):
        load_native(path, "sklearn", SAFE)


def test_a_changed_missing_or_added_file_is_noticed(folder: Path, tmp_path: Path) -> None:
    for change in ("change", "remove", "add"):
        copy = tmp_path / change
        shutil.copytree(folder, copy)
        if change == "change":
            with open(copy / "model.skops", "ab") as file:
                file.write(b"x")
        elif change == "remove":
            (copy / "input_example.json").unlink()
        else:
            (copy / "extra.py").touch()
        with pytest.raises(Corrupt, match="SHA-256"):
            load_pyfunc(str(copy), PICKLE)


def test_what_mlflow_adds_to_a_registered_model_is_no_change(folder: Path) -> None:
    (folder / "registered_model_meta").write_text("model_name: x\n")
    load_pyfunc(str(folder), SAFE)


@pytest.mark.parametrize("name", ["../model.pkl", "/etc/passwd", "a/../../x", "", "a\\b", None, 7])
def test_names_that_lead_out_of_the_directory_are_refused(name: Any, tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(1))
    path = foreign(tmp_path / "m", pickled_model=name)
    with pytest.raises(Denied):
        load_native(path, "sklearn", PICKLE)


def test_links_are_refused(folder: Path, tmp_path: Path) -> None:
    os.rename(folder / "model.skops", tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", folder / "model.skops")
    with pytest.raises(Denied, match="link"):
        load_pyfunc(str(folder), PICKLE)
    os.rename(folder / "MLmodel", tmp_path / "MLmodel")
    os.symlink(tmp_path / "MLmodel", folder / "MLmodel")
    with pytest.raises(Denied, match="link"):
        read_mlmodel(str(folder))


def test_a_method_that_is_no_prediction_is_refused(tmp_path: Path) -> None:
    path = foreign(tmp_path / "m")
    text = (tmp_path / "m" / "MLmodel").read_text().replace("predict_fn: predict", "predict_fn: set_params")
    (tmp_path / "m" / "MLmodel").write_text(text)
    (tmp_path / "m" / "model.pkl").write_bytes(pickle.dumps(LinearRegression().fit([[1.0]], [1.0])))
    with pytest.raises(Denied, match="set_params"):
        load_pyfunc(path, PICKLE).predict([[1.0]])


def test_a_loader_that_is_not_known_is_not_imported(tmp_path: Path) -> None:
    path = foreign(tmp_path / "m")
    text = (tmp_path / "m" / "MLmodel").read_text().replace("mlflow.sklearn", "evil.loader")
    (tmp_path / "m" / "MLmodel").write_text(text)
    with pytest.raises(NotSupported, match=r"evil\.loader"):
        load_pyfunc(path, PICKLE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        "flavors: 1",
        "flavors: {sklearn: 1}",
        "flavors: {}\nsignature: x",
        "flavors: {}\nsignature: {inputs: '{'}",
        "flavors: {}\nmetadata: []",
        "a: [",
        "flavors: !!python/object/apply:os.system ['true']",
        "flavors: {a: &a {b: *a}}",
        "flavors: " + "{a: " * 100_000,
        "- " * 100_000,
    ],
)
def test_a_file_that_is_no_mlmodel_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text(text)
    with pytest.raises(InvalidValue):
        read_mlmodel(str(tmp_path))


def test_missing_models_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="No model directory"):
        read_mlmodel(str(tmp_path / "nowhere"))
    with pytest.raises(NotFound, match="no MLmodel file"):
        read_mlmodel(str(tmp_path))
    with pytest.raises(NotSupported, match="no xgboost flavor"):
        load_native(foreign(tmp_path / "m"), "xgboost", SAFE)


def test_damaged_pickles_are_named(tmp_path: Path) -> None:
    path = foreign(tmp_path / "m")
    (tmp_path / "m" / "model.pkl").write_bytes(b"\x80\x05")
    with pytest.raises(ClewError, match="damaged"):
        load_native(path, "sklearn", PICKLE)


def test_a_bare_pyfunc_entry_is_enough(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text(
        "flavors: {python_function: {loader_module: mlflow.sklearn, model_path: model.pkl}}\nodd_field: 1\n"
    )
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])))
    assert load_pyfunc(str(tmp_path), PICKLE).predict([[3.0]]) == pytest.approx([3.0])


def with_code(folder: Path, text: str = "def start():\n    return 7\n") -> str:
    """A model whose code folder has a package and a module."""
    (folder / "own" / "cellar").mkdir(parents=True)
    (folder / "own" / "cellar" / "__init__.py").write_text("")
    (folder / "own" / "cellar" / "stock.py").write_text(text)
    (folder / "own" / "labels.py").write_text("WORD = 'red'\n")
    path = str(folder / "model")
    code = [str(folder / "own" / "cellar"), str(folder / "own" / "labels.py")]
    model = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])
    save_model(model, path, options=ModelOptions(code_paths=code, input_example=np.array([[1.0]])))
    return path


_USE = """
import sys
from clew.packaging.flavor import LoadPolicy
from clew.packaging.pyfunc import load_pyfunc
load_pyfunc(sys.argv[1], LoadPolicy("pickle"))
import cellar.stock, labels
load_pyfunc(sys.argv[1], LoadPolicy("pickle"))
print(cellar.stock.start(), labels.WORD, cellar.stock.__file__.startswith(sys.argv[1]))
"""


def test_code_of_a_model_leaves_nothing_in_it(tmp_path: Path) -> None:
    path = with_code(tmp_path)
    for _ in range(2):
        assert ask(sys.executable, _USE, path).split() == ["7", "red", "True"]
    assert not list(Path(path).rglob("*.pyc"))


def test_bytecode_that_others_left_is_neither_a_fault_nor_run(tmp_path: Path) -> None:
    path = with_code(tmp_path)
    source = Path(path, "code", "cellar", "stock.py")
    kept, times = source.read_text(), os.stat(source)
    source.write_text(kept.replace("7", "8"))
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    py_compile.compile(str(source))  # of the same time and size as the source, so Python itself would take it
    source.write_text(kept)
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert ask(
        sys.executable,
        f"import sys; sys.path.insert(0, {path + '/code'!r})\nimport cellar.stock as s\nprint(s.start())",
    ).split() == ["8"]
    assert ask(sys.executable, _USE, path).split() == ["7", "red", "True"]
    for odd in ("code/cellar/stock.pyc", "__pycache__/x.pyc", "code/extra.py"):
        Path(path, odd).parent.mkdir(exist_ok=True)
        Path(path, odd).touch()
        with pytest.raises(Corrupt, match=Path(odd).name):
            load_pyfunc(path, PICKLE)
        Path(path, odd).unlink()
