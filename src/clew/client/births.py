"""How runs begin: on the server where it answers, else in the journal (decision 5)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from clew import settings
from clew.client.active import Active
from clew.client.failure import FAILED_TAG, KILLED_TAG
from clew.client.link import Link
from clew.client.runlog import RunLog
from clew.client.session import session
from clew.client.source import NOTE, PARENT, RUN_NAME, USER, context_tags, user_name
from clew.entities.experiment import Experiment
from clew.entities.names import legible
from clew.entities.run import Run, RunData, RunInfo, RunStatus
from clew.errors import AlreadyExists, Conflict, InvalidValue, NotFound
from clew.ids import new_id, new_name, now_ms
from clew.wire import convert, mlflow, native

DEFAULT_ID = "0"
RUN_ID_TAG = "clew.run_id"
_JOIN_S = 10.0
_LOOK_S = 0.2


def begin(
    link: Link,
    *,
    experiment_id: str | None,
    run_name: str | None,
    parent_run_id: str | None,
    tags: Mapping[str, Any] | None,
    description: str | None,
    ranked: tuple[str, int | None] | None = None,
) -> tuple[Run, RunLog]:
    """A new run: created by one call while the server answers, else by a record in the journal.

    ranked: (run id, rank or None) where several processes begin one run together: whoever comes first creates it.

    Raises:
        NotFound: there is no such experiment. Conflict: it is deleted. InvalidValue: a tag breaks a rule.
    """
    given = {k: legible(str(v)) for k, v in (tags or {}).items()}
    name = legible(run_name or given.get(RUN_NAME) or new_name())
    texts = {**{k: legible(v) for k, v in context_tags().items()}, **session.place.source, **given}
    if parent_run_id:
        texts[PARENT] = parent_run_id
    if description is not None:
        if given.get(NOTE, description) != description:
            raise InvalidValue(f"The description is given twice: as argument and as the tag {NOTE!r}.")
        texts[NOTE] = description
    birth = _Birth(link, experiment_id, name, texts, ranked[0] if ranked else None)
    rank = ranked[1] if ranked else None
    run = birth.join(rank) if ranked and link.kind == "mlflow" else birth.create()
    if run is not None:
        if ranked and not rank and run.info.status is not RunStatus.RUNNING:  # the launch began anew
            link.attempt("update_run", mlflow.UpdateRun(run_id=run.info.run_id, status=RunStatus.RUNNING))
        log = link.adopt(run.info.run_id, rank)
        log.artifact_uri, log.experiment_id = run.info.artifact_uri, run.info.experiment_id
        log.params.update(run.data.params)
        return run, log
    log = link.adopt(birth.run_id, rank)
    birth.tags = log.fit_tags({**texts, RUN_NAME: name})
    log.start(birth.record(parent_run_id))
    return birth.run(), log


def begin_unseen(link: Link, *, outer: Active, run_name: str, tags: Mapping[str, Any], start_ms: int) -> RunLog:
    """The log of a new child of ``outer`` that is over when it is written down: the journal alone begins it.

    Cost: no call to the server. Its owner ends it by ``RunLog.end``.
    """
    texts = {**{k: legible(v) for k, v in context_tags().items()}, **session.place.source}
    texts |= {**{k: legible(str(v)) for k, v in tags.items()}, PARENT: outer.log.run_id}
    info = outer.run.info
    birth = _Birth(link, info.experiment_id or None, legible(run_name), texts, None)
    if not info.experiment_id and outer.experiment_name:
        birth.experiment = outer.experiment_name
    birth.start_ms = start_ms
    log = link.adopt(birth.run_id)
    birth.tags = log.fit_tags({**texts, RUN_NAME: birth.name})
    log.start(birth.record(outer.log.run_id))
    return log


class _Birth:
    """A run on its way: the same id whether the server or the journal hears of it first."""

    def __init__(
        self, link: Link, experiment_id: str | None, name: str, tags: dict[str, str], run_id: str | None
    ) -> None:
        self.link = link
        self.run_id = run_id or new_id()
        self.name = name
        self.tags = tags
        self.user = tags[USER]
        self.start_ms = now_ms()
        self.experiment: str | None = None
        self.experiment_id = experiment_id
        if experiment_id is None:
            self.experiment_id, self.experiment = choose_experiment(link)

    def create(self) -> Run | None:
        """The run as the server made it, None while the server is away."""
        if self.link.kind == "mlflow":
            created = mlflow.CreateRun(
                experiment_id=self.experiment_id or DEFAULT_ID,
                user_id=self.user,
                run_name=self.name,
                start_time=self.start_ms,
                # should the answer get lost, the shipper finds the run by this tag
                tags=convert.key_values({**self.tags, RUN_ID_TAG: self.run_id}),
            )
            response = self.link.attempt("create_run", created)
        else:
            by_name = self.experiment if not self.experiment_id else None
            request = native.StartRun(
                run_id=self.run_id,
                experiment_id=None if by_name else self.experiment_id or DEFAULT_ID,
                experiment_name=by_name,
                run_name=self.name,
                user_id=self.user,
                start_time=self.start_ms,
                tags=convert.key_values(self.tags),
            )
            response = self.link.attempt("start_run", request)
        return None if response is None else convert.run_entity(response.run)

    def join(self, rank: int | None) -> Run | None:
        """The run of a launch on a server that chooses ids itself: created by rank 0, found by the others.

        Waits up to 10 s for rank 0. None while the server is away, or rank 0 does not come.
        """
        found = self._find()
        if not rank:
            return found or self.create()
        deadline = time.monotonic() + _JOIN_S
        while found is None and not self.link.away and time.monotonic() < deadline:
            time.sleep(_LOOK_S)
            found = self._find()
        return found

    def _find(self) -> Run | None:
        query = mlflow.SearchRuns(
            experiment_ids=[self.experiment_id or DEFAULT_ID],
            filter=f"tags.`{RUN_ID_TAG}` = '{self.run_id}'",
            max_results=1,
        )
        response = self.link.attempt("search_runs", query)
        return convert.run_entity(response.runs[0]) if response is not None and response.runs else None

    def record(self, parent_run_id: str | None) -> dict[str, Any]:
        """The run as the journal tells of it."""
        return {
            "experiment": self.experiment or "",
            "experiment_id": "" if self.experiment else self.experiment_id or "",
            "name": self.name,
            "tags": self.tags,
            "parent": parent_run_id,
            "start_ms": self.start_ms,
            "user": self.user,
        }

    def run(self) -> Run:
        """The run as far as it is known without the server."""
        info = RunInfo(
            run_id=self.run_id,
            experiment_id=self.experiment_id or "",
            run_name=self.name,
            user_id=self.user,
            start_time=self.start_ms,
        )
        return Run(info=info, data=RunData(tags=self.tags))


def resume(link: Link, run_id: str, tags: Mapping[str, Any] | None, description: str | None) -> tuple[Run, RunLog]:
    """A run that exists, running again; while the server is away it is taken on trust.

    Raises:
        NotFound: there is no such run. Conflict: it is deleted.
    """
    link.flush()
    response = link.attempt("get_run", mlflow.GetRun(run_id=run_id))
    if response is None:
        run = Run(info=RunInfo(run_id=run_id, experiment_id="", run_name="", start_time=now_ms()))
    else:
        run = convert.run_entity(response.run)
        if run.info.lifecycle_stage != "active":
            raise Conflict(f"Cannot start run with ID {run_id} because it is in the deleted state; restore it first.")
        if run.info.status is not RunStatus.RUNNING:
            link.attempt("update_run", mlflow.UpdateRun(run_id=run_id, status=RunStatus.RUNNING))
            _forget_end(link, run)
    old = link.runs.get(run_id)
    if old is not None:
        old.journal.close()
    log = link.adopt(run_id)
    log.params.update(run.data.params)
    log.artifact_uri, log.experiment_id = run.info.artifact_uri, run.info.experiment_id
    if response is None:
        _resume_unseen(link, log, run.info.start_time)
    more = {k: str(v) for k, v in (tags or {}).items()}
    if description is not None:
        more[NOTE] = description
    if more:
        log.set_tags(more)
    return run, log


def _resume_unseen(link: Link, log: RunLog, start_ms: int) -> None:
    """Let the journal begin the run in case nobody has: its first session may be sent later, or never."""
    experiment_id, experiment = choose_experiment(link)
    log.start(
        {
            "experiment": experiment or "",
            "experiment_id": "" if experiment else experiment_id or "",
            "name": "",
            "tags": {},
            "parent": None,
            "start_ms": start_ms,
            "user": user_name(),
            "resumed": True,
        }
    )


def _forget_end(link: Link, run: Run) -> None:
    """A run that goes on has neither failed nor been killed."""
    for key in {FAILED_TAG, KILLED_TAG} & run.data.tags.keys():
        try:
            link.attempt("delete_tag", mlflow.DeleteTag(run_id=run.info.run_id, key=key))
        except NotFound:
            pass  # the server took a run for dead, and takes that back itself


def choose_experiment(link: Link) -> tuple[str | None, str | None]:
    """(id, name) of the experiment for new runs, either of which may be unknown: set, of the settings, or Default."""
    if session.experiment_id or session.experiment_name:
        return session.experiment_id or None, session.experiment_name
    values = settings.read()
    if values.experiment_id:
        return values.experiment_id, None
    if values.experiment_name:
        if link.kind == "mlflow":
            return find_or_create(link, values.experiment_name).experiment_id, values.experiment_name
        return None, values.experiment_name
    return None, None


def find(link: Link, experiment_id: str) -> Experiment:
    """The experiment of this id, with an empty name while the server is away.

    Raises:
        NotFound: there is none.
    """
    response = link.attempt("get_experiment", mlflow.ExperimentById(experiment_id=experiment_id))
    if response is None:
        return Experiment(experiment_id=experiment_id, name="", artifact_location="")
    return convert.experiment_entity(response.experiment)


def find_or_create(link: Link, name: str) -> Experiment:
    """The experiment of this name, created if absent; with an empty id while the server is away.

    Raises:
        Conflict: it is in the trash.
    """
    try:
        response = link.attempt("get_experiment_by_name", mlflow.ExperimentByName(experiment_name=name))
    except NotFound:
        response = _create_experiment(link, name)
    if response is None:
        return Experiment(experiment_id="", name=name, artifact_location="")
    found = convert.experiment_entity(response.experiment)
    if found.lifecycle_stage != "active":
        raise Conflict(
            f"Cannot set a deleted experiment {name!r} as the active experiment. You can restore the experiment, "
            "or permanently delete the experiment to create a new one."
        )
    return found


def _create_experiment(link: Link, name: str) -> Any:
    try:
        link.attempt("create_experiment", mlflow.CreateExperiment(name=name))
    except AlreadyExists:
        pass  # another process was quicker
    return link.attempt("get_experiment_by_name", mlflow.ExperimentByName(experiment_name=name))
