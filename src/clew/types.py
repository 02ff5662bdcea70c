"""``clew.types``: columns, tensors and params of models, under the names that scripts for MLflow import."""

import sys

from clew.packaging.schema import ColumnSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec

ColSpec = ColumnSpec

__all__ = ["ColSpec", "DataType", "ParamSchema", "ParamSpec", "Schema", "TensorSpec"]

# Scripts also write: from clew.types.schema import Schema.
sys.modules[f"{__name__}.schema"] = sys.modules[__name__]
