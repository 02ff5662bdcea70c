"""``clew.models``: signatures and evaluation of models, and what is known of a logged one."""

from clew.client.lineage import Lineage, get_lineage
from clew.client.modelarguments import LogArguments, SaveArguments
from clew.client.models import ModelInfo, get_model_info
from clew.client.versiondiff import VersionComparison, compare_versions
from clew.evaluation.evaluate import evaluate, list_evaluators
from clew.evaluation.metrics import EvaluationMetric, make_metric
from clew.evaluation.result import EvaluationArtifact, EvaluationResult
from clew.evaluation.validation import MetricThreshold
from clew.packaging.codemodel import set_model
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
    "EvaluationArtifact",
    "EvaluationMetric",
    "EvaluationResult",
    "Lineage",
    "LogArguments",
    "MapType",
    "MetricThreshold",
    "Model",
    "ModelInfo",
    "ModelSignature",
    "ObjectType",
    "ParamSchema",
    "ParamSpec",
    "Property",
    "SaveArguments",
    "Schema",
    "TensorSpec",
    "VersionComparison",
    "compare_versions",
    "evaluate",
    "get_lineage",
    "get_model_info",
    "infer_signature",
    "list_evaluators",
    "make_metric",
    "set_model",
]
