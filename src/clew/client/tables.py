"""Search results as pandas frames, with MLflow's column names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from clew.entities.run import Run
from clew.errors import MissingPackage

if TYPE_CHECKING:
    import pandas as pd


def runs_frame(runs: Sequence[Run]) -> pd.DataFrame:
    """A row per run, with MLflow's columns.

    ``run_id``, ``experiment_id``, ``status``, ``artifact_uri``, ``start_time`` and ``end_time`` (UTC), then
    ``metrics.*``, ``params.*`` and ``tags.*``; what a run lacks is NaN (metrics) or None.

    Raises:
        MissingPackage: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise MissingPackage(
            "search_runs returns a pandas frame: pip install pandas, or use output_format='list'"
        ) from None
    columns: dict[str, Any] = {
        "run_id": [r.info.run_id for r in runs],
        "experiment_id": [r.info.experiment_id for r in runs],
        "status": [r.info.status.value for r in runs],
        "artifact_uri": [r.info.artifact_uri for r in runs],
        "start_time": pd.to_datetime([r.info.start_time for r in runs], unit="ms", utc=True),
        "end_time": pd.to_datetime(pd.Series([r.info.end_time for r in runs], dtype="Int64"), unit="ms", utc=True),
    }
    for kind, absent in (("metrics", float("nan")), ("params", None), ("tags", None)):
        keys = dict.fromkeys(key for run in runs for key in getattr(run.data, kind))
        for key in keys:
            columns[f"{kind}.{key}"] = [getattr(r.data, kind).get(key, absent) for r in runs]
    return pd.DataFrame(columns)
