"""NumPy arrays as datasets."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np

from clew.client.datasets.dataset import Dataset
from clew.client.datasets.digests import arrays_digest
from clew.client.datasets.sources import DatasetSource, resolve_source
from clew.errors import InvalidValue
from clew.packaging.inference import infer_schema
from clew.packaging.schema import Schema

Arrays = np.ndarray[Any, Any] | Mapping[str, np.ndarray[Any, Any]]


class TensorDatasetSchema(msgspec.Struct, frozen=True):
    """The tensors of features and targets."""

    features: Schema
    targets: Schema | None = None

    def to_dict(self) -> dict[str, Any]:
        """MLflow's form of it."""
        targets = None if self.targets is None else self.targets.to_json()
        return {"mlflow_tensorspec": {"features": self.features.to_json(), "targets": targets}}


class NumpyDataset(Dataset):
    """Arrays, or mappings of arrays by name.

    features: what a model reads. targets: what it is to say, or None.
    """

    def __init__(
        self, features: Arrays, source: DatasetSource, targets: Arrays | None, name: str | None, digest: str | None
    ) -> None:
        self.features = features
        self.targets = targets
        schema = TensorDatasetSchema(_schema(features), None if targets is None else _schema(targets))
        profile: dict[str, Any] = {}
        for role, arrays in (("features", features), ("targets", targets)):
            if arrays is not None:
                profile[f"{role}_shape"] = _each(arrays, lambda a: list(a.shape))
                profile[f"{role}_size"] = _each(arrays, lambda a: int(a.size))
                profile[f"{role}_nbytes"] = _each(arrays, lambda a: int(a.nbytes))
        super().__init__(source, name, digest, schema=schema, profile=profile)

    def _compute_digest(self) -> str:
        return arrays_digest(self.features, self.targets)

    def _schema_json(self) -> str:
        return json.dumps(self.schema.to_dict())


def from_numpy(
    features: Arrays,
    source: Any = None,
    targets: Arrays | None = None,
    name: str | None = None,
    digest: str | None = None,
) -> NumpyDataset:
    """A dataset of arrays, or of mappings of arrays by name.

    source: a path, an address, or a source object; default the script.

    Raises:
        InvalidValue: no arrays, or a source of an unknown kind.
    """
    for arrays in (features, targets):
        values = arrays.values() if isinstance(arrays, Mapping) else [arrays]
        if not all(isinstance(value, np.ndarray | np.generic) for value in values if value is not None):
            raise InvalidValue(f"from_numpy takes arrays or dictionaries of arrays, not {type(arrays).__name__}.")
    if features is None:
        raise InvalidValue("from_numpy needs features.")
    return NumpyDataset(features, resolve_source(source), targets, name, digest)


def _schema(arrays: Arrays) -> Schema:
    return infer_schema(dict(arrays) if isinstance(arrays, Mapping) else arrays)


def _each(arrays: Arrays, measure: Callable[[Any], Any]) -> Any:
    if isinstance(arrays, Mapping):
        return {name: measure(array) for name, array in arrays.items()}
    return measure(arrays)
