"""Spark frames and Delta tables as datasets."""

from __future__ import annotations

from typing import Any, Final

from clew.client.datasets.dataset import Dataset, check_column
from clew.client.datasets.digests import md5_digest
from clew.client.datasets.sources import (
    CodeDatasetSource,
    DatasetSource,
    DeltaDatasetSource,
    SparkDatasetSource,
    spark_session,
)
from clew.errors import InvalidValue
from clew.packaging.schema import ArrayType, ColumnSpec, DataType, Schema, ValueType, VectorType

_TYPES: Final = {
    "boolean": DataType.BOOLEAN,
    "tinyint": DataType.INTEGER,
    "smallint": DataType.INTEGER,
    "int": DataType.INTEGER,
    "bigint": DataType.LONG,
    "float": DataType.FLOAT,
    "double": DataType.DOUBLE,
    "string": DataType.STRING,
    "binary": DataType.BINARY,
    "timestamp": DataType.DATETIME,
    "date": DataType.DATETIME,
}


class SparkDataset(Dataset):
    """A Spark frame; its digest is that of the query plan, so no row is read for it.

    df: the frame. targets, predictions: names of columns.
    """

    def __init__(
        self,
        df: Any,
        source: DatasetSource,
        targets: str | None,
        name: str | None,
        digest: str | None,
        predictions: str | None,
    ) -> None:
        self.df = df
        self.targets = targets
        self.predictions = predictions
        super().__init__(source, name, digest, schema=_schema(df))

    def _compute_digest(self) -> str:
        import numpy as np

        return md5_digest([np.int64(self.df.semanticHash())])


def from_spark(
    df: Any,
    path: str | None = None,
    table_name: str | None = None,
    version: int | str | None = None,
    sql: str | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> SparkDataset:
    """A dataset of a Spark frame.

    path, table_name, sql: at most one, where the frame comes from; default the script.
    version: of a Delta table at the path or of the name.

    Raises:
        InvalidValue: several places, a version of a query, or no such column.
    """
    if (path, table_name, sql).count(None) < 2:
        raise InvalidValue("Must specify at most one of `path`, `table_name`, or `sql`.")
    if version is not None and path is None and table_name is None:
        raise InvalidValue("`version` may only be specified when `table_name` or `path` is specified.")
    for role, column in (("targets", targets), ("predictions", predictions)):
        check_column("Spark", df.columns, role, column)
    source: DatasetSource = CodeDatasetSource()
    if version is not None:
        source = DeltaDatasetSource(path, table_name, int(version))
    elif path is not None or table_name is not None or sql is not None:
        source = SparkDatasetSource(path, table_name, sql)
    return SparkDataset(df, source, targets, name, digest, predictions)


def load_delta(
    path: str | None = None,
    table_name: str | None = None,
    version: int | str | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
) -> SparkDataset:
    """A dataset of a Delta table, read by Spark.

    version: default the latest, which is looked up and kept.

    Raises:
        InvalidValue: not exactly one of path and name, or no such column. MissingPackage: pyspark is not installed.
    """
    if (path is None) == (table_name is None):
        raise InvalidValue("Must specify exactly one of `table_name` or `path`.")
    if version is None:
        table = f"delta.`{path}`" if path else str(table_name)
        history = spark_session().sql(f"DESCRIBE HISTORY {table} LIMIT 1").collect()
        version = int(history[0]["version"])
    source = DeltaDatasetSource(path, table_name, int(version))
    df = source.load()
    check_column("Spark", df.columns, "targets", targets)
    return SparkDataset(df, source, targets, name, digest, None)


def column_type(kind: Any) -> ValueType | None:
    """The type of a column of Spark's type; None where schemas have none."""
    if kind.typeName() == "array":
        inner = column_type(kind.elementType)
        return None if inner is None else ArrayType(inner)
    return VectorType() if type(kind).__name__ == "VectorUDT" else _TYPES.get(kind.simpleString())


def _schema(df: Any) -> Schema | None:
    kinds = [_TYPES.get(kind) for _, kind in df.dtypes]
    if not kinds or None in kinds:
        return None
    specs = zip(kinds, df.schema.fields, strict=True)
    return Schema(tuple(ColumnSpec(kind, field.name, required=not field.nullable) for kind, field in specs if kind))
