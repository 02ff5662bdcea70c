"""Models of gradient boosting and statsmodels, saved and loaded, by Clew and by MLflow."""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import catboost
import lightgbm
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
import xgboost
from sklearn.datasets import load_diabetes
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from statsmodels.tsa.arima.model import ARIMA

import clew
from clew.entities.experiment import Experiment
from clew.errors import Corrupt, Denied, InvalidValue, NotSupported
from clew.packaging.manifest import read_mlmodel
from peers import ask, ask_with_frameworks

pytestmark = pytest.mark.frameworks

X, Y = load_diabetes(return_X_y=True, as_frame=True)
X, Y = X.head(120), Y.head(120)
HIGH = (Y > 140).astype(int)
QUIET = {"verbose": 0, "allow_writing_files": False, "thread_count": 1, "iterations": 3}


class Case(NamedTuple):
    """A fitted model and how it is kept.

    file: its file in the folder. ask: its answer as an expression of ``model`` and ``frame``. safe: whether it loads
    without trust. options: of ``save_model``.
    """

    make: Callable[[], Any]
    file: str
    ask: str = "model.predict(frame)"
    safe: bool = True
    options: Mapping[str, Any] = MappingProxyType({})

    def answer(self, model: Any) -> list[float]:
        found = eval(self.ask, {"model": model, "frame": X, "xgboost": xgboost})
        return [float(value) for value in np.ravel(found)]


def xgb_booster() -> Any:
    return xgboost.train({"max_depth": 2, "nthread": 1}, xgboost.DMatrix(X, Y), 3)


def lgb_classifier() -> Any:
    return lightgbm.LGBMClassifier(n_estimators=3, n_jobs=1, verbose=-1).fit(X, HIGH)


CASES = {
    "xgboost booster": Case(xgb_booster, "model.ubj", "model.predict(xgboost.DMatrix(frame))"),
    "xgboost classifier": Case(
        lambda: xgboost.XGBClassifier(n_estimators=3, n_jobs=1).fit(X, HIGH),
        "model.json",
        options={"model_format": "json"},
    ),
    "xgboost forest": Case(lambda: xgboost.XGBRFRegressor(n_estimators=3, n_jobs=1).fit(X, Y), "model.ubj"),
    "lightgbm booster": Case(
        lambda: lightgbm.train({"verbose": -1, "num_threads": 1}, lightgbm.Dataset(X, Y), 3), "model.lgb"
    ),
    "lightgbm classifier": Case(lgb_classifier, "model.skops"),
    "lightgbm pickled": Case(lgb_classifier, "model.pkl", safe=False, options={"serialization_format": "cloudpickle"}),
    "catboost classifier": Case(lambda: catboost.CatBoostClassifier(**QUIET).fit(X, HIGH), "model.cb"),
    "catboost regressor": Case(
        lambda: catboost.CatBoostRegressor(**QUIET).fit(X, Y), "model.cb", options={"format": "json"}
    ),
    "catboost plain": Case(lambda: catboost.CatBoost(QUIET).fit(X, Y), "model.cb"),
    "statsmodels ols": Case(lambda: sm.OLS(Y, X).fit(), "model.statsmodels", safe=False),
    "statsmodels formula": Case(
        lambda: smf.logit("high ~ bmi + bp", X.assign(high=HIGH)).fit(disp=0), "model.statsmodels", safe=False
    ),
    "statsmodels without data": Case(
        lambda: sm.GLM(Y, X).fit(), "model.statsmodels", safe=False, options={"remove_data": True}
    ),
}


def save(case: str, model: object, folder: Path, **options: Any) -> str:
    path = str(folder / "model")
    getattr(clew, case.split()[0]).save_model(model, path, **{**CASES[case].options, **options})
    return path


@pytest.mark.parametrize("name", CASES)
def test_a_model_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    case, door = CASES[name], getattr(clew, name.split()[0])
    model = case.make()
    path = save(name, model, tmp_path, input_example=X.head(2))
    assert (Path(path) / case.file).exists()
    again = door.load_model(path, trust="safe" if case.safe else "pickle")
    assert type(again) is type(model)
    # CatBoost's JSON keeps fewer digits than it computes with.
    expected = pytest.approx(case.answer(model), rel=1e-12)
    assert case.answer(again) == expected
    loaded = clew.pyfunc.load_model(path, trust="safe" if case.safe else "pickle")
    assert np.ravel(loaded.predict(X)).tolist() == expected
    signature = read_mlmodel(path).signature
    assert signature is not None
    assert signature.inputs is not None
    assert signature.inputs.input_names() == list(X.columns)
    if not case.safe:
        with pytest.raises(Denied, match="trust='pickle'"):
            door.load_model(path)


@pytest.mark.parametrize("name", CASES)
def test_the_requirements_are_what_is_installed(name: str, tmp_path: Path) -> None:
    save(name, CASES[name].make(), tmp_path)
    lines = (tmp_path / "model" / "requirements.txt").read_text().splitlines()
    package = name.split()[0].replace("xgboost", "xgboost-cpu")
    assert [line for line in lines if line.startswith(f"{package}==")] != []
    assert {line.partition("==")[0] for line in lines} <= {
        *(package, "numpy", "pandas", "scipy", "scikit-learn", "skops", "cloudpickle", "patsy", "pyarrow"),
    }


def test_default_requirements_are_pinned() -> None:
    for door in (clew.catboost, clew.lightgbm, clew.statsmodels, clew.xgboost):
        lines = door.get_default_pip_requirements()
        assert any(line.startswith(door.__name__.removeprefix("clew.")) and "==" in line for line in lines)
        assert door.get_default_conda_env()["dependencies"][-1] == {"pip": lines}
    with_skops = clew.lightgbm.get_default_pip_requirements(include_skops=True)
    assert {"scikit-learn", "skops"} <= {line.partition("==")[0] for line in with_skops}


def test_models_go_where_they_are_logged(experiment: Experiment) -> None:
    model = xgb_booster()
    with clew.start_run() as run:
        info = clew.xgboost.log_model(model, "mine", params={"depth": 2}, step=3, registered_model_name="boosted")
        clew.xgboost.log_model(model, name="other")
    assert info.registered_model_version == 1
    logged = clew.get_logged_model(str(info.model_id))
    assert (logged.name, logged.params) == ("mine", {"depth": "2"})
    for uri in (info.model_uri, f"runs:/{run.info.run_id}/other", "models:/boosted/1"):
        assert np.array_equal(clew.pyfunc.load_model(uri, trust="safe").predict(X), model.predict(xgboost.DMatrix(X)))


def test_a_model_of_ones_own_store_needs_no_word_of_trust(experiment: Experiment) -> None:
    result = sm.OLS(Y, X).fit()
    info = clew.statsmodels.log_model(result, "model")
    assert np.array_equal(clew.statsmodels.load_model(info.model_uri).params, result.params)


def test_boosters_in_a_pipeline_run_no_code(tmp_path: Path) -> None:
    for number, model in enumerate((xgboost.XGBRegressor(n_estimators=2), lightgbm.LGBMRegressor(verbose=-1))):
        pipe = make_pipeline(StandardScaler(), model).fit(X.to_numpy(), Y)
        path = str(tmp_path / str(number))
        clew.sklearn.save_model(pipe, path, serialization_format="skops")
        again = clew.sklearn.load_model(path)
        assert np.array_equal(again.predict(X.to_numpy()), pipe.predict(X.to_numpy()))


def test_params_of_the_signature_reach_predict(tmp_path: Path) -> None:
    model = lightgbm.train({"verbose": -1}, lightgbm.Dataset(X, Y), 3)
    path = save("lightgbm booster", model, tmp_path, input_example=(X.head(2), {"raw_score": True, "num_iteration": 2}))
    answer = clew.pyfunc.load_model(path).predict(X, params={"num_iteration": 1})
    assert np.array_equal(answer, model.predict(X, num_iteration=1, raw_score=True))


def test_a_time_series_is_asked_by_start_and_end(tmp_path: Path) -> None:
    result = ARIMA(np.sin(np.arange(30.0)), order=(1, 0, 0)).fit()
    path = save("statsmodels ols", result, tmp_path)
    model = clew.pyfunc.load_model(path, trust="pickle")
    assert np.array_equal(model.predict(pd.DataFrame({"start": [30], "end": [32]})), result.predict(30, 32))
    with pytest.raises(InvalidValue, match="one row"):
        model.predict(X)


def test_the_training_data_stay_with_the_object_itself(tmp_path: Path) -> None:
    result = sm.OLS(Y, X).fit()
    small, large = tmp_path / "small", tmp_path / "large"
    for folder, remove in ((small, True), (large, False)):
        folder.mkdir()
        save("statsmodels ols", result, folder, remove_data=remove)
    sizes = [(folder / "model" / "model.statsmodels").stat().st_size for folder in (small, large)]
    assert sizes[0] < sizes[1]
    assert np.array_equal(result.model.exog, X)


def test_classes_outside_of_the_framework_need_trust(tmp_path: Path) -> None:
    path = save("xgboost forest", CASES["xgboost forest"].make(), tmp_path)
    manifest = Path(path) / "MLmodel"
    text = manifest.read_text()
    for kind, trust, error in (
        ("subprocess.Popen", "safe", Denied),
        ("subprocess.Popen", "pickle", NotSupported),
        ("xgboost.core.DMatrix", "safe", NotSupported),
        ("xgboost.sklearn.Nothing", "safe", NotSupported),
    ):
        manifest.write_text(text.replace("xgboost.sklearn.XGBRFRegressor", kind))
        with pytest.raises(error, match=kind.rpartition(".")[2]):
            clew.xgboost.load_model(path, trust=trust)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["xgboost booster", "lightgbm booster", "catboost plain", "statsmodels ols"])
def test_a_damaged_file_says_so(name: str, tmp_path: Path) -> None:
    path = save(name, CASES[name].make(), tmp_path)
    (Path(path) / CASES[name].file).write_bytes(b"nothing of the kind")
    with pytest.raises(Corrupt):
        clew.pyfunc.load_model(path, trust="pickle")


def test_faults_of_the_caller_are_named(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"save_model\(\) got an unexpected keyword argument 'metdata'"):
        save("xgboost booster", xgb_booster(), tmp_path, metdata={})
    with pytest.raises(TypeError, match=r"log_model\(\) got an unexpected keyword argument 'nme'"):
        clew.xgboost.log_model(xgb_booster(), nme="x")  # type: ignore[call-arg]
    with pytest.raises(NotSupported, match="model_id"):
        clew.xgboost.log_model(xgb_booster(), "x", model_id="m-1")
    with pytest.raises(NotSupported, match="mlflow_model and extra_files"):
        save("xgboost booster", xgb_booster(), tmp_path, mlflow_model=1, extra_files=["x"])
    with pytest.raises(InvalidValue, match="ubj, json"):
        save("xgboost booster", xgb_booster(), tmp_path, model_format="xml")
    with pytest.raises(InvalidValue, match="cbm, json"):
        save("catboost plain", CASES["catboost plain"].make(), tmp_path, format="onnx")
    with pytest.raises(InvalidValue, match="XGBRegressor"):
        save("xgboost booster", xgboost.XGBRegressor(), tmp_path)
    with pytest.raises(InvalidValue, match="CatBoostRegressor"):
        save("catboost plain", catboost.CatBoostRegressor(), tmp_path)
    assert not (tmp_path / "model").exists()


def test_doors_do_not_import_their_frameworks() -> None:
    names = ("catboost", "lightgbm", "statsmodels", "xgboost")
    script = f"import sys, clew\nfor n in {names}: getattr(clew, n).log_model\nprint({{*{names}}} & {{*sys.modules}})"
    assert ask(sys.executable, script).split() == ["set()"]


READ = """
import json, mlflow, numpy as np, pandas as pd, xgboost
flavor, folder, data, native = sys.argv[1:]
frame = pd.read_json(data, orient="split", precise_float=True)
model = getattr(mlflow, flavor).load_model(folder)
loaded = mlflow.pyfunc.load_model(folder)
print(json.dumps({
    "pyfunc": [float(v) for v in np.ravel(loaded.predict(frame))],
    "native": [float(v) for v in np.ravel(eval(native))],
    "class": type(model).__name__,
    "columns": loaded.metadata.signature.inputs.input_names(),
}))
"""


@pytest.fixture
def data(tmp_path: Path) -> str:
    path = tmp_path / "data.json"
    path.write_text(json.dumps({"columns": list(X.columns), "data": X.to_numpy().tolist()}))
    return str(path)


@pytest.mark.parametrize("name", CASES)
def test_mlflow_loads_what_clew_saves(name: str, data: str, tmp_path: Path, peer_python: str) -> None:
    case = CASES[name]
    model = case.make()
    path = save(name, model, tmp_path, input_example=X.head(2))
    text = ask_with_frameworks(peer_python, READ, name.split()[0], path, data, case.ask)
    told = json.loads(text.splitlines()[-1])
    assert told["pyfunc"] == told["native"] == pytest.approx(case.answer(model), rel=1e-12)
    assert told["class"] == type(model).__name__
    assert told["columns"] == list(X.columns)


WRITE = """
import catboost, json, lightgbm, mlflow, numpy as np, pickle
from mlflow.models import infer_signature
folder, models, data = sys.argv[1:]
X = mlflow.data.pandas_dataset.pd.read_json(data, orient="split", precise_float=True)
def read():  # a formula is read in the frames around it
    return pickle.load(open(models, "rb"))
for name, (model, options) in read().items():
    flavor, path = name.split()[0], f"{folder}/{name}"
    if flavor == "catboost":
        model = getattr(catboost, model)().load_model(f"{folder}/{name}.cbm")
    getattr(mlflow, flavor).save_model(
        model, path, signature=infer_signature(X), input_example=X.head(2), pip_requirements=[], **options
    )
    answer = np.ravel(mlflow.pyfunc.load_model(path).predict(X)).tolist()
    json.dump(answer, open(f"{path}.json", "w"))
"""


def test_clew_loads_what_mlflow_saves(data: str, tmp_path: Path, peer_python: str) -> None:
    models = {}
    for name, case in CASES.items():
        model = case.make()
        if name.startswith("catboost"):  # its pickles want the data that it was trained on
            model.save_model(str(tmp_path / f"{name}.cbm"))
            model = type(model).__name__
        models[name] = (model, dict(case.options))
    (tmp_path / "models").write_bytes(pickle.dumps(models))
    ask_with_frameworks(peer_python, WRITE, str(tmp_path), str(tmp_path / "models"), data)
    for name, case in CASES.items():
        path, trust = str(tmp_path / name), "safe" if case.safe else "pickle"
        expected = json.loads((tmp_path / f"{name}.json").read_text())
        answer = np.ravel(clew.pyfunc.load_model(path, trust=trust).predict(X))  # type: ignore[arg-type]
        assert answer.tolist() == pytest.approx(expected, rel=1e-12), name
        native = getattr(clew, name.split()[0]).load_model(path, trust=trust)
        assert case.answer(native) == pytest.approx(expected, rel=1e-12), name
