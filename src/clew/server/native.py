"""Clew's own calls under /api/clew/v1: one function per route, named after it."""

from __future__ import annotations

import os
from collections.abc import Callable, Container
from typing import Any

from clew import __version__
from clew.entities import names
from clew.entities.run import RunInfo
from clew.errors import InvalidValue, NotSupported
from clew.server import activity, batches, projected, replay, tracking
from clew.server import ingest as journal
from clew.server.context import Site
from clew.storage import experiments, projection, runs, search, stars
from clew.storage import ingest as streams
from clew.storage.engine import Tx, WriteTx
from clew.storage.hydrate import load_infos
from clew.wire import convert
from clew.wire import native as wire
from clew.wire.document import OpenAPI
from clew.wire.floats import wire_number
from clew.wire.mlflow import Empty, Message
from clew.wire.openapi import document

Job = Callable[[WriteTx], Message]

MLFLOW_VERSION = "3.17.2"
MAX_QUERY_RUNS = 500
MAX_QUERY_EXPERIMENTS = 1000


def info(site: Site, _request: Empty) -> wire.Info:
    """Who answers here."""
    url = site.store.url
    return wire.Info(
        name="clew",
        version=__version__,
        mlflow_version=MLFLOW_VERSION,
        store=site.store.dialect_name,
        # a PostgreSQL address may hold a password
        store_uri=url if site.store.dialect_name == "sqlite" else None,
        pid=os.getpid(),
        on_demand=site.on_demand,
        urls=site.urls,
    )


def retire_host(site: Site, _request: wire.RetireHost) -> Empty:
    """End an on-demand host, so that another one can take the store over."""
    if site.retire is None or not site.on_demand:
        raise NotSupported("This server was started by a person and does not end on request; stop it by its pid.")
    site.retire()
    return Empty()


def start_run(site: Site, request: wire.StartRun) -> Job:
    """The run of this id, created if it is new; its experiment is created when given by a new name."""
    if not journal.is_id(request.run_id):
        raise InvalidValue(
            f"Invalid value \"{request.run_id[:100]}\" for parameter 'run_id': 32 hex digits are needed."
        )
    tags = batches.check_tags(request.tags, site.truncate)
    name = tracking.agreed_name(request.run_name, tags)
    if request.experiment_name:
        names.check_length("experiment_name", request.experiment_name, names.MAX_EXPERIMENT_NAME)

    def job(tx: WriteTx) -> wire.StartRunResponse:
        run = runs.create_run(
            tx,
            experiment_id=request.experiment_id or replay.experiment_named(tx, request.experiment_name),
            run_id=request.run_id,
            run_name=name,
            user_id=request.user_id or "",
            start_ms=request.start_time or tx.place.clock(),
            tags=tags,
        )
        return wire.StartRunResponse(run=convert.run_message(run))

    return job


def ingest(site: Site, request: wire.Ingest) -> journal.Batch:
    """Apply raw journal slots exactly once; see ``ingest.Batch``."""
    return journal.Batch(request, site.journal_names)


def ingest_cursor(tx: Tx, request: wire.IngestCursor) -> wire.IngestCursorResponse:
    """How far a writer's journal is applied."""
    return wire.IngestCursorResponse(seq=streams.cursor(tx, request.writer)[0])


def query_experiments(tx: Tx, request: wire.QueryExperiments) -> wire.QueryExperimentsResponse:
    """A page of experiments with the counts of their runs."""
    page = search.search_experiments(
        tx,
        filter=request.filter or "",
        order_by=request.order_by,
        view=request.view or "ACTIVE_ONLY",
        max_results=tracking.check_max_results(request.max_results, 200, MAX_QUERY_EXPERIMENTS),
        page_token=request.page_token or None,
        with_total=True,
    )
    counts = experiments.activity(tx, [e.experiment_id for e in page.items])
    starred = stars.starred(tx, "experiment", [e.experiment_id for e in page.items])
    rows = [
        wire.ExperimentRow(
            experiment_id=e.experiment_id,
            name=e.name,
            artifact_location=e.artifact_location,
            lifecycle_stage=e.lifecycle_stage,
            creation_time=e.creation_time,
            last_update_time=e.last_update_time,
            tags=convert.pairs(e.tags),
            runs=c.runs,
            running=c.running,
            failed=c.failed,
            starred=e.experiment_id in starred or None,
            last_activity=c.last_activity,
        )
        for e, c in zip(page.items, counts, strict=True)
    ]
    if request.activity:
        activity.add_activity(tx, rows)
    return wire.QueryExperimentsResponse(experiments=rows, next_page_token=page.token, total=page.total)


def query_runs(tx: Tx, request: wire.QueryRuns) -> wire.QueryRunsResponse:
    """A page of runs with the asked columns only."""
    rev = tx.change()  # before the rest, so that nothing falls between the page and what is told after it
    fields = projected.columns(tx, request.experiment_ids, request.columns)
    page = search.search_runs(
        tx,
        request.experiment_ids,
        filter=request.filter or "",
        order_by=request.order_by,
        view=request.view or "ACTIVE_ONLY",
        max_results=tracking.check_max_results(request.max_results, 100, MAX_QUERY_RUNS),
        page_token=request.page_token or None,
        with_total=True,
    )
    infos = load_infos(tx, page.items)
    found = {rn: infos[rn] for rn in page.items if rn in infos}
    starred = stars.starred(tx, "run", [info.run_id for info in found.values()])
    numbers = [experiments.number_of(one) for one in request.experiment_ids]
    columns = projection.read_columns(tx, numbers, found, fields)
    return wire.QueryRunsResponse(
        total=page.total,
        next_page_token=page.token,
        rev=str(rev),
        runs=[_row(info, starred) for info in found.values()],
        columns={
            name: [wire_number(value) if isinstance(value, float) else value for value in values]
            for name, values in zip(request.columns, columns, strict=True)
        },
    )


def experiment_columns(tx: Tx, request: wire.ExperimentColumns) -> wire.ExperimentColumnsResponse:
    """Which keys the newest runs of an experiment have."""
    experiments.get_experiment(tx, request.experiment_id)
    found = experiments.columns(tx, request.experiment_id)
    return wire.ExperimentColumnsResponse(
        params=[wire.ColumnCount(key=c.name, runs=c.runs, distinct=c.distinct) for c in found.params],
        metrics=[wire.ColumnCount(key=c.name, runs=c.runs) for c in found.metrics],
        tags=[wire.ColumnCount(key=c.name, runs=c.runs) for c in found.tags],
        datasets=[wire.ColumnCount(key=c.name, runs=c.runs, distinct=c.distinct) for c in found.datasets],
    )


def openapi(_site: Site, _request: Empty) -> OpenAPI:
    """What can be called, as an OpenAPI document."""
    return document(__version__)


def _row(info: RunInfo, starred: Container[str]) -> wire.RunRow:
    return wire.RunRow(
        run_id=info.run_id,
        experiment_id=info.experiment_id,
        run_name=info.run_name,
        user_id=info.user_id,
        status=info.status,
        start_time=info.start_time,
        end_time=info.end_time,
        lifecycle_stage=info.lifecycle_stage,
        starred=info.run_id in starred or None,
    )


WRITES: tuple[Callable[..., Any], ...] = (start_run, ingest)
READS: tuple[Callable[..., Any], ...] = (ingest_cursor,)
SEARCHES: tuple[Callable[..., Any], ...] = (query_experiments, query_runs, experiment_columns)
CALLS: tuple[Callable[..., Any], ...] = (info, openapi, retire_host)
