"""Datasets: data that a run read, named by content."""

from __future__ import annotations

import msgspec

from clew.entities.entity import Entity


class Dataset(Entity, frozen=True):
    """A dataset as logged; identity inside an experiment is (name, digest).

    digest: up to 36 characters that change when the data change.
    source_type, source: where it came from, e.g. ``local`` and a JSON text with the path.
    schema, profile: JSON texts, or None.
    """

    name: str
    digest: str
    source_type: str = ""
    source: str = ""
    schema: str | None = None
    profile: str | None = None


class DatasetInput(Entity, frozen=True):
    """One use of a dataset by a run; the tag ``mlflow.data.context`` says for what."""

    dataset: Dataset
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class DatasetSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A distinct (experiment, dataset, context) for pick lists."""

    experiment_id: str
    name: str
    digest: str
    context: str | None = None
