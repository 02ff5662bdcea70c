# ruff: noqa: RUF012 - these are Structs, which copy their list defaults; the base lies in another module
"""Messages of the native API under ``/api/clew/v1/``.

The same rules as in ``mlflow``: fields without a default are required, None and empty lists do
not travel, times are milliseconds since 1970-01-01 UTC.
"""

from __future__ import annotations

from clew.entities.run import RunStatus, ViewType
from clew.wire.mlflow import Int64, KeyValue, Message, Pair, Run


class Info(Message, kw_only=True):
    """What answers here.

    name: always ``clew``; tells Clew from MLflow.
    version: of Clew. mlflow_version: the level of MLflow's API that is spoken.
    store: ``sqlite`` or ``postgresql``. store_uri: told only over the Unix socket and to loopback.
    on_demand: whether the host ends when nobody needs it. urls: its http addresses.
    """

    name: str = ""
    version: str = ""
    mlflow_version: str = ""
    store: str = ""
    store_uri: str | None = None
    pid: int = 0
    on_demand: bool | None = None
    urls: list[str] = []


class StartRun(Message, kw_only=True):
    """runs/start: creates the run (and the experiment, when given by name), or returns the one with this id."""

    run_id: str
    experiment_id: str | None = None
    experiment_name: str | None = None
    run_name: str | None = None
    user_id: str | None = None
    start_time: Int64 | None = None
    tags: list[KeyValue] = []


class StartRunResponse(Message, kw_only=True):
    """The run as stored."""

    run: Run | None = None


class Ingest(Message, kw_only=True):
    """ingest: raw slots of one journal segment.

    writer, run_id: 32 hex digits. first_seq: sequence number of the first slot sent.
    salt: of the segment's header. slot: index of the first slot in its segment.
    body: whole 32-byte slots, at most 50,000; travels as the raw request body.
    """

    writer: str
    run_id: str
    first_seq: Int64
    salt: Int64
    slot: Int64
    body: bytes = b""


class IngestConflict(Message, kw_only=True):
    """Something in the journal that the store refused; the rest was applied."""

    kind: str = ""
    key: str = ""
    message: str = ""


class IngestResponse(Message, kw_only=True):
    """seq: all slots below it are stored for good."""

    seq: Int64 | None = None
    conflicts: list[IngestConflict] = []


class IngestCursor(Message, kw_only=True):
    """ingest/cursor: how far a writer's journal is applied."""

    writer: str


class IngestCursorResponse(Message, kw_only=True):
    """seq: 0 for a writer that was never seen."""

    seq: Int64 | None = None


class QueryExperiments(Message, kw_only=True):
    """experiments/query; ``max_results`` absent means 200. activity: asks for ``daily_runs`` and ``best``."""

    filter: str | None = None
    view: ViewType | None = None
    order_by: list[str] = []
    max_results: Int64 | None = None
    page_token: str | None = None
    activity: bool | None = None


class ExperimentRow(Message, kw_only=True):
    """An experiment with the counts of its active runs; starred: set where it has a star.

    daily_runs: how many of them started on each of the last 30 days (of 24 hours, the last one ending now); absent
        where none did. best: the best latest value of the metric that the experiment's tags name as its goal.
    """

    experiment_id: str | None = None
    name: str | None = None
    artifact_location: str | None = None
    lifecycle_stage: str | None = None
    creation_time: Int64 | None = None
    last_update_time: Int64 | None = None
    tags: list[Pair] = []
    runs: int | None = None
    running: int | None = None
    failed: int | None = None
    starred: bool | None = None
    last_activity: Int64 | None = None
    daily_runs: list[int] = []
    best: float | None = None


class QueryExperimentsResponse(Message, kw_only=True):
    """A page of experiments; total counts all that match."""

    experiments: list[ExperimentRow] = []
    next_page_token: str | None = None
    total: int | None = None


class QueryRuns(Message, kw_only=True):
    """runs/query: one page of runs with the asked columns only; ``max_results`` at most 500.

    columns: ``params.<key>``, ``metrics.<key>``, ``metrics.<key>.<summary>``, ``tags.<key>``, ``attributes.<name>``,
        and ``dataset.name``, ``.digest`` or ``.context``: those of a run's datasets, sorted and joined by a comma.
    """

    experiment_ids: list[str] = []
    filter: str | None = None
    view: ViewType | None = None
    order_by: list[str] = []
    max_results: Int64 | None = None
    page_token: str | None = None
    columns: list[str] = []


class RunRow(Message, kw_only=True):
    """A run without its data; starred: set where it has a star."""

    run_id: str | None = None
    experiment_id: str | None = None
    run_name: str | None = None
    user_id: str | None = None
    status: RunStatus | None = None
    start_time: Int64 | None = None
    end_time: Int64 | None = None
    lifecycle_stage: str | None = None
    starred: bool | None = None


class QueryRunsResponse(Message, kw_only=True):
    """A page; ``columns[name][i]`` belongs to ``runs[i]``, None where the run lacks the key.

    rev: where to listen on from: ``events?since=`` tells every change that the page does not show.
    """

    total: int | None = None
    next_page_token: str | None = None
    rev: str | None = None
    runs: list[RunRow] = []
    columns: dict[str, list[str | float | None]] = {}


class ExperimentColumns(Message, kw_only=True):
    """experiments/{experiment_id}/columns: which keys its newest 1000 runs have."""

    experiment_id: str


class ColumnCount(Message, kw_only=True):
    """runs: how many of those runs have the key. distinct: different values (params and datasets only)."""

    key: str | None = None
    runs: int | None = None
    distinct: int | None = None


class ExperimentColumnsResponse(Message, kw_only=True):
    """Keys by kind; of datasets ``name``, where runs read any."""

    params: list[ColumnCount] = []
    metrics: list[ColumnCount] = []
    tags: list[ColumnCount] = []
    datasets: list[ColumnCount] = []


class RetireHost(Message, kw_only=True):
    """host/retire: asks an on-demand host to end."""
