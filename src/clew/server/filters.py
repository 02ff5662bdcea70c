"""``filter/parse``: the one parser, for whoever lets people type filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from clew.errors import InvalidFilter
from clew.query.complete import complete
from clew.query.describe import describe
from clew.query.fields import ENTITIES
from clew.query.highlight import Span, spans
from clew.query.parser import find_faults, read_filter
from clew.query.settle import open_names, settle
from clew.storage.engine import Tx
from clew.storage.experiments import number_of
from clew.storage.keys import metric_names
from clew.storage.vocabulary import vocabulary
from clew.wire import filters as wire

MAX_LOOKED_AT: Final = 10_000
"""Characters of a filter whose parts are told; the rest of a longer one is checked only."""


def parse_filter(tx: Tx, request: wire.ParseFilter) -> wire.ParseFilterResponse:
    """Whether a filter text is right, its parts, and what may be typed at the cursor.

    Raises:
        InvalidValue: an experiment id is no integer.
    """
    fields, text = ENTITIES[request.entity], request.filter
    experiments = [number_of(one) for one in request.experiment_ids]
    faults = find_faults(text, fields, tx.place.clock)
    found = spans(text, fields) if len(text) <= MAX_LOOKED_AT else []
    answer = wire.ParseFilterResponse(
        ok=not faults,
        spans=[wire.FilterSpan(start=one.start, stop=one.stop, kind=one.kind) for one in found],
        faults=[_fault(fault, found) for fault in faults],
    )
    if faults:
        first = faults[0]
        answer.position, answer.message, answer.expected = first.position, first.problem, first.expected
    else:
        tree = read_filter(text, fields, tx.place.clock)
        tree = settle(tree, metric_names(tx, experiments, open_names(tree)))
        answer.tree = None if tree is None else describe(tree)
    if request.cursor is not None and len(text) <= MAX_LOOKED_AT:
        answer.completions = [
            wire.FilterCompletion(text=one.text, kind=one.kind, start=one.start, stop=one.stop, detail=one.detail)
            for one in complete(text, request.cursor, fields, vocabulary(tx, fields, experiments))
        ]
    return answer


def _fault(fault: InvalidFilter, found: Sequence[Span]) -> wire.FilterFault:
    """The fault with the end of the token that it stands at."""
    at = fault.position
    stop = next((span.stop for span in found if span.start <= at < span.stop), at)
    return wire.FilterFault(start=at, stop=stop, message=fault.problem, expected=fault.expected)


SEARCHES: tuple[Callable[..., Any], ...] = (parse_filter,)
