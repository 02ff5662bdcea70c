"""Experiments: named folders of runs."""

from __future__ import annotations

import msgspec

from clew.entities.entity import Entity
from clew.entities.run import Stage


class Experiment(Entity, frozen=True, kw_only=True):
    """A named folder of runs; ``/`` in the name makes folders in the UI.

    experiment_id: a decimal integer as text; ``"0"`` is the built-in ``Default``.
    artifact_location: URI under which its runs' files lie.
    creation_time, last_update_time: milliseconds since 1970-01-01 UTC.
    """

    experiment_id: str
    name: str
    artifact_location: str
    lifecycle_stage: Stage = "active"
    creation_time: int = 0
    last_update_time: int = 0
    tags: dict[str, str] = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:
        from clew.entities import cards

        return cards.experiment_line(self)

    def _repr_html_(self) -> str:
        from clew.entities import cards

        return cards.experiment_card(self)


class ExperimentActivity(msgspec.Struct, frozen=True, kw_only=True):
    """Counts that the experiments page shows.

    runs, running, failed: active (not deleted) runs in all, and by status.
    last_activity: latest start or end of a run, milliseconds since 1970-01-01 UTC; None without runs.
    """

    experiment_id: str
    runs: int = 0
    running: int = 0
    failed: int = 0
    last_activity: int | None = None
