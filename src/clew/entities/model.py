"""Logged models: model directories that runs produced."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from clew.entities.entity import Entity
from clew.entities.metric import Metric


class LoggedModelStatus(StrEnum):
    """Whether the model's files are complete; the text is MLflow's."""

    UNSPECIFIED = "LOGGED_MODEL_STATUS_UNSPECIFIED"
    PENDING = "LOGGED_MODEL_PENDING"
    READY = "LOGGED_MODEL_READY"
    FAILED = "LOGGED_MODEL_UPLOAD_FAILED"


class LoggedModel(Entity, frozen=True, kw_only=True):
    """A model that a run logged.

    model_id: ``m-`` and 32 hex digits.
    creation_timestamp, last_updated_timestamp: milliseconds since 1970-01-01 UTC.
    metrics: latest value of each metric that was bound to this model.
    """

    model_id: str
    experiment_id: str
    name: str
    artifact_location: str
    creation_timestamp: int = 0
    last_updated_timestamp: int = 0
    model_type: str = ""
    source_run_id: str = ""
    status: LoggedModelStatus = LoggedModelStatus.PENDING
    status_message: str = ""
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    params: dict[str, str] = msgspec.field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()

    @property
    def model_uri(self) -> str:
        """``models:/<model_id>``, which every loader understands."""
        return f"models:/{self.model_id}"

    def __repr__(self) -> str:
        from clew.entities import cards

        return cards.model_line(self)

    def _repr_html_(self) -> str:
        from clew.entities import cards

        return cards.model_card(self)
