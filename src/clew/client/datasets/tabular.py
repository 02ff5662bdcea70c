"""Frames of pandas and Polars as datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from clew.client.datasets.dataset import Dataset, check_column, columns_of
from clew.client.datasets.digests import frame_digest
from clew.client.datasets.sources import DatasetSource, resolve_source
from clew.errors import InvalidValue
from clew.packaging.schema import ArrayType, ColumnSpec, DataType, Schema

if TYPE_CHECKING:
    import pandas as pd

_POLARS_TYPES: Final = {
    "Binary": DataType.BINARY,
    "Boolean": DataType.BOOLEAN,
    "Datetime": DataType.DATETIME,
    "Date": DataType.DATETIME,
    "Float32": DataType.FLOAT,
    "Float64": DataType.DOUBLE,
    "Int8": DataType.INTEGER,
    "Int16": DataType.INTEGER,
    "Int32": DataType.INTEGER,
    "Int64": DataType.LONG,
    "UInt8": DataType.INTEGER,
    "UInt16": DataType.INTEGER,
    "UInt32": DataType.LONG,
    "String": DataType.STRING,
    "Categorical": DataType.STRING,
    "Enum": DataType.STRING,
}


class _FrameDataset(Dataset):
    """A frame with columns that may be targets and predictions."""

    def __init__(
        self,
        df: Any,
        source: DatasetSource,
        targets: str | None,
        name: str | None,
        digest: str | None,
        predictions: str | None,
        schema: Schema | None,
    ) -> None:
        self.df = df
        self.targets = targets
        self.predictions = predictions
        rows, columns = df.shape
        profile = {"num_rows": int(rows), "num_elements": int(rows) * int(columns)}
        super().__init__(source, name, digest, schema=schema, profile=profile)


class PandasDataset(_FrameDataset):
    """A pandas frame.

    df: the frame. targets, predictions: names of columns.
    """

    def _compute_digest(self) -> str:
        return frame_digest(self.df)


class PolarsDataset(_FrameDataset):
    """A Polars frame; its digest is the sum of its rows' hashes, which holds for one version of Polars.

    df: the frame. targets, predictions: names of columns.
    """

    def _compute_digest(self) -> str:
        return str(self.df.hash_rows().sum())


def from_pandas(
    df: pd.DataFrame,
    source: Any = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> PandasDataset:
    """A dataset of a pandas frame.

    source: a path, an address, or a source object; default the script.
    targets, predictions: names of columns.

    Raises:
        InvalidValue: no frame, no such column, or a source of an unknown kind.
    """
    if not hasattr(df, "select_dtypes"):
        raise InvalidValue(f"from_pandas takes a pandas frame, not {type(df).__name__}.")
    for role, column in (("targets", targets), ("predictions", predictions)):
        check_column("pandas", df.columns, role, column)
    return PandasDataset(df, resolve_source(source), targets, name, digest, predictions, columns_of(df))


def from_polars(
    df: Any,
    source: Any = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> PolarsDataset:
    """A dataset of a Polars frame; arguments as for :func:`from_pandas`.

    Raises:
        InvalidValue: no frame, no such column, or a source of an unknown kind.
    """
    if not hasattr(df, "hash_rows"):
        raise InvalidValue(f"from_polars takes a Polars frame, not {type(df).__name__}; collect a lazy one first.")
    for role, column in (("targets", targets), ("predictions", predictions)):
        check_column("polars", df.columns, role, column)
    return PolarsDataset(df, resolve_source(source), targets, name, digest, predictions, _polars_schema(df))


def _polars_schema(df: Any) -> Schema | None:
    kinds = [_polars_type(dtype) for dtype in df.dtypes]
    if not kinds or None in kinds:
        return None
    specs = zip(kinds, df.columns, df.null_count().row(0), strict=True)
    return Schema(tuple(ColumnSpec(kind, column, required=not nulls) for kind, column, nulls in specs if kind))


def _polars_type(dtype: Any) -> DataType | ArrayType | None:
    inner = getattr(dtype, "inner", None)
    if inner is not None:
        items = _polars_type(inner)
        return None if items is None else ArrayType(items)
    return _POLARS_TYPES.get(str(dtype.base_type()))
