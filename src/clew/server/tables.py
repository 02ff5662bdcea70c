"""Whole answers as tables: the runs that match a search, and the points of their metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clew.entities.run import RunInfo
from clew.errors import InvalidValue
from clew.server import plaintable, tracking
from clew.server.arrow import coded, coded_columns, moments, need_pyarrow, pieces
from clew.storage import pointtable, runtable, search
from clew.storage.engine import Tx
from clew.storage.experiments import number_of
from clew.storage.hydrate import load_contexts
from clew.wire import tables as wire

if TYPE_CHECKING:
    import pyarrow as pa

MAX_RUN_IDS: Final = 10_000
MAX_KEYS: Final = 20_000
_ALL: Final = 2**31 - 1

_TIMES: Final = ("start_time", "end_time")
_PLAIN: Final = ("run_id", "artifact_uri")  # every run has another; a dictionary would only add to them
ATTRIBUTES: Final = (
    *("run_id", "experiment_id", "run_name", "status", "user_id", "artifact_uri"),
    *("start_time", "end_time"),
)


def runs_table(tx: Tx, request: wire.RunsTable) -> Iterator[bytes]:
    """Every run that matches, one row each."""
    attributes = _attributes(request.attributes)
    asked = {"metrics": request.metric_keys, "params": request.param_keys, "tags": request.tag_keys}
    for names in asked.values():
        _check_count(names, "keys", MAX_KEYS)
    rns = _matching(tx, request, request.order_by, request.max_results)
    experiments = sorted({number_of(one) for one in request.experiment_ids})
    keys = {kind: runtable.find_keys(tx, experiments, rns, kind, asked[kind]) for kind in runtable.KINDS}
    read = runtable.read_batches(tx, rns, keys)
    if request.format in ("csv", "json"):
        return plaintable.pieces(attributes, keys, read, request.format)
    schema = _runs_schema(attributes, keys)
    return pieces(schema, (_runs_batch(schema, attributes, batch) for batch in read), request.format)


def metrics_table(tx: Tx, request: wire.MetricsTable) -> Iterator[bytes]:
    """Every point of the runs that are named or match, one row each."""
    if request.format in ("csv", "json"):
        raise InvalidValue(f"Points come as arrow or parquet, not as {request.format}.")
    need_pyarrow()
    _check_count(request.run_ids, "run_ids", MAX_RUN_IDS)
    _check_count(request.keys, "keys", MAX_KEYS)
    if request.run_ids is not None:
        rns = pointtable.numbers_of(tx, request.run_ids)
    else:
        rns = _matching(tx, request, (), None)
    parts = pointtable.read_points(tx, rns, request.keys, start_step=request.start_step, end_step=request.end_step)
    schema = _points_schema()
    batches = (_points_batch(tx, schema, some) for some in _together(parts))
    return pieces(schema, batches, request.format)


def _matching(
    tx: Tx, request: wire.RunsTable | wire.MetricsTable, order_by: Sequence[str], most: int | None
) -> list[int]:
    return list(
        search.search_runs(
            tx,
            request.experiment_ids,
            filter=request.filter or "",
            order_by=order_by,
            view=request.view or "ACTIVE_ONLY",
            max_results=tracking.check_max_results(most, _ALL, _ALL),
        ).items
    )


def _check_count(values: Sequence[str] | None, what: str, most: int) -> None:
    if values is not None and len(values) > most:
        raise InvalidValue(f"A table takes at most {most:,} {what}. Got {len(values):,}; split the request.")


# --- runs -------------------------------------------------------------------------------------


def _attributes(asked: Sequence[str] | None) -> tuple[str, ...]:
    unknown = [name for name in asked or () if name not in ATTRIBUTES]
    if unknown:
        raise InvalidValue(f"Invalid attribute '{unknown[0]}': a table of runs has {', '.join(ATTRIBUTES)}.")
    return ATTRIBUTES if asked is None else tuple(dict.fromkeys(asked))


def _runs_schema(attributes: Sequence[str], keys: dict[runtable.Kind, runtable.Keys]) -> pa.Schema:
    pa = need_pyarrow()
    texts = pa.dictionary(pa.int32(), pa.string())
    types = {name: pa.timestamp("ms", tz="UTC") for name in _TIMES} | dict.fromkeys(_PLAIN, pa.string())
    fields = [(name, types.get(name, texts)) for name in attributes]
    for kind in runtable.KINDS:
        of_kind = pa.float64() if kind == "metrics" else texts
        fields += [(f"{kind}.{name}", of_kind) for name in keys[kind].names]
    return pa.schema(fields)


def _runs_batch(schema: pa.Schema, attributes: Sequence[str], batch: runtable.Batch) -> pa.RecordBatch:
    pa = need_pyarrow()
    columns = [_attribute(name, batch.infos) for name in attributes]
    columns += [pa.array(values, mask=~there) for values, there in zip(batch.metrics, batch.present, strict=True)]
    columns += coded_columns(batch.params.codes, batch.params.texts)
    columns += coded_columns(batch.tags.codes, batch.tags.texts)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _attribute(name: str, infos: Sequence[RunInfo]) -> pa.Array:
    values = [getattr(info, name) for info in infos]
    if name in _TIMES:
        return moments(values)
    if name in _PLAIN:
        return need_pyarrow().array(values, "string")
    return coded([str(value) for value in values])


# --- points -----------------------------------------------------------------------------------


def _points_schema() -> pa.Schema:
    pa = need_pyarrow()
    texts = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [
            ("run_id", texts),
            ("key", texts),
            ("step", pa.int64()),
            ("timestamp", pa.timestamp("ms", tz="UTC")),
            ("value", pa.float64()),
            ("model_id", texts),
            ("dataset_name", texts),
            ("dataset_digest", texts),
        ]
    )


def _together(parts: Iterable[pointtable.PointPart]) -> Iterator[list[pointtable.PointPart]]:
    """Short parts put together, up to the rows of one batch."""
    some: list[pointtable.PointPart] = []
    rows = 0
    for part in parts:
        if some and rows + len(part.values) > pointtable.MAX_ROWS:
            yield some
            some, rows = [], 0
        some.append(part)
        rows += len(part.values)
    if some:
        yield some


def _points_batch(tx: Tx, schema: pa.Schema, parts: Sequence[pointtable.PointPart]) -> pa.RecordBatch:
    pa = need_pyarrow()
    counts = [len(part.values) for part in parts]
    contexts = np.concatenate(
        [np.zeros(n, np.int64) if p.contexts is None else p.contexts for p, n in zip(parts, counts, strict=True)]
    )
    columns = [
        _repeated([part.run_id for part in parts], counts),
        _repeated([part.key for part in parts], counts),
        pa.array(np.concatenate([part.steps for part in parts])),
        pa.array(np.concatenate([part.times for part in parts])).cast(schema.field("timestamp").type),
        pa.array(np.concatenate([part.values for part in parts])),
        *_bound(tx, contexts),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _repeated(texts: Sequence[str], counts: Sequence[int]) -> pa.Array:
    pa = need_pyarrow()
    distinct = list(dict.fromkeys(texts))
    place = {text: i for i, text in enumerate(distinct)}
    codes = np.repeat(np.array([place[text] for text in texts], np.int32), counts)
    return pa.DictionaryArray.from_arrays(codes, pa.array(distinct, pa.string()))


def _bound(tx: Tx, contexts: np.ndarray[Any, np.dtype[np.int64]]) -> list[pa.Array]:
    """Model id, dataset name and dataset digest of each point."""
    numbers, places = np.unique(contexts, return_inverse=True)
    known = load_contexts(tx, numbers.tolist()) if contexts.any() else {}
    rows = [known.get(number, (None, None, None)) for number in numbers.tolist()]
    return [coded([row[i] for row in rows]).take(need_pyarrow().array(places)) for i in range(3)]


STREAMS: tuple[Callable[..., Any], ...] = (runs_table, metrics_table)
