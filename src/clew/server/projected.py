"""Names of columns as fields: ``params.lr``, ``metrics.loss.min``, ``tags.x``, ``dataset.name`` and the like."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from clew.errors import InvalidValue
from clew.query.ast import Field, FieldKind, ValueType
from clew.query.fields import RUNS
from clew.query.order import read_order
from clew.storage.engine import Tx
from clew.storage.experiments import number_of
from clew.storage.keys import metric_names

_SUMMARY: Final = re.compile(r"(.+)\.((?:min|max|first|last|mean|count|nans)|(?:at|last)\(-?[0-9]+\))", re.DOTALL)
_ATTRIBUTES: Final = {**RUNS.attributes, "duration": Field(FieldKind.ATTRIBUTE, "duration", ValueType.INTEGER)}
_KEYED: Final = (FieldKind.METRIC, FieldKind.PARAM, FieldKind.TAG)


def columns(tx: Tx, experiment_ids: Sequence[str], names: Sequence[str]) -> list[Field]:
    """The field of each column.

    As in filters, an unquoted ``metrics.reward.mean`` is the metric of that name if one of the experiments has it.

    Raises:
        InvalidValue: a name is of no such form.
    """
    maybe = [name.partition(".")[2] for name in names if _SUMMARY.fullmatch(name)]
    existing = metric_names(tx, [number_of(one) for one in experiment_ids], maybe)
    return [_column(name, existing) for name in names]


def _column(name: str, existing: Collection[str]) -> Field:
    prefix, _, key = name.partition(".")
    kind = RUNS.prefixes.get(prefix)
    if kind is FieldKind.ATTRIBUTE and key in _ATTRIBUTES:
        return _ATTRIBUTES[key]
    if kind is FieldKind.DATASET and key in RUNS.dataset_keys:
        return RUNS.dataset_keys[key]
    if kind not in _KEYED or not key:
        raise InvalidValue(
            f"Invalid column '{name}': write params.<key>, metrics.<key>, metrics.<key>.min (or another summary),"
            f" tags.<key>, dataset.name, dataset.digest, dataset.context, or attributes. and one of"
            f" {', '.join(sorted({f.name for f in _ATTRIBUTES.values()}))}."
        )
    if key[0] in '`"':
        end = key.rfind(key[0])
        quoted, rest = key[1:end], key[end + 1 :]
        if rest:
            return _summary(quoted, rest[1:])
        return RUNS.keyed(kind, quoted)
    summary = _SUMMARY.fullmatch(key) if kind is FieldKind.METRIC and key not in existing else None
    return _summary(summary[1], summary[2]) if summary else RUNS.keyed(kind, key)


def _summary(key: str, summary: str) -> Field:
    mark = '"' if "`" in key else "`"
    return read_order([f"metrics.{mark}{key}{mark}.{summary}"], RUNS)[0].field
