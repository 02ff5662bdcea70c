"""MLflow's tracking calls: one function per route, named after it (see ``dispatch`` for the kinds)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from clew.entities import names
from clew.entities.names import MAX_ARTIFACT_LOCATION, MAX_EXPERIMENT_NAME, MAX_EXPERIMENT_TAG_VALUE
from clew.entities.run import Run
from clew.errors import InvalidValue, NotFound
from clew.server import actor, batches, history, listing, loggedmodels, taglists
from clew.server.context import Site
from clew.storage import audit, experiments, inputs, metrics, runs, search
from clew.storage.engine import Tx, WriteTx
from clew.wire import convert, mlflow
from clew.wire.mlflow import Empty

Job = Callable[[WriteTx], mlflow.Message]

RUN_NAME_TAG = "mlflow.runName"
MODEL_HISTORY_TAG = "mlflow.log-model.history"
_MODEL_FIELDS = ("artifact_path", "flavors", "utc_time_created", "run_id")
MAX_RESULTS = 50_000
DEFAULT_RESULTS = 1000
_NOTHING = Empty()


# --- experiments ------------------------------------------------------------------------------


def create_experiment(_site: Site, request: mlflow.CreateExperiment) -> Job:
    """A new experiment; duplicate tag keys: the last wins."""
    names.check_length("name", request.name, MAX_EXPERIMENT_NAME)
    location = request.artifact_location or None
    if location:
        names.check_length("artifact_location", location, MAX_ARTIFACT_LOCATION)
        if "?" in location or "#" in location:
            raise InvalidValue("'artifact_location' URL can't include fragments or params.")
    tags = {}
    for i, tag in enumerate(request.tags):
        names.check_key(tag.key, f"tags[{i}].key")
        names.check_length("value", tag.value, MAX_EXPERIMENT_TAG_VALUE)
        tags[tag.key] = tag.value

    def job(tx: WriteTx) -> mlflow.CreateExperimentResponse:
        number = experiments.create_experiment(tx, request.name, artifact_location=location, tags=tags)
        return mlflow.CreateExperimentResponse(experiment_id=number)

    return job


def get_experiment(tx: Tx, request: mlflow.ExperimentById) -> mlflow.ExperimentResponse:
    """The experiment, be it in the trash."""
    found = experiments.get_experiment(tx, request.experiment_id)
    return mlflow.ExperimentResponse(experiment=convert.experiment_message(found))


def get_experiment_by_name(tx: Tx, request: mlflow.ExperimentByName) -> mlflow.ExperimentResponse:
    """The experiment of this name, be it in the trash."""
    found = experiments.find_experiment(tx, request.experiment_name)
    if found is None:
        raise NotFound(f"Could not find experiment with name '{request.experiment_name}'")
    return mlflow.ExperimentResponse(experiment=convert.experiment_message(found))


def search_experiments(tx: Tx, request: mlflow.SearchExperiments) -> mlflow.SearchExperimentsResponse:
    """A page of experiments."""
    page = search.search_experiments(
        tx,
        filter=request.filter or "",
        order_by=request.order_by,
        view=request.view_type or "ACTIVE_ONLY",
        max_results=check_max_results(request.max_results, DEFAULT_RESULTS),
        page_token=request.page_token or None,
    )
    return mlflow.SearchExperimentsResponse(
        experiments=[convert.experiment_message(e) for e in page.items], next_page_token=page.token
    )


def update_experiment(_site: Site, request: mlflow.UpdateExperiment) -> Job:
    """Rename."""
    names.check_length("new_name", request.new_name, MAX_EXPERIMENT_NAME)

    def job(tx: WriteTx) -> Empty:
        experiments.rename_experiment(tx, request.experiment_id, request.new_name)
        return Empty()

    return job


def delete_experiment(_site: Site, request: mlflow.ExperimentById) -> Job:
    """Into the trash, with its runs."""
    return _audited("delete", "experiment", request.experiment_id, experiments.delete_experiment)


def restore_experiment(_site: Site, request: mlflow.ExperimentById) -> Job:
    """Out of the trash, with its runs."""
    return _audited("restore", "experiment", request.experiment_id, experiments.restore_experiment)


def set_experiment_tag(_site: Site, request: mlflow.SetExperimentTag) -> Job:
    """Set or overwrite a tag."""
    names.check_key(request.key, "key")
    names.check_length("value", request.value, MAX_EXPERIMENT_TAG_VALUE)
    return _silent(lambda tx: experiments.set_experiment_tag(tx, request.experiment_id, request.key, request.value))


def delete_experiment_tag(_site: Site, request: mlflow.DeleteExperimentTag) -> Job:
    """Remove a tag."""
    return _silent(lambda tx: experiments.delete_experiment_tag(tx, request.experiment_id, request.key))


def search_datasets(tx: Tx, request: mlflow.SearchDatasets) -> mlflow.SearchDatasetsResponse:
    """Distinct datasets of up to 20 experiments."""
    count = len(request.experiment_ids)
    if not count:
        raise InvalidValue("SearchDatasets request must specify at least one experiment_id.")
    if count > 20:
        raise InvalidValue(
            f"SearchDatasets request cannot specify more than 20 experiment_ids. Received {count} experiment_ids."
        )
    found = inputs.search_datasets(tx, request.experiment_ids)
    return mlflow.SearchDatasetsResponse(dataset_summaries=[convert.dataset_summary_message(s) for s in found])


# --- runs -------------------------------------------------------------------------------------


def create_run(site: Site, request: mlflow.CreateRun) -> Job:
    """A new run; without an experiment id it goes to experiment 0."""
    tags = batches.check_tags(request.tags, site.truncate)
    name = agreed_name(request.run_name, tags)

    def job(tx: WriteTx) -> mlflow.RunResponse:
        run = runs.create_run(
            tx,
            experiment_id=request.experiment_id or "0",
            run_name=name,
            user_id=request.user_id or "",
            start_ms=request.start_time or 0,
            tags=tags,
        )
        return mlflow.RunResponse(run=convert.run_message(run))

    return job


def get_run(tx: Tx, request: mlflow.GetRun) -> mlflow.RunResponse:
    """A run with its data, inputs and outputs, be it in the trash."""
    return mlflow.RunResponse(run=convert.run_message(runs.get_run(tx, request.run_id)))


def update_run(_site: Site, request: mlflow.UpdateRun) -> Job:
    """Change what is present: status, end time, name."""
    if request.run_name:
        names.check_length("run_name", request.run_name, names.MAX_TAG_VALUE)

    def job(tx: WriteTx) -> mlflow.UpdateRunResponse:
        info = runs.update_run(
            tx, request.run_id, status=request.status, end_ms=request.end_time, name=request.run_name or None
        )
        return mlflow.UpdateRunResponse(run_info=convert.run_info_message(info))

    return job


def delete_run(_site: Site, request: mlflow.RunById) -> Job:
    """Into the trash."""
    return _audited("delete", "run", request.run_id, runs.delete_run)


def restore_run(_site: Site, request: mlflow.RunById) -> Job:
    """Out of the trash."""
    return _audited("restore", "run", request.run_id, runs.restore_run)


def log_metric(_site: Site, request: mlflow.LogMetric) -> Job:
    """One metric point."""
    bound = batches.check_point(request)

    def job(tx: WriteTx) -> Empty:
        metrics.log_point(tx, request.run_id, request.key, request.step, request.timestamp, request.value, bound)
        return _NOTHING

    return job


def log_parameter(site: Site, request: mlflow.LogParameter) -> Job:
    """One param; the same value again is no error."""
    params = batches.check_params([request], site.truncate, "")
    return _silent(lambda tx: runs.log_params(tx, request.run_id, params))


def set_tag(site: Site, request: mlflow.SetTag) -> Job:
    """Set or overwrite a tag."""
    tags = batches.check_tags([request], site.truncate, "")
    return _silent(lambda tx: runs.set_tags(tx, request.run_id, tags))


def delete_tag(_site: Site, request: mlflow.DeleteTag) -> Job:
    """Remove a tag."""
    return _silent(lambda tx: runs.delete_tag(tx, request.run_id, request.key))


def log_batch(site: Site, request: mlflow.LogBatch) -> Job:
    """Metrics, params and tags in one transaction: all of it or nothing."""
    names.check_batch(len(request.metrics), len(request.params), len(request.tags))
    points = batches.columns_of(request.metrics) if request.metrics else None
    params = batches.check_params(request.params, site.truncate, "params")
    tags = batches.check_tags(request.tags, site.truncate)

    def job(tx: WriteTx) -> Empty:
        if params:
            runs.log_params(tx, request.run_id, params)
        if points is not None:
            metrics.log_points(tx, request.run_id, points)
        if tags or not (params or points):
            runs.set_tags(tx, request.run_id, tags)
        return Empty()

    return job


def log_model(_site: Site, request: mlflow.LogModel) -> Job:
    """Append a model's description to the run's list of models."""
    try:
        described = json.loads(request.model_json)
        entry = json.dumps(described)
    except (ValueError, RecursionError) as e:
        raise InvalidValue(f"Malformed model info. \n {request.model_json[:1000]} \n is not valid JSON: {e}") from None
    missing = {f for f in _MODEL_FIELDS if not isinstance(described, dict) or f not in described}
    if missing:
        raise InvalidValue(f"Model json is missing mandatory fields: {missing}")

    def job(tx: WriteTx) -> Empty:
        runs.lock_run(tx, request.run_id)
        known = runs.get_run(tx, request.run_id).data.tags.get(MODEL_HISTORY_TAG, "")
        before = known.strip()[1:-1] + ", " if taglists.read(known) else ""
        runs.set_tags(tx, request.run_id, {MODEL_HISTORY_TAG: f"[{before}{entry}]"})
        return Empty()

    return job


def log_inputs(_site: Site, request: mlflow.LogInputs) -> Job:
    """Datasets and models that the run read."""
    datasets = [convert.dataset_input_entity(d) for d in request.datasets]
    for i, item in enumerate(datasets):
        batches.check_dataset(item, f"datasets[{i}]")
    models = [m.model_id for m in request.models]
    return _silent(lambda tx: inputs.log_inputs(tx, request.run_id, datasets, models))


def log_outputs(_site: Site, request: mlflow.LogOutputs) -> Job:
    """Models that the run produced."""
    outputs = [convert.model_output_entity(m) for m in request.models]
    return _silent(lambda tx: inputs.log_outputs(tx, request.run_id, outputs))


def search_runs(tx: Tx, request: mlflow.SearchRuns) -> mlflow.SearchRunsResponse:
    """A page of runs; unknown experiments are passed over."""
    max_results = check_max_results(request.max_results, DEFAULT_RESULTS)
    if not request.experiment_ids:
        return mlflow.SearchRunsResponse()
    page = search.search_runs(
        tx,
        request.experiment_ids,
        filter=request.filter or "",
        order_by=request.order_by,
        view=request.run_view_type or "ACTIVE_ONLY",
        max_results=max_results,
        page_token=request.page_token or None,
    )
    found: Sequence[Run] = runs.hydrate(tx, list(page.items))
    return mlflow.SearchRunsResponse(runs=[convert.run_message(r) for r in found], next_page_token=page.token)


# --- shared -----------------------------------------------------------------------------------


def check_max_results(value: int | None, default: int, most: int = MAX_RESULTS) -> int:
    """The page size asked for, or the default.

    Raises:
        InvalidValue: not between 1 and ``most``.
    """
    if value is None:
        return default
    if value < 1:
        raise InvalidValue(f"Invalid value {value} for parameter 'max_results' supplied. It must be a positive integer")
    if value > most:
        raise InvalidValue(f"Invalid value {value} for parameter 'max_results' supplied. It must be at most {most}")
    return value


def agreed_name(run_name: str | None, tags: dict[str, str]) -> str | None:
    """The run's name as argument and tag ``mlflow.runName`` give it; None if neither does.

    Raises:
        InvalidValue: they differ.
    """
    tagged = tags.get(RUN_NAME_TAG)
    if run_name and tagged and run_name != tagged:
        raise InvalidValue(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values "
            f"(run_name='{run_name}', mlflow.runName='{tagged}')."
        )
    name = run_name or tagged or None
    if name:
        names.check_length("run_name", name, names.MAX_TAG_VALUE)
    return name


def _silent(action: Callable[[WriteTx], Any]) -> Job:
    """A job that answers ``{}``."""

    def job(tx: WriteTx) -> Empty:
        action(tx)
        return _NOTHING

    return job


def _audited(action: str, entity: str, entity_id: str, act: Callable[[WriteTx, str], bool | None]) -> Job:
    """A job that answers ``{}`` and leaves an audit row, unless ``act`` says False: nothing had to be done."""
    who = actor.asking()

    def job(tx: WriteTx) -> Empty:
        if act(tx, entity_id) is not False:
            audit.record(tx, who, action, entity, entity_id)
        return _NOTHING

    return job


WRITES: tuple[Callable[..., Any], ...] = (
    create_experiment,
    update_experiment,
    delete_experiment,
    restore_experiment,
    set_experiment_tag,
    delete_experiment_tag,
    create_run,
    update_run,
    delete_run,
    restore_run,
    log_metric,
    log_parameter,
    set_tag,
    delete_tag,
    log_batch,
    log_model,
    log_inputs,
    log_outputs,
    *loggedmodels.WRITES,
)
READS: tuple[Callable[..., Any], ...] = (get_experiment, get_experiment_by_name, get_run, *loggedmodels.READS)
SEARCHES: tuple[Callable[..., Any], ...] = (
    search_experiments,
    search_runs,
    search_datasets,
    *history.SEARCHES,
    *loggedmodels.SEARCHES,
)
CALLS: tuple[Callable[..., Any], ...] = listing.CALLS
