"""Runs in groups, with statistics of their numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from clew.errors import InvalidValue
from clew.query.ast import Field
from clew.server import projected
from clew.server.bounds import within
from clew.storage import groups, search
from clew.storage.columns.arrays import Floats
from clew.storage.engine import Tx
from clew.storage.groups import Groups, Key, Label
from clew.wire import groups as wire
from clew.wire.floats import wire_number

MAX_KEYS: Final = 3
MAX_COLUMNS: Final = 50
MAX_BINS: Final = 100
MAX_GROUPS: Final = 1000
STATISTICS: Final = ("count", "mean", "sd", "median", "min", "max")


def group_runs(tx: Tx, request: wire.GroupRuns) -> wire.GroupRunsResponse:
    """The runs that match, in groups."""
    if not 1 <= len(request.by) <= MAX_KEYS:
        raise InvalidValue(
            f"Group by one to {MAX_KEYS} keys: by=[{{column: 'params.optimizer'}}]. Got {len(request.by)}."
        )
    if len(request.columns) > MAX_COLUMNS:
        raise InvalidValue(f"At most {MAX_COLUMNS} columns at once. Got {len(request.columns)}.")
    limit = within("limit", request.limit, 100, MAX_GROUPS)
    offset = within("offset", request.offset, 0, 2**62, least=0)
    query = search.read_query(tx, request.experiment_ids, request.filter or "", view=request.view or "ACTIVE_ONLY")
    experiments = sorted({number for number in query.experiments if number >= 0})
    names = list(dict.fromkeys(request.columns))
    fields = projected.columns(tx, request.experiment_ids, [*(key.column for key in request.by), *names])
    keys = [_key(key, field) for key, field in zip(request.by, fields, strict=False)]
    columns = dict(zip(names, fields[len(keys) :], strict=True))
    if not experiments:
        return wire.GroupRunsResponse(runs=0, total=0)
    found = groups.group_runs(tx, experiments, query.where, query.view, keys, list(columns.values()))
    order = _order(found, request.sort or "runs", request.descending, columns)
    return wire.GroupRunsResponse(
        runs=int(found.runs.sum()),
        total=len(order),
        groups=[_group(found, number, columns) for number in order[offset : offset + limit]],
    )


def _key(key: wire.GroupKey, field: Field) -> Key:
    bins = None if key.bins is None else within("bins", key.bins, 0, MAX_BINS, least=2)
    return Key(field, bins, key.scale or "equal")


def _order(found: Groups, sort: str, descending: bool | None, columns: dict[str, Field]) -> list[int]:
    """Group numbers in the order asked; equals stay in the order of their keys, groups without a value come last."""
    if sort == "key":
        numbers = list(range(len(found.runs)))
        return numbers[::-1] if descending else numbers
    values = _sort_values(found, sort, columns)
    down = descending is not False
    by_value = np.lexsort((-values if down else values, np.isnan(values)))
    return [int(number) for number in by_value]


def _sort_values(found: Groups, sort: str, columns: dict[str, Field]) -> Floats:
    if sort == "runs":
        return found.runs.astype(np.float64)
    name, _, statistic = sort.rpartition(" ")
    if name not in columns or statistic not in STATISTICS:
        raise InvalidValue(
            f"Invalid value {sort!r} for parameter 'sort': runs, key, or one of the columns and one of"
            f" {', '.join(STATISTICS)}, as in 'metrics.loss mean'."
        )
    return groups.statistic(found, columns[name], statistic)


def _group(found: Groups, number: int, columns: dict[str, Field]) -> wire.Group:
    labels = found.labels(number)
    return wire.Group(
        labels=[_label(label) for label in labels],
        runs=int(found.runs[number]),
        filter=groups.filter_of(labels),
        columns={name: _column(found, field, number) for name, field in columns.items()},
    )


def _label(label: Label) -> wire.GroupLabel:
    low, high = (None if edge is None else wire_number(edge) for edge in (label.low, label.high))
    return wire.GroupLabel(text=label.text, low=low, high=high)


def _column(found: Groups, field: Field, number: int) -> wire.GroupColumn:
    own = found.columns[field]
    made = wire.GroupColumn(count=int(own.counts[number]), nan=int(own.nans[number]))
    if made.count:
        made.mean, made.median = wire_number(float(own.means[number])), wire_number(float(own.medians[number]))
        made.min, made.max = wire_number(float(own.mins[number])), wire_number(float(own.maxs[number]))
    if made.count and made.count > 1:
        made.sd = wire_number(float(own.deviations[number]))
    return made


SEARCHES: tuple[Callable[..., Any], ...] = (group_runs,)
