"""``clew.evaluate``: metrics by their formulas, figures and tables with the run, and thresholds that hold."""

from __future__ import annotations

import gc
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

import clew
from clew.client import spool
from clew.client.link import forget_links
from clew.client.shipper import Shipper, hold
from clew.entities.experiment import Experiment
from clew.entities.run import Run
from clew.errors import InvalidValue, NotFound, NotSupported, Unavailable
from clew.evaluation.validation import ModelValidationFailed
from clew.metrics import MetricValue
from clew.models import EvaluationResult, MetricThreshold, make_metric
from hosts import stop_host

Runs = Callable[[], list[Run]]

NUMBERS = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "y": [1.0, 2.0, 4.0, 5.0], "said": [1.0, 2.5, 3.0, 5.0]})


def classes_of(count: int) -> tuple[pd.DataFrame, LogisticRegression]:
    """Samples of so many classes, well but not perfectly told apart, and a model of them."""
    rng = np.random.default_rng(count)
    y = np.arange(60) % count
    frame = pd.DataFrame({"a": y + rng.normal(0, 0.6, 60), "b": -y + rng.normal(0, 0.6, 60)})
    return frame.assign(y=y), LogisticRegression().fit(frame, y)


def files_of(run_id: str | None) -> set[str]:
    assert run_id is not None
    return {file.path for file in clew.ClewClient().list_artifacts(run_id)}


def test_a_regressor_by_hand(experiment: Experiment, runs: Runs) -> None:
    result = clew.evaluate(data=NUMBERS, targets="y", predictions="said", model_type="regressor")
    assert result.metrics == pytest.approx(
        {
            "example_count": 4.0,
            "mean_absolute_error": 0.375,
            "mean_squared_error": 0.3125,
            "root_mean_squared_error": math.sqrt(0.3125),
            "sum_on_target": 12.0,
            "mean_on_target": 3.0,
            "r2_score": 1 - 1.25 / 10,
            "max_error": 1.0,
            "mean_absolute_percentage_error": (0.25 + 0.25) / 4,
        }
    )
    (run,) = runs()
    assert (run.info.run_id, run.info.status.value) == (result.run_id, "FINISHED")
    assert run.data.metrics == pytest.approx(result.metrics)
    (used,) = run.inputs.dataset_inputs
    assert {point.dataset_digest for point in run.data.latest} == {used.dataset.digest}


def test_weights_count_where_the_formula_has_them(experiment: Experiment) -> None:
    result = clew.evaluate(
        data=NUMBERS,
        targets="y",
        predictions="said",
        model_type="regressor",
        evaluator_config={"sample_weights": [1, 0, 0, 1]},
    )
    assert result.metrics["mean_absolute_error"] == 0.0
    assert result.metrics["sum_on_target"] == 6.0
    assert result.metrics["max_error"] == 1.0


@pytest.mark.parametrize("kind", ["function", "estimator", "uri", "pyfunc"])
def test_a_model_may_be_given_in_any_form(experiment: Experiment, kind: str) -> None:
    fitted = LinearRegression().fit(NUMBERS[["x"]], NUMBERS["y"])
    model: Any = {"function": fitted.predict, "estimator": fitted}.get(kind)
    model_id = None
    with clew.start_run() as run:
        if model is None:
            info = clew.sklearn.log_model(fitted, name="line", input_example=NUMBERS[["x"]])
            model_id = info.model_id
            model = info.model_uri if kind == "uri" else clew.pyfunc.load_model(info.model_uri)
        result = clew.evaluate(model, NUMBERS[["x", "y"]], targets="y", model_type="regressor")
    assert result.run_id == run.info.run_id
    assert result.metrics["r2_score"] == pytest.approx(0.98)
    assert ("score" in result.metrics) == (kind != "function")
    stored = clew.get_run(run.info.run_id)
    assert {point.model_id for point in stored.data.latest} == {model_id}
    if model_id:
        logged = clew.get_logged_model(model_id)
        assert {m.key: m.value for m in logged.metrics} == pytest.approx(result.metrics)
        assert [m.model_id for m in stored.inputs.model_inputs] == [model_id]
        found = clew.search_logged_models(filter_string="metrics.r2_score > 0.9", output_format="list")
        assert [m.model_id for m in found] == [model_id]


def test_two_classes(experiment: Experiment) -> None:
    frame, model = classes_of(2)
    result = clew.evaluate(model, frame, targets="y", model_type="classifier")
    found = result.metrics
    assert found["true_positives"] + found["false_negatives"] == 30
    assert found["accuracy_score"] == (found["true_positives"] + found["true_negatives"]) / 60
    assert found["recall_score"] == found["true_positives"] / 30
    assert found["score"] == found["accuracy_score"]
    assert 0.9 < found["roc_auc"] <= 1
    assert {"log_loss", "precision_recall_auc", "precision_score", "f1_score", "example_count"} <= found.keys()
    assert files_of(result.run_id) == {f"{name}.png" for name in result.artifacts}
    assert result.artifacts.keys() == {
        *("confusion_matrix", "lift_curve_plot", "calibration_curve_plot"),
        *("roc_curve_plot", "precision_recall_curve_plot"),
    }
    assert result.artifacts["confusion_matrix"].content.size == (900, 600)


def test_the_positive_class_may_be_the_first(experiment: Experiment) -> None:
    frame, model = classes_of(2)
    plain = clew.evaluate(model, frame, targets="y", model_type="classifier").metrics
    turned = clew.evaluate(
        model, frame, targets="y", model_type="classifier", evaluator_config={"pos_label": 0, "metric_prefix": "zero_"}
    )
    assert turned.metrics["zero_true_positives"] == plain["true_negatives"]
    assert turned.metrics["zero_log_loss"] == plain["log_loss"]
    assert turned.metrics["zero_roc_auc"] == pytest.approx(plain["roc_auc"])
    assert "zero_confusion_matrix.png" in files_of(turned.run_id)


def test_many_classes(experiment: Experiment) -> None:
    frame, _ = classes_of(3)
    names = np.array(["ant", "bee", "cow"])
    named = LogisticRegression().fit(frame[["a", "b"]], names[frame["y"]])
    result = clew.evaluate(named, frame.assign(y=names[frame["y"]]), targets="y", model_type="classifier")
    assert "true_positives" not in result.metrics
    assert {"roc_auc", "log_loss", "f1_score"} <= result.metrics.keys()
    table = result.artifacts["per_class_metrics"].content
    assert list(table["positive_class"]) == ["ant", "bee", "cow"]
    assert list(table["true_positives"] + table["false_negatives"]) == [20, 20, 20]
    assert (table["roc_auc"] > 0.8).all()
    assert {"roc_curve_plot", "precision_recall_curve_plot", "calibration_curve_plot"} <= result.artifacts.keys()


def test_a_class_that_the_data_lack_does_not_shift_the_others(experiment: Experiment) -> None:
    frame, model = classes_of(3)
    part = frame[frame["y"] != 1]
    result = clew.evaluate(model, part, targets="y", model_type="classifier")
    assert result.metrics["accuracy_score"] == pytest.approx(model.score(part[["a", "b"]], part["y"]))
    assert list(result.artifacts["per_class_metrics"].content["positive_class"]) == [0, 1, 2]
    assert "log_loss" in result.metrics


def test_one_class_is_no_classification(experiment: Experiment, runs: Runs) -> None:
    frame = pd.DataFrame({"y": [1, 1], "p": [1, 1]})
    with pytest.raises(InvalidValue, match="label_list"):
        clew.evaluate(data=frame, targets="y", predictions="p", model_type="classifier")
    result = clew.evaluate(
        data=frame,
        targets="y",
        predictions="p",
        model_type="classifier",
        evaluator_config={"default": {"label_list": [0, 1]}},
    )
    assert result.metrics["true_positives"] == 2
    assert [run.info.status.value for run in runs()] == ["FAILED", "FINISHED"]


@pytest.mark.parametrize("form", ["array", "list", "numpy dataset", "pandas dataset"])
def test_data_may_come_in_any_form(experiment: Experiment, form: str) -> None:
    fitted = LinearRegression().fit(NUMBERS[["x"]].to_numpy(), NUMBERS["y"])
    features, labels = NUMBERS[["x"]].to_numpy(), NUMBERS["y"].to_numpy()
    if form == "pandas dataset":
        data: Any = clew.data.from_pandas(NUMBERS[["x", "y"]], targets="y")
    elif form == "numpy dataset":
        data = clew.data.from_numpy(features, targets=labels)
    else:
        data = features if form == "array" else features.tolist()
    targets = None if "dataset" in form else labels
    result = clew.evaluate(fitted, data, targets=targets, model_type="regressor")
    assert result.metrics["r2_score"] == pytest.approx(0.98)


def test_metrics_of_one_s_own(experiment: Experiment) -> None:
    def bias(predictions: Any, targets: Any) -> float:
        return float((predictions - targets).mean())

    def twice(bias: Any) -> float:
        return 2 * bias.aggregate_results["bias"]

    def by_column(predictions: Any, targets: Any, x: Any, scale: float, unknown: int = 7) -> Any:
        scores = list((predictions - targets).abs() * x * scale * (unknown == 7))
        return clew.metrics.MetricValue(scores=scores, aggregate_results={"largest": max(scores)})

    def older(eval_df: Any, builtin_metrics: Any) -> float:
        return float(builtin_metrics["max_error"] + len(eval_df))

    made = [
        make_metric(eval_fn=function, greater_is_better=False)
        for function in (twice, bias, by_column, older)  # a metric may need one that stands behind it
    ]
    nothing = make_metric(eval_fn=lambda p: None, name="none", greater_is_better=True)
    result = clew.evaluate(
        data=NUMBERS,
        targets="y",
        predictions="said",
        model_type="regressor",
        extra_metrics=[*made, clew.metrics.mae(), nothing],
        evaluator_config={"scale": 10.0, "col_mapping": {"p": "predictions"}},
    )
    assert result.metrics["bias"] == -0.125
    assert result.metrics["twice"] == -0.25
    assert result.metrics["by_column/largest"] == 30.0
    assert result.metrics["older"] == 5.0
    assert result.metrics["mean_absolute_error"] == 0.375
    assert "none" not in result.metrics
    rows = result.tables["eval_results_table"]
    assert list(rows["by_column/score"]) == [0.0, 10.0, 30.0, 0.0]
    assert list(rows["said"]) == list(NUMBERS["said"])


def test_a_metric_that_lacks_something_says_what(experiment: Experiment) -> None:
    with pytest.raises(InvalidValue, match=r"odd needs colour.*columns x.*col_mapping"):
        clew.evaluate(
            data=NUMBERS,
            targets="y",
            predictions="said",
            extra_metrics=[make_metric(eval_fn=lambda colour: 1, name="odd", greater_is_better=True)],
        )
    for function, name in ((lambda p: 1, None), (bool, "a/b")):
        with pytest.raises(InvalidValue):
            make_metric(eval_fn=function, greater_is_better=True, name=name)


def test_artifacts_of_one_s_own(experiment: Experiment, tmp_path: Path) -> None:
    def make(frame: Any, metrics: Any, folder: str) -> dict[str, Any]:
        (Path(folder) / "note.txt").write_text(f"{metrics['max_error']}")
        return {
            "note": f"{folder}/note.txt",
            "rows": frame,
            "array": np.arange(3),
            "json": {"a": [1]},
            "text json": '{"b": 2}',
        }

    result = clew.evaluate(
        data=NUMBERS, targets="y", predictions="said", model_type="regressor", custom_artifacts=[make]
    )
    kept = {name: artifact.content for name, artifact in result.artifacts.items()}
    assert (kept["note"], kept["json"], kept["text json"]) == ("1.0", {"a": [1]}, {"b": 2})
    assert list(kept["array"]) == [0, 1, 2]
    assert list(kept["rows"].columns) == ["prediction", "target"]
    result.save(tmp_path / "kept")
    again = EvaluationResult.load(tmp_path / "kept")
    assert again.metrics == result.metrics
    assert again.artifacts["note"].content == "1.0"
    assert "max_error=1" in repr(again)
    assert "max_error" in again._repr_html_()
    fetched = result.artifacts["note"].local_file()
    assert os.path.exists(fetched)
    del result
    gc.collect()
    assert not os.path.exists(fetched)
    with pytest.raises(NotFound):
        EvaluationResult.load(tmp_path)
    with pytest.raises(InvalidValue, match="neither a file, frame, array, figure nor JSON"):
        clew.evaluate(
            data=NUMBERS,
            targets="y",
            predictions="said",
            model_type="regressor",
            custom_artifacts=[lambda *_: {"odd": object()}],
        )


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"data": None}, InvalidValue),
        ({"model_type": None}, InvalidValue),
        ({"targets": None}, InvalidValue),
        ({"targets": "nothing"}, InvalidValue),
        ({"predictions": None}, InvalidValue),
        ({"data": 3}, InvalidValue),
        ({"model": 3, "predictions": None}, InvalidValue),
        ({"model_type": "text"}, NotSupported),
        ({"evaluators": "shap"}, NotSupported),
        ({"env_manager": "conda"}, NotSupported),
        ({"feature_names": ["x", "x"]}, InvalidValue),
    ],
)
def test_arguments_that_do_not_fit_raise_before_a_run_begins(
    experiment: Experiment, runs: Runs, arguments: dict[str, Any], error: type[Exception]
) -> None:
    given = {"data": NUMBERS, "targets": "y", "predictions": "said", "model_type": "regressor", **arguments}
    with pytest.raises(error):
        clew.evaluate(**given)
    assert runs() == []


def test_autologging_keeps_out_of_an_evaluation(experiment: Experiment, runs: Runs) -> None:
    clew.sklearn.autolog(log_models=False)
    frame, _ = classes_of(2)
    model = LogisticRegression().fit(frame[["a", "b"]], frame["y"])
    with clew.start_run() as run:
        result = clew.evaluate(model, frame, targets="y", model_type="classifier")
    assert clew.get_run(run.info.run_id).data.metrics.keys() == result.metrics.keys()


def ship(uri: str) -> None:
    """Send what waits for a store."""
    folder = spool.target_folder(os.environ["CLEW_SPOOL"], uri)
    lock = hold(folder, 10.0)
    assert lock is not None
    try:
        Shipper(folder, once=True).run()
    finally:
        os.close(lock)


def test_an_evaluation_needs_no_server(experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame, model = classes_of(2)
    uri = f"sqlite:///{tmp_path}/later.db"
    monkeypatch.setenv("CLEW_OFFLINE", "1")
    clew.set_tracking_uri(uri)
    scores = make_metric(eval_fn=lambda predictions: MetricValue(predictions), name="s", greater_is_better=True)
    result = clew.evaluate(model, frame, targets="y", model_type="classifier", extra_metrics=[scores])
    with pytest.raises(Unavailable):
        result.artifacts["confusion_matrix"].local_file()
    monkeypatch.delenv("CLEW_OFFLINE")
    forget_links()
    ship(uri)
    assert clew.get_run(str(result.run_id)).data.metrics == pytest.approx(result.metrics)
    assert result.artifacts["confusion_matrix"].content.size == (900, 600)
    assert len(result.tables["eval_results_table"]) == 60
    stop_host(uri)


def result_of(**metrics: float) -> EvaluationResult:
    return EvaluationResult(metrics, {})


def test_thresholds() -> None:
    check = clew.validate_evaluation_results
    check({"acc": MetricThreshold(threshold=0.9, greater_is_better=True)}, result_of(acc=0.9))
    check({"loss": MetricThreshold(threshold=0.9, greater_is_better=False)}, result_of(loss=0.9))
    both = {"acc": MetricThreshold(min_absolute_change=0.04, min_relative_change=0.1, greater_is_better=True)}
    check(both, result_of(acc=0.56), result_of(acc=0.5))
    with pytest.raises(ModelValidationFailed, match="least relative change") as caught:
        check(both, result_of(acc=0.549), result_of(acc=0.5))
    assert "absolute" not in str(caught.value)
    negative = {"r2": MetricThreshold(min_relative_change=0.1, greater_is_better=True)}
    check(negative, result_of(r2=-0.9), result_of(r2=-1.0))
    with pytest.raises(ModelValidationFailed):
        check(negative, result_of(r2=-1.0), result_of(r2=-1.0))
    zero = {"r2": MetricThreshold(min_relative_change=0.1, greater_is_better=True)}
    check(zero, result_of(r2=0.001), result_of(r2=0.0))
    for candidate, baseline, said in (
        (result_of(), result_of(acc=1), "no metric acc"),
        (result_of(acc=1), None, "baseline has no"),
        (result_of(acc=math.nan), result_of(acc=0.1), "nan"),
    ):
        with pytest.raises(ModelValidationFailed, match=said):
            check(both, candidate, baseline)


@pytest.mark.parametrize(
    "arguments",
    [
        {"greater_is_better": True},
        {"threshold": 1},
        {"threshold": "1", "greater_is_better": True},
        {"threshold": True, "greater_is_better": True},
        {"min_absolute_change": 0, "greater_is_better": True},
        {"min_relative_change": 1.5, "greater_is_better": True},
        {"threshold": 1, "greater_is_better": 1},
    ],
)
def test_a_threshold_that_means_nothing_raises(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        MetricThreshold(**arguments)
