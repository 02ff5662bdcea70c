"""Training data in words: digest, schema and profile; the data are neither copied nor kept."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from clew.client.source import context_tags
from clew.entities.dataset import Dataset
from clew.entities.names import MAX_DATASET_SCHEMA
from clew.packaging import inference
from clew.packaging.schema import Schema

HASHED_ROWS = 10_000
"""The digest covers the first rows up to this number, and the shape of all."""
_DIGEST_CHARACTERS = 16


def describe(
    features: Any, targets: Any, source: dict[str, str], name: str = "dataset", total: int | None = None
) -> Dataset:
    """The dataset that ``features`` and ``targets`` are, in the form that MLflow's autologging gives it.

    source: tags that say which code had the data in hand.
    targets: None where there are none.
    total: number of rows of the dataset where ``features`` and ``targets`` are only the first ones.

    Cost: hashes at most 10,000 rows.
    """
    schema = json.dumps(_schema(features, targets))
    return Dataset(
        name=name,
        digest=_digest(features, targets, total),
        source_type="code",
        source=json.dumps({"tags": source}),
        # Tens of thousands of columns have a schema that no server takes.
        schema=schema if len(schema) <= MAX_DATASET_SCHEMA else None,
        profile=json.dumps(_profile(features, targets, total)),
    )


def source_tags() -> dict[str, str]:
    """The tags that say which code had the data in hand."""
    return {key: value for key, value in context_tags().items() if key.startswith(("mlflow.user", "mlflow.source"))}


def rows_of(data: Any) -> int:
    """How many rows the data have; 0 where that cannot be told."""
    shape = getattr(data, "shape", None)
    if shape:
        return int(shape[0])
    return len(data) if hasattr(data, "__len__") else 0


def take(data: Any, rows: Any) -> Any:
    """The rows of frame, series, array, sparse matrix or list at the positions ``rows`` (slice or int array)."""
    if data is None:
        return None
    if inference.is_frame(data) or inference.is_series(data):
        return data.iloc[rows]
    if inference.is_sparse(data):
        return data.tocsr()[rows]
    if hasattr(data, "shape"):
        return data[rows]
    return data[rows] if isinstance(rows, slice) else [data[int(i)] for i in rows]


def _digest(features: Any, targets: Any, total: int | None) -> str:
    digest = hashlib.sha256()
    for part in (features, targets):
        if part is None:
            continue
        shape = getattr(part, "shape", None) or (rows_of(part),)
        shape = shape if total is None else (total, *shape[1:])
        digest.update(f"{type(part).__name__}{tuple(shape)}".encode())
        _feed(digest, take(part, slice(HASHED_ROWS)))
    return digest.hexdigest()[:_DIGEST_CHARACTERS]


def _feed(digest: Any, part: Any) -> None:
    if inference.is_frame(part) or inference.is_series(part):
        names = part.columns if inference.is_frame(part) else [part.name]
        digest.update(repr(list(names)).encode())
        for column in (part.iloc[:, i] for i in range(part.shape[1])) if inference.is_frame(part) else (part,):
            digest.update(str(column.dtype).encode())
            _feed(digest, column.to_numpy())
    elif inference.is_sparse(part):
        rows = part.tocsr()
        for array in (rows.data, rows.indices, rows.indptr):
            digest.update(np.ascontiguousarray(array).tobytes())
    elif isinstance(part, np.ndarray) and part.dtype.kind != "O":
        digest.update(f"{part.dtype}".encode())
        digest.update(np.ascontiguousarray(part).tobytes())
    else:
        for value in np.ravel(part).tolist() if isinstance(part, np.ndarray) else part:
            digest.update(repr(value).encode() + b"\0")


def _schema(features: Any, targets: Any) -> dict[str, Any]:
    schema = inference.infer_schema(take(features, slice(HASHED_ROWS)))
    if not schema.tensors:
        return {"mlflow_colspec": json.loads(schema.to_json())}
    goal = None if targets is None else inference.infer_schema(np.asarray(take(targets, slice(HASHED_ROWS))))
    return {"mlflow_tensorspec": {"features": schema.to_json(), "targets": _tensor_json(goal)}}


def _tensor_json(schema: Schema | None) -> str | None:
    return schema.to_json() if schema is not None and schema.tensors else None


def _profile(features: Any, targets: Any, total: int | None) -> dict[str, Any]:
    rows = rows_of(features)
    factor = (total or rows) / rows if rows else 0.0  # how much larger the dataset is than what is at hand
    if inference.is_frame(features) or inference.is_series(features) or not hasattr(features, "shape"):
        size = int(getattr(features, "size", 0)) or rows
        return {"num_rows": total or rows, "num_elements": round(size * factor)}
    profile: dict[str, Any] = {}
    for name, part in (("features", features), ("targets", targets)):
        if part is not None and hasattr(part, "shape"):
            nbytes = int(getattr(part, "nbytes", 0)) or int(np.asarray(part).nbytes)
            profile[f"{name}_shape"] = [total or int(part.shape[0]), *(int(size) for size in part.shape[1:])]
            profile[f"{name}_size"] = round(int(part.size) * factor)
            profile[f"{name}_nbytes"] = round(nbytes * factor)
    return profile
