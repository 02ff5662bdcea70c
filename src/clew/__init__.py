"""Clew: the experiment tracker.

Names resolve on first use, so that ``import clew`` costs nothing but the standard library.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False  # as `typing` has it, without the 9 ms of importing that
if TYPE_CHECKING:
    from clew import artifacts, models, pyfunc, sklearn, tracking
    from clew.client.api import ClewClient, MlflowClient
    from clew.client.fluent import (
        ActiveRun,
        active_run,
        create_experiment,
        delete_experiment,
        delete_experiment_tag,
        delete_run,
        delete_tag,
        end_run,
        flush,
        get_artifact_uri,
        get_experiment,
        get_experiment_by_name,
        get_metric_histories,
        get_metric_history,
        get_parent_run,
        get_run,
        get_tracking_uri,
        is_tracking_uri_set,
        last_active_run,
        log_artifact,
        log_artifacts,
        log_dict,
        log_figure,
        log_image,
        log_input,
        log_inputs,
        log_metric,
        log_metrics,
        log_outputs,
        log_param,
        log_params,
        log_text,
        restore_experiment,
        restore_run,
        search_experiments,
        search_runs,
        set_experiment,
        set_experiment_tag,
        set_experiment_tags,
        set_tag,
        set_tags,
        set_tracking_uri,
        start_run,
    )
    from clew.integrations import autolog

_FLUENT = "clew.client.fluent"
_PLACES = {
    **dict.fromkeys(("ClewClient", "MlflowClient"), "clew.client.api"),
    "autolog": "clew.integrations",
    **dict.fromkeys(
        (
            "ActiveRun",
            "active_run",
            "create_experiment",
            "delete_experiment",
            "delete_experiment_tag",
            "delete_run",
            "delete_tag",
            "end_run",
            "flush",
            "get_artifact_uri",
            "get_experiment",
            "get_experiment_by_name",
            "get_metric_histories",
            "get_metric_history",
            "get_parent_run",
            "get_run",
            "get_tracking_uri",
            "is_tracking_uri_set",
            "last_active_run",
            "log_artifact",
            "log_artifacts",
            "log_dict",
            "log_figure",
            "log_image",
            "log_input",
            "log_inputs",
            "log_metric",
            "log_metrics",
            "log_outputs",
            "log_param",
            "log_params",
            "log_text",
            "restore_experiment",
            "restore_run",
            "search_experiments",
            "search_runs",
            "set_experiment",
            "set_experiment_tag",
            "set_experiment_tags",
            "set_tag",
            "set_tags",
            "set_tracking_uri",
            "start_run",
        ),
        _FLUENT,
    ),
}
_NAMESPACES = ("artifacts", "models", "pyfunc", "sklearn", "tracking")

__all__ = [
    "ActiveRun",
    "ClewClient",
    "MlflowClient",
    "__version__",
    "active_run",
    "artifacts",
    "autolog",
    "create_experiment",
    "delete_experiment",
    "delete_experiment_tag",
    "delete_run",
    "delete_tag",
    "end_run",
    "flush",
    "get_artifact_uri",
    "get_experiment",
    "get_experiment_by_name",
    "get_metric_histories",
    "get_metric_history",
    "get_parent_run",
    "get_run",
    "get_tracking_uri",
    "is_tracking_uri_set",
    "last_active_run",
    "log_artifact",
    "log_artifacts",
    "log_dict",
    "log_figure",
    "log_image",
    "log_input",
    "log_inputs",
    "log_metric",
    "log_metrics",
    "log_outputs",
    "log_param",
    "log_params",
    "log_text",
    "models",
    "pyfunc",
    "restore_experiment",
    "restore_run",
    "search_experiments",
    "search_runs",
    "set_experiment",
    "set_experiment_tag",
    "set_experiment_tags",
    "set_tag",
    "set_tags",
    "set_tracking_uri",
    "sklearn",
    "start_run",
    "tracking",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _NAMESPACES:
        return import_module(f"clew.{name}")
    if name not in _PLACES:
        raise AttributeError(f"module 'clew' has no attribute {name!r}")
    found = getattr(import_module(_PLACES[name]), name)
    globals()[name] = found  # the next access does not come here
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
