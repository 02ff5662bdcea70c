"""``clew.data``: datasets with name, digest, schema, profile and source, for ``clew.log_input``."""

from __future__ import annotations

import sys
from typing import Any

from clew.client.datasets.arrays import NumpyDataset, from_numpy
from clew.client.datasets.dataset import Dataset, MetaDataset
from clew.client.datasets.huggingface import HuggingFaceDataset, from_huggingface
from clew.client.datasets.sources import (
    CodeDatasetSource,
    DatasetSource,
    DeltaDatasetSource,
    FileDatasetSource,
    HTTPDatasetSource,
    HuggingFaceDatasetSource,
    SparkDatasetSource,
    get_registered_sources,
    resolve_source,
    source_from_json,
)
from clew.client.datasets.spark import SparkDataset, from_spark, load_delta
from clew.client.datasets.tabular import PandasDataset, PolarsDataset, from_pandas, from_polars
from clew.client.datasets.tensors import TensorFlowDataset, from_tensorflow

__all__ = [
    "CodeDatasetSource",
    "Dataset",
    "DatasetSource",
    "DeltaDatasetSource",
    "FileDatasetSource",
    "HTTPDatasetSource",
    "HuggingFaceDataset",
    "HuggingFaceDatasetSource",
    "MetaDataset",
    "NumpyDataset",
    "PandasDataset",
    "PolarsDataset",
    "SparkDataset",
    "SparkDatasetSource",
    "TensorFlowDataset",
    "from_huggingface",
    "from_numpy",
    "from_pandas",
    "from_polars",
    "from_spark",
    "from_tensorflow",
    "get_dataset_source_from_json",
    "get_registered_sources",
    "get_source",
    "load_delta",
    "resolve_dataset_source",
]

# Scripts also import classes from MLflow's single modules: from clew.data.pandas_dataset import PandasDataset.
for _kind in ("pandas", "numpy", "polars", "spark", "huggingface", "tensorflow", "meta"):
    sys.modules[f"{__name__}.{_kind}_dataset"] = sys.modules[__name__]
for _kind in ("code", "http", "spark", "delta", "huggingface"):
    sys.modules[f"{__name__}.{_kind}_dataset_source"] = sys.modules[__name__]
for _kind in ("dataset", "dataset_source", "sources"):
    sys.modules[f"{__name__}.{_kind}"] = sys.modules[__name__]

get_dataset_source_from_json = source_from_json
resolve_dataset_source = resolve_source


def get_source(dataset: Any) -> DatasetSource:
    """Where a dataset comes from.

    dataset: one of this module, or one that a run has (``run.inputs.dataset_inputs[0]``, or its ``dataset``).

    Raises:
        InvalidValue: it is none of these, or its source is of an unknown kind.
    """
    stored = getattr(dataset, "dataset", dataset)
    source = getattr(stored, "source", None)
    if isinstance(source, str):
        return source_from_json(source, stored.source_type)
    return resolve_source(source)
