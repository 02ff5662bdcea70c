"""What autologging records of XGBoost, LightGBM and CatBoost, and that it changes nothing about the training."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import catboost
import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor

import clew
from clew.entities.run import Run, RunStatus
from clew.integrations import drawing

pytestmark = pytest.mark.frameworks

Runs = Callable[[], list[Run]]

X, Y = load_diabetes(return_X_y=True, as_frame=True)
HIGH = (Y > 140).astype(int)
CAT = {"allow_writing_files": False, "verbose": 0, "thread_count": 1, "random_seed": 1}
NAMES = list(X.columns)


def xgb_train(rounds: int = 6, **more: Any) -> Any:
    train, valid = xgboost.DMatrix(X[:300], Y[:300]), xgboost.DMatrix(X[300:], Y[300:])
    params = {"max_depth": 2, "nthread": 1, "subsample": 0.7, "seed": 3}
    options = {"evals": [(train, "train"), (valid, "valid")], "verbose_eval": False, **more}
    return xgboost.train(params, train, rounds, **options)


def xgb_fit(rounds: int = 6, **more: Any) -> Any:
    model = xgboost.XGBClassifier(n_estimators=rounds, max_depth=2, n_jobs=1, subsample=0.7, random_state=3, **more)
    return model.fit(X[:300], HIGH[:300], eval_set=[(X[300:], HIGH[300:])], verbose=False)


def lgb_train(rounds: int = 6, **more: Any) -> Any:
    train = lightgbm.Dataset(X[:300], Y[:300])
    params = {"num_leaves": 4, "num_threads": 1, "verbose": -1, "bagging_fraction": 0.7, "bagging_freq": 1, "seed": 3}
    options = {"valid_sets": [train, lightgbm.Dataset(X[300:], Y[300:])], "valid_names": ["train", "valid"], **more}
    return lightgbm.train(params, train, rounds, **options)


def lgb_fit(rounds: int = 6, **more: Any) -> Any:
    model = lightgbm.LGBMRegressor(n_estimators=rounds, num_leaves=4, n_jobs=1, verbose=-1, random_state=3)
    return model.fit(X[:300], Y[:300], eval_X=X[300:], eval_y=Y[300:], **more)


def cat_fit(rounds: int = 6, **more: Any) -> Any:
    model = catboost.CatBoostRegressor(iterations=rounds, depth=2, **CAT)
    return model.fit(X[:300], Y[:300], eval_set=(X[300:], Y[300:]), **more)


class Case(NamedTuple):
    """A training. curves: metrics of every round. evals: names of its evaluation data. kinds: of importances."""

    train: Callable[..., Any]
    curves: tuple[str, ...]
    evals: tuple[str, ...]
    kinds: tuple[str, ...]
    params: dict[str, str]
    answer: Callable[[Any], Any]


CASES = {
    "xgboost train": Case(
        xgb_train,
        ("train-rmse", "valid-rmse"),
        ("train", "valid"),
        ("weight",),
        {"max_depth": "2", "num_boost_round": "6", "verbose_eval": "False", "maximize": "None"},
        lambda model: model.predict(xgboost.DMatrix(X)),
    ),
    "xgboost fit": Case(
        xgb_fit,
        ("validation_0-logloss",),
        ("validation_0",),
        ("weight",),
        {"max_depth": "2", "n_estimators": "6", "num_boost_round": "6", "learning_rate": "None"},
        lambda model: model.predict(X),
    ),
    "lightgbm train": Case(
        lgb_train,
        ("train-l2", "valid-l2"),
        ("train", "valid"),
        ("split", "gain"),
        {"num_leaves": "4", "num_boost_round": "6", "keep_training_booster": "False"},
        lambda model: model.predict(X),
    ),
    "lightgbm fit": Case(
        lgb_fit,
        ("valid_0-l2",),
        ("valid_0",),
        ("split", "gain"),
        {"num_leaves": "4", "n_estimators": "6", "num_boost_round": "6"},
        lambda model: model.predict(X),
    ),
    "catboost fit": Case(
        cat_fit,
        ("learn-RMSE", "validation-RMSE"),
        ("validation",),
        ("prediction_values_change",),
        {"depth": "2", "iterations": "6", "loss_function": "RMSE", "grow_policy": "SymmetricTree"},
        lambda model: model.predict(X),
    ),
}


def only(runs: Runs) -> Run:
    (run,) = runs()
    return run


def history(run: Run, key: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in clew.get_metric_history(run.info.run_id, key)]


@pytest.mark.parametrize("name", CASES)
def test_a_training_is_recorded_whole(name: str, runs: Runs) -> None:
    case, flavor = CASES[name], name.split()[0]
    clew.autolog(extra_tags={"team": "blue"})
    model = case.train()
    run = only(runs)
    assert run.info.status == RunStatus.FINISHED
    assert "autolog.error" not in run.data.tags
    assert run.data.tags["mlflow.autologging"] == flavor
    assert run.data.tags["team"] == "blue"
    assert case.params.items() <= run.data.params.items()
    for key in case.curves:
        assert [step for step, _ in history(run, key)] == list(range(6)), key
    inputs = [(i.dataset.name, i.tags["mlflow.data.context"]) for i in run.inputs.dataset_inputs]
    assert sorted(inputs) == sorted([("dataset", "train"), *((name, "eval") for name in case.evals)])
    profiles = {i.dataset.name: json.loads(i.dataset.profile or "") for i in run.inputs.dataset_inputs}
    assert profiles["dataset"] == {"num_rows": 300, "num_elements": 3000}
    assert profiles[case.evals[-1]] == {"num_rows": 142, "num_elements": 1420}
    schema = json.loads(run.inputs.dataset_inputs[0].dataset.schema or "")
    assert [column["name"] for column in schema["mlflow_colspec"]] == NAMES
    for kind in case.kinds:
        weights = clew.artifacts.load_dict(f"runs:/{run.info.run_id}/feature_importance_{kind}.json")
        assert set(weights) <= set(NAMES)
        assert list(weights.values()) == sorted(weights.values(), reverse=True)
    files = {file.path for file in clew.artifacts.list_artifacts(run_id=run.info.run_id)}
    assert {f"feature_importance_{kind}.svg" for kind in case.kinds} <= files
    logged = clew.get_logged_model(run.outputs.model_outputs[0].model_id)
    assert logged.params == run.data.params
    assert {metric.key for metric in logged.metrics} >= set(case.curves)
    loaded = clew.pyfunc.load_model(f"runs:/{run.info.run_id}/model", trust="safe")
    assert np.array_equal(loaded.predict(X), case.answer(model))
    native = getattr(clew, flavor).load_model(logged.model_uri, trust="safe")
    assert type(native) is type(model)
    if name.endswith("fit"):
        assert run.data.tags["estimator_name"] == type(model).__name__


@pytest.mark.parametrize("name", CASES)
def test_curves_are_those_of_the_framework(name: str, runs: Runs) -> None:
    case, seen = CASES[name], {}
    clew.autolog(log_models=False)
    if name.endswith("train"):
        if name.startswith("xgboost"):
            case.train(evals_result=seen)
        else:
            case.train(callbacks=[lightgbm.record_evaluation(seen)])
    else:
        model = case.train()
        seen = model.evals_result() if name.startswith("xgboost") else model.evals_result_
    run = only(runs)
    expected = {f"{data}-{metric}": values for data, found in seen.items() for metric, values in found.items()}
    assert {key: [value for _, value in history(run, key)] for key in expected} == expected
    assert set(case.curves) == set(expected)


STOPPED = {
    "xgboost train": (lambda: xgb_train(200, early_stopping_rounds=3), lambda m: m.best_score),
    "xgboost fit": (lambda: xgb_fit(200, early_stopping_rounds=3), lambda m: m.best_score),
    "xgboost callback": (
        lambda: xgb_train(200, callbacks=[xgboost.callback.EarlyStopping(rounds=3, metric_name="rmse")]),
        lambda m: m.best_score,
    ),
    "lightgbm callback": (
        lambda: lgb_train(200, callbacks=[lightgbm.early_stopping(3, verbose=False)], valid_names=["train", "valid"]),
        lambda m: m.best_score["valid"]["l2"],
    ),
    "lightgbm fit": (
        lambda: lgb_fit(200, callbacks=[lightgbm.early_stopping(3, verbose=False)]),
        lambda m: m.best_score_["valid_0"]["l2"],
    ),
    "catboost fit": (
        lambda: cat_fit(2000, early_stopping_rounds=3),
        lambda m: m.get_best_score()["validation"]["RMSE"],
    ),
}


@pytest.mark.parametrize("name", STOPPED)
def test_early_stopping_is_told_however_it_was_asked_for(name: str, runs: Runs) -> None:
    train, score = STOPPED[name]
    clew.autolog(log_models=False)
    model = train()
    run = only(runs)
    metrics = run.data.metrics
    best = "best_iteration_" if name in ("lightgbm fit", "catboost fit") else "best_iteration"
    assert run.data.params["early_stopping_rounds"] == "3"
    assert metrics["best_iteration"] == getattr(model, best)
    assert metrics["stopped_iteration"] == metrics["best_iteration"] + 3
    assert score(model) in [value for key, value in metrics.items() if key.startswith("best_score")]
    curve = next(key for key in metrics if key.startswith("valid") and "-" in key)
    rounds = int(metrics["stopped_iteration"]) + (0 if name.startswith("lightgbm") else 1)
    # The best round's value is not repeated past the end.
    assert [step for step, _ in history(run, curve)] == list(range(rounds))


@pytest.mark.parametrize("name", CASES)
def test_fewer_points_by_every_n_iter(name: str, runs: Runs) -> None:
    getattr(clew, name.split()[0]).autolog(every_n_iter=4, log_models=False)
    CASES[name].train()
    assert [step for step, _ in history(only(runs), CASES[name].curves[0])] == [0, 4, 5]
    with pytest.raises(clew.exceptions.MlflowException, match="every_n_iter"):
        getattr(clew, name.split()[0]).autolog(every_n_iter=0)


def test_a_picture_that_fails_costs_the_picture_alone(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    clew.autolog(log_models=False)
    monkeypatch.setattr(drawing, "bars", lambda *_: 1 / 0)
    xgb_train()
    files = {file.path for file in clew.artifacts.list_artifacts(run_id=only(runs).info.run_id)}
    assert files == {"feature_importance_weight.json"}


LATE = """
import sys, clew
clew.autolog(log_models=False)
assert not {"xgboost", "lightgbm", "catboost", "statsmodels"} & {*sys.modules}, "imported"
import catboost, lightgbm, xgboost, numpy as np
X, y = np.arange(40.0).reshape(20, 2), np.arange(20.0)
xgboost.train({"nthread": 1}, xgboost.DMatrix(X, y), 2)
xgboost.XGBRegressor(n_estimators=2, n_jobs=1).fit(X, y)
lightgbm.train({"verbose": -1}, lightgbm.Dataset(X, y), 2)
lightgbm.LGBMRegressor(n_estimators=2, verbose=-1).fit(X, y)
catboost.CatBoostRegressor(iterations=2, verbose=0, allow_writing_files=False).fit(X, y)
runs = clew.search_runs(output_format="list")
print(*sorted(run.data.tags["mlflow.autologging"] for run in runs))
clew.autolog(disable=True)
for owner in (xgboost, xgboost.training, xgboost.sklearn, lightgbm, lightgbm.engine, lightgbm.sklearn):
    assert "clew" not in owner.train.__code__.co_filename, owner
assert "clew" not in catboost.CatBoost.fit.__code__.co_filename
"""


def test_what_is_imported_later_is_patched_then_and_restored(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("CLEW_SPOOL", str(tmp_path / "spool")), ("CLEW_HOST_IDLE_S", "1"), ("CLEW_SHIPPER", "thread")):
        monkeypatch.setenv(name, value)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LATE], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["catboost", "lightgbm", "lightgbm", "xgboost", "xgboost"]


def test_trainings_inside_of_others_belong_to_them(runs: Runs) -> None:
    clew.autolog(log_models=False)
    MultiOutputRegressor(xgboost.XGBRegressor(n_estimators=2, n_jobs=1)).fit(X, np.c_[Y, Y])
    GridSearchCV(lightgbm.LGBMRegressor(n_estimators=2, verbose=-1), {"num_leaves": [3, 4]}, cv=2).fit(X, Y)
    found = runs()
    outer = [run for run in found if "mlflow.parentRunId" not in run.data.tags]
    assert [run.data.tags["mlflow.autologging"] for run in outer] == ["sklearn", "sklearn"]
    assert {run.data.tags.get("mlflow.autologging", "sklearn") for run in found} == {"sklearn"}


def test_a_class_of_ones_own_is_logged_once(runs: Runs) -> None:
    class Mine(xgboost.XGBRegressor):  # type: ignore[misc]
        def fit(self, data: Any, y: Any) -> Any:
            return super().fit(data, y)

    clew.autolog(log_models=False)
    Mine(n_estimators=2, n_jobs=1).fit(X, Y)
    assert only(runs).data.tags["estimator_name"] == "Mine"


def test_importances_of_other_kinds_and_formats(runs: Runs) -> None:
    clew.xgboost.autolog(importance_types=["gain", "total_cover"], model_format="json")
    xgb_train()
    run = only(runs)
    files = {file.path for file in clew.artifacts.list_artifacts(run_id=run.info.run_id)}
    assert {"feature_importance_gain.json", "feature_importance_total_cover.svg"} <= files
    info = clew.models.get_model_info(f"runs:/{run.info.run_id}/model")
    assert info.flavors["xgboost"]["data"] == "model.json"


def test_data_that_do_not_come_back_leave_their_shape(runs: Runs) -> None:
    clew.autolog(log_models=False)
    xgboost.train({"nthread": 1}, xgboost.QuantileDMatrix(X, Y), 2)
    lightgbm.train({"verbose": -1}, lightgbm.Dataset(X, Y).construct(), 2)
    first, second = runs()
    (data,) = first.inputs.dataset_inputs
    assert json.loads(data.dataset.profile or "")["num_rows"] == 442
    assert second.info.status == RunStatus.FINISHED
    assert "autolog.error" not in second.data.tags


def test_integers_and_missing_values_stay_what_they_are(runs: Runs) -> None:
    frame = X.head(100).assign(count=range(100))
    frame.loc[3, "bmi"] = np.nan
    clew.autolog(log_input_examples=True)
    model = xgboost.train({"nthread": 1}, xgboost.DMatrix(frame, Y.head(100)), 2)
    loaded = clew.pyfunc.load_model(f"runs:/{only(runs).info.run_id}/model")
    signature = loaded.metadata.signature
    assert signature is not None
    assert signature.inputs is not None
    assert signature.inputs.columns[-1].type == clew.models.DataType.LONG
    assert np.isnan(loaded.input_example["bmi"][3])
    assert np.array_equal(loaded.predict(frame), model.predict(xgboost.DMatrix(frame)))


def test_models_become_versions(runs: Runs) -> None:
    clew.xgboost.autolog(registered_model_name="boosted by itself")
    model = xgb_train()
    found = clew.pyfunc.load_model("models:/boosted by itself/1", trust="safe")
    assert np.array_equal(found.predict(X), model.predict(xgboost.DMatrix(X)))
    assert clew.search_model_versions(filter_string="name = 'boosted by itself'")[0].run_id == only(runs).info.run_id


def test_a_model_that_the_user_logs_himself_takes_the_place_of_ours(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    clew.autolog()
    with clew.start_run() as run:
        model = xgb_train()
        info = clew.xgboost.log_model(model, "model", metadata={"mine": 1})
        other = clew.xgboost.log_model(model, "other")
    assert clew.models.get_model_info(f"runs:/{run.info.run_id}/model").model_id == info.model_id
    assert "2 models" not in caplog.text
    kept = clew.search_logged_models(experiment_ids=[run.info.experiment_id], output_format="list")
    assert {model.model_id for model in kept} == {info.model_id, other.model_id}
    assert [output.model_id for output in only(runs).outputs.model_outputs][-2:] == [info.model_id, other.model_id]


def test_a_second_training_in_the_users_run_opens_a_child(runs: Runs) -> None:
    clew.autolog(log_models=False)
    with clew.start_run() as mine:
        xgb_train(2)
        lgb_train(3)
    parent, child = runs()
    assert parent.info.run_id == mine.info.run_id
    assert child.data.tags["mlflow.parentRunId"] == mine.info.run_id
    assert (parent.data.params["num_boost_round"], child.data.params["num_boost_round"]) == ("2", "3")


def test_frameworks_can_be_left_out(runs: Runs) -> None:
    clew.autolog(exclude_flavors=["xgboost"], log_models=False)
    clew.lightgbm.autolog(disable=True)
    for case in CASES.values():
        case.train(2)
    assert only(runs).data.tags["mlflow.autologging"] == "catboost"
