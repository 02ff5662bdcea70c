"""Models of Spark ML: saved, logged, loaded, asked, refused; and the ways to and from MLflow."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import clew
from clew.errors import Corrupt, Denied, InvalidValue, NotSupported
from clew.packaging.manifest import read_mlmodel
from clew.packaging.schema import VectorType
from peers import ask_with_frameworks

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]

WINES = pd.DataFrame({"a": np.arange(12.0) % 5, "b": np.arange(12.0) % 2, "good": (np.arange(12) % 5 > 2) * 1.0})
X = WINES[["a", "b"]]


@pytest.fixture(scope="module")
def frame(spark: Any) -> Any:
    return spark.createDataFrame(WINES).coalesce(1).cache()


@pytest.fixture(scope="module")
def assembler(spark: Any) -> Any:
    from pyspark.ml.feature import VectorAssembler

    return VectorAssembler(inputCols=["a", "b"], outputCol="features")


@pytest.fixture(scope="module")
def pipeline(frame: Any, assembler: Any) -> Any:
    from pyspark.ml import Pipeline
    from pyspark.ml.classification import DecisionTreeClassifier

    return Pipeline(stages=[assembler, DecisionTreeClassifier(labelCol="good")]).fit(frame)


@pytest.fixture(scope="module")
def tree(frame: Any, assembler: Any) -> Any:
    from pyspark.ml.regression import DecisionTreeRegressor

    return DecisionTreeRegressor(labelCol="good").fit(assembler.transform(frame))


def predicted(model: Any, frame: Any) -> list[float]:
    return [row.prediction for row in model.transform(frame).collect()]


def test_a_pipeline_comes_back_from_the_registry(experiment: Any, pipeline: Any, frame: Any) -> None:
    with clew.start_run() as run:
        info = clew.spark.log_model(pipeline, "model", input_example=X.head(2), registered_model_name="sparkling")
    assert info.registered_model_version == 1
    expected = predicted(pipeline, frame)
    for uri in ("models:/sparkling/1", f"runs:/{run.info.run_id}/model"):
        again = clew.spark.load_model(uri)
        assert type(again).__name__ == "PipelineModel"
        assert predicted(again, frame) == expected
    assert clew.pyfunc.load_model("models:/sparkling/1").predict(WINES) == expected
    signature = info.signature
    assert signature is not None
    assert signature.to_dict()["outputs"] == '[{"type": "double", "required": true}]'
    assert set(info.flavors["spark"]) == {"code", "model_data", "model_class", "pyspark_version"}
    with pytest.raises(NotSupported, match="transform"):
        clew.pyfunc.spark_udf(frame.sparkSession, "models:/sparkling/1")


def test_a_model_alone_takes_arrays_for_its_vectors(tree: Any, assembler: Any, frame: Any, tmp_path: Path) -> None:
    clew.spark.save_model(tree, str(tmp_path / "m"), metadata={"mine": 1})
    rows = pd.DataFrame({"features": X.to_numpy().tolist()})
    assert clew.pyfunc.load_model(str(tmp_path / "m")).predict(rows) == predicted(tree, assembler.transform(frame))


def test_a_model_that_predicts_nothing_answers_the_columns_it_adds(assembler: Any, tmp_path: Path) -> None:
    clew.spark.save_model(assembler, str(tmp_path / "m"))
    answer = clew.pyfunc.load_model(str(tmp_path / "m")).predict(X.head(2))
    assert answer.to_dict("list") == {"features": [[0.0, 0.0], [1.0, 1.0]]}


def test_it_passes_through_the_cluster_s_file_system(pipeline: Any, frame: Any, tmp_path: Path) -> None:
    place = tmp_path / "dfs"
    clew.spark.save_model(pipeline, str(tmp_path / "m"), dfs_tmpdir=f"file:{place}")
    assert not any(place.iterdir())
    model = clew.spark.load_model(str(tmp_path / "m"), dfs_tmpdir=f"file:{place}")
    shutil.rmtree(tmp_path / "m")
    assert predicted(model, frame) == predicted(pipeline, frame)
    del model
    assert not any(place.iterdir())


def test_only_sparks_own_stages_load_without_trust(spark: Any, pipeline: Any, frame: Any, tmp_path: Path) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import SQLTransformer

    sql = PipelineModel([SQLTransformer(statement="SELECT *, a + 1 AS prediction FROM __THIS__")])
    clew.spark.save_model(sql, str(tmp_path / "sql"))
    with pytest.raises(Denied, match="SQLTransformer"):
        clew.spark.load_model(str(tmp_path / "sql"))
    model = clew.pyfunc.load_model(str(tmp_path / "sql"), trust="pickle")
    assert model.predict(X.head(2)) == [1.0, 2.0]

    def changed(name: str, **fields: Any) -> str:
        """A model without sums whose metadata say something else."""
        folder = tmp_path / name
        clew.spark.save_model(pipeline, str(folder))
        path = next(folder.glob("sparkml/metadata/part-*"))
        (path.parent / f".{path.name}.crc").unlink()
        path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))
        text = (folder / "MLmodel").read_text()
        (folder / "MLmodel").write_text(text[: text.index("metadata:")] + text[text.index("mlflow_version") :])
        return str(folder)

    for name, fields in (
        ("class", {"class": "com.example.Model"}),
        ("away", {"paramMap": {"stageUids": ["../../elsewhere"]}}),
    ):
        with pytest.raises(Denied, match="author's code"):
            clew.spark.load_model(changed(name, **fields))
    hidden = Path(changed("hidden"))
    (hidden / "sparkml/metadata/x=1").mkdir()
    (hidden / "sparkml/metadata/x=1/more.txt").write_text('{"class": "com.example.Model"}')
    with pytest.raises(Denied):
        clew.spark.load_model(str(hidden))
    (hidden / "sparkml/metadata/x=1/more.txt").write_bytes(b"\xff")
    with pytest.raises(Corrupt):
        clew.spark.load_model(str(hidden))


def test_what_spark_cannot_write_is_refused(spark: Any, tmp_path: Path) -> None:
    from pyspark.ml import Transformer

    class Mine(Transformer):
        def _transform(self, dataset: Any) -> Any:
            return dataset

    for odd in (Mine(), object()):
        with pytest.raises(InvalidValue, match="not MLWritable"):
            clew.spark.save_model(odd, str(tmp_path / "m"))
    assert not (tmp_path / "m").exists()


EXCHANGE = """
import json, os
os.environ["PYSPARK_PYTHON"] = sys.executable
sys.modules["__main__"].__file__ = "script.py"  # else PySpark takes this for a doctest, and exits
import mlflow, mlflow.spark, pandas as pd
from pyspark.ml.regression import DecisionTreeRegressor
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import SparkSession
ours, theirs = sys.argv[1:]
spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
         .config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1").getOrCreate())
X = pd.DataFrame({"a": [float(i % 5) for i in range(12)], "b": [float(i % 2) for i in range(12)]})
told = {"pyfunc": list(mlflow.pyfunc.load_model(ours).predict(X))}
told["native"] = [row.prediction for row in mlflow.spark.load_model(ours).transform(spark.createDataFrame(X)).collect()]
assembled = VectorAssembler(inputCols=["a", "b"], outputCol="features").transform(spark.createDataFrame(X))
tree = DecisionTreeRegressor(labelCol="a").fit(assembled)
from mlflow.pyspark.ml import _infer_spark_model_signature
signature = _infer_spark_model_signature(tree, assembled.select("features"))
mlflow.spark.save_model(tree, theirs, signature=signature, pip_requirements=["pyspark"])
told["theirs"] = [row.prediction for row in tree.transform(assembled).collect()]
print(json.dumps(told))
"""


@pytest.mark.interop
def test_models_go_both_ways_between_clew_and_mlflow(
    pipeline: Any, frame: Any, peer_python: str, tmp_path: Path
) -> None:
    ours, theirs = str(tmp_path / "ours"), str(tmp_path / "theirs")
    clew.spark.save_model(pipeline, ours, input_example=X.head(2))
    told = json.loads(ask_with_frameworks(str(peer_python), EXCHANGE, ours, theirs, timeout=280).splitlines()[-1])
    assert told["pyfunc"] == told["native"] == predicted(pipeline, frame)
    rows = pd.DataFrame({"features": X.to_numpy().tolist()})
    assert clew.pyfunc.load_model(theirs).predict(rows) == pytest.approx(told["theirs"])
    signature = read_mlmodel(theirs).signature
    assert signature is not None
    assert signature.inputs is not None
    assert isinstance(signature.inputs.columns[0].type, VectorType)
    assert '"sparkml_vector"' in signature.inputs.to_json()
