"""A scikit-learn model written to a directory and read back."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.ensemble import (
    BaggingRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from clew.errors import AlreadyExists, InvalidValue, MissingPackage, NotFound, NotSupported
from clew.packaging.environment import Environment
from clew.packaging.flavor import LoadPolicy, flavor_names, get_flavor
from clew.packaging.manifest import read_mlmodel
from clew.packaging.pyfunc import load_native, load_pyfunc
from clew.packaging.save import ModelOptions, Origin, save_model

SAFE = LoadPolicy()


def saved(model: Any, folder: Path, **options: Any) -> str:
    path = str(folder / "model")
    save_model(model, path, options=ModelOptions(**options))
    return path


def test_the_directory_has_all_files_and_fields(forest: Any, frame: pd.DataFrame, tmp_path: Path) -> None:
    path = str(tmp_path / "model")
    origin = Origin(run_id="a" * 32, model_id="m-" + "b" * 32, artifact_path="model")
    save_model(forest, path, options=ModelOptions(input_example=frame.head(2), metadata={"mine": 1}), origin=origin)
    assert sorted(os.listdir(path)) == [
        "MLmodel",
        "conda.yaml",
        "input_example.json",
        "model.skops",
        "python_env.yaml",
        "requirements.txt",
        "serving_input_example.json",
    ]
    fields = yaml.safe_load((tmp_path / "model" / "MLmodel").read_text())
    assert fields["flavors"]["python_function"]["loader_module"] == "mlflow.sklearn"
    assert fields["flavors"]["sklearn"]["serialization_format"] == "skops"
    assert fields["run_id"] == "a" * 32
    assert fields["model_id"] == fields["model_uuid"] == "m-" + "b" * 32
    assert fields["metadata"]["mine"] == 1
    assert fields["model_size_bytes"] == sum(
        f.stat().st_size for f in (tmp_path / "model").iterdir() if f.name != "MLmodel"
    )
    assert str(tmp_path) not in (tmp_path / "model" / "MLmodel").read_text()
    requirements = (tmp_path / "model" / "requirements.txt").read_text().splitlines()
    assert [line.partition("==")[0] for line in requirements] == ["numpy", "pandas", "scikit-learn", "scipy", "skops"]


def test_predictions_are_equal_and_checked(forest: Any, frame: pd.DataFrame, tmp_path: Path) -> None:
    loaded = load_pyfunc(saved(forest, tmp_path, input_example=frame.head(2)), SAFE)
    assert np.array_equal(loaded.predict(frame), forest.predict(frame))
    assert np.array_equal(loaded.predict(frame.to_dict("list")), forest.predict(frame))
    with pytest.raises(InvalidValue, match="missing columns"):
        loaded.predict(frame.drop(columns="bmi"))


def test_the_input_example_comes_back(forest: Any, frame: pd.DataFrame, tmp_path: Path) -> None:
    loaded = load_pyfunc(saved(forest, tmp_path, input_example=(frame.head(2), {"temp": 0.5})), SAFE)
    pd.testing.assert_frame_equal(loaded.input_example, frame.head(2).reset_index(drop=True))
    assert loaded.metadata.signature is not None
    assert loaded.metadata.signature.params is not None
    serving = (tmp_path / "model" / "serving_input_example.json").read_text()
    assert '"dataframe_split"' in serving
    assert '"params"' in serving


def test_an_array_example_gives_a_tensor_signature(tmp_path: Path) -> None:
    data = np.arange(6, dtype="float32").reshape(3, 2)
    model = LinearRegression().fit(data, [1.0, 2.0, 3.0])
    loaded = load_pyfunc(saved(model, tmp_path, input_example=data), SAFE)
    assert loaded.input_example.dtype == np.float32
    assert np.array_equal(loaded.predict(data), model.predict(data))
    with pytest.raises(InvalidValue):
        loaded.predict(data.astype("float64"))


def test_a_model_without_signature_takes_anything(forest: Any, frame: pd.DataFrame, tmp_path: Path) -> None:
    loaded = load_pyfunc(saved(forest, tmp_path, input_example=frame.head(2), signature=False), SAFE)
    assert loaded.metadata.signature is None
    assert len(loaded.predict(frame)) == len(frame)


def models() -> list[Any]:
    return [
        RandomForestClassifier(3, max_depth=3),
        GradientBoostingClassifier(n_estimators=3),
        HistGradientBoostingClassifier(max_iter=3),
        BaggingRegressor(n_estimators=2, max_features=0.5),
        VotingClassifier([("f", RandomForestClassifier(2)), ("l", LogisticRegression())]),
        IsolationForest(n_estimators=3, max_features=2),
        KNeighborsClassifier(algorithm="kd_tree"),
        KNeighborsClassifier(algorithm="ball_tree"),
        make_pipeline(StandardScaler(), SVC()),
    ]


@pytest.mark.parametrize("number", range(len(models())))
def test_common_estimators_load_without_any_trust(number: int, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    data = random.random((80, 4))
    model = models()[number].fit(data, (data[:, 0] > 0.5).astype(int))
    path = saved(model, tmp_path)
    assert os.path.exists(os.path.join(path, "model.skops"))
    assert np.array_equal(load_native(path, "sklearn", SAFE).predict(data), model.predict(data))


def test_what_skops_cannot_hold_is_pickled_with_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model = make_pipeline(FunctionTransformer(lambda x: np.asarray(x) * 2), LinearRegression()).fit(
        [[1.0], [2.0]], [1.0, 2.0]
    )
    with caplog.at_level(logging.WARNING, "clew.packaging"):
        path = saved(model, tmp_path)
    assert len(caplog.records) == 1
    assert "cloudpickle" in caplog.text
    assert read_mlmodel(path).flavors["sklearn"]["serialization_format"] == "cloudpickle"
    assert load_pyfunc(path, LoadPolicy("pickle")).predict([[3.0]]) == pytest.approx([3.0])


def test_asking_for_skops_where_it_cannot_is_an_error_that_leaves_nothing(tmp_path: Path) -> None:
    model = make_pipeline(FunctionTransformer(lambda x: x), LinearRegression()).fit([[1.0]], [1.0])
    with pytest.raises(InvalidValue, match="lambda"):
        saved(model, tmp_path, flavor_options={"serialization_format": "skops"})
    assert not (tmp_path / "model").exists()


def test_another_predict_function_is_kept(tmp_path: Path) -> None:
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    path = saved(model, tmp_path, flavor_options={"pyfunc_predict_fn": "predict_proba"})
    assert load_pyfunc(path, SAFE).predict([[0.0]]).shape == (1, 2)
    with pytest.raises(InvalidValue, match="pyfunc_predict_fn"):
        saved(model, tmp_path / "other", flavor_options={"pyfunc_predict_fn": "__reduce__"})


def test_a_model_that_cannot_predict_has_no_pyfunc(tmp_path: Path) -> None:
    path = saved(StandardScaler().fit([[1.0], [2.0]]), tmp_path)
    with pytest.raises(NotSupported, match="no python_function flavor"):
        load_pyfunc(path, SAFE)
    assert load_native(path, "sklearn", SAFE).mean_ == pytest.approx([1.5])


def test_requirements_can_be_given(forest: Any, tmp_path: Path) -> None:
    own = saved(forest, tmp_path / "own", environment=Environment(pip_requirements=["a==1"]))
    more = saved(forest, tmp_path / "more", environment=Environment(extra_pip_requirements=["a==1"]))
    conda = {"name": "x", "dependencies": ["python=3.11", {"pip": ["b==2"]}]}
    whole = saved(forest, tmp_path / "whole", environment=Environment(conda_env=conda))
    assert Path(own, "requirements.txt").read_text() == "a==1\n"
    assert Path(more, "requirements.txt").read_text().splitlines()[-1] == "a==1"
    assert Path(whole, "requirements.txt").read_text() == "b==2\n"
    assert yaml.safe_load(Path(whole, "conda.yaml").read_text()) == conda


def test_code_goes_along(forest: Any, tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "part.py").write_text("x = 1\n")
    path = saved(forest, tmp_path, code_paths=[str(tmp_path / "pack")])
    assert Path(path, "code", "pack", "part.py").exists()
    assert read_mlmodel(path).flavors["python_function"]["code"] == "code"


def test_user_faults_are_named(forest: Any, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(AlreadyExists):
        save_model(forest, str(tmp_path / "full"))
    with pytest.raises(InvalidValue, match="'clew' is taken"):
        saved(forest, tmp_path, metadata={"clew": 1})
    with pytest.raises(NotFound, match="code_paths"):
        saved(forest, tmp_path, code_paths=["nowhere"])
    with pytest.raises(InvalidValue, match=r"No flavor saves a builtins\.object"):
        save_model(object(), str(tmp_path / "model"))
    with pytest.raises(InvalidValue, match="serialization_format"):
        saved(forest, tmp_path, flavor_options={"serialization_format": "joblib"})
    assert not (tmp_path / "model").exists()


def test_a_missing_package_comes_with_the_pip_line(
    forest: Any, frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(forest, tmp_path, input_example=frame.head(2))
    loaded = load_pyfunc(path, SAFE)
    monkeypatch.setitem(sys.modules, "skops.io", None)
    monkeypatch.setitem(sys.modules, "pandas", None)
    for work in (lambda: load_pyfunc(path, SAFE), lambda: saved(forest, tmp_path / "other")):
        with pytest.raises(MissingPackage, match=r"pip install 'clew\[sklearn\]'"):
            work()
    with pytest.raises(MissingPackage, match=r"pip install 'clew\[pandas\]'"):
        loaded.predict([[1.0] * 10])


def test_flavors_are_found_by_name() -> None:
    assert get_flavor(flavor_names()[0]).name == flavor_names()[0]
    with pytest.raises(NotSupported, match="sklearn"):
        get_flavor("quux")
