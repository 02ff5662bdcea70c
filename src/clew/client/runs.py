"""The fluent functions on runs: begin, go on with, end, read, delete."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

from clew.client import births, carriage, cells, console, ending, monitor
from clew.client.active import Active
from clew.client.experiments import client
from clew.client.link import Link
from clew.client.notice import warn_once
from clew.client.outcome import outcome_of
from clew.client.runlog import RunLog
from clew.client.session import session
from clew.client.snapshot import Snapshot
from clew.client.source import NOTE
from clew.client.values import status_of
from clew.entities.run import Run
from clew.errors import Conflict
from clew.settings import read as read_settings
from clew.settings import take_run_id


class ActiveRun(Run, frozen=True):
    """A run that log calls go to.

    As a context manager it ends with the block, and runs that were begun inside it and are open end with it: FAILED
    after an exception, whose traceback is kept, and FINISHED after an exit with status 0.
    """

    def __enter__(self) -> ActiveRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        outcome = outcome_of(error)
        for active in session.take(self.info.run_id):
            session.end(active, outcome.status.value, outcome=outcome)


class LentRun(ActiveRun, frozen=True):
    """The run of a trial, lent to the objective that asked for one; it ends with the trial, not with the block."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


def start_run(
    run_id: str | None = None,
    experiment_id: str | None = None,
    run_name: str | None = None,
    nested: bool = False,
    parent_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    log_system_metrics: bool | None = None,
) -> ActiveRun:
    """A run that begins, or goes on, and ends with the ``with`` block around it or by ``end_run``.

    run_id: a run to go on with; ``CLEW_RUN_ID`` does the same for the first run of a script.
    nested: inside the active run, which becomes the parent; in a worker that is the run for which it works.
    parent_run_id: the parent, whatever run is active.
    Inside a run that autologging began, ``nested`` goes without saying; and inside a trial of a search, the first run
    without a name is the trial's own, which the search ends.
    Processes that torchrun, MPI or SLURM started together begin one run; ``CLEW_RANKS=0`` gives each its own.

    log_system_metrics: log the load of processor, memory, disk, network and graphics processors as ``system/…``.

    Raises:
        Conflict: a run is active already and ``nested`` is false, or the run or experiment is deleted.
        NotFound: there is no such run or experiment.
    """
    cells.end_leftovers()
    stack = session.standing()
    lent = bool(stack) and stack[-1].lent
    if lent == "trial" and not (run_id or experiment_id or run_name or parent_run_id):
        return _lend(stack[-1], tags, description)
    nested = nested or bool(lent)
    if stack and not stack[-1].guest and not nested:
        active_id = stack[-1].run.info.run_id
        raise Conflict(
            f"Run with UUID {active_id} is already active. To start a new run, first end the current run with "
            "clew.end_run(). To start a nested run, call start_run with nested=True"
        )
    link = session.link
    parent = parent_run_id or (_outer_run() if nested and not run_id else None)
    resumed = run_id or (None if parent or stack else take_run_id())
    if resumed:
        run, log = births.resume(link, resumed, tags, description)
        if run_name and run_name != run.info.run_name:
            log.set_tags({"mlflow.runName": run_name})
    else:
        run, log = births.begin(
            link,
            experiment_id=experiment_id,
            run_name=run_name,
            parent_run_id=parent,
            tags=tags,
            description=description,
            ranked=None if parent or stack else session.ranks.next_run(link.uri),
        )
    return _activate(run, log, link, log_system_metrics=log_system_metrics, source=not resumed and not parent)


def _lend(active: Active, tags: Mapping[str, Any] | None, description: str | None) -> ActiveRun:
    active.lent = "run"
    texts = {**(tags or {}), **({} if description is None else {NOTE: description})}
    if texts:
        active.log.set_tags(texts)
    run = active.run
    return LentRun(info=run.info, data=run.data, inputs=run.inputs, outputs=run.outputs)


def start_agreed(run_id: str, run_name: str | None, tags: Mapping[str, Any]) -> ActiveRun:
    """A run under an id that several processes agreed on: whoever comes first creates it.

    Raises:
        NotFound: it was deleted for good, or there is no such experiment. Conflict: the experiment is deleted.
    """
    link = session.link
    run, log = births.begin(
        link,
        experiment_id=None,
        run_name=run_name,
        parent_run_id=None,
        tags=tags,
        description=None,
        ranked=(run_id, None),
    )
    return _activate(run, log, link, log_system_metrics=None, source=True)


def _activate(run: Run, log: RunLog, link: Link, *, log_system_metrics: bool | None, source: bool) -> ActiveRun:
    unborn = "" if run.info.experiment_id else births.choose_experiment(link)[1] or ""
    active = Active(run, log, link, experiment_name=unborn)
    session.push(active)
    cells.note_run(run.info.run_id)
    ending.hook()
    _accompany(active, log_system_metrics, source=source)
    return _as_active(run)


def _accompany(active: Active, system_metrics: bool | None, *, source: bool) -> None:
    """Start what goes on beside a run.

    source: keep what its code was; the parent of a nested run has that already.
    """
    log, run = active.log, active.run
    if console.wanted():
        active.companions.append(console.Console(log))
    if source and not log.rank and read_settings().snapshot:
        active.companions.append(Snapshot(log, active.link.wait_later))
    if monitor.wanted(system_metrics):
        steps = [m.step for m in run.data.latest if m.key.startswith("system/")]
        active.companions.append(monitor.Monitor(log, max(steps, default=-1) + 1))
    made = (make(active) for make in session.companion_makers)
    active.companions += [companion for companion in made if companion is not None]


def _as_active(run: Run) -> ActiveRun:
    return ActiveRun(info=run.info, data=run.data, inputs=run.inputs, outputs=run.outputs)


def _outer_run() -> str | None:
    """The run inside which a nested run begins."""
    outer = session.innermost()
    if outer is not None:
        return outer.log.run_id
    warn_once(
        "no-parent",
        "start_run(nested=True) found no run to begin inside of, so this run has no parent. A worker is told of the "
        "run by clew.run_context(); see docs/logging.md.",
    )
    return None


def end_run(status: str = "FINISHED") -> None:
    """End the active run, if there is one.

    status: FINISHED, FAILED or KILLED.

    Raises:
        InvalidValue: no such status.
    """
    wanted = status_of(status)
    active = session.pop()
    if active is not None:
        session.end(active, wanted.value)


def active_run() -> ActiveRun | None:
    """The active run as it was when it began, or None."""
    active = session.innermost()
    return _as_active(active.run) if active is not None else None


def last_active_run() -> Run | None:
    """The run that began last in this process, as the server has it now; None if there was none."""
    return get_run(session.last_run_id) if session.last_run_id else None


def get_run(run_id: str) -> Run:
    """A run with all that is known of it; waits until what this process logged has arrived.

    Raises:
        NotFound: there is none.
    """
    return client().get_run(run_id)


def get_parent_run(run_id: str) -> Run | None:
    """The run inside which this one was started, or None."""
    return client().get_parent_run(run_id)


def delete_run(run_id: str) -> None:
    """Put a run into the trash."""
    client().delete_run(run_id)


def restore_run(run_id: str) -> None:
    """Take a run out of the trash."""
    client().restore_run(run_id)


def active_or_begun() -> Active:
    """The active run, begun if there is none."""
    found = session.innermost() or session.followed()
    if found is None:
        with session.beginning:
            found = session.innermost() or _begun()
    elif found.guest:
        ending.hook()
    return found


def _begun() -> Active:
    """A run for all threads of this process."""
    if carriage.is_worker():
        warn_once(
            "worker-run",
            "A process of a pool logs without a run, so it begins one of its own. It is told of a run by "
            "clew.run_context(); see docs/logging.md.",
        )
    start_run()
    active = session.stack()[-1]
    session.share(active)
    return active
