"""``GET /api/clew/v1/changes``: which runs changed since a position."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clew.server.events import read_position
from clew.storage import changes as stored
from clew.storage import experiments
from clew.storage.engine import Tx
from clew.wire.changes import Changes, ChangesResponse


def changes(tx: Tx, request: Changes) -> ChangesResponse:
    """The runs of an experiment that changed, newest first; none is ever left out, some may come twice."""
    number = int(experiments.get_experiment(tx, request.experiment_id).experiment_id)
    since = read_position(request.since or "")
    if since is None:
        return ChangesResponse(rev=str(tx.change()), run_ids=[], more=False)
    found = stored.changed_runs(tx, number, since)
    return ChangesResponse(rev=str(found.rev), run_ids=found.ids, more=found.more)


WRITES: tuple[Callable[..., Any], ...] = ()
READS: tuple[Callable[..., Any], ...] = (changes,)
SEARCHES: tuple[Callable[..., Any], ...] = ()
CALLS: tuple[Callable[..., Any], ...] = ()
