"""The client's calls that read many runs or points at once."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Final

from clew.client.link import Link
from clew.client.pages import PagedList, all_pages
from clew.client.tables import ALL_KEYS, ATTRIBUTES, Keys, arrow_frame, can_read_arrow, need_pandas, points_frame
from clew.client.values import order_of, texts_of, view_of
from clew.entities.metric import Metric
from clew.errors import NotSupported
from clew.wire import convert, mlflow
from clew.wire import tables as wire

if TYPE_CHECKING:
    import pandas as pd

_HISTORY_PAGE: Final = 25_000
_RUNS_AT_ONCE: Final = 10_000
_NO_LIMIT: Final = 2**31 - 1


class TableCalls:
    """Methods for histories and whole tables; mixed into ``ClewClient``."""

    _link: Link

    def get_metric_history(self, run_id: str, key: str) -> list[Metric]:
        """Every point of a metric, by time, step and value.

        Raises:
            NotFound: there is no such run.
        """
        self._link.flush()

        def fetch(count: int, token: str | None) -> PagedList[Metric]:
            request = mlflow.GetMetricHistory(run_id=run_id, metric_key=key, max_results=count, page_token=token)
            response = self._link.call("get_metric_history", request)
            return PagedList((convert.metric_entity(m) for m in response.metrics), response.next_page_token)

        return all_pages(fetch, None, _HISTORY_PAGE)

    def runs_table(
        self,
        experiment_ids: Sequence[str] | str,
        filter_string: str = "",
        run_view_type: object = 1,
        max_results: int | None = None,
        order_by: Sequence[str] | None = None,
        *,
        keys: Keys = ALL_KEYS,
        attributes: Sequence[str] | None = None,
        format: wire.Format = "arrow",  # noqa: A002 - the word of the API
    ) -> Generator[bytes]:
        """Every run that matches, as the bytes of an Arrow stream or a Parquet file, in pieces.

        Raises:
            NotSupported: the server is not Clew, or has no pyarrow. InvalidFilter: the filter cannot be read.
        """
        if self._link.kind != "clew":
            raise NotSupported("Only Clew's servers give tables; this one gives pages of search_runs.")
        self._link.flush()
        request = wire.RunsTable(
            experiment_ids=texts_of(experiment_ids),
            filter=filter_string or None,
            view=view_of(run_view_type),
            order_by=order_of(order_by),
            metric_keys=_texts(keys.metrics),
            param_keys=_texts(keys.params),
            tag_keys=_texts(keys.tags),
            attributes=_texts(attributes),
            max_results=None if max_results is None or max_results > _NO_LIMIT else max_results,
            format=format,
        )
        return self._link.stream("runs_table", request)

    def find_runs_frame(
        self,
        experiment_ids: Sequence[str] | str,
        filter_string: str,
        run_view_type: object,
        max_results: int | None,
        order_by: Sequence[str] | None,
        keys: Keys,
    ) -> pd.DataFrame | None:
        """The frame of ``search_runs`` out of one table; None where the server or this machine cannot do that."""
        if not can_read_arrow() or self._link.kind != "clew":
            return None
        need_pandas("search_runs")
        try:
            pieces = self.runs_table(
                experiment_ids, filter_string, run_view_type, max_results, order_by, keys=keys, attributes=ATTRIBUTES
            )
        except NotSupported:
            return None
        return arrow_frame(pieces)

    def get_metric_histories(
        self,
        run_ids: Sequence[str] | str,
        keys: Sequence[str] | str | None = None,
        *,
        start_step: int | None = None,
        end_step: int | None = None,
    ) -> pd.DataFrame:
        """Every point of metrics of runs, as a long frame.

        Columns run_id, key, step, timestamp (UTC), value, and model_id, dataset_name, dataset_digest (None where a
        point is not bound to any). Runs come in the order given, a run's keys by name, points by step.

        keys: default all that a run has. start_step, end_step: the range of steps, ends included.

        Raises:
            MissingPackage: pandas is not installed.
        """
        pandas = need_pandas("get_metric_histories")
        ids = list(dict.fromkeys(texts_of(run_ids)))
        wanted = None if keys is None else sorted(set(texts_of(keys)))
        if can_read_arrow() and self._link.kind == "clew":
            try:
                frames = [
                    arrow_frame(self._points(ids[start : start + _RUNS_AT_ONCE], wanted, start_step, end_step))
                    for start in range(0, max(1, len(ids)), _RUNS_AT_ONCE)
                ]
            except NotSupported:
                pass
            else:
                frame: pd.DataFrame = frames[0] if len(frames) == 1 else pandas.concat(frames, ignore_index=True)
                return frame
        low = -(2**63) if start_step is None else start_step
        high = 2**63 - 1 if end_step is None else end_step
        return points_frame(
            (run_id, point)
            for run_id in ids
            for key in (self._metrics_of(run_id) if wanted is None else wanted)
            for point in sorted(self.get_metric_history(run_id, key), key=_place)
            if low <= point.step <= high
        )

    def _metrics_of(self, run_id: str) -> list[str]:
        run = self._link.read("get_run", mlflow.GetRun(run_id=run_id)).run
        return sorted(convert.run_entity(run).data.metrics)

    def _points(
        self, run_ids: list[str], keys: list[str] | None, start_step: int | None, end_step: int | None
    ) -> Generator[bytes]:
        self._link.flush()
        request = wire.MetricsTable(run_ids=run_ids, keys=keys, start_step=start_step, end_step=end_step)
        return self._link.stream("metrics_table", request)


def _texts(names: Sequence[str] | None) -> list[str] | None:
    return None if names is None else texts_of(names)


def _place(point: Metric) -> tuple[int, int, bool, float]:
    """Where a point stands among those of its series; NaN is the smallest value."""
    nan = point.value != point.value
    return point.step, point.timestamp, not nan, 0.0 if nan else point.value
