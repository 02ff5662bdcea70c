"""Clew: the experiment tracker.

Names resolve on first use, so that ``import clew`` costs nothing but the standard library.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False  # as `typing` has it, without the 9 ms of importing that
if TYPE_CHECKING:
    from clew import (
        artifacts,
        catboost,
        client,
        config,
        data,
        entities,
        exceptions,
        hyperopt,
        keras,
        lightgbm,
        metrics,
        models,
        onnx,
        optuna,
        prophet,
        pyfunc,
        pyspark,
        pytorch,
        sklearn,
        spark,
        statsmodels,
        tensorboard,
        tracking,
        transformers,
        types,
        xgboost,
    )
    from clew.client.about import (
        doctor,
        login,
    )
    from clew.client.address import (
        flush,
        get_registry_uri,
        get_tracking_uri,
        is_tracking_uri_set,
        set_registry_uri,
        set_tracking_uri,
    )
    from clew.client.api import ClewClient, MlflowClient
    from clew.client.approvals import (
        approve_move,
        delete_approval_rule,
        get_approval_rules,
        get_move_requests,
        reject_move,
        request_move,
        set_approval_rule,
        withdraw_move,
    )
    from clew.client.asynchrony import flush_artifact_async_logging, flush_async_logging
    from clew.client.console import capture_console
    from clew.client.context import (
        RunContext,
        run_context,
    )
    from clew.client.experiments import (
        create_experiment,
        delete_experiment,
        delete_experiment_tag,
        get_experiment,
        get_experiment_by_name,
        restore_experiment,
        search_experiments,
        set_experiment,
        set_experiment_tag,
        set_experiment_tags,
    )
    from clew.client.files import (
        get_artifact_uri,
        load_table,
        log_artifact,
        log_artifacts,
        log_dict,
        log_figure,
        log_image,
        log_stream,
        log_table,
        log_text,
    )
    from clew.client.images import Image
    from clew.client.loggedmodels import (
        ActiveModel,
        clear_active_model,
        create_external_model,
        delete_logged_model_tag,
        finalize_logged_model,
        get_active_model_id,
        get_logged_model,
        import_checkpoints,
        initialize_logged_model,
        last_logged_model,
        log_model_params,
        search_logged_models,
        set_active_model,
        set_logged_model_tags,
    )
    from clew.client.magics import load_ipython_extension, unload_ipython_extension
    from clew.client.media import (
        alert,
        log_audio,
        log_histogram,
        log_video,
    )
    from clew.client.monitor import (
        disable_system_metrics_logging,
        enable_system_metrics_logging,
        set_system_metrics_node_id,
        set_system_metrics_samples_before_logging,
        set_system_metrics_sampling_interval,
    )
    from clew.client.progress import (
        track,
    )
    from clew.client.registered import (
        register_model,
        search_model_versions,
        search_registered_models,
        set_model_version_tag,
    )
    from clew.client.rundata import (
        delete_tag,
        log_input,
        log_inputs,
        log_metric,
        log_metrics,
        log_outputs,
        log_param,
        log_params,
        set_tag,
        set_tags,
    )
    from clew.client.runs import (
        ActiveRun,
        active_run,
        delete_run,
        end_run,
        get_parent_run,
        get_run,
        last_active_run,
        restore_run,
        start_run,
    )
    from clew.client.search import get_metric_histories, get_metric_history, search_runs
    from clew.client.ui import ui
    from clew.evaluation.evaluate import evaluate
    from clew.evaluation.validation import validate_evaluation_results
    from clew.exceptions import MlflowException
    from clew.integrations import autolog

_MODULES = {
    "clew.client.about": "doctor login",
    "clew.client.address": """
        flush get_registry_uri get_tracking_uri is_tracking_uri_set set_registry_uri set_tracking_uri
    """,
    "clew.client.api": "ClewClient MlflowClient",
    "clew.client.approvals": """
        approve_move delete_approval_rule get_approval_rules get_move_requests reject_move request_move
        set_approval_rule withdraw_move
    """,
    "clew.client.asynchrony": "flush_artifact_async_logging flush_async_logging",
    "clew.client.console": "capture_console",
    "clew.client.context": "RunContext run_context",
    "clew.client.experiments": """
        create_experiment delete_experiment delete_experiment_tag get_experiment get_experiment_by_name
        restore_experiment search_experiments set_experiment set_experiment_tag set_experiment_tags
    """,
    "clew.client.files": """
        get_artifact_uri load_table log_artifact log_artifacts log_dict log_figure log_image log_stream log_table
        log_text
    """,
    "clew.client.images": "Image",
    "clew.client.loggedmodels": """
        ActiveModel clear_active_model create_external_model delete_logged_model_tag finalize_logged_model
        get_active_model_id get_logged_model import_checkpoints initialize_logged_model last_logged_model
        log_model_params search_logged_models set_active_model set_logged_model_tags
    """,
    "clew.client.magics": "load_ipython_extension unload_ipython_extension",
    "clew.client.media": "alert log_audio log_histogram log_video",
    "clew.client.monitor": """
        disable_system_metrics_logging enable_system_metrics_logging set_system_metrics_node_id
        set_system_metrics_samples_before_logging set_system_metrics_sampling_interval
    """,
    "clew.client.progress": "track",
    "clew.client.registered": """
        register_model search_model_versions search_registered_models set_model_version_tag
    """,
    "clew.client.rundata": """
        delete_tag log_input log_inputs log_metric log_metrics log_outputs log_param log_params set_tag set_tags
    """,
    "clew.client.runs": """
        ActiveRun active_run delete_run end_run get_parent_run get_run last_active_run restore_run start_run
    """,
    "clew.client.search": "get_metric_histories get_metric_history search_runs",
    "clew.client.ui": "ui",
    "clew.evaluation.evaluate": "evaluate",
    "clew.evaluation.validation": "validate_evaluation_results",
    "clew.exceptions": "MlflowException",
    "clew.integrations": "autolog",
}
_PLACES = {name: module for module, names in _MODULES.items() for name in names.split()}
_NAMESPACES = (
    "artifacts",
    "catboost",
    "client",
    "config",
    "data",
    "entities",
    "exceptions",
    "hyperopt",
    "keras",
    "lightgbm",
    "metrics",
    "models",
    "onnx",
    "optuna",
    "prophet",
    "pyfunc",
    "pyspark",
    "pytorch",
    "sklearn",
    "statsmodels",
    "spark",
    "tensorboard",
    "tracking",
    "transformers",
    "types",
    "xgboost",
)
_NO_WORKSPACES = "Clew has no workspaces: give each team a server or a store of its own"
_ABSENT = {
    "create_workspace": _NO_WORKSPACES,
    "delete_workspace": _NO_WORKSPACES,
    "get_workspace": _NO_WORKSPACES,
    "list_workspaces": _NO_WORKSPACES,
    "run": "Clew runs no MLflow projects: start the script itself",
    "set_workspace": _NO_WORKSPACES,
    "update_workspace": _NO_WORKSPACES,
    **dict.fromkeys(("genai", "get_trace", "search_traces", "start_span", "trace"), "Clew records no traces"),
}
"""Names of MLflow's that Clew has on purpose not, and why."""


__all__ = [
    "ActiveModel",
    "ActiveRun",
    "ClewClient",
    "Image",
    "MlflowClient",
    "MlflowException",
    "RunContext",
    "__version__",
    "active_run",
    "alert",
    "approve_move",
    "artifacts",
    "autolog",
    "capture_console",
    "catboost",
    "clear_active_model",
    "client",
    "config",
    "create_experiment",
    "create_external_model",
    "data",
    "delete_approval_rule",
    "delete_experiment",
    "delete_experiment_tag",
    "delete_logged_model_tag",
    "delete_run",
    "delete_tag",
    "disable_system_metrics_logging",
    "doctor",
    "enable_system_metrics_logging",
    "end_run",
    "entities",
    "evaluate",
    "exceptions",
    "finalize_logged_model",
    "flush",
    "flush_artifact_async_logging",
    "flush_async_logging",
    "get_active_model_id",
    "get_approval_rules",
    "get_artifact_uri",
    "get_experiment",
    "get_experiment_by_name",
    "get_logged_model",
    "get_metric_histories",
    "get_metric_history",
    "get_move_requests",
    "get_parent_run",
    "get_registry_uri",
    "get_run",
    "get_tracking_uri",
    "hyperopt",
    "import_checkpoints",
    "initialize_logged_model",
    "is_tracking_uri_set",
    "keras",
    "last_active_run",
    "last_logged_model",
    "lightgbm",
    "load_ipython_extension",
    "load_table",
    "log_artifact",
    "log_artifacts",
    "log_audio",
    "log_dict",
    "log_figure",
    "log_histogram",
    "log_image",
    "log_input",
    "log_inputs",
    "log_metric",
    "log_metrics",
    "log_model_params",
    "log_outputs",
    "log_param",
    "log_params",
    "log_stream",
    "log_table",
    "log_text",
    "log_video",
    "login",
    "metrics",
    "models",
    "onnx",
    "optuna",
    "prophet",
    "pyfunc",
    "pyspark",
    "pytorch",
    "register_model",
    "reject_move",
    "request_move",
    "restore_experiment",
    "restore_run",
    "run_context",
    "search_experiments",
    "search_logged_models",
    "search_model_versions",
    "search_registered_models",
    "search_runs",
    "set_active_model",
    "set_approval_rule",
    "set_experiment",
    "set_experiment_tag",
    "set_experiment_tags",
    "set_logged_model_tags",
    "set_model_version_tag",
    "set_registry_uri",
    "set_system_metrics_node_id",
    "set_system_metrics_samples_before_logging",
    "set_system_metrics_sampling_interval",
    "set_tag",
    "set_tags",
    "set_tracking_uri",
    "sklearn",
    "spark",
    "start_run",
    "statsmodels",
    "tensorboard",
    "track",
    "tracking",
    "transformers",
    "types",
    "ui",
    "unload_ipython_extension",
    "validate_evaluation_results",
    "withdraw_move",
    "xgboost",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _NAMESPACES:
        return import_module(f"clew.{name}")
    if name in _ABSENT:
        raise AttributeError(f"module 'clew' has no {name!r}. {_ABSENT[name]}.")
    if name not in _PLACES:
        raise AttributeError(f"module 'clew' has no attribute {name!r}")
    found = getattr(import_module(_PLACES[name]), name)
    globals()[name] = found  # the next access does not come here
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
