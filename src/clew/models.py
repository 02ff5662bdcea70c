"""``clew.models``: signatures of models, and what is known of a logged one."""

from clew.client.models import ModelInfo, get_model_info
from clew.packaging.manifest import MLmodel as Model
from clew.packaging.schema import (
    ArrayType,
    ColumnSpec,
    DataType,
    MapType,
    ObjectType,
    ParamSchema,
    ParamSpec,
    Property,
    Schema,
    TensorSpec,
)
from clew.packaging.signature import ModelSignature, infer_signature

__all__ = [
    "ArrayType",
    "ColumnSpec",
    "DataType",
    "MapType",
    "Model",
    "ModelInfo",
    "ModelSignature",
    "ObjectType",
    "ParamSchema",
    "ParamSpec",
    "Property",
    "Schema",
    "TensorSpec",
    "get_model_info",
    "infer_signature",
]
