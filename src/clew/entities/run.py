"""Runs: one execution of training code, with what it was given and what it produced.

Attribute names follow MLflow's entities, because users' code reads them (``run.info.run_id``).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

import msgspec

from clew.entities.dataset import DatasetInput
from clew.entities.entity import Entity
from clew.entities.metric import Metric


class RunStatus(StrEnum):
    """Where a run stands; the text is MLflow's."""

    RUNNING = "RUNNING"
    SCHEDULED = "SCHEDULED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"

    @property
    def ended(self) -> bool:
        """Whether a run in this state is over."""
        return self not in (RunStatus.RUNNING, RunStatus.SCHEDULED)

    @staticmethod
    def to_string(status: RunStatus) -> str:
        """The status as text; here it is one already, in MLflow it is a number."""
        return RunStatus(status).value

    @staticmethod
    def from_string(status_str: str) -> RunStatus:
        """The status of this name."""
        return RunStatus(status_str)

    @staticmethod
    def is_terminated(status: RunStatus) -> bool:
        """Whether a run in this state is over."""
        return RunStatus(status).ended


Stage = Literal["active", "deleted"]
"""``deleted`` means in the trash: hidden, and restorable until purged."""

ViewType = Literal["ACTIVE_ONLY", "DELETED_ONLY", "ALL"]
"""Which lifecycle stages a search looks at."""


class RunInfo(Entity, frozen=True, kw_only=True):
    """Who, where, when of a run.

    run_id: 32 lower-case hex digits.
    start_time, end_time: milliseconds since 1970-01-01 UTC; end_time is None while it runs.
    artifact_uri: where its files lie.
    """

    run_id: str
    experiment_id: str
    run_name: str
    user_id: str = ""
    status: RunStatus = RunStatus.RUNNING
    start_time: int = 0
    end_time: int | None = None
    lifecycle_stage: Stage = "active"
    artifact_uri: str = ""


class RunData(Entity, frozen=True, kw_only=True):
    """The latest value of each metric, the params and the tags.

    latest: one full point per metric key, in key order; ``metrics`` are its values only.
    """

    metrics: dict[str, float] = msgspec.field(default_factory=dict)
    params: dict[str, str] = msgspec.field(default_factory=dict)
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    latest: tuple[Metric, ...] = ()

    def to_dictionary(self) -> dict[str, Any]:
        """Metrics, params and tags."""
        return {"metrics": dict(self.metrics), "params": dict(self.params), "tags": dict(self.tags)}


class ModelInput(Entity, frozen=True):
    """A logged model that a run read."""

    model_id: str


class ModelOutput(Entity, frozen=True):
    """A logged model that a run produced at a step."""

    model_id: str
    step: int = 0


class RunInputs(Entity, frozen=True, kw_only=True):
    """What a run read, in order of logging."""

    dataset_inputs: tuple[DatasetInput, ...] = ()
    model_inputs: tuple[ModelInput, ...] = ()


class RunOutputs(Entity, frozen=True, kw_only=True):
    """What a run produced, in order of logging."""

    model_outputs: tuple[ModelOutput, ...] = ()


class Run(Entity, frozen=True, kw_only=True):
    """A run with all that search and ``get_run`` return."""

    info: RunInfo
    data: RunData = RunData()
    inputs: RunInputs = RunInputs()
    outputs: RunOutputs = RunOutputs()

    def __repr__(self) -> str:
        from clew.entities import cards

        return cards.run_line(self)

    def _repr_html_(self) -> str:
        from clew.entities import cards

        return cards.run_card(self)
