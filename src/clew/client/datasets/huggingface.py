"""Datasets of the package ``datasets``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clew.client.datasets.dataset import Dataset, columns_of
from clew.client.datasets.digests import HASHED, frame_digest
from clew.client.datasets.sources import DatasetSource, HuggingFaceDatasetSource, resolve_source
from clew.errors import InvalidValue


class HuggingFaceDataset(Dataset):
    """A ``datasets.Dataset``.

    ds: the dataset. targets: name of a column.
    """

    def __init__(
        self, ds: Any, source: DatasetSource, targets: str | None, name: str | None, digest: str | None
    ) -> None:
        self.ds = ds
        self.targets = targets
        self._head = ds.select(range(min(HASHED, len(ds)))).to_pandas()
        profile = {name: getattr(ds, name) for name in ("num_rows", "dataset_size", "size_in_bytes")}
        super().__init__(source, name, digest, schema=columns_of(self._head), profile=profile)

    def _compute_digest(self) -> str:
        return frame_digest(self._head)


def from_huggingface(
    ds: Any,
    path: str | None = None,
    targets: str | None = None,
    data_dir: str | None = None,
    data_files: str | Sequence[str] | Mapping[str, Any] | None = None,
    revision: Any = None,
    name: str | None = None,
    digest: str | None = None,
    trust_remote_code: bool | None = None,
    source: Any = None,
) -> HuggingFaceDataset:
    """A dataset of the package ``datasets``.

    path: its name on the hub, by which it can be loaded again. source: wins over ``path``.
    targets: name of a column.

    Raises:
        InvalidValue: no ``datasets.Dataset``, or no such column.
    """
    del trust_remote_code  # nothing is loaded here
    if not (hasattr(ds, "column_names") and hasattr(ds, "select") and hasattr(ds, "to_pandas")):
        raise InvalidValue(f"from_huggingface takes a datasets.Dataset, not {type(ds).__name__}; choose a split.")
    if targets is not None and targets not in ds.column_names:
        raise InvalidValue(f"The dataset has no column {targets!r}.")
    if source is None and path is not None:
        source = HuggingFaceDatasetSource(path, ds.config_name, data_dir, data_files, ds.split, revision)
    return HuggingFaceDataset(ds, resolve_source(source), targets, name, digest)
