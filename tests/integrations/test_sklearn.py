"""What autologging records of scikit-learn."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor, StackingRegressor, VotingClassifier
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import clew
from clew.entities.model import LoggedModelStatus
from clew.entities.run import Run, RunStatus

Runs = Callable[[], list[Run]]

X, Y = load_diabetes(return_X_y=True, as_frame=True)
SMALL, TARGET = X.to_numpy()[:80], (Y.to_numpy()[:80] > 140).astype(int)


def only(runs: Runs) -> Run:
    found = runs()
    assert len(found) == 1
    return found[0]


def test_a_fit_outside_of_a_run_makes_one_and_ends_it(runs: Runs) -> None:
    clew.autolog(extra_tags={"team": "blue"})
    Lasso(alpha=0.5).fit(X, Y)
    run = only(runs)
    assert run.info.status == RunStatus.FINISHED
    assert run.data.tags["mlflow.autologging"] == "sklearn"
    assert run.data.tags["team"] == "blue"
    assert run.data.tags["estimator_name"] == "Lasso"
    assert run.data.tags["estimator_class"] == "sklearn.linear_model._coordinate_descent.Lasso"
    assert run.data.params == {name: str(value) for name, value in Lasso(alpha=0.5).get_params().items()}
    assert set(run.data.metrics) == {
        "training_mean_squared_error",
        "training_mean_absolute_error",
        "training_r2_score",
        "training_root_mean_squared_error",
        "training_score",
    }
    assert run.data.metrics["training_score"] == pytest.approx(Lasso(alpha=0.5).fit(X, Y).score(X, Y))
    assert clew.active_run() is None


def test_a_fit_in_the_users_run_joins_it_and_leaves_it_open(runs: Runs) -> None:
    clew.autolog()
    with clew.start_run() as mine:
        Lasso().fit(X, Y)
        active = clew.active_run()
        assert active is not None
        assert active.info.run_id == mine.info.run_id
    run = only(runs)
    assert run.info.run_id == mine.info.run_id
    assert "mlflow.autologging" not in run.data.tags
    assert "alpha" in run.data.params


def test_a_second_fit_in_the_users_run_opens_a_child(runs: Runs) -> None:
    clew.autolog()
    with clew.start_run() as mine:
        Lasso(alpha=0.1).fit(X, Y)
        Lasso(alpha=0.2).fit(X, Y)
    parent, child = runs()
    assert parent.info.run_id == mine.info.run_id
    assert parent.data.params["alpha"] == "0.1"
    assert child.data.params["alpha"] == "0.2"
    assert child.data.tags["mlflow.parentRunId"] == mine.info.run_id
    assert child.info.status == RunStatus.FINISHED


def test_fits_in_threads_of_the_users_run_belong_to_it(runs: Runs) -> None:
    clew.autolog(log_models=False)
    with clew.start_run() as mine, ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda alpha: Lasso(alpha=alpha).fit(X, Y), (0.1, 0.2, 0.3)))
    found = {run.info.run_id: run for run in runs()}
    parent = found.pop(mine.info.run_id)
    assert {run.data.tags["mlflow.parentRunId"] for run in found.values()} == {mine.info.run_id}
    assert sorted(run.data.params["alpha"] for run in (parent, *found.values())) == ["0.1", "0.2", "0.3"]


def test_a_fit_that_fails_keeps_its_traceback(runs: Runs) -> None:
    clew.autolog()
    with pytest.raises(ValueError, match="NaN"):
        Lasso().fit([[np.nan]], [1.0])
    run = only(runs)
    assert run.info.status == RunStatus.FAILED
    assert "NaN" in run.data.tags["clew.failed_reason"]
    (kept,) = clew.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path="clew/error")
    assert "in fit" in clew.artifacts.load_text(f"runs:/{run.info.run_id}/{kept.path}")


def test_a_classifier_has_scores_of_labels_and_probabilities(runs: Runs) -> None:
    clew.autolog()
    model = LogisticRegression().fit(SMALL, TARGET)
    metrics = only(runs).data.metrics
    assert set(metrics) == {
        f"training_{name}"
        for name in (
            "precision_score",
            "recall_score",
            "f1_score",
            "accuracy_score",
            "log_loss",
            "roc_auc_score",
            "score",
        )
    }
    assert metrics["training_accuracy_score"] == pytest.approx(model.score(SMALL, TARGET))
    assert metrics["training_score"] == metrics["training_accuracy_score"]


def test_a_positive_label_makes_scores_binary(runs: Runs) -> None:
    from sklearn.metrics import precision_score

    clew.sklearn.autolog(pos_label=1, log_post_training_metrics=False)
    model = DecisionTreeClassifier(max_depth=1, random_state=0).fit(SMALL, TARGET)
    expected = precision_score(TARGET, model.predict(SMALL))
    assert only(runs).data.metrics["training_precision_score"] == pytest.approx(expected)


def test_many_classes_have_a_roc_auc_too(runs: Runs) -> None:
    clew.autolog(log_models=False)
    LogisticRegression().fit(SMALL, np.arange(80) % 3)
    assert "training_roc_auc_score" in only(runs).data.metrics


def test_clusters_and_decompositions_have_only_their_score(runs: Runs) -> None:
    clew.autolog()
    KMeans(2, n_init=1).fit(SMALL)
    PCA(2).fit_transform(SMALL)
    assert [set(run.data.metrics) for run in runs()] == [{"training_score"}, {"training_score"}]


def test_preparation_of_data_is_no_training(runs: Runs) -> None:
    clew.autolog()
    StandardScaler().fit_transform(SMALL)
    make_column_transformer((StandardScaler(), [0, 1])).fit(SMALL)
    assert runs() == []


def test_a_pipeline_is_one_training_with_the_params_of_its_steps(runs: Runs) -> None:
    clew.autolog()
    make_pipeline(StandardScaler(), LogisticRegression(C=2.0)).fit(SMALL, TARGET)
    run = only(runs)
    assert run.data.params["logisticregression__C"] == "2.0"
    assert run.data.params["standardscaler"] == "StandardScaler()"
    assert run.data.tags["estimator_name"] == "Pipeline"


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_inside_a_meta_estimator_nothing_is_logged_alone(backend: str, runs: Runs) -> None:
    import joblib

    clew.autolog(log_models=False)
    with joblib.parallel_config(backend, n_jobs=2):
        VotingClassifier([("a", LogisticRegression()), ("b", DecisionTreeClassifier())], n_jobs=2).fit(SMALL, TARGET)
        MultiOutputRegressor(LinearRegression(), n_jobs=2).fit(SMALL, np.c_[TARGET, TARGET])
    if backend == "threading":
        StackingRegressor([("a", LinearRegression())]).fit(SMALL, TARGET)
    names = [run.data.tags["estimator_name"] for run in runs()]
    assert names == [
        "VotingClassifier",
        "MultiOutputRegressor",
        *(["StackingRegressor"] if backend == "threading" else []),
    ]


@pytest.mark.parametrize("jobs", [None, 2])
def test_cross_validation_is_silent_though_it_was_imported_before(jobs: int | None, runs: Runs) -> None:
    import joblib

    clew.autolog()
    with joblib.parallel_config("threading"):
        cross_val_score(LogisticRegression(), SMALL, TARGET, cv=3, n_jobs=jobs)
    assert runs() == []


def test_a_forest_with_threads_is_one_run(runs: Runs) -> None:
    clew.autolog(log_models=False)
    RandomForestRegressor(4, n_jobs=2).fit(X, Y)
    only(runs)


def test_the_model_can_be_loaded_and_predicts_the_same(runs: Runs) -> None:
    clew.autolog()
    model = RandomForestRegressor(3, max_depth=2).fit(X, Y)
    run = only(runs)
    client = clew.ClewClient()
    logged = client.get_logged_model(run.outputs.model_outputs[0].model_id)
    assert logged.status == LoggedModelStatus.READY
    assert logged.name == "model"
    assert logged.source_run_id == run.info.run_id
    assert logged.params["max_depth"] == "2"
    assert {metric.key for metric in logged.metrics} == set(run.data.metrics)
    for uri in (f"runs:/{run.info.run_id}/model", logged.model_uri, logged.artifact_location):
        assert np.array_equal(clew.pyfunc.load_model(uri).predict(X), model.predict(X))
    info = clew.models.get_model_info(logged.model_uri)
    assert info.signature is not None
    assert info.signature.inputs is not None
    assert info.signature.inputs.input_names() == list(X.columns)
    assert info.saved_input_example_info is None


def test_what_is_logged_can_be_chosen(runs: Runs) -> None:
    clew.sklearn.autolog(log_models=False, log_datasets=False, log_training_metrics=False)
    Lasso().fit(X, Y)
    run = only(runs)
    assert run.data.metrics == {}
    assert run.outputs.model_outputs == ()
    assert run.inputs.dataset_inputs == ()


def test_input_examples_come_on_demand(runs: Runs) -> None:
    clew.autolog(log_input_examples=True, log_model_signatures=False)
    Lasso().fit(X, Y)
    loaded = clew.pyfunc.load_model(f"runs:/{only(runs).info.run_id}/model")
    assert len(loaded.input_example) == 5
    assert loaded.metadata.signature is None


def test_the_training_data_is_an_input(runs: Runs) -> None:
    clew.autolog(log_models=False)
    Lasso().fit(X, Y)
    Lasso().fit(X.to_numpy(), Y.to_numpy())
    frame, array = (run.inputs.dataset_inputs[0] for run in runs())
    assert frame.tags == array.tags == {"mlflow.data.context": "train"}
    assert frame.dataset.name == "dataset"
    assert frame.dataset.source_type == "code"
    assert "mlflow.source.name" in json.loads(frame.dataset.source)["tags"]
    assert frame.dataset.schema is not None
    assert [c["name"] for c in json.loads(frame.dataset.schema)["mlflow_colspec"]] == list(X.columns)
    assert array.dataset.schema is not None
    assert set(json.loads(array.dataset.schema)["mlflow_tensorspec"]) == {"features", "targets"}
    assert frame.dataset.profile is not None
    assert json.loads(frame.dataset.profile) == {"num_rows": 442, "num_elements": 4420}
    assert frame.dataset.digest != array.dataset.digest


@pytest.mark.parametrize(
    "data",
    [
        scipy.sparse.csr_matrix(SMALL),
        SMALL.tolist(),
        pd.DataFrame(SMALL).astype("float32"),
        np.asfortranarray(SMALL),
    ],
)
def test_data_of_any_form_is_recorded_without_a_warning(
    data: Any, runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    clew.autolog()
    model = LogisticRegression().fit(data, TARGET)
    run = only(runs)
    assert len(run.inputs.dataset_inputs) == 1
    assert "training_score" in run.data.metrics
    loaded = clew.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert np.array_equal(loaded.predict(data), model.predict(data))
    assert "autolog" not in caplog.text


def test_metrics_look_at_no_more_rows_than_allowed(runs: Runs) -> None:
    clew.sklearn.autolog(max_metric_rows=50, log_models=False)
    Lasso().fit(X, Y, sample_weight=np.ones(len(Y)))
    run = only(runs)
    assert run.data.tags["autolog.metric_rows"] == "50 of 442"
    assert "training_r2_score" in run.data.metrics


def test_curves_of_the_fit_are_metrics_with_steps(runs: Runs) -> None:
    clew.autolog(log_models=False)
    model = GradientBoostingRegressor(n_estimators=7).fit(X, Y)
    run = only(runs)
    history = clew.get_metric_history(run.info.run_id, "train_score")
    assert [(m.step, m.value) for m in history] == list(enumerate(model.train_score_))


def test_a_network_has_its_loss_curve(runs: Runs) -> None:
    clew.autolog(log_models=False)
    model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=200, tol=1e3, n_iter_no_change=2).fit(SMALL, TARGET)
    history = clew.get_metric_history(only(runs).info.run_id, "loss_curve")
    assert [m.value for m in history] == model.loss_curve_


def test_logged_models_become_versions_of_a_registered_one(runs: Runs) -> None:
    clew.sklearn.autolog(registered_model_name="lassos")
    fitted = [Lasso(alpha=alpha).fit(X, Y) for alpha in (0.1, 0.2)]
    for number, model in enumerate(fitted, 1):
        assert np.array_equal(clew.sklearn.load_model(f"models:/lassos/{number}").predict(X), model.predict(X))


def test_a_model_that_the_user_logs_himself_takes_the_place_of_ours(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    clew.autolog()
    with clew.start_run() as run:
        model = Lasso().fit(X, Y)
        info = clew.sklearn.log_model(model, "model", metadata={"mine": 1})
        other = clew.sklearn.log_model(Lasso().fit(X, Y), "model 2")
    assert clew.models.get_model_info(f"runs:/{run.info.run_id}/model").metadata["mine"] == 1  # type: ignore[index]
    assert "2 models" not in caplog.text
    kept = clew.search_logged_models(experiment_ids=[run.info.experiment_id], output_format="list")
    names = sorted(logged.name for logged in kept)
    assert names == ["model", "model", "model 2"]  # the second fit's own is in a child run
    assert {info.model_id, other.model_id} <= {logged.model_id for logged in kept}
