"""The fluent functions: ``start_run``, ``log_metric`` and the rest, with MLflow's names and signatures.

Log calls without an active run begin one. What the user got wrong raises at the call; what the
network, the server or the disk does never raises from a log call.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from clew.client import births, console, monitor
from clew.client.experiments import (
    client,
    create_experiment,
    delete_experiment,
    delete_experiment_tag,
    experiment_in_use,
    get_experiment,
    get_experiment_by_name,
    restore_experiment,
    search_experiments,
    set_experiment,
    set_experiment_tag,
    set_experiment_tags,
)
from clew.client.pages import all_pages
from clew.client.params import flat
from clew.client.session import Active, current_uri, session, stack_var
from clew.client.snapshot import Snapshot
from clew.client.source import context_tags
from clew.client.tables import Keys, runs_frame
from clew.client.values import dataset_fields, order_of, status_of, texts_of, view_of
from clew.entities.dataset import Dataset
from clew.entities.metric import Metric
from clew.entities.run import Run, RunStatus
from clew.errors import Conflict, InvalidValue
from clew.settings import read as read_settings

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ActiveRun",
    "active_or_begun",
    "active_run",
    "context_tags",
    "create_experiment",
    "delete_experiment",
    "delete_experiment_tag",
    "delete_run",
    "delete_tag",
    "end_run",
    "flush",
    "get_experiment",
    "get_experiment_by_name",
    "get_metric_histories",
    "get_metric_history",
    "get_parent_run",
    "get_registry_uri",
    "get_run",
    "get_tracking_uri",
    "is_tracking_uri_set",
    "last_active_run",
    "log_input",
    "log_inputs",
    "log_metric",
    "log_metrics",
    "log_outputs",
    "log_param",
    "log_params",
    "restore_experiment",
    "restore_run",
    "search_experiments",
    "search_runs",
    "set_experiment",
    "set_experiment_tag",
    "set_experiment_tags",
    "set_registry_uri",
    "set_tag",
    "set_tags",
    "set_tracking_uri",
    "start_run",
]

_SEARCH_PAGE = 1000


# -- where ----------------------------------------------------------------------------------


def set_tracking_uri(uri: str | os.PathLike[str]) -> None:
    """Choose the server or store for everything that begins from now on.

    uri: ``http(s)://…``, ``sqlite:///file.db``, ``postgresql://…``, a folder, or "" for the settings' choice.
    """
    session.tracking_uri = os.fspath(uri) or None
    session.experiment_id = session.experiment_name = None


def get_tracking_uri() -> str:
    """The tracking URI in use, in full form."""
    return session.link.uri


def is_tracking_uri_set() -> bool:
    """Whether a call or the environment chose a tracking URI."""
    return current_uri() is not None


def set_registry_uri(uri: str | os.PathLike[str]) -> None:
    """Choose the server or store of registered models; "" is that of the runs."""
    session.registry_uri = os.fspath(uri) or None


def get_registry_uri() -> str:
    """The address of registered models: as set by call or environment, else that of the runs."""
    return session.registry_uri or read_settings().registry_uri or get_tracking_uri()


# -- runs -----------------------------------------------------------------------------------


class ActiveRun(Run, frozen=True):
    """A run that log calls go to; as a context manager it ends with the block, FAILED after an exception."""

    def __enter__(self) -> ActiveRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        status = RunStatus.FINISHED if kind is None else RunStatus.FAILED
        active = session.pop(self.info.run_id)
        if active is not None:
            session.end(active, status.value)


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
    nested: inside the active run, which becomes the parent.
    Processes that torchrun, MPI or SLURM started together begin one run; ``CLEW_RANKS=0`` gives each its own.

    log_system_metrics: log the load of processor, memory, disk, network and graphics processors as ``system/…``.

    Raises:
        Conflict: a run is active already and ``nested`` is false, or the run or experiment is deleted.
        NotFound: there is no such run or experiment.
    """
    stack = session.stack()
    if stack and not nested:
        active_id = stack[-1].run.info.run_id
        raise Conflict(
            f"Run with UUID {active_id} is already active. To start a new run, first end the current run with "
            "clew.end_run(). To start a nested run, call start_run with nested=True"
        )
    link = session.link
    resumed = run_id or _run_of_environment(bool(stack))
    if resumed:
        run, log = births.resume(link, resumed, tags, description)
        if run_name and run_name != run.info.run_name:
            log.set_tags({"mlflow.runName": run_name})
    else:
        run, log = births.begin(
            link,
            experiment_id=experiment_id,
            run_name=run_name,
            parent_run_id=parent_run_id or (stack[-1].run.info.run_id if stack else None),
            tags=tags,
            description=description,
            ranked=None if stack or parent_run_id else session.ranks.next_run(link.uri),
        )
    active = Active(run, log, link)
    session.push(active)
    _accompany(active, log_system_metrics, source=not resumed and not stack)
    return _as_active(run)


def _accompany(active: Active, system_metrics: bool | None, *, source: bool) -> None:
    """Start what goes on beside a run.

    source: keep what its code was; the parent of a nested run has that already.
    """
    log, run = active.log, active.run
    if console.wanted():
        active.companions.append(console.Console(log))
    if source and not log.rank and read_settings().snapshot:
        active.companions.append(Snapshot(log, active.link.late))
    if monitor.wanted(system_metrics):
        steps = [m.step for m in run.data.latest if m.key.startswith("system/")]
        active.companions.append(monitor.Monitor(log, max(steps, default=-1) + 1))


def _as_active(run: Run) -> ActiveRun:
    return ActiveRun(info=run.info, data=run.data, inputs=run.inputs, outputs=run.outputs)


def _run_of_environment(nested: bool) -> str | None:
    """The run id that the environment gives to the first run of the process."""
    if nested or session.env_run_taken:
        return None
    found = read_settings().run_id
    session.env_run_taken = found is not None
    return found


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
    stack = session.stack()
    return _as_active(stack[-1].run) if stack else None


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


def search_runs(
    experiment_ids: Sequence[str] | str | None = None,
    filter_string: str = "",
    run_view_type: object = 1,
    max_results: int | None = 100_000,
    order_by: Sequence[str] | None = None,
    output_format: str = "pandas",
    search_all_experiments: bool = False,
    experiment_names: Sequence[str] | None = None,
    *,
    metric_keys: Sequence[str] | None = None,
    param_keys: Sequence[str] | None = None,
    tag_keys: Sequence[str] | None = None,
) -> pd.DataFrame | list[Run]:
    """Runs that match, as a pandas frame or a list.

    experiment_ids, experiment_names: where to look; default the experiment in use.
    max_results: at most so many runs; None for all.
    metric_keys, param_keys, tag_keys: which columns the frame has, in this order, whether any run has them or not;
        default all. Only these are read and sent by a Clew server; a list of runs always has everything.

    Raises:
        InvalidFilter: the filter cannot be read.
        InvalidValue: ids and names together, another format, or fewer than no results.
        MissingPackage: pandas is not installed.
    """
    if output_format not in ("pandas", "list"):
        raise InvalidValue(
            f"Unsupported output format: {output_format}. Supported string values are 'pandas' or 'list'"
        )
    if experiment_ids and experiment_names:
        raise InvalidValue("Only experiment_ids or experiment_names can be used, but not both")
    if max_results is not None and max_results < 0:
        raise InvalidValue(f"Invalid value {max_results} for parameter 'max_results': it must not be negative")
    view_of(run_view_type)
    ids = _where_to_search(experiment_ids, experiment_names, search_all_experiments)
    it, order = client(), order_of(order_by)
    keys = Keys(metric_keys, param_keys, tag_keys)
    if output_format == "pandas" and ids and max_results != 0:
        frame = it.find_runs_frame(ids, filter_string, run_view_type, max_results, order, keys)
        if frame is not None:
            return frame
    found = (
        all_pages(
            lambda count, token: it.search_runs(ids, filter_string, run_view_type, count, order, token),
            max_results,
            _SEARCH_PAGE,
        )
        if ids
        else []
    )
    return found if output_format == "list" else runs_frame(found, keys)


def _where_to_search(ids: Sequence[str] | str | None, names: Sequence[str] | None, everywhere: bool) -> list[str]:
    if ids:
        return texts_of(ids)
    if names:
        found = [get_experiment_by_name(name) for name in texts_of(names)]
        return [e.experiment_id for e in found if e is not None]
    if everywhere:
        return [e.experiment_id for e in search_experiments()]
    return [experiment_in_use()]


def get_metric_history(run_id: str, key: str) -> list[Metric]:
    """Every point of a metric."""
    return client().get_metric_history(run_id, key)


def get_metric_histories(
    run_ids: Sequence[str] | str,
    keys: Sequence[str] | str | None = None,
    *,
    start_step: int | None = None,
    end_step: int | None = None,
) -> pd.DataFrame:
    """Every point of metrics of runs as a long frame; see :meth:`ClewClient.get_metric_histories`."""
    return client().get_metric_histories(run_ids, keys, start_step=start_step, end_step=end_step)


def flush() -> bool:
    """Wait until the server has what this process logged; False when it has not within the time."""
    return session.link.flush()


# -- logging --------------------------------------------------------------------------------


def active_or_begun() -> Active:
    """The active run, begun if there is none."""
    stack = session.stack()
    if not stack:
        start_run()
        stack = session.stack()
    return stack[-1]


def log_metric(
    key: str,
    value: float,
    step: int | None = None,
    synchronous: bool | None = None,
    timestamp: int | None = None,
    run_id: str | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> None:
    """Log one point of a metric.

    step: default 0. timestamp: milliseconds since 1970, default now.
    synchronous: True waits until the server has it.
    model_id, dataset: what the value is bound to; the active model by default. The run is said to read that model.
    Cost: under a microsecond for a key that was logged before.

    Raises:
        InvalidValue: key, value, step or time breaks a rule.
    """
    if synchronous is None and timestamp is None and run_id is None and model_id is None and dataset is None:
        stack = stack_var.get()
        if stack and not session.binds_models:
            stack[-1].log_metric(key, value, 0 if step is None else step)
            return
    log_metrics({key: value}, step, synchronous, run_id, timestamp, model_id, dataset)


def log_metrics(
    metrics: Mapping[str, float],
    step: int | None = None,
    synchronous: bool | None = None,
    run_id: str | None = None,
    timestamp: int | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> None:
    """Log one point of each metric; see ``log_metric``.

    Raises:
        InvalidValue: a key or value breaks a rule; then nothing is logged.
    """
    context = None
    model_id = model_id or session.model_id()
    if model_id or dataset is not None:
        fields = {"name": "", "digest": ""} if dataset is None else dataset_fields(dataset)
        context = (model_id or "", fields["name"] or "", fields["digest"] or "")
    active = None if run_id is not None else active_or_begun()
    link = session.link if active is None else active.link
    log = link.run(str(run_id)) if active is None else active.log
    log.log_points(metrics, step, timestamp, context)
    if model_id:
        log.link_model(model_id)
    if synchronous:
        link.flush()


def log_param(key: str, value: Any, synchronous: bool | None = None) -> Any:
    """Log a param; the value as given.

    Raises:
        Conflict: the run has another value for it. InvalidValue: the key breaks a rule.
    """
    active = active_or_begun()
    active.log.log_params({key: value})
    if synchronous:
        active.link.flush()
    return value


def log_params(params: Any, synchronous: bool | None = None, run_id: str | None = None) -> None:
    """Log params; see ``log_param``.

    params: a mapping, a dataclass, or argparse's namespace; nested ones become dotted keys such as ``opt.lr``.
    """
    if run_id is not None:
        link, log = session.link, session.link.run(run_id)
    else:
        active = active_or_begun()
        link, log = active.link, active.log
    log.log_params(flat(params))
    if synchronous:
        link.flush()


def set_tag(key: str, value: Any, synchronous: bool | None = None) -> None:
    """Set a tag of the active run.

    Raises:
        InvalidValue: the key breaks a rule.
    """
    set_tags({key: value}, synchronous)


def set_tags(tags: Mapping[str, Any], synchronous: bool | None = None) -> None:
    """Set tags of the active run; see ``set_tag``."""
    active = active_or_begun()
    active.log.set_tags(tags)
    if synchronous:
        active.link.flush()


def delete_tag(key: str) -> None:
    """Delete a tag of the active run.

    Raises:
        NotFound: the run has no such tag.
    """
    client().delete_tag(active_or_begun().run.info.run_id, key)


def log_input(
    dataset: Any = None, context: str | None = None, tags: Mapping[str, str] | None = None, model: Any = None
) -> None:
    """Log that the active run reads a dataset or a logged model.

    context: what for, e.g. ``train``; kept as the tag ``mlflow.data.context``.
    """
    log = active_or_begun().log
    texts = {k: str(v) for k, v in (tags or {}).items()}
    if context is not None:
        texts["mlflow.data.context"] = context
    if dataset is not None:
        log.log_input(dataset_fields(dataset), texts, None)
    if model is not None:
        log.log_input(None, {}, model if isinstance(model, str) else model.model_id)


def log_inputs(
    datasets: Iterable[Any] | None = None,
    contexts: Sequence[str | None] | None = None,
    tags_list: Sequence[Mapping[str, str] | None] | None = None,
    models: Iterable[Any] | None = None,
) -> None:
    """Log that the active run reads datasets, each with its context and tags, and logged models.

    Raises:
        InvalidValue: the lists differ in length.
    """
    data: list[Dataset | Any] = list(datasets or ())
    words = list(contexts) if contexts is not None else [None] * len(data)
    tags = list(tags_list) if tags_list is not None else [None] * len(data)
    if not len(data) == len(words) == len(tags):
        raise InvalidValue("datasets, contexts and tags_list must have the same length.")
    for dataset, context, texts in zip(data, words, tags, strict=True):
        log_input(dataset, context, texts)
    for model in models or ():
        log_input(model=model)


def log_outputs(models: Iterable[Any]) -> None:
    """Log that the active run produced logged models: objects with ``model_id`` and ``step``."""
    log = active_or_begun().log
    for model in models:
        log.log_output(model.model_id, int(getattr(model, "step", 0) or 0))
