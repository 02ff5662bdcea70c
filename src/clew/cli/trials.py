"""How far a search is: its trials by state, the best of them, the rate and what remains, as the server has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from clew.cli.lookup import experiment_ids, whole_id
from clew.client.link import Link, link_to
from clew.errors import NotFound
from clew.ids import now_ms
from clew.wire import native

if TYPE_CHECKING:
    from clew.client.api import ClewClient
    from clew.entities.run import Run

_GOALS: Final = {"value": False, "loss": False, "mean_test_score": True}
"""Metrics of trials that searches log, the likeliest first, and whether more of them is better."""
_WINDOW_MS: Final = 5 * 60_000
_ENDED: Final = ("FINISHED", "FAILED", "KILLED")


class Trial(NamedTuple):
    """A trial. value: of the goal metric, None where it has none. params: in the run's order."""

    run_id: str
    name: str
    status: str
    value: float | None
    params: dict[str, str]


class Progress(NamedTuple):
    """A search at a moment.

    run: the parent. states: how many children by status. pruned: of those that have finished.
    metric, maximize: the goal. best: the best trials, the first one best. planned: how many there shall be.
    rate: trials that ended per minute. left_ms: until the last one ends, at that rate.
    """

    run: Run
    states: dict[str, int]
    pruned: int
    metric: str
    maximize: bool
    best: list[Trial]
    planned: int | None
    rate: float | None
    left_ms: int | None

    @property
    def ended(self) -> int:
        """How many trials are over."""
        return sum(self.states.get(status, 0) for status in _ENDED)


def find_search(client: ClewClient, asked: str | None) -> str:
    """The id of the search: of the run whose id begins so, or the parent of the newest trial.

    Raises:
        NotFound: there is none. InvalidValue: it is no beginning of an id, or of several.
    """
    if asked is not None:
        return whole_id(client, asked)
    ids = experiment_ids(client, ())
    for key in ("trial.number", "mlflow.parentRunId"):
        found = client.search_runs(ids, f"tags.`{key}` IS NOT NULL", max_results=1, order_by=["start_time DESC"])
        parent = found[0].data.tags.get("mlflow.parentRunId") if found else None
        if parent:
            return parent
    raise NotFound("There is no search: no run has children. docs/hpo.md tells how searches are recorded.")


def look(client: ClewClient, run_id: str, metric: str | None, direction: str | None, top: int) -> Progress:
    """The search as it is now.

    metric, direction: None where they are to be found out.
    Cost: seven questions to the server, none of which lists all trials.
    """
    run = client.get_run(run_id)
    questions = _Questions(link_to(client.tracking_uri), run)
    goal = metric or _goal_of(client, questions)
    maximize = (direction or run.data.params.get("direction", "")) == "maximize" or (
        direction is None and "direction" not in run.data.params and _GOALS.get(goal, False)
    )
    states = {status: questions.count(f"status = '{status}'") for status in ("RUNNING", *_ENDED)}
    rate = _rate(questions, run, sum(states[status] for status in _ENDED))
    planned = _planned(run)
    missing = None if planned is None else planned - sum(states[status] for status in _ENDED)
    return Progress(
        run=run,
        states=states,
        pruned=questions.count("tags.`trial.state` = 'PRUNED'"),
        metric=goal,
        maximize=maximize,
        best=_best(client, questions, goal, maximize, top),
        planned=planned,
        rate=rate,
        left_ms=int(missing / rate * 60_000) if missing and missing > 0 and rate and not run.info.end_time else None,
    )


class _Questions:
    """Questions about the children of a run."""

    def __init__(self, link: Link, run: Run) -> None:
        self._link = link
        self.experiment_id = run.info.experiment_id
        self.children = f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"

    def count(self, condition: str) -> int:
        """How many children meet it."""
        query = native.QueryRuns(
            experiment_ids=[self.experiment_id], filter=f"{self.children} AND {condition}", max_results=1
        )
        return int(self._link.call("query_runs", query).total or 0)


def _goal_of(client: ClewClient, questions: _Questions) -> str:
    found = client.search_runs(
        [questions.experiment_id], f"{questions.children} AND status = 'FINISHED'", max_results=1
    )
    keys = set(found[0].data.metrics) if found else set()
    rest = sorted(key for key in keys if not key.startswith(("system/", "duration", "trial")))
    return next((key for key in _GOALS if key in keys), rest[0] if rest else "value")


def _best(client: ClewClient, questions: _Questions, metric: str, maximize: bool, top: int) -> list[Trial]:
    found = client.search_runs(
        [questions.experiment_id],
        f"{questions.children} AND status = 'FINISHED'",
        max_results=top,
        order_by=[f"metrics.`{metric}` {'DESC' if maximize else 'ASC'}"],
    )
    return [
        Trial(r.info.run_id, r.info.run_name, r.info.status.value, r.data.metrics.get(metric), dict(r.data.params))
        for r in found
    ]


def _rate(questions: _Questions, run: Run, ended: int) -> float | None:
    """Trials per minute: of the last five minutes while the search runs, else of all its time."""
    if run.info.end_time:
        span_ms = run.info.end_time - run.info.start_time
    else:
        span_ms = min(now_ms() - run.info.start_time, _WINDOW_MS)
        ended = questions.count(f"end_time > {now_ms() - span_ms}")
    return ended / span_ms * 60_000 if ended and span_ms > 0 else None


def _planned(run: Run) -> int | None:
    text = run.data.tags.get("trials.planned") or run.data.params.get("max_evals", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def plain(progress: Progress) -> dict[str, Any]:
    """What ``--json`` prints."""
    info = progress.run.info
    return {
        "run_id": info.run_id,
        "run_name": info.run_name,
        "experiment_id": info.experiment_id,
        "status": info.status.value,
        "trials": sum(progress.states.values()),
        "states": {status.lower(): count for status, count in progress.states.items()},
        "pruned": progress.pruned,
        "planned": progress.planned,
        "metric": progress.metric,
        "direction": "maximize" if progress.maximize else "minimize",
        "trials_per_minute": progress.rate,
        "remaining_ms": progress.left_ms,
        "best": [trial._asdict() for trial in progress.best],
    }
