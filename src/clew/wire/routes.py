"""The one table of routes: read by server, client and permission check.

Every ``/api/2.0/…`` and ``/api/3.0/…`` path has a twin under ``/ajax-api/…``; the server adds it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from clew.wire import (
    approvals,
    artifacts,
    bulk,
    changes,
    explore,
    filters,
    groups,
    mlflow,
    native,
    registry,
    series,
    studies,
    tables,
    trash,
    webhooks,
    workspace,
)
from clew.wire.document import OpenAPI
from clew.wire.mlflow import Message

Permission = Literal["open", "read", "write", "manage"]
Method = Literal["GET", "POST", "PATCH", "DELETE"]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One call.

    path: may hold ``{field}`` parts, which are fields of the request.
    permission: what the caller must be allowed to do; ``open`` needs no identity.
    also: further (method, path) under which the same call is answered.
    raw: the request's ``body`` field is the HTTP body; its other fields are query parameters.
    media: content types of an answer that is streamed bytes instead of a message; the request says which.
    """

    name: str
    method: Method
    path: str
    request: type[Message]
    response: type[Message]
    permission: Permission
    also: tuple[tuple[Method, str], ...] = ()
    raw: bool = False
    media: tuple[str, ...] = ()


_API = "/api/2.0/mlflow/"
_AJAX = "/ajax-api/2.0/mlflow/"
_NATIVE = "/api/clew/v1/"


def _mlflow(
    name: str,
    method: Method,
    path: str,
    request: type[Message],
    response: type[Message] = mlflow.Empty,
    *,
    also: tuple[tuple[Method, str], ...] = (),
) -> Route:
    reading = name.startswith(("get_", "search_", "list_"))
    return Route(
        name=name,
        method=method,
        path=_API + path,
        request=request,
        response=response,
        permission="read" if reading else "write",
        also=also,
    )


def _native(
    name: str, method: Method, path: str, request: type[Message], response: type[Message], permission: Permission
) -> Route:
    return Route(
        name=name,
        method=method,
        path=_NATIVE + path,
        request=request,
        response=response,
        permission=permission,
        raw=name == "ingest",
        media=tuple(tables.CONTENT_TYPES.values()) if issubclass(request, tables.Table) else (),
    )


_EXPERIMENTS = (
    _mlflow(
        "create_experiment", "POST", "experiments/create", mlflow.CreateExperiment, mlflow.CreateExperimentResponse
    ),
    _mlflow("get_experiment", "GET", "experiments/get", mlflow.ExperimentById, mlflow.ExperimentResponse),
    _mlflow(
        "get_experiment_by_name", "GET", "experiments/get-by-name", mlflow.ExperimentByName, mlflow.ExperimentResponse
    ),
    _mlflow(
        "search_experiments",
        "POST",
        "experiments/search",
        mlflow.SearchExperiments,
        mlflow.SearchExperimentsResponse,
        also=(("GET", _API + "experiments/search"),),
    ),
    _mlflow("update_experiment", "POST", "experiments/update", mlflow.UpdateExperiment),
    _mlflow("delete_experiment", "POST", "experiments/delete", mlflow.ExperimentById),
    _mlflow("restore_experiment", "POST", "experiments/restore", mlflow.ExperimentById),
    _mlflow("set_experiment_tag", "POST", "experiments/set-experiment-tag", mlflow.SetExperimentTag),
    _mlflow("delete_experiment_tag", "POST", "experiments/delete-experiment-tag", mlflow.DeleteExperimentTag),
    _mlflow(
        "search_datasets",
        "POST",
        "experiments/search-datasets",
        mlflow.SearchDatasets,
        mlflow.SearchDatasetsResponse,
        # MLflow's own definition lacks a slash, and its clients use that address too.
        also=(("POST", "/api/2.0mlflow/experiments/search-datasets"),),
    ),
)

_RUNS = (
    _mlflow("create_run", "POST", "runs/create", mlflow.CreateRun, mlflow.RunResponse),
    _mlflow("get_run", "GET", "runs/get", mlflow.GetRun, mlflow.RunResponse),
    _mlflow("update_run", "POST", "runs/update", mlflow.UpdateRun, mlflow.UpdateRunResponse),
    _mlflow("delete_run", "POST", "runs/delete", mlflow.RunById),
    _mlflow("restore_run", "POST", "runs/restore", mlflow.RunById),
    _mlflow("log_metric", "POST", "runs/log-metric", mlflow.LogMetric),
    _mlflow("log_parameter", "POST", "runs/log-parameter", mlflow.LogParameter),
    _mlflow("set_tag", "POST", "runs/set-tag", mlflow.SetTag),
    _mlflow("delete_tag", "POST", "runs/delete-tag", mlflow.DeleteTag),
    _mlflow("log_batch", "POST", "runs/log-batch", mlflow.LogBatch),
    _mlflow("log_model", "POST", "runs/log-model", mlflow.LogModel),
    _mlflow("log_inputs", "POST", "runs/log-inputs", mlflow.LogInputs),
    _mlflow("log_outputs", "POST", "runs/outputs", mlflow.LogOutputs),
    _mlflow("search_runs", "POST", "runs/search", mlflow.SearchRuns, mlflow.SearchRunsResponse),
    _mlflow("get_metric_history", "GET", "metrics/get-history", mlflow.GetMetricHistory, mlflow.MetricHistoryResponse),
    _mlflow(
        "get_metric_history_bulk",
        "GET",
        "metrics/get-history-bulk",
        mlflow.GetMetricHistoryBulk,
        mlflow.BulkHistoryResponse,
    ),
    _mlflow(
        "get_metric_history_bulk_interval",
        "GET",
        "metrics/get-history-bulk-interval",
        mlflow.GetMetricHistoryBulkInterval,
        mlflow.BulkHistoryResponse,
    ),
    _mlflow("list_artifacts", "GET", "artifacts/list", mlflow.ListArtifacts, mlflow.ListArtifactsResponse),
)

_MODELS = (
    _mlflow("create_logged_model", "POST", "logged-models", mlflow.CreateLoggedModel, mlflow.LoggedModelResponse),
    _mlflow(
        "search_logged_models",
        "POST",
        "logged-models/search",
        mlflow.SearchLoggedModels,
        mlflow.SearchLoggedModelsResponse,
    ),
    _mlflow("get_logged_model", "GET", "logged-models/{model_id}", mlflow.LoggedModelById, mlflow.LoggedModelResponse),
    _mlflow(
        "finalize_logged_model",
        "PATCH",
        "logged-models/{model_id}",
        mlflow.FinalizeLoggedModel,
        mlflow.LoggedModelResponse,
    ),
    _mlflow("delete_logged_model", "DELETE", "logged-models/{model_id}", mlflow.LoggedModelById),
    _mlflow("set_logged_model_tags", "PATCH", "logged-models/{model_id}/tags", mlflow.SetLoggedModelTags),
    _mlflow(
        "delete_logged_model_tag", "DELETE", "logged-models/{model_id}/tags/{tag_key}", mlflow.DeleteLoggedModelTag
    ),
    _mlflow("log_logged_model_params", "POST", "logged-models/{model_id}/params", mlflow.LogLoggedModelParams),
    _mlflow(
        "list_logged_model_artifacts",
        "GET",
        "logged-models/{model_id}/artifacts/directories",
        mlflow.ListLoggedModelArtifacts,
        mlflow.ListArtifactsResponse,
    ),
)

_REGISTRY = (
    _mlflow(
        "create_registered_model",
        "POST",
        "registered-models/create",
        registry.CreateRegisteredModel,
        registry.RegisteredModelResponse,
    ),
    _mlflow(
        "rename_registered_model",
        "POST",
        "registered-models/rename",
        registry.RenameRegisteredModel,
        registry.RegisteredModelResponse,
    ),
    _mlflow(
        "update_registered_model",
        "PATCH",
        "registered-models/update",
        registry.UpdateRegisteredModel,
        registry.RegisteredModelResponse,
    ),
    _mlflow("delete_registered_model", "DELETE", "registered-models/delete", registry.RegisteredModelByName),
    _mlflow(
        "get_registered_model",
        "GET",
        "registered-models/get",
        registry.RegisteredModelByName,
        registry.RegisteredModelResponse,
    ),
    _mlflow(
        "search_registered_models",
        "GET",
        "registered-models/search",
        registry.SearchRegisteredModels,
        registry.SearchRegisteredModelsResponse,
        also=(("POST", _API + "registered-models/search"),),
    ),
    _mlflow(
        "get_latest_versions",
        "POST",
        "registered-models/get-latest-versions",
        registry.GetLatestVersions,
        registry.ModelVersionsResponse,
        also=(("GET", _API + "registered-models/get-latest-versions"),),
    ),
    _mlflow("set_registered_model_tag", "POST", "registered-models/set-tag", registry.SetRegisteredModelTag),
    _mlflow("delete_registered_model_tag", "DELETE", "registered-models/delete-tag", registry.DeleteRegisteredModelTag),
    _mlflow("set_registered_model_alias", "POST", "registered-models/alias", registry.SetAlias),
    _mlflow("delete_registered_model_alias", "DELETE", "registered-models/alias", registry.AliasByName),
    _mlflow(
        "get_model_version_by_alias",
        "GET",
        "registered-models/alias",
        registry.AliasByName,
        registry.ModelVersionResponse,
    ),
    _mlflow(
        "create_model_version",
        "POST",
        "model-versions/create",
        registry.CreateModelVersion,
        registry.ModelVersionResponse,
    ),
    _mlflow(
        "get_model_version", "GET", "model-versions/get", registry.ModelVersionByNumber, registry.ModelVersionResponse
    ),
    _mlflow(
        "update_model_version",
        "PATCH",
        "model-versions/update",
        registry.UpdateModelVersion,
        registry.ModelVersionResponse,
    ),
    _mlflow(
        "transition_model_version_stage",
        "POST",
        "model-versions/transition-stage",
        registry.TransitionStage,
        registry.ModelVersionResponse,
    ),
    _mlflow("delete_model_version", "DELETE", "model-versions/delete", registry.ModelVersionByNumber),
    _mlflow(
        "search_model_versions",
        "GET",
        "model-versions/search",
        registry.SearchModelVersions,
        registry.SearchModelVersionsResponse,
        also=(("POST", _API + "model-versions/search"),),
    ),
    _mlflow(
        "get_model_version_download_uri",
        "GET",
        "model-versions/get-download-uri",
        registry.ModelVersionByNumber,
        registry.DownloadUriResponse,
    ),
    _mlflow("set_model_version_tag", "POST", "model-versions/set-tag", registry.SetModelVersionTag),
    _mlflow("delete_model_version_tag", "DELETE", "model-versions/delete-tag", registry.DeleteModelVersionTag),
    _native(
        "model_history", "GET", "models/{name}/history", registry.ModelHistory, registry.ModelHistoryResponse, "read"
    ),
    _native("model_state_at", "GET", "models/{name}/at", registry.ModelStateAt, registry.ModelStateResponse, "read"),
)

_APPROVALS = (
    _native(
        "get_approval_rules", "GET", "models/{name}/rules", approvals.RulesByModel, approvals.RulesResponse, "read"
    ),
    _native("set_approval_rule", "POST", "models/{name}/rules", approvals.SetRule, approvals.RulesResponse, "manage"),
    _native("delete_approval_rule", "DELETE", "models/{name}/rules", approvals.DeleteRule, mlflow.Empty, "manage"),
    _native(
        "request_move",
        "POST",
        "models/{name}/requests",
        approvals.RequestMove,
        approvals.MoveRequestResponse,
        "write",
    ),
    _native(
        "list_move_requests", "GET", "move-requests", approvals.ListRequests, approvals.ListRequestsResponse, "read"
    ),
    *(
        _native(
            f"{verb}_move",
            "POST",
            f"move-requests/{{request_id}}/{verb}",
            approvals.DecideRequest,
            approvals.MoveRequestResponse,
            "write",
        )
        for verb in ("approve", "reject", "withdraw")
    ),
)

_WEBHOOKS = (
    _mlflow("create_webhook", "POST", "webhooks", webhooks.CreateWebhook, webhooks.WebhookResponse),
    _mlflow("list_webhooks", "GET", "webhooks", webhooks.ListWebhooks, webhooks.ListWebhooksResponse),
    _mlflow("get_webhook", "GET", "webhooks/{webhook_id}", webhooks.WebhookById, webhooks.WebhookResponse),
    _mlflow("update_webhook", "PATCH", "webhooks/{webhook_id}", webhooks.UpdateWebhook, webhooks.WebhookResponse),
    _mlflow("delete_webhook", "DELETE", "webhooks/{webhook_id}", webhooks.WebhookById),
    _mlflow("test_webhook", "POST", "webhooks/{webhook_id}/test", webhooks.TestWebhook, webhooks.TestWebhookResponse),
    _native("add_webhook", "POST", "webhooks", webhooks.AddWebhook, webhooks.HookResponse, "manage"),
    _native("find_webhooks", "GET", "webhooks", webhooks.ListWebhooks, webhooks.HooksResponse, "read"),
    _native(
        "change_webhook", "PATCH", "webhooks/{webhook_id}", webhooks.ChangeWebhook, webhooks.HookResponse, "manage"
    ),
    _native(
        "list_deliveries",
        "GET",
        "webhooks/{webhook_id}/deliveries",
        webhooks.ListDeliveries,
        webhooks.ListDeliveriesResponse,
        "read",
    ),
)

_OWN = (
    _native("info", "GET", "info", mlflow.Empty, native.Info, "open"),
    _native("start_run", "POST", "runs/start", native.StartRun, native.StartRunResponse, "write"),
    _native("ingest", "POST", "ingest", native.Ingest, native.IngestResponse, "write"),
    _native("ingest_cursor", "GET", "ingest/cursor", native.IngestCursor, native.IngestCursorResponse, "write"),
    _native(
        "query_experiments",
        "POST",
        "experiments/query",
        native.QueryExperiments,
        native.QueryExperimentsResponse,
        "read",
    ),
    _native("query_runs", "POST", "runs/query", native.QueryRuns, native.QueryRunsResponse, "read"),
    _native(
        "experiment_columns",
        "GET",
        "experiments/{experiment_id}/columns",
        native.ExperimentColumns,
        native.ExperimentColumnsResponse,
        "read",
    ),
    _native("parse_filter", "POST", "filter/parse", filters.ParseFilter, filters.ParseFilterResponse, "read"),
    _native("changes", "GET", "changes", changes.Changes, changes.ChangesResponse, "read"),
    _native("list_trash", "POST", "trash/list", trash.ListTrash, trash.ListTrashResponse, "read"),
    _native("purge_trash", "POST", "trash/purge", trash.PurgeTrash, trash.PurgeTrashResponse, "manage"),
    _native("trash_rules", "GET", "trash/rules", mlflow.Empty, trash.TrashRulesResponse, "read"),
    _native("apply_trash_rules", "POST", "trash/expire", mlflow.Empty, trash.ApplyRulesResponse, "manage"),
    _native("get_audit", "GET", "audit", trash.GetAudit, trash.AuditResponse, "manage"),
    _native("retire_host", "POST", "host/retire", native.RetireHost, mlflow.Empty, "manage"),
)

_FILES = (
    _native("list_files", "GET", "artifacts/list", artifacts.ListFiles, artifacts.ListFilesResponse, "read"),
    _native("begin_upload", "POST", "artifacts/uploads", artifacts.BeginUpload, artifacts.UploadState, "write"),
    _native("get_upload", "GET", "artifacts/uploads/{upload_id}", artifacts.UploadById, artifacts.UploadState, "read"),
    _native(
        "complete_upload",
        "POST",
        "artifacts/uploads/{upload_id}/complete",
        artifacts.CompleteUpload,
        artifacts.StoredFile,
        "write",
    ),
    _native("abort_upload", "DELETE", "artifacts/uploads/{upload_id}", artifacts.UploadById, mlflow.Empty, "write"),
)

_EXPLORE = (
    _native("series", "POST", "series", series.GetSeries, series.SeriesResponse, "read"),
    _native("group_runs", "POST", "runs/groups", groups.GroupRuns, groups.GroupRunsResponse, "read"),
    _native("suggest", "GET", "suggest", explore.Suggest, explore.SuggestResponse, "read"),
    _native("column_stats", "POST", "columns/stats", explore.ColumnStats, explore.ColumnStatsResponse, "read"),
    _native("importance", "POST", "importance", explore.Importance, explore.ImportanceResponse, "read"),
)

_ABOUT = (_native("openapi", "GET", "openapi.json", mlflow.Empty, OpenAPI, "open"),)

_BULK = (_native("bulk_runs", "POST", "runs/bulk", bulk.BulkRuns, bulk.BulkRunsResponse, "write"),)

_WORKSPACE = (
    _native("create_view", "POST", "views", workspace.CreateView, workspace.ViewResponse, "write"),
    _native("list_views", "GET", "views", workspace.ListViews, workspace.ListViewsResponse, "read"),
    _native("get_view", "GET", "views/{view_id}", workspace.ViewById, workspace.ViewResponse, "read"),
    _native("update_view", "PATCH", "views/{view_id}", workspace.UpdateView, workspace.ViewResponse, "write"),
    _native("delete_view", "DELETE", "views/{view_id}", workspace.ViewById, mlflow.Empty, "write"),
    _native("create_link", "POST", "links", workspace.CreateLink, workspace.CreateLinkResponse, "write"),
    _native("give_star", "POST", "stars", workspace.GiveStar, mlflow.Empty, "write"),
    _native("take_star", "DELETE", "stars/{kind}/{id}", workspace.GiveStar, mlflow.Empty, "write"),
    _native("list_stars", "GET", "stars", workspace.ListStars, workspace.ListStarsResponse, "read"),
)

_STUDIES = (
    _native(
        "read_study_journal",
        "GET",
        "study-journals/{journal}",
        studies.ReadStudyJournal,
        studies.ReadStudyJournalResponse,
        "read",
    ),
    _native(
        "append_study_journal",
        "POST",
        "study-journals/{journal}",
        studies.AppendStudyJournal,
        studies.AppendStudyJournalResponse,
        "write",
    ),
    _native(
        "delete_study_journal",
        "DELETE",
        "study-journals/{journal}",
        studies.StudyJournalByName,
        mlflow.Empty,
        "write",
    ),
)

_TABLES = (
    _native("runs_table", "POST", "runs/table", tables.RunsTable, mlflow.Empty, "read"),
    _native("metrics_table", "POST", "metrics/table", tables.MetricsTable, mlflow.Empty, "read"),
)

ROUTES: dict[str, Route] = {
    route.name: route
    for route in (
        *_EXPERIMENTS,
        *_RUNS,
        *_MODELS,
        *_REGISTRY,
        *_APPROVALS,
        *_WEBHOOKS,
        *_OWN,
        *_EXPLORE,
        *_TABLES,
        *_FILES,
        *_WORKSPACE,
        *_STUDIES,
        *_BULK,
        *_ABOUT,
    )
}
"""Every call by name."""
