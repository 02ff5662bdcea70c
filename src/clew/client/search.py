"""The fluent functions that find runs, and the histories of their metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, overload

from clew.client.experiments import client, experiment_in_use, get_experiment_by_name, search_experiments
from clew.client.pages import PagedList, all_pages
from clew.client.tables import Keys, runs_frame
from clew.client.values import order_of, texts_of, view_of
from clew.entities.metric import Metric
from clew.entities.run import Run
from clew.errors import InvalidValue

if TYPE_CHECKING:
    import pandas as pd

_SEARCH_PAGE = 1000


@overload
def search_runs(
    experiment_ids: Sequence[str] | str | None = None,
    filter_string: str = "",
    run_view_type: object = 1,
    max_results: int | None = 100_000,
    order_by: Sequence[str] | None = None,
    output_format: Literal["pandas"] = "pandas",
    search_all_experiments: bool = False,
    experiment_names: Sequence[str] | None = None,
    *,
    metric_keys: Sequence[str] | None = None,
    param_keys: Sequence[str] | None = None,
    tag_keys: Sequence[str] | None = None,
) -> pd.DataFrame: ...
@overload
def search_runs(
    experiment_ids: Sequence[str] | str | None = None,
    filter_string: str = "",
    run_view_type: object = 1,
    max_results: int | None = 100_000,
    order_by: Sequence[str] | None = None,
    *,
    output_format: Literal["list"],
    search_all_experiments: bool = False,
    experiment_names: Sequence[str] | None = None,
) -> list[Run]: ...
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
        else PagedList(())
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
