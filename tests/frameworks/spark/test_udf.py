"""Models as functions on Spark's columns: every way to find, call and type them, and what is refused."""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import clew
from clew.errors import Corrupt, Denied, InvalidValue, NotFound, NotSupported
from clew.models import infer_signature
from clew.packaging.flavor import LoadPolicy
from clew.packaging.spark import interpreter, udf
from clew.packaging.spark.shipment import seal

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]

COLUMNS = ["alcohol", "p.h", "sugar g"]


@pytest.fixture(scope="module")
def wines() -> pd.DataFrame:
    random = np.random.default_rng(3)
    return pd.DataFrame(random.normal(size=(300, 3)), columns=COLUMNS)


@pytest.fixture(scope="module")
def forest(wines: pd.DataFrame) -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(5, random_state=0).fit(wines, wines["alcohol"] * 2 + wines["p.h"])


@pytest.fixture(scope="module")
def table(spark: Any, wines: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The wines as a Parquet table of two files, with a column that no model knows and its row number."""
    path = str(tmp_path_factory.mktemp("table") / "wines")
    more = wines.assign(row=range(len(wines)), origin="Douro")[["origin", *reversed(COLUMNS), "row"]]
    spark.createDataFrame(more).repartition(2).write.parquet(path)
    return spark.read.parquet(path)


def column(name: str) -> Any:
    from pyspark.sql.functions import col

    return col(f"`{name}`")


def by_name(*names: str) -> Any:
    from pyspark.sql.functions import struct

    return struct(*map(column, names))


def predictions(frame: Any, call: Any) -> np.ndarray[Any, Any]:
    rows = frame.select("row", call.alias("p")).collect()
    return np.array([row.p for row in sorted(rows)])


def test_a_registered_model_scores_a_table_as_it_does_here(
    spark: Any, experiment: Any, table: Any, forest: Any, wines: pd.DataFrame
) -> None:
    with clew.start_run() as run:
        info = clew.sklearn.log_model(
            forest, "model", input_example=wines.head(3), registered_model_name=f"wine_{run.info.run_id[:6]}"
        )
    name, client = f"wine_{run.info.run_id[:6]}", clew.ClewClient()
    client.transition_model_version_stage(name, "1", "Production")
    client.set_registered_model_alias(name, "champion", "1")
    expected = clew.pyfunc.load_model(info.model_uri).predict(wines)
    for uri in (f"models:/{name}/production", f"models:/{name}@champion", f"runs:/{run.info.run_id}/model"):
        score = clew.pyfunc.spark_udf(spark, uri)
        assert predictions(table, score(by_name(*table.columns))) == pytest.approx(expected)
    assert predictions(table, score()) == pytest.approx(expected)
    assert predictions(table, score(*map(column, COLUMNS))) == pytest.approx(expected)
    with pytest.raises(NotFound):
        clew.pyfunc.spark_udf(spark, f"models:/{name}/7")


def test_rows_a_second_are_told(spark: Any, experiment: Any, forest: Any, wines: pd.DataFrame, tmp_path: Path) -> None:
    """What a table of 60,000 rows takes by stage, by alias and by position, workers warm; shown by ``pytest -rP``."""
    from pyspark.sql import functions

    with clew.start_run() as run:
        name = f"fast_{run.info.run_id[:6]}"
        clew.sklearn.log_model(forest, "model", input_example=wines.head(3), registered_model_name=name)
    client = clew.ClewClient()
    client.transition_model_version_stage(name, "1", "Staging")
    client.set_registered_model_alias(name, "fast", "1")
    path, rows = str(tmp_path / "many"), 60_000
    drawn = [functions.rand(seed=at).alias(label) for at, label in enumerate(COLUMNS)]
    spark.range(rows, numPartitions=2).select(*drawn).write.parquet(path)
    many = spark.read.parquet(path)
    staged = clew.pyfunc.spark_udf(spark, f"models:/{name}/Staging")
    aliased = clew.pyfunc.spark_udf(spark, f"models:/{name}@fast")
    sums = set()
    for label, call in (
        ("first, loading the model", staged(by_name(*COLUMNS))),
        ("by stage, struct", staged(by_name(*COLUMNS))),
        ("by alias, struct", aliased(by_name(*COLUMNS))),
        ("by alias, positions", aliased(*map(column, COLUMNS))),
    ):
        began = time.perf_counter()
        ((scored, total),) = many.select(call.alias("p")).agg(functions.count("p"), functions.sum("p")).collect()
        print(f"Spark UDF, {label}: {rows / (time.perf_counter() - began):,.0f} rows/s")
        assert scored == rows
        sums.add(round(total, 6))
    assert len(sums) == 1


def test_sql_and_sparks_before_4_1_reach_it_too(spark: Any, table: Any, forest: Any, tmp_path: Path) -> None:
    clew.sklearn.save_model(forest, str(tmp_path / "m"), input_example=pd.DataFrame([[1.0] * 3], columns=COLUMNS))
    score = clew.pyfunc.spark_udf(spark, str(tmp_path / "m"), env_manager="local")
    expected = predictions(table, score())
    spark.udf.register("score_wine", score)
    table.createOrReplaceTempView("wines")
    rows = spark.sql("SELECT row, score_wine(alcohol, `p.h`, `sugar g`) p FROM wines").collect()
    assert [row.p for row in sorted(rows)] == expected.tolist()
    for kind, pick in (("double", None), ("a double", "a")):
        options = udf.UdfOptions(result_type=kind, arrow=False)
        over_pandas = udf.make_udf(spark, str(tmp_path / "m"), LoadPolicy(), options)
        for call in (over_pandas(), over_pandas(*map(column, COLUMNS))):
            assert predictions(table, call[pick] if pick else call) == pytest.approx(expected)


class Answer(clew.pyfunc.PythonModel):
    """Answers what it was made with, for as many rows as it is given."""

    def __init__(self, make: Callable[[pd.DataFrame], Any]) -> None:
        self.make = make

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        return self.make(model_input)


def saved(folder: Path, make: Any, **more: Any) -> str:
    """Where a model of ``make`` was saved; its trust is for the caller to say."""
    model = make if isinstance(make, clew.pyfunc.PythonModel) else Answer(make)
    clew.pyfunc.save_model(str(folder), python_model=model, **more)
    return str(folder)


def scorer(spark: Any, folder: Path, make: Any, result_type: Any = None, call: Any = None, **more: Any) -> Any:
    given = {name: more.pop(name) for name in list(more) if name in ("params", "extra_env", "model_config")}
    uri = saved(folder, make, **more)
    return clew.pyfunc.spark_udf(spark, uri, result_type, trust="pickle", **given)


def answered(spark: Any, folder: Path, make: Any, result_type: Any = None, **more: Any) -> list[Any]:
    """What the UDF gives for two rows, as Python values."""
    score = scorer(spark, folder, make, result_type, **more)
    frame = spark.createDataFrame([(0, 1.0), (1, 2.0)], "row int, x double").coalesce(1)
    rows = frame.select("row", score("x").alias("p")).collect()
    return [row.p.asDict(True) if hasattr(row.p, "asDict") else row.p for row in rows]


@pytest.mark.parametrize(
    ("answer", "result_type", "expected"),
    [
        ({"s": ["x", "y"], "l": [10, 20]}, "long", [10, 20]),
        ({"b": [True, False]}, "bool", [True, False]),
        (np.float32([[1, 2], [3, 4]]), "array<double>", [[1.0, 2.0], [3.0, 4.0]]),
        (np.arange(8.0).reshape(2, 2, 2), "array<array<float>>", [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]),
        (np.array([[1.0, 2.0], [3.0, 4.0]]), "lo double, hi float", [{"lo": 1.0, "hi": 2.0}, {"lo": 3.0, "hi": 4.0}]),
        ([{"a": 1}, {"b": 2}], "map<string, int>", [{"a": 1}, {"b": 2}]),
        (["a", None], "string", ["a", None]),
    ],
)
def test_result_types(spark: Any, tmp_path: Path, answer: Any, result_type: str, expected: Any) -> None:
    """That Spark takes them; tests/packaging/test_spark_columns.py has the rules."""
    assert answered(spark, tmp_path / "m", lambda x: answer, result_type) == expected


def test_a_type_that_the_model_does_not_answer_is_refused(spark: Any, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"Nothing that the model answered .*0: int64.* result_type='long' takes it"):
        answered(spark, tmp_path / "m", lambda x: [1, 2], "int")


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        (np.array([1.0]), "double"),
        (np.float32([[1, 2]]), "array<float>"),
        (np.array([1]), "bigint"),
        (pd.DataFrame({"a": ["x"]}), "string"),
        (pd.DataFrame({"a": ["x"], "b c": [1.0]}), "struct<a:string,b c:double>"),
        (pd.DataFrame({"a": [[1]]}), "array<bigint>"),
        (pd.DataFrame({"a": [pd.Timestamp("2020-01-01")]}), "timestamp"),
        (None, "double"),
    ],
)
def test_without_a_result_type_the_signature_decides(spark: Any, tmp_path: Path, output: Any, kind: str) -> None:
    example = pd.DataFrame({"x": [1.0]})
    score = scorer(spark, tmp_path / "m", lambda x: output, signature=infer_signature(example, output))
    frame = spark.createDataFrame([(1.0,)], "x double").select(score("x").alias("p"))
    assert frame.schema["p"].dataType.simpleString() == kind


def test_a_frame_comes_back_as_a_struct(spark: Any, tmp_path: Path) -> None:
    example = pd.DataFrame({"x": [1.0, 2.0]})

    def both(data: pd.DataFrame) -> pd.DataFrame:
        when = pd.Timestamp("2020-07-01 12:00")
        return pd.DataFrame({"twice": data["x"] * 2, "text": data["x"].astype(str), "when": when})

    signature = infer_signature(example, both(example))
    found = answered(spark, tmp_path / "m", both, signature=signature)
    assert [(row["twice"], row["text"]) for row in found] == [(2.0, "1.0"), (4.0, "2.0")]
    assert found[0]["when"].astimezone(datetime.UTC) == datetime.datetime(2020, 7, 1, 10, tzinfo=datetime.UTC)


def test_tensors_come_as_columns_of_arrays(spark: Any, tmp_path: Path) -> None:
    from pyspark.sql.functions import array

    grids = np.arange(12, dtype="float32").reshape(2, 2, 3)
    example = {"grid": grids, "bias": np.array([1.0, 2.0])}

    def total(data: Any) -> Any:
        assert (data["grid"].shape[1:], data["grid"].dtype) == ((2, 3), np.float32)
        return data["grid"][:, 1, 2] + data["bias"]

    rows = [(i, [float(v) for v in grid.ravel()], float(i + 1)) for i, grid in enumerate(grids)]
    frame = spark.createDataFrame(rows, "row int, grid array<double>, bias double")
    signature = infer_signature(example, total(example))
    score = scorer(spark, tmp_path / "two", total, signature=signature)
    for call in (score(), score("grid", "bias"), score(by_name("bias", "grid"))):
        assert predictions(frame, call).tolist() == [6.0, 13.0]

    flat = np.array([[1.0, 2.0], [3.0, 4.0]])
    score = scorer(
        spark, tmp_path / "one", lambda x: x[:, 0] * 10 + x[:, 1], signature=infer_signature(flat, flat[:, 0])
    )
    frame = spark.createDataFrame([(0, 1.0, 2.0), (1, 3.0, 4.0)], "row int, a double, b double")
    for call in (score(array("a", "b")), score(by_name("a", "b")), score("a", "b")):
        assert predictions(frame, call).tolist() == [12.0, 34.0]
    nested = spark.createDataFrame([(0, [[1.0]])], "row int, x array<array<double>>")
    with pytest.raises(Exception, match=r"shape .* given"):
        predictions(nested, score("x"))
    with pytest.raises(InvalidValue, match="no names of columns"):
        score()


class Told(clew.pyfunc.PythonModel):
    """Repeats what it was told outside of its input."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        import os

        told = f"{params['greeting']} {context.model_config['name']} {os.environ.get('CLEW_TEST_MOOD')}"
        return [told] * len(model_input)


def test_params_settings_and_variables_reach_the_workers(spark: Any, tmp_path: Path) -> None:
    told: dict[str, Any] = {"signature": infer_signature(pd.DataFrame({"x": [1.0]}), ["x"], {"greeting": "hi"})}
    uri = saved(tmp_path / "m", Told(), **told)
    frame = spark.createDataFrame([(0, 1.0)], "row int, x double")
    for more, expected in (
        ({"model_config": {"name": "Ann"}}, "hi Ann None"),
        ({"params": {"greeting": "bye"}, "model_config": {"name": "Bob"}}, "bye Bob None"),
        ({"extra_env": {"CLEW_TEST_MOOD": "glad"}, "model_config": {"name": "Cy"}}, "hi Cy glad"),
        ({"model_config": {"name": "Dee"}}, "hi Dee None"),
    ):
        score = clew.pyfunc.spark_udf(spark, uri, "string", trust="pickle", **more)
        assert predictions(frame, score("x")).tolist() == [expected]
    with pytest.raises(InvalidValue, match="greeting"):
        clew.pyfunc.spark_udf(spark, uri, "string", params={"greeting": 3}, trust="pickle")


def test_nulls_and_types_follow_the_signature(spark: Any, tmp_path: Path) -> None:
    example = pd.DataFrame(
        {"i": np.int32([1]), "d": [1.5], "s": ["a"], "t": [pd.Timestamp("2020-01-01")], "o": pd.array([None], "Int64")}
    )

    def shown(data: pd.DataFrame) -> list[str]:
        return [f"{row.i} {row.d} {pd.isna(row.s) or row.s} {row.t} {row.o}" for row in data.itertuples()]

    score = scorer(spark, tmp_path / "m", shown, signature=infer_signature(example, ["x"]))
    kinds = "row int, i smallint, d bigint, s string, t timestamp, o bigint"
    when = datetime.datetime(2020, 7, 1, 12, tzinfo=datetime.UTC)
    frame = spark.createDataFrame([(0, 1, 3, "a", when, 5), (1, 2, None, None, None, None)], kinds).coalesce(1)
    assert predictions(frame, score()).tolist() == ["1 3.0 a 2020-07-01 14:00:00 5", "2 nan True NaT <NA>"]
    bad = spark.createDataFrame(
        [(0, None, 1.5, 3, when, 2**60)], "row int, i int, d double, s int, t timestamp, o bigint"
    )
    with pytest.raises(Exception, match="column 's': int32 given, string expected"):
        predictions(bad, score())
    bad = spark.createDataFrame([(0, None, 2**60, "a", when, 1)], kinds.replace("smallint", "int"))
    with pytest.raises(Exception, match="column 'i': nulls given, integer expected"):
        predictions(bad, score())
    with pytest.raises(Exception, match="column 'd': int64 with integers too large to be exact given"):
        predictions(bad.withColumn("i", column("row")), score())


def test_missing_columns_are_named_at_once_or_by_the_worker(
    spark: Any, table: Any, forest: Any, tmp_path: Path
) -> None:
    clew.sklearn.save_model(forest, str(tmp_path / "m"), input_example=pd.DataFrame([[1.0] * 3], columns=COLUMNS))
    score = clew.pyfunc.spark_udf(spark, str(tmp_path / "m"))
    with pytest.raises(InvalidValue, match="given 2 columns; the model's signature has 3 in this order"):
        score("alcohol", "row")
    with pytest.raises(Exception, match=r"missing columns \['p.h', 'sugar g'\], given are \['alcohol', 'row'\]"):
        predictions(table, score(by_name("alcohol", "row")))
    with pytest.raises(Exception, match="answered 1 rows for 2; it must answer each row by one"):
        answered(spark, tmp_path / "short", lambda data: [1.0], "double")


def test_what_cannot_be_had_is_refused_with_the_cure(spark: Any, forest: Any, tmp_path: Path) -> None:
    clew.sklearn.save_model(forest, str(tmp_path / "m"))
    uri = str(tmp_path / "m")
    with pytest.raises(NotSupported, match=r"requirements.txt .* PYSPARK_PYTHON"):
        clew.pyfunc.spark_udf(spark, uri, env_manager="virtualenv")
    with pytest.raises(NotSupported, match="prebuilt_env_uri"):
        clew.pyfunc.spark_udf(spark, uri, prebuilt_env_uri="/env.tar.gz")
    for bad in ("interval", "array<date>", "no type at all", "map<int, double>"):
        with pytest.raises(InvalidValue, match="type"):
            clew.pyfunc.spark_udf(spark, uri, bad)


def test_trust_is_decided_here_and_followed_by_the_workers(spark: Any, tmp_path: Path) -> None:
    from pyspark import SparkFiles

    uri = saved(tmp_path / "m", lambda data: data["x"], metadata={"own": str(tmp_path)})
    with pytest.raises(Denied, match="trust='pickle'"):
        clew.pyfunc.spark_udf(spark, uri)
    score = clew.pyfunc.spark_udf(spark, uri, trust="pickle")
    sent = Path(SparkFiles.get(f"clew-model-{seal(uri)[:32]}.zip"))
    kept = (sent / "python_model.pkl").read_bytes()
    frame = spark.createDataFrame([(0, 1.0)], "row int, x double")
    spark.range(1).repartition(1).collect()  # Spark unpacks it when a task comes
    (sent / "python_model.pkl").write_bytes(kept + b" ")
    with pytest.raises(Exception, match=r"python_model.pkl differs"):
        predictions(frame, score(by_name("x")))
    (sent / "python_model.pkl").write_bytes(kept)
    assert predictions(frame, score(by_name("x"))).tolist() == [1.0]
    (tmp_path / "m" / "python_model.pkl").write_bytes(kept + b" ")
    with pytest.raises(Corrupt):
        clew.pyfunc.spark_udf(spark, uri, trust="pickle")


def test_workers_stay_light_and_load_a_model_once(spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Workers of another environment are others than those that the tests before this one used.
    monkeypatch.setitem(spark.sparkContext.environment, "CLEW_TEST", "fresh")

    # In here, so that the workers need not import this module.
    class Counting(clew.pyfunc.PythonModel):
        """Notes each load, and tells what its process has imported."""

        def load_context(self, context: Any) -> None:
            import os

            with open(context.model_config["notes"], "a", encoding="utf-8") as file:
                file.write(f"{os.getpid()}\n")

        def predict(self, context: Any, model_input: Any) -> Any:
            import sys

            heavy = ("clew.client", "clew.server", "mlflow", "uvicorn", "sklearn")
            return [" ".join(name for name in heavy if name in sys.modules)] * len(model_input)

    notes = tmp_path / "notes"
    uri = saved(tmp_path / "m", Counting(), model_config={"notes": str(notes)})
    notes.write_text("")
    score = clew.pyfunc.spark_udf(spark, uri, "string", trust="pickle")
    frame = spark.range(50_000).repartition(4)
    for _ in range(2):
        assert (
            frame.select(score("id").alias("p")).where("p not like '%clew%' and p not like '%mlflow%'").count()
            == 50_000
        )
    loads = notes.read_text().split()
    assert len(loads) == len(set(loads))


@pytest.mark.interop
def test_a_worker_without_clew_says_what_to_set(
    spark: Any, forest: Any, peer_python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLflow's interpreter has pandas and pyarrow, but not Clew."""
    clew.sklearn.save_model(forest, str(tmp_path / "m"), metadata={"own": str(tmp_path)})
    bare = tmp_path / "python"
    source = str(Path(clew.__file__).parents[1])
    bare.write_text(
        f'#!/bin/sh\nPYTHONPATH=$(echo "$PYTHONPATH" | tr : "\\n" | grep -vxF "{source}" | paste -sd:)\n'
        f'export PYTHONPATH\nexec {peer_python} "$@"\n'
    )
    bare.chmod(0o755)
    monkeypatch.setattr(spark.sparkContext, "pythonExec", str(bare))
    with pytest.raises(InvalidValue, match=r"lacks clew. Set PYSPARK_PYTHON"):
        clew.pyfunc.spark_udf(spark, str(tmp_path / "m"))
    monkeypatch.setattr(spark.sparkContext, "pythonExec", str(tmp_path / "none"))
    with pytest.raises(InvalidValue, match=r"is not on this machine. Set PYSPARK_PYTHON"):
        clew.pyfunc.spark_udf(spark, str(tmp_path / "m"))
    monkeypatch.setattr(spark.sparkContext, "pythonExec", str(bare))
    monkeypatch.setattr(udf, "check_workers", lambda spark: None)
    score = clew.pyfunc.spark_udf(spark, str(tmp_path / "m"))
    frame = spark.createDataFrame([(1.0, 2.0, 3.0)], "a double, b double, c double")
    with pytest.raises(Exception, match=r"cannot run the model: No module named 'clew'; set PYSPARK_PYTHON"):
        frame.select(score("a", "b", "c")).collect()


def test_another_python_version_is_seen_before_anything_is_sent(tmp_path: Path) -> None:
    other = tmp_path / "python"
    other.write_text("#!/bin/sh\necho '[[3, 8], []]'\n")
    other.chmod(0o755)
    assert interpreter._ask(str(other), os.environ.get("PYTHONPATH", "")).startswith("is Python 3.8, while this is 3.")
