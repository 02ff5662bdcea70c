"""Search results and metric histories as pandas frames; runs with MLflow's column names.

A frame is the same whether its data came as pages of JSON or as an Arrow table.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from clew.entities.metric import Metric
from clew.entities.run import Run
from clew.errors import Corrupt, MissingPackage

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

ATTRIBUTES: Final = ("run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time")
_TIMES: Final = ("start_time", "end_time", "timestamp")
_POINT: Final = ("step", "timestamp", "value", "model_id", "dataset_name", "dataset_digest")


class Keys(NamedTuple):
    """Which metrics, params and tags become columns, in this order; None for all that a run has, by name."""

    metrics: Sequence[str] | None = None
    params: Sequence[str] | None = None
    tags: Sequence[str] | None = None


ALL_KEYS: Final = Keys()


def can_read_arrow() -> bool:
    """Whether pyarrow is installed here."""
    return importlib.util.find_spec("pyarrow") is not None


def need_pandas(what: str) -> Any:
    """The package.

    Raises:
        MissingPackage: it is not installed; ``what`` begins the sentence that says so.
    """
    try:
        import pandas
    except ImportError:
        raise MissingPackage(f"{what} returns a pandas frame: pip install pandas") from None
    return pandas


def runs_frame(runs: Sequence[Run], keys: Keys = ALL_KEYS) -> pd.DataFrame:
    """A row per run, with MLflow's columns.

    ``run_id``, ``experiment_id``, ``status``, ``artifact_uri``, ``start_time`` and ``end_time`` (UTC), then
    ``metrics.*``, ``params.*`` and ``tags.*``; what a run lacks is NaN (metrics) or None.

    Raises:
        MissingPackage: pandas is not installed.
    """
    columns: dict[str, list[Any]] = {name: [getattr(run.info, name) for run in runs] for name in ATTRIBUTES}
    columns["status"] = [status.value for status in columns["status"]]
    for kind, asked in zip(Keys._fields, keys, strict=True):
        absent = float("nan") if kind == "metrics" else None
        data = [getattr(run.data, kind) for run in runs]
        for key in sorted(set().union(*data)) if asked is None else dict.fromkeys(asked):
            columns[f"{kind}.{key}"] = [of_run.get(key, absent) for of_run in data]
    return _frame(columns)


def points_frame(points: Iterable[tuple[str, Metric]]) -> pd.DataFrame:
    """A row per point of (run id, point), with the columns that the server's table of points has.

    Raises:
        MissingPackage: pandas is not installed.
    """
    columns: dict[str, list[Any]] = {name: [] for name in ("run_id", "key", *_POINT)}
    for run_id, point in points:
        columns["run_id"].append(run_id)
        columns["key"].append(point.key)
        for name in _POINT:
            columns[name].append(getattr(point, name))
    return _frame(columns)


def arrow_frame(pieces: Generator[bytes]) -> pd.DataFrame:
    """The rows of an Arrow stream.

    Raises:
        MissingPackage: pandas is not installed. Corrupt: the bytes are no Arrow stream.
        Unavailable: the server broke off.
    """
    import pyarrow as pa
    from pyarrow import ipc

    try:
        table = ipc.open_stream(io.BufferedReader(_Body(pieces), 1 << 20)).read_all()
        for _ in pieces:  # the end of the answer, so that its connection can be used again
            pass
    except pa.ArrowInvalid as error:
        raise Corrupt(f"The server's table cannot be read: {error}") from None
    finally:
        pieces.close()
    return _frame({name: _values(table.column(name)) for name in table.column_names})


def _values(column: pa.ChunkedArray) -> Any:
    """The values as a list or array, or as texts in the form that pandas would choose itself."""
    import pandas
    import pyarrow as pa

    if pa.types.is_floating(column.type):
        return column.to_numpy()  # null is NaN
    if pa.types.is_timestamp(column.type) or pa.types.is_integer(column.type):
        whole = column.cast(pa.int64())
        return whole.to_pylist() if whole.null_count else whole.to_numpy()
    chosen = pandas.Series(["a", None]).dtype
    if column.null_count < len(column) and getattr(chosen, "storage", None) == "pyarrow":
        return pandas.array(column.cast(pa.large_string()), dtype=chosen)
    return _texts(column)


def _texts(column: pa.ChunkedArray) -> list[str | None]:
    import numpy as np
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        return list(column.to_pylist())
    found: list[str | None] = []
    for chunk in column.chunks:
        texts = np.array([*chunk.dictionary.to_pylist(), None], np.object_)
        found += texts[chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False)].tolist()
    return found


def _frame(columns: dict[str, Any]) -> pd.DataFrame:
    """The columns as a frame: numbers as float64, times in UTC."""
    pandas = need_pandas("This call")
    made: dict[str, Any] = {}
    for name, values in columns.items():
        if name in _TIMES:
            made[name] = pandas.to_datetime(pandas.Series(values, dtype="Int64"), unit="ms", utc=True)
        elif name == "value" or name.startswith("metrics."):
            made[name] = pandas.Series(values, dtype="float64")
        elif name == "step":
            made[name] = pandas.Series(values, dtype="int64")
        else:
            made[name] = values
    frame: pd.DataFrame = pandas.DataFrame(made)
    return frame


class _Body(io.RawIOBase):
    """Pieces of bytes as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        n = min(len(buffer), len(self._rest))
        buffer[:n], self._rest = self._rest[:n], self._rest[n:]
        return n
