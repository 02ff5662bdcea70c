"""TensorFlow's datasets and tensors as datasets; TensorFlow is imported when one is made."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np

from clew.client.datasets.arrays import TensorDatasetSchema
from clew.client.datasets.dataset import Dataset
from clew.client.datasets.digests import HASHED, array_hash, arrays_digest, md5_digest
from clew.client.datasets.sources import DatasetSource, resolve_source
from clew.client.notice import warn
from clew.errors import InvalidValue, MissingPackage
from clew.packaging.inference import infer_schema
from clew.packaging.schema import Schema

_ROLES: Final = ("features", "targets")


class TensorFlowDataset(Dataset):
    """A ``tf.data.Dataset`` or a tensor.

    data: what a model reads. targets: what it is to say, of the same kind, or None.
    """

    def __init__(self, data: Any, source: DatasetSource, targets: Any, name: str | None, digest: str | None) -> None:
        self.data = data
        self.targets = targets
        profile = {f"{role}_cardinality": _cardinality(part) for role, part in self._parts()}
        super().__init__(source, name, digest, schema=self._find_schema(), profile=profile)

    def _parts(self) -> list[tuple[str, Any]]:
        return [(role, part) for role, part in zip(_ROLES, (self.data, self.targets), strict=True) if part is not None]

    def _find_schema(self) -> TensorDatasetSchema | None:
        try:
            schemas = {role: _schema(part) for role, part in self._parts()}
        except InvalidValue as problem:
            warn(f"The dataset has no schema: {problem}")
            return None
        return TensorDatasetSchema(**schemas)

    def _compute_digest(self) -> str:
        if not _is_dataset(self.data):
            return arrays_digest(*(part.numpy() for _, part in self._parts()))
        import tensorflow as tf

        hashes = []
        for _, part in self._parts():
            for element in part.as_numpy_iterator():
                flat = np.concatenate([_flat(leaf) for leaf in tf.nest.flatten(element)])
                hashes.append(array_hash(flat[:HASHED]))
        return md5_digest(hashes)

    def _schema_json(self) -> str | None:
        return None if self.schema is None else json.dumps(self.schema.to_dict())


def from_tensorflow(
    features: Any, source: Any = None, targets: Any = None, name: str | None = None, digest: str | None = None
) -> TensorFlowDataset:
    """A dataset of a ``tf.data.Dataset`` or a tensor.

    The digest looks at every element of a ``tf.data.Dataset``, so give one that is long or endless a ``digest``.

    source: a path, an address, or a source object; default the script. targets: of the same kind as the features.

    Raises:
        InvalidValue: it is neither, or targets are of the other kind. MissingPackage: TensorFlow is not installed.
    """
    try:
        import tensorflow as tf
    except ImportError:
        raise MissingPackage("Datasets of TensorFlow need: pip install tensorflow") from None
    for role, part in zip(_ROLES, (features, targets), strict=True):
        if not (_is_dataset(part) or tf.is_tensor(part) or (part is None and role == "targets")):
            raise InvalidValue(f"'{role}' must be a tf.data.Dataset or a tensor, not {type(part).__name__}.")
    if targets is not None and _is_dataset(features) != _is_dataset(targets):
        raise InvalidValue("'features' and 'targets' must both be datasets, or both be tensors.")
    return TensorFlowDataset(features, resolve_source(source), targets, name, digest)


def _flat(leaf: Any) -> Any:
    """The values of an array, or of a text, which TensorFlow gives as bytes."""
    return np.array([leaf], object) if isinstance(leaf, bytes) else leaf.flatten()


def _is_dataset(part: Any) -> bool:
    import tensorflow as tf

    return isinstance(part, tf.data.Dataset)


def _cardinality(part: Any) -> int:
    """The number of elements; -1 for no end and -2 for not known, as TensorFlow says it."""
    if _is_dataset(part):
        return int(part.cardinality().numpy())
    return int(part.numpy().size)


def _schema(part: Any) -> Schema:
    """The schema of a tensor, or of a dataset's first element."""
    if not _is_dataset(part):
        return infer_schema(part.numpy())
    first = next(part.as_numpy_iterator())
    if isinstance(first, tuple):
        first = {str(place): array for place, array in enumerate(first)}
    arrays = first.values() if isinstance(first, dict) else [first]
    if not all(isinstance(array, np.ndarray) for array in arrays):
        raise InvalidValue("only elements of plain tensors, tuples or dictionaries of them have one.")
    return infer_schema(first)
