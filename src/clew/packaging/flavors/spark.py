"""Models of Spark ML, in Spark's own format: folders of JSON and Parquet.

Spark reads and writes by all processes of a cluster, so a model passes through a place that they share: this machine's
disk for a local session, else a temporary folder of Spark's default file system.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from clew import ids
from clew.errors import Corrupt, Denied, InvalidValue, NotSupported
from clew.packaging.flavor import LoadPolicy, SavedFlavor
from clew.packaging.flavors.framework import class_name, is_instance, need
from clew.packaging.manifest import inside

name: Final = "spark"
loader_module: Final = "mlflow.spark"
PACKAGES: Final = ("pyspark", "pandas")
FOLDER: Final = "sparkml"
DFS_TMPDIR: Final = "/tmp/clew"
"""Where models lie on a cluster's file system while they are copied."""

_SPARKS: Final = ("org.apache.spark.ml.", "pyspark.ml.")
_SQL: Final = "org.apache.spark.ml.feature.SQLTransformer"
_UID: Final = re.compile(r"[\w-]+")
_MAX_METADATA: Final = 16 << 20


def matches(model: object) -> bool:
    """Whether it is a fitted model or a transformer of Spark ML."""
    return is_instance(model, "pyspark.ml.base", "Transformer")


def save(model: Any, folder: str, options: Mapping[str, Any]) -> SavedFlavor:
    """Write ``sparkml/``; a model that is no pipeline becomes one of one stage, as in MLflow.

    options: ``dfs_tmpdir``, a folder of the cluster's file system to pass through; needed for none but clusters.

    Raises:
        InvalidValue: it is no model that Spark can write. NotSupported: it is of Spark Connect.
    """
    pyspark = need("pyspark", "pyspark")
    from pyspark.ml import PipelineModel
    from pyspark.ml.util import MLWritable

    if type(model).__module__.startswith("pyspark.ml.connect"):
        raise NotSupported("Models of pyspark.ml.connect cannot be saved; fit one of pyspark.ml in a classic session.")
    stages = model.stages if isinstance(model, PipelineModel) else [model]
    odd = [type(stage).__name__ for stage in stages if not isinstance(stage, MLWritable)]
    if not matches(model) or odd:
        raise InvalidValue(f"Spark cannot write {', '.join(odd) or type(model).__name__}; it is not MLWritable.")
    kept = model if isinstance(model, PipelineModel) else PipelineModel([model])
    with _shared_place(options.get("dfs_tmpdir")) as (uri, _, fetch):
        kept.write().overwrite().save(uri)
        fetch(os.path.join(folder, FOLDER))
    config = {"model_data": FOLDER, "model_class": class_name(kept), "pyspark_version": pyspark.__version__}
    return SavedFlavor(
        config=config, pyfunc={"loader_module": loader_module, "data": FOLDER}, packages=PACKAGES, ready=kept
    )


def load(folder: str, config: Mapping[str, Any], policy: LoadPolicy) -> Any:
    """The ``PipelineModel``, by the active session or a local one that is made for it.

    Raises:
        Denied: it holds stages that are not Spark's own, or that run SQL of the author's, and the policy forbids code.
        Corrupt: the files cannot be read.
    """
    need("pyspark", "pyspark")
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException
    from pyspark.ml import PipelineModel

    path = inside(folder, config.get("model_data") or config.get("data"))
    if policy.trust != "pickle":
        _check_stages(path)
    session()
    tmpdir = (policy.model_config or {}).get("dfs_tmpdir")
    # Some models read their data only when they are asked, so the place stays as long as the model.
    uri, send, _, drop = _place(tmpdir)
    try:
        send(path)
        model = PipelineModel.load(uri)
    except (PySparkException, Py4JJavaError) as error:
        drop()
        raise Corrupt(f"{path} cannot be read as a Spark ML model: {str(error).splitlines()[0]}") from error
    except BaseException:
        drop()
        raise
    weakref.finalize(model, drop)
    return model


def predict(model: Any, data: Any, config: Mapping[str, Any], params: Mapping[str, object] | None = None) -> Any:
    """The prediction of each row as a list; where the last stage predicts nothing, a frame of the columns it adds."""
    del config, params  # Spark's models take none
    from pyspark.ml.functions import array_to_vector

    frame = session().createDataFrame(data)
    kinds = dict(frame.dtypes)
    for column in _vector_columns(model):
        if kinds.get(column) == "array<double>":
            frame = frame.withColumn(column, array_to_vector(column))
    answer = model.transform(frame)
    column = prediction_column(model)
    if column in answer.columns:
        return [row[0] for row in answer.select(column).collect()]
    import pandas

    added = [name for name in answer.columns if name not in frame.columns]
    rows = [[_plain(value) for value in row] for row in answer.select(*added).collect()]
    return pandas.DataFrame(rows, columns=added)


def session() -> Any:
    """The active Spark session, or a new local one."""
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    return active if active is not None else SparkSession.builder.master("local[1]").getOrCreate()


def prediction_column(model: Any) -> str:
    """The column that the last stage which predicts writes; ``prediction`` where none says so."""
    for stage in reversed(stages_of(model)):
        if stage.hasParam("predictionCol"):
            return str(stage.getOrDefault("predictionCol"))
    return "prediction"


def stages_of(model: Any) -> list[Any]:
    """The stages of a pipeline and of the pipelines in it; a model alone is its own stage."""
    stages = getattr(model, "stages", None)
    return [inner for stage in stages for inner in stages_of(stage)] if isinstance(stages, list) else [model]


def _vector_columns(model: Any) -> set[str]:
    """Columns that stages take as vectors, which frames hold as arrays."""
    return {
        str(stage.getOrDefault("featuresCol"))
        for stage in stages_of(model)
        if stage.hasParam("featuresCol") and stage.isDefined("featuresCol")
    }


def _plain(value: Any) -> Any:
    return value.toArray().tolist() if hasattr(value, "toArray") else value


def _check_stages(path: str) -> None:
    """Refuse a model that names classes which are not Spark's, SQL, or stages outside of its folder.

    Spark takes for metadata whatever file lies there, in folders of partitions too.
    """
    count = 0
    for root, _, files in os.walk(path):
        for file in files:
            parts = os.path.relpath(os.path.join(root, file), path).split(os.sep)
            if "metadata" in parts and not file.startswith(("_", ".")):
                _check_stage(inside(path, "/".join(parts)))
                count += 1
    if not count:
        raise Corrupt(f"{path} holds no metadata of a Spark ML model.")


def _check_stage(file: str) -> None:
    try:
        with open(file, encoding="utf-8") as opened:
            found = json.loads(opened.read(_MAX_METADATA))
        kind = str(found["class"])
        uids = [str(uid) for uid in (found.get("paramMap") or {}).get("stageUids") or ()]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Corrupt(f"{file} is no metadata of a Spark ML model.") from None
    if not kind.startswith(_SPARKS) or kind == _SQL or not all(_UID.fullmatch(uid) for uid in uids):
        raise Denied(
            f"The model has a stage of the class {kind}, which may run its author's code, and it was not logged by you "
            "into your own store with its sums intact. If you trust who wrote it, load it with trust='pickle'."
        )


@contextmanager
def _shared_place(tmpdir: str | None) -> Iterator[tuple[str, Callable[[str], None], Callable[[str], None]]]:
    uri, send, fetch, drop = _place(tmpdir)
    try:
        yield uri, send, fetch
    finally:
        drop()


def _place(
    tmpdir: str | None,
) -> tuple[str, Callable[[str], None], Callable[[str], None], Callable[[], None]]:
    """A new place that all of Spark's processes reach: (URI, copy there, copy from there, delete)."""
    context = session().sparkContext
    if tmpdir is None and context.master.startswith("local"):
        scratch = tempfile.mkdtemp(prefix="clew-spark-")
        path = os.path.join(scratch, "model")

        def copy_here(source: str) -> None:
            shutil.copytree(source, path)

        def copy_from_here(goal: str) -> None:
            shutil.copytree(path, goal)

        def drop() -> None:
            shutil.rmtree(scratch, ignore_errors=True)

        return f"file:{path}", copy_here, copy_from_here, drop
    return _dfs_place(context, f"{(tmpdir or DFS_TMPDIR).rstrip('/')}/{ids.new_id()}")


def _dfs_place(context: Any, uri: str) -> tuple[str, Callable[[str], None], Callable[[str], None], Callable[[], None]]:
    hadoop = context._jvm.org.apache.hadoop.fs  # noqa: SLF001 - PySpark's only way to the file system
    place = hadoop.Path(uri)
    system = place.getFileSystem(context._jsc.hadoopConfiguration())  # noqa: SLF001

    def send(source: str) -> None:
        system.copyFromLocalFile(False, True, hadoop.Path(f"file:{source}"), place)

    def fetch(goal: str) -> None:
        system.copyToLocalFile(False, place, hadoop.Path(f"file:{goal}"), True)

    def drop() -> None:
        # At the interpreter's end the session may be gone, and with it the way to delete.
        if context._jsc is not None:  # noqa: SLF001
            system.delete(place, True)

    return uri, send, fetch, drop
