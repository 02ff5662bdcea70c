"""Which fitted models of Spark ML are logged by themselves, and their signatures."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from clew.client.datasets.spark import column_type
from clew.packaging.flavors.spark import prediction_column, stages_of
from clew.packaging.schema import ColumnSpec, Schema
from clew.packaging.signature import ModelSignature

_LARGE: Final = ("ALSModel", "DistributedLDAModel", "FPGrowthModel", "LocalLDAModel", "Word2VecModel")
"""Models that hold a row per user, word or item set."""
_MAX_COLUMNS: Final = 200
"""Of wider frames, which columns a model needs is not found out one by one."""


def loggable(model: Any, allowlist: Collection[str] | None) -> bool:
    """Whether the model and all its stages may be logged unasked.

    allowlist: full names of classes, ``*`` at the end for whole modules; None allows Spark's own but for large ones.
    """
    return all(_allowed(part, allowlist) for part in (model, *stages_of(model), *getattr(model, "models", ())))


def _allowed(part: Any, allowlist: Collection[str] | None) -> bool:
    kind = type(part)
    name = f"{kind.__module__}.{kind.__name__}"
    if allowlist is None:
        return name.startswith("pyspark.ml.") and kind.__name__ not in _LARGE
    transforms = not name.endswith("Model") and name.startswith("pyspark.ml.")
    return transforms or any(
        name.startswith(entry[:-1]) if entry.endswith("*") else name == entry for entry in map(str.strip, allowlist)
    )


def signature_of(model: Any, frame: Any) -> ModelSignature | None:
    """What the model needs of the frame, and the type of its prediction; None where a column has no type here.

    Cost: a plan per column, no job.
    """
    needed = _needed(model, frame)
    kinds = [column_type(frame.schema[name].dataType) for name in needed]
    answer = model.transform(frame)
    column = prediction_column(model)
    outputs = column_type(answer.schema[column].dataType) if column in answer.columns else None
    if not needed or None in kinds:
        return None
    pairs = zip(needed, kinds, strict=True)
    inputs = Schema(tuple(ColumnSpec(kind, name) for name, kind in pairs if kind is not None))
    return ModelSignature(inputs, None if outputs is None else Schema((ColumnSpec(outputs),)))


def _needed(model: Any, frame: Any) -> list[str]:
    """The columns without which the model cannot be asked."""
    from pyspark.errors import PySparkException

    columns: list[str] = frame.columns
    if len(columns) > _MAX_COLUMNS:
        return columns
    needed = []
    for name in columns:
        try:
            model.transform(frame.drop(name))
        except PySparkException:
            needed.append(name)
    return needed
