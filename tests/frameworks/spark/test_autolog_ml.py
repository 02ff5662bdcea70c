"""Autologging of Spark MLlib: what a fit, a search and an evaluator leave, and that it harms nobody."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import clew
from clew.integrations import guard

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    # Spark's searches leave their pools of threads to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def wines(spark: Any) -> Any:
    rows = np.arange(40)
    frame = pd.DataFrame({"a": rows % 7 * 1.0, "b": rows % 2 * 1.0, "good": (rows % 7 > 3) * 1.0, "id": rows})
    return spark.createDataFrame(frame).coalesce(1).cache()


@pytest.fixture
def pipeline(spark: Any) -> Any:
    from pyspark.ml import Pipeline
    from pyspark.ml.classification import LogisticRegression
    from pyspark.ml.feature import VectorAssembler

    assembler = VectorAssembler(inputCols=["a", "b"], outputCol="features")
    return Pipeline(stages=[assembler, LogisticRegression(labelCol="good", maxIter=2, regParam=0.5)])


def document(run: Any, name: str) -> Any:
    return json.loads(Path(clew.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=name)).read_text())


def test_a_pipeline_leaves_its_params_data_model_and_later_metrics(runs: Any, pipeline: Any, wines: Any) -> None:
    from pyspark.ml.evaluation import BinaryClassificationEvaluator

    clew.pyspark.ml.autolog(extra_tags={"team": "red"})
    model = pipeline.fit(wines)
    held = wines.filter("id > 20")
    evaluator = BinaryClassificationEvaluator(labelCol="good")
    value = evaluator.evaluate(model.transform(held))
    again = evaluator.evaluate(model.transform(held), {evaluator.metricName: "areaUnderPR"})
    (run,) = runs()
    data = run.data
    assert (run.info.status, data.tags["mlflow.autologging"], data.tags["team"]) == ("FINISHED", "pyspark.ml", "red")
    assert data.tags["estimator_class"] == "pyspark.ml.pipeline.Pipeline"
    assert data.params["stages"] == "['VectorAssembler', 'LogisticRegression']"
    assert data.params["LogisticRegression.regParam"] == "0.5"
    assert data.params["VectorAssembler.inputCols"] == "['a', 'b']"
    assert len(data.params) == 19  # those of MLflow
    assert data.metrics == {"areaUnderROC_held": value, "areaUnderPR_held": again}
    info = document(run, "estimator_info.json")
    stages = [{"name": "VectorAssembler"}, {"name": "LogisticRegression"}]
    assert info == {"hierarchy": {"name": "Pipeline", "stages": stages}}
    assert document(run, "metric_info.json")["areaUnderPR_held"]["params"]["metricName"] == "areaUnderPR"
    contexts = sorted(entry.tags["mlflow.data.context"] for entry in run.inputs.dataset_inputs)
    assert contexts == ["eval", "train"]
    (output,) = run.outputs.model_outputs
    loaded = clew.pyfunc.load_model(f"models:/{output.model_id}")
    signature = loaded.metadata.signature
    assert signature is not None
    assert signature.inputs is not None
    assert signature.inputs.input_names() == ["a", "b"]
    few = wines.limit(5)
    assert loaded.predict(pd.DataFrame(few.collect(), columns=few.columns)) == [
        row.prediction for row in model.transform(few).collect()
    ]


def test_a_search_has_a_child_per_candidate_and_its_best_on_top(runs: Any, pipeline: Any, wines: Any) -> None:
    from pyspark.ml.evaluation import BinaryClassificationEvaluator
    from pyspark.ml.tuning import CrossValidator, ParamGridBuilder

    logistic = pipeline.getStages()[1]
    grid = ParamGridBuilder().addGrid(logistic.regParam, [0.1, 5.0]).build()
    evaluator = BinaryClassificationEvaluator(labelCol="good")
    clew.pyspark.ml.autolog(log_models=False)
    cross = CrossValidator(estimator=pipeline, estimatorParamMaps=grid, evaluator=evaluator, numFolds=2, parallelism=2)
    model = cross.fit(wines)
    first, second, *rest = [run for run in runs() if "mlflow.parentRunId" in run.data.tags]
    (parent,) = [run for run in runs() if "mlflow.parentRunId" not in run.data.tags]
    assert rest == []  # and no run of a fit inside
    assert {run.data.tags["mlflow.parentRunId"] for run in (first, second)} == {parent.info.run_id}
    children = sorted((first, second), key=lambda run: run.info.run_name)
    assert [run.data.params["LogisticRegression.regParam"] for run in children] == ["0.1", "5.0"]
    assert [run.data.metrics["avg_areaUnderROC"] for run in children] == model.avgMetrics
    assert [run.data.metrics["std_areaUnderROC"] for run in children] == model.stdMetrics
    assert {run.info.status for run in (parent, *children)} == {"FINISHED"}
    assert parent.data.metrics["best_avg_areaUnderROC"] == max(model.avgMetrics)
    best = str(grid[int(np.argmax(model.avgMetrics))][logistic.regParam])
    assert parent.data.params["best_LogisticRegression.regParam"] == best
    assert parent.data.params["estimator"] == "Pipeline"
    assert parent.data.params["numFolds"] == "2"
    assert {"estimatorParamMaps", "stages"}.isdisjoint(parent.data.params)
    info = document(parent, "estimator_info.json")
    assert info["CrossValidator"]["tuning_parameter_map_list"] == [
        {"LogisticRegression.regParam": 0.1},
        {"LogisticRegression.regParam": 5.0},
    ]
    assert info["CrossValidator"]["tuned_estimator_parameter_map"]["LogisticRegression.maxIter"] == 2
    assert document(parent, "best_parameters.json") == {"LogisticRegression.regParam": float(best)}
    path = clew.artifacts.download_artifacts(run_id=parent.info.run_id, artifact_path="search_results.csv")
    table = pd.read_csv(path)
    assert table["avg_areaUnderROC"].tolist() == pytest.approx(model.avgMetrics)
    assert table["param.LogisticRegression.regParam"].tolist() == [0.1, 5.0]


def test_a_split_joins_the_user_s_run(runs: Any, pipeline: Any, wines: Any) -> None:
    from pyspark.ml.evaluation import BinaryClassificationEvaluator
    from pyspark.ml.tuning import ParamGridBuilder, TrainValidationSplit

    assembler, logistic = pipeline.getStages()
    grid = ParamGridBuilder().addGrid(logistic.regParam, [0.1, 5.0]).build()
    evaluator = BinaryClassificationEvaluator(labelCol="good")
    clew.pyspark.ml.autolog(log_models=False)
    split = TrainValidationSplit(
        estimator=logistic, estimatorParamMaps=grid, evaluator=evaluator, seed=1, parallelism=2
    )
    with clew.start_run() as run:
        kept = split.fit(assembler.transform(wines))
        clew.log_metric("of the user", 1.0)
    found = clew.get_run(run.info.run_id)
    assert found.data.metrics == {"best_areaUnderROC": max(kept.validationMetrics), "of the user": 1.0}
    assert found.data.params["trainRatio"] == "0.75"
    best = str(grid[int(np.argmax(kept.validationMetrics))][logistic.regParam])
    assert found.data.params["best_LogisticRegression.regParam"] == best
    assert "autolog.error" not in found.data.tags
    assert found.data.tags["estimator_name"] == "TrainValidationSplit"
    assert "mlflow.autologging" not in found.data.tags
    children = sorted((r for r in runs() if r.info.run_id != run.info.run_id), key=lambda r: r.info.run_name)
    assert [child.data.tags["mlflow.parentRunId"] for child in children] == [run.info.run_id] * 2
    assert [child.data.metrics for child in children] == [{"areaUnderROC": v} for v in kept.validationMetrics]
    assert [child.data.params["regParam"] for child in children] == ["0.1", "5.0"]


def test_names_tell_parts_of_one_class_apart(spark: Any) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.classification import LogisticRegression, OneVsRest
    from pyspark.ml.feature import VectorAssembler

    from clew.integrations.pysparkml import describe

    first, second = VectorAssembler(outputCol="x"), VectorAssembler(outputCol="features")
    several = OneVsRest(classifier=LogisticRegression(regParam=0.25))
    estimator = Pipeline(stages=[first, Pipeline(stages=[second, several])])
    names = describe.names_of(estimator)
    assert list(names.values()) == [
        "Pipeline_1", "VectorAssembler_1", "Pipeline_2", "VectorAssembler_2", "OneVsRest", "LogisticRegression"
    ]  # fmt: skip
    params = describe.params_of(estimator, names)
    assert params["stages"] == ["VectorAssembler_1", "Pipeline_2"]
    assert params["Pipeline_2.stages"] == ["VectorAssembler_2", "OneVsRest"]
    assert params["VectorAssembler_2.outputCol"] == "features"
    assert params["OneVsRest.classifier"] == "LogisticRegression"
    assert params["LogisticRegression.regParam"] == 0.25
    within = {"name": "OneVsRest", "classifier": {"name": "LogisticRegression"}}
    assert describe.info_of(estimator, names)["hierarchy"] == {
        "name": "Pipeline_1",
        "stages": [
            {"name": "VectorAssembler_1"},
            {"name": "Pipeline_2", "stages": [{"name": "VectorAssembler_2"}, within]},
        ],
    }


def test_fits_of_several_threads_are_all_whole(runs: Any, pipeline: Any, wines: Any) -> None:
    from pyspark.ml.evaluation import BinaryClassificationEvaluator

    clew.pyspark.ml.autolog(log_models=False)
    logistic = pipeline.getStages()[1]
    values: dict[str, float] = {}
    faults: list[BaseException] = []

    def work(strength: float) -> None:
        try:
            held = wines.filter("id > 20")
            model = pipeline.copy({logistic.regParam: strength}).fit(wines)
            found = BinaryClassificationEvaluator(labelCol="good").evaluate(model.transform(held))
            values[str(strength)] = found
        except BaseException as fault:
            faults.append(fault)
            raise

    threads = [threading.Thread(target=work, args=(0.5 + number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    found = runs()
    assert {run.info.status for run in found} == {"FINISHED"}
    assert [len(run.data.params) for run in found] == [19] * 4
    assert {run.data.params["LogisticRegression.regParam"]: run.data.metrics for run in found} == {
        strength: {"areaUnderROC_held": value} for strength, value in values.items()
    }
    assert not [run for run in found if "autolog.error" in run.data.tags]


def test_a_seeded_training_is_the_same_with_and_without(runs: Any, pipeline: Any, wines: Any) -> None:
    from pyspark.ml.classification import RandomForestClassifier

    def train() -> tuple[Any, ...]:
        random.seed(5)
        np.random.seed(5)
        forest = RandomForestClassifier(labelCol="good", numTrees=2, maxDepth=2, seed=7)
        model = forest.fit(pipeline.getStages()[0].transform(wines))
        frame = model.transform(pipeline.getStages()[0].transform(wines))
        rows = [(row.id, row.probability.toArray().tolist()) for row in frame.collect()]
        return model.toDebugString.split("\n", 1)[1], rows, random.random(), np.random.random()

    clew.autolog(disable=True)
    bare = train()
    clew.autolog()
    assert train() == bare
    assert len(runs()) == 1


def test_ours_fails_unharmed_and_the_user_s_fails_as_before(
    runs: Any, pipeline: Any, wines: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from pyspark.errors import IllegalArgumentException

    from clew.integrations.pysparkml import fit

    clew.autolog()
    with pytest.raises(IllegalArgumentException, match="nowhere") as told:
        pipeline.copy({pipeline.getStages()[1].labelCol: "nowhere"}).fit(wines)
    clew.autolog(disable=True)
    with pytest.raises(IllegalArgumentException) as bare:
        pipeline.copy({pipeline.getStages()[1].labelCol: "nowhere"}).fit(wines)
    assert str(told.value) == str(bare.value)
    clew.autolog()
    (failed,) = runs()
    assert failed.info.status == "FAILED"
    assert failed.data.params["LogisticRegression.regParam"] == "0.5"
    assert not failed.outputs.model_outputs

    def broken(*args: Any, **more: Any) -> Any:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(fit, "log_model", broken)
    monkeypatch.setattr(fit.describe, "params_of", broken)
    caplog.clear()
    model = pipeline.fit(wines)
    assert model.transform(wines).count() == 40
    run = runs()[-1]
    assert run.info.status == "FINISHED"
    assert "a fault of ours" in run.data.tags["autolog.error"]
    assert "a fault of ours" in caplog.text
    guard.reported().clear()
    caplog.clear()
    clew.pyspark.ml.autolog(silent=True)
    pipeline.fit(wines)
    assert len(runs()) == 3
    assert [record for record in caplog.records if record.name == "clew.autolog"] == []
    assert not guard.inside()


def test_switched_off_nothing_of_ours_is_left(runs: Any, pipeline: Any, wines: Any) -> None:
    from pyspark.ml import base, classification, evaluation, tuning

    def patched() -> list[Any]:
        threads = [vars(module)["inheritable_thread_target"] for module in (classification, tuning)]
        return [base.Estimator.fit, base.Transformer.transform, evaluation.Evaluator.evaluate, *threads]

    before = patched()
    clew.autolog()
    assert not set(map(id, before)) & set(map(id, patched()))
    clew.autolog()  # again changes nothing
    model = pipeline.fit(wines)
    assert len(runs()) == 1
    clew.autolog(disable=True)
    assert patched() == before
    pipeline.fit(wines)
    evaluation.BinaryClassificationEvaluator(labelCol="good").evaluate(model.transform(wines))
    (run,) = runs()
    assert run.data.metrics == {}
    clew.autolog(exclude_flavors=["pyspark.ml"])
    assert patched() == before


def test_old_sparks_are_left_alone_where_that_is_asked(
    runs: Any, pipeline: Any, wines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyspark

    clew.pyspark.ml.autolog(log_models=False, disable_for_unsupported_versions=True)
    monkeypatch.setattr(pyspark, "__version__", "3.4.1")
    pipeline.fit(wines)
    assert runs() == []
    monkeypatch.setattr(pyspark, "__version__", "3.5.0")
    pipeline.fit(wines)
    assert len(runs()) == 1


def test_features_lists_of_params_and_large_models_are_left_alone(runs: Any, pipeline: Any, wines: Any) -> None:
    from pyspark.ml.feature import StringIndexer
    from pyspark.ml.recommendation import ALS

    clew.pyspark.ml.autolog(log_datasets=False)
    StringIndexer(inputCol="a", outputCol="c").fit(wines)
    assert runs() == []
    assert len(pipeline.fit(wines, [{}, {}])) == 2
    assert runs() == []
    clew.pyspark.ml.autolog(log_datasets=False, exclusive=True)
    with clew.start_run() as run:
        pipeline.fit(wines)
    assert clew.get_run(run.info.run_id).data.params == {}
    clew.pyspark.ml.autolog(log_datasets=False)
    ALS(userCol="id", itemCol="id", ratingCol="a", rank=1, maxIter=1).fit(wines)
    last = runs()[-1]
    assert last.data.params["rank"] == "1"
    assert not last.outputs.model_outputs


def test_it_waits_for_the_import(tmp_path: Path) -> None:
    script = """
import sys
import clew
clew.autolog()
assert "pyspark" not in sys.modules
import pyspark.ml.base
assert hasattr(pyspark.ml.base.Estimator.fit, "__wrapped__")
assert not hasattr(pyspark.ml.base.Estimator.fit.__wrapped__, "__wrapped__")
clew.autolog(disable=True)
assert not hasattr(pyspark.ml.base.Estimator.fit, "__wrapped__")
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], cwd=tmp_path, check=True, timeout=120)
