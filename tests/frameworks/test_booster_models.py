"""Models of gradient boosting and statsmodels, saved and loaded, by Clew and by MLflow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost
from sklearn.datasets import load_diabetes

import clew
from clew.entities.experiment import Experiment
from clew.errors import InvalidValue, NotSupported
from clew.packaging.manifest import read_mlmodel
from peers import ask_with_frameworks

pytestmark = pytest.mark.frameworks

X, Y = load_diabetes(return_X_y=True, as_frame=True)
X, Y = X.head(120), Y.head(120)
HIGH = (Y > 140).astype(int)


def booster() -> Any:
    return xgboost.train({"max_depth": 2, "nthread": 1}, xgboost.DMatrix(X, Y), 3)


def saved(flavor: str, model: object, folder: Path, **options: Any) -> str:
    path = str(folder / "model")
    getattr(clew, flavor).save_model(model, path, **options)
    return path


XGBOOST = {
    "booster": (booster, {}, lambda model: model.predict(xgboost.DMatrix(X))),
    "classifier": (
        lambda: xgboost.XGBClassifier(n_estimators=3, n_jobs=1).fit(X, HIGH),
        {"model_format": "json"},
        lambda model: model.predict(X),
    ),
    "regressor": (
        lambda: xgboost.XGBRFRegressor(n_estimators=3, n_jobs=1).fit(X.to_numpy(), Y),
        {},
        lambda model: model.predict(X.to_numpy()),
    ),
}


@pytest.mark.parametrize("kind", XGBOOST)
def test_xgboost_comes_back(kind: str, tmp_path: Path) -> None:
    make, options, answer = XGBOOST[kind]
    model = make()
    path = saved("xgboost", model, tmp_path, input_example=X.head(2), **options)
    again = clew.xgboost.load_model(path)
    assert type(again) is type(model)
    assert np.array_equal(answer(again), answer(model))
    assert np.array_equal(clew.pyfunc.load_model(path).predict(X), answer(model))
    signature = read_mlmodel(path).signature
    assert signature is not None
    assert signature.inputs is not None
    assert signature.inputs.input_names() == list(X.columns)
    lines = (Path(path) / "requirements.txt").read_text()
    assert f"xgboost-cpu=={xgboost.__version__}" in lines
    assert ("scikit-learn" in lines) == (kind != "booster")


def test_xgboost_goes_where_it_is_logged(experiment: Experiment) -> None:
    model = booster()
    with clew.start_run() as run:
        info = clew.xgboost.log_model(model, "mine", params={"depth": 2}, step=3, registered_model_name="boosted")
        clew.xgboost.log_model(model, name="other")
    assert info.registered_model_version == 1
    logged = clew.get_logged_model(str(info.model_id))
    assert (logged.name, logged.params) == ("mine", {"depth": "2"})
    for uri in (info.model_uri, f"runs:/{run.info.run_id}/other", "models:/boosted/1"):
        assert np.array_equal(clew.pyfunc.load_model(uri, trust="safe").predict(X), model.predict(xgboost.DMatrix(X)))


def test_faults_of_the_caller_are_named(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"save_model\(\) got an unexpected keyword argument 'metdata'"):
        saved("xgboost", booster(), tmp_path, metdata={})
    with pytest.raises(TypeError, match=r"log_model\(\) got an unexpected keyword argument 'nme'"):
        clew.xgboost.log_model(booster(), nme="x")  # type: ignore[call-arg]
    with pytest.raises(NotSupported, match="model_id"):
        clew.xgboost.log_model(booster(), "x", model_id="m-1")
    with pytest.raises(NotSupported, match="mlflow_model and extra_files"):
        saved("xgboost", booster(), tmp_path, mlflow_model=1, extra_files=["x"])
    with pytest.raises(InvalidValue, match="ubj, json"):
        saved("xgboost", booster(), tmp_path, model_format="xml")
    with pytest.raises(InvalidValue, match="XGBRegressor"):
        saved("xgboost", xgboost.XGBRegressor(), tmp_path)
    assert not (tmp_path / "model").exists()


READ = """
import json, mlflow, pandas as pd
flavor, folder, data, native = sys.argv[1:]
frame = pd.read_json(data, orient="split", precise_float=True)
model = getattr(mlflow, flavor).load_model(folder)
loaded = mlflow.pyfunc.load_model(folder)
print(json.dumps({
    "pyfunc": [float(v) for v in loaded.predict(frame)],
    "native": [float(v) for v in eval(native)],
    "class": type(model).__name__,
    "columns": loaded.metadata.signature.inputs.input_names(),
}))
"""


@pytest.fixture
def data(tmp_path: Path) -> str:
    path = tmp_path / "data.json"
    path.write_text(json.dumps({"columns": list(X.columns), "data": X.to_numpy().tolist()}))
    return str(path)


CASES = {
    "xgboost booster": ("xgboost", booster, {}, "model.predict(__import__('xgboost').DMatrix(frame))"),
    "xgboost estimator": ("xgboost", XGBOOST["classifier"][0], {"model_format": "json"}, "model.predict(frame)"),
}


@pytest.mark.parametrize("case", CASES)
def test_mlflow_loads_what_clew_saves(case: str, data: str, tmp_path: Path, peer_python: str) -> None:
    flavor, make, options, native = CASES[case]
    path = saved(flavor, make(), tmp_path, input_example=X.head(2), **options)
    told = json.loads(ask_with_frameworks(peer_python, READ, flavor, path, data, native).splitlines()[-1])
    expected = np.ravel(clew.pyfunc.load_model(path, trust="pickle").predict(X)).tolist()
    assert told["pyfunc"] == told["native"] == expected
    assert told["class"] == type(make()).__name__
    assert told["columns"] == list(X.columns)


WRITE = """
import mlflow, pandas as pd, xgboost
from mlflow.models import infer_signature
folder, data = sys.argv[1:]
X = pd.read_json(data, orient="split", precise_float=True)
Y, HIGH = X["bmi"], (X["bmi"] > 0).astype(int)
common = {"signature": infer_signature(X), "input_example": X.head(2), "pip_requirements": []}

def save(flavor, name, model, **more):
    getattr(mlflow, flavor).save_model(model, f"{folder}/{flavor}/{name}", **common, **more)
    answer = mlflow.pyfunc.load_model(f"{folder}/{flavor}/{name}").predict(X)
    pd.Series(answer).to_json(f"{folder}/{flavor}/{name}.json", orient="values", double_precision=15)

save("xgboost", "booster", xgboost.train({"nthread": 1}, xgboost.DMatrix(X, Y), 3))
save("xgboost", "ubj", xgboost.XGBClassifier(n_estimators=3, n_jobs=1).fit(X, HIGH))
save("xgboost", "json", xgboost.XGBRegressor(n_estimators=3, n_jobs=1).fit(X, Y), model_format="json")
"""

WRITTEN = {"xgboost": {"booster": "safe", "ubj": "safe", "json": "safe"}}


def test_clew_loads_what_mlflow_saves(data: str, tmp_path: Path, peer_python: str) -> None:
    ask_with_frameworks(peer_python, WRITE, str(tmp_path), data)
    for flavor, models in WRITTEN.items():
        for name, trust in models.items():
            path = str(tmp_path / flavor / name)
            expected = json.loads(Path(path + ".json").read_text())
            answer = np.ravel(clew.pyfunc.load_model(path, trust=trust).predict(X))
            assert answer == pytest.approx(np.array(expected, dtype=float)), (flavor, name)
            assert getattr(clew, flavor).load_model(path, trust=trust) is not None
