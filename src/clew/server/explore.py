"""Calls about what runs hold: key suggestions, column statistics, importance of params."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from clew.entities.run import ViewType
from clew.errors import InvalidValue, MissingPackage
from clew.query.ast import FieldKind
from clew.query.fields import RUNS
from clew.server import importance as ranking
from clew.server import projected, statistics
from clew.server.bounds import within
from clew.storage import search
from clew.storage import suggest as keys
from clew.storage.cells import Cells, read_cells
from clew.storage.columns.arrays import Floats, Rows
from clew.storage.engine import Tx
from clew.storage.experiments import number_of
from clew.storage.keys import METRIC, PARAM, TAG
from clew.storage.rundatasets import dataset_texts
from clew.wire import explore as wire
from clew.wire.floats import wire_number

MAX_SUGGESTIONS: Final = 200
MAX_STATS_RUNS: Final = 100_000
MAX_STATS_COLUMNS: Final = 200
MAX_BINS: Final = 200
MAX_IMPORTANCE_RUNS: Final = 10_000
MAX_IMPORTANCE_PARAMS: Final = 50
DATASET: Final = "dataset.name"
_KINDS: Final = {"metric": METRIC, "param": PARAM, "tag": TAG}


def suggest(tx: Tx, request: wire.Suggest) -> wire.SuggestResponse:
    """Keys that fit a text, with how many runs have them and what they hold."""
    limit = within("limit", request.limit, 20, MAX_SUGGESTIONS)
    found, sampled = keys.suggest(tx, request.experiment_ids, _KINDS[request.kind], request.q, limit)
    return wire.SuggestResponse(keys=[_suggested(fact) for fact in found], sampled_runs=sampled)


def column_stats(tx: Tx, request: wire.ColumnStats) -> wire.ColumnStatsResponse:
    """What the columns of the runs that match hold."""
    if len(request.columns) > MAX_STATS_COLUMNS:
        raise InvalidValue(f"At most {MAX_STATS_COLUMNS} columns at once. Got {len(request.columns)}.")
    bins = within("bins", request.bins, 20, MAX_BINS)
    experiments = [number_of(one) for one in request.experiment_ids]
    rns, sampled = _matching(tx, request.experiment_ids, request.filter, request.view, MAX_STATS_RUNS)
    names = list(dict.fromkeys(request.columns))
    fields = dict(zip(names, projected.columns(tx, request.experiment_ids, names), strict=True))
    found = read_cells(tx, experiments, rns, list(dict.fromkeys(fields.values())))
    return wire.ColumnStatsResponse(
        runs=len(rns),
        sampled_runs=sampled,
        columns=[_summary(name, found[field], len(rns), bins, bool(request.log)) for name, field in fields.items()],
    )


def importance(tx: Tx, request: wire.Importance) -> wire.ImportanceResponse:
    """Which params the metric goes with."""
    if len(request.params) > MAX_IMPORTANCE_PARAMS:
        raise InvalidValue(f"At most {MAX_IMPORTANCE_PARAMS} params at once. Got {len(request.params)}.")
    experiments = [number_of(one) for one in request.experiment_ids]
    rns, sampled = _matching(tx, request.experiment_ids, request.filter, request.view, MAX_IMPORTANCE_RUNS)
    metric = msgspec.structs.replace(RUNS.keyed(FieldKind.METRIC, request.metric), summary=request.summary or "")
    target = _spread(read_cells(tx, experiments, rns, [metric])[metric], len(rns))
    kept = np.flatnonzero(np.isfinite(target))
    answer = wire.ImportanceResponse(runs=len(kept), sampled_runs=sampled)
    answer.message = _too_little(request.metric, target[kept])
    if answer.message is not None:
        return answer
    names = list(dict.fromkeys(request.params)) or keys.frequent(
        tx, request.experiment_ids, rns, PARAM, MAX_IMPORTANCE_PARAMS
    )
    read = read_cells(tx, experiments, rns, [RUNS.keyed(FieldKind.PARAM, name) for name in names])
    params = {field.name: _param(cells, len(rns), kept) for field, cells in read.items()}
    used = None
    if not request.params and DATASET not in params:
        names_of = dataset_texts(tx, rns, "name")
        used = _text_param([names_of.get(rns[row]) for row in kept.tolist()])
        if used.distinct > 1:
            params[DATASET] = used
    _rank(answer, params, target[kept], used)
    return answer


class _Param(NamedTuple):
    """A param of the runs that count. codes: for the forest; numbers: for the correlation, None for texts."""

    codes: Floats
    numbers: Floats | None
    runs: int
    distinct: int


def _param(cells: Cells, rows: int, kept: Rows) -> _Param:
    if cells.numbers is not None:
        numbers = _spread(cells, rows)[kept]
        present = numbers[~np.isnan(numbers)]
        return _Param(numbers, numbers, len(present), len(np.unique(present)))
    every: list[str | None] = [None] * rows
    for place, text in zip(cells.at.tolist(), cells.texts or (), strict=True):
        every[place] = text
    return _text_param([every[row] for row in kept.tolist()])


def _text_param(texts: list[str | None]) -> _Param:
    known = [text for text in texts if text is not None]
    return _Param(ranking.encode_texts(texts), None, len(known), len(set(known)))


def _rank(answer: wire.ImportanceResponse, params: dict[str, _Param], target: Floats, datasets: _Param | None) -> None:
    varied = {name: param.codes for name, param in params.items() if param.distinct > 1}
    found: ranking.Forest | None = None
    answer.method = "correlation"
    if not varied:
        answer.message = "Importance needs params that differ between the runs; all of these have one value."
    else:
        try:
            found = ranking.forest(varied, target)
        except MissingPackage as missing:
            answer.message = f"{missing.message} Rank correlation is given alone."
        else:
            answer.method, answer.score = "forest", wire_number(found.score)
    rows = []
    for name, param in params.items():
        row = wire.ParamImportance(param=name, runs=param.runs, distinct=param.distinct)
        if param is datasets:
            row.kind = "dataset"
        if found is not None:
            row.importance, row.spread = found.params.get(name, ranking.Ranked(0.0, 0.0))
        if param.numbers is not None:
            row.correlation = ranking.spearman(param.numbers, target)
        rows.append(row)
    answer.params = sorted(rows, key=lambda row: (-(row.importance or 0.0), -abs(row.correlation or 0.0), row.param))


def _too_little(metric: str, values: Floats) -> str | None:
    """Why nothing can be said, or None."""
    if len(values) < ranking.LEAST_RUNS:
        return (
            f"Importance needs at least {ranking.LEAST_RUNS} runs with a finite value of {metric!r};"
            f" {len(values)} match."
        )
    if values.min() == values.max():
        return f"Importance needs values that differ; {metric!r} is {values[0]:g} in all {len(values)} runs."
    return None


def _spread(cells: Cells, rows: int) -> Floats:
    """The numbers of a column for every row; NaN where a run has none. float64[rows]."""
    full = np.full(rows, np.nan)
    if cells.numbers is not None:
        full[cells.at] = cells.numbers
    return full


def _summary(name: str, cells: Cells, runs: int, bins: int, log: bool) -> wire.ColumnSummary:
    summary = wire.ColumnSummary(column=name, count=len(cells.at), missing=runs - len(cells.at))
    if cells.numbers is not None:
        statistics.summarize_numbers(summary, cells.numbers, bins=bins, log=log)
    if cells.texts is not None:
        statistics.summarize_texts(summary, cells.texts)
    return summary


def _suggested(fact: keys.KeyFacts) -> wire.SuggestedKey:
    return wire.SuggestedKey(
        key=fact.name,
        runs=fact.runs,
        min=None if fact.least is None else wire_number(fact.least),
        max=None if fact.most is None else wire_number(fact.most),
        distinct=fact.distinct,
        numeric=fact.numeric,
        top=[wire.ValueCount(value=value, runs=runs) for value, runs in fact.top],
    )


def _matching(
    tx: Tx, experiment_ids: Sequence[str], text: str | None, view: ViewType | None, limit: int
) -> tuple[list[int], int | None]:
    """The newest runs that match, and how many these are where more match."""
    page = search.search_runs(tx, experiment_ids, text or "", view=view or "ACTIVE_ONLY", max_results=limit)
    return list(page.items), limit if page.token else None


SEARCHES: tuple[Callable[..., Any], ...] = (suggest, column_stats, importance)
