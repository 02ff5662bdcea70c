"""Runs as CSV or JSON, a piece per batch: for people, spreadsheets and scripts, without pyarrow."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from clew.entities.run import RunInfo
from clew.storage import runtable
from clew.storage.runtable import Batch, Keys, Kind, Texts

_TIMES: Final = ("start_time", "end_time")
_PIECE: Final = 1 << 16
_ODD: Final = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def pieces(
    attributes: Sequence[str],
    keys: Mapping[Kind, Keys],
    batches: Iterable[Batch],
    form: Literal["csv", "json"],
) -> Iterator[bytes]:
    """The bytes of the table; none of the pieces is empty.

    Times are ISO 8601 in UTC. CSV: what is absent is empty, and a text that a spreadsheet would run as a formula has an
    apostrophe in front. JSON: a list of objects, what is absent is left out, NaN and the infinities are words.
    """
    names = [*attributes, *(f"{kind}.{name}" for kind in runtable.KINDS for name in keys[kind].names)]
    rows = (row for batch in batches for row in _rows(attributes, batch))
    return _csv(names, rows) if form == "csv" else _json(names, rows)


def _rows(attributes: Sequence[str], batch: Batch) -> Iterator[list[Any]]:
    columns: list[list[Any]] = [[_attribute(info, name) for info in batch.infos] for name in attributes]
    for values, there in zip(batch.metrics.tolist(), batch.present.tolist(), strict=True):
        columns.append([value if present else None for value, present in zip(values, there, strict=True)])
    columns += _texts(batch.params)
    columns += _texts(batch.tags)
    return (list(row) for row in zip(*columns, strict=True)) if columns else iter(())


def _texts(texts: Texts) -> list[list[str | None]]:
    every: list[str | None] = [*texts.texts, None]  # the last is what -1 finds
    return [[every[code] for code in column] for column in texts.codes.tolist()]


def _attribute(info: RunInfo, name: str) -> str | None:
    value = getattr(info, name)
    if value is None:
        return None
    if name in _TIMES:
        return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="milliseconds")
    return str(value)


def _csv(names: Sequence[str], rows: Iterable[list[Any]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    write = csv.writer(buffer).writerow
    write([_harmless(name) for name in names])
    for row in rows:
        write([_harmless(value) for value in row])
        if buffer.tell() > _PIECE:
            yield _taken(buffer)
    if buffer.tell():
        yield _taken(buffer)


def _json(names: Sequence[str], rows: Iterable[list[Any]]) -> Iterator[bytes]:
    encode = msgspec.json.Encoder().encode
    made = bytearray(b"[")
    for number, row in enumerate(rows):
        there = {name: _word(value) for name, value in zip(names, row, strict=True) if value is not None}
        made += (b",\n" if number else b"") + encode(there)
        if len(made) > _PIECE:
            yield bytes(made)
            made.clear()
    yield bytes(made) + b"]\n"


def _taken(buffer: io.StringIO) -> bytes:
    made = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return made


def _harmless(value: object) -> object:
    if isinstance(value, float):
        return _word(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) and not _is_number(value) else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _word(value: object) -> object:
    return _ODD.get(str(value), value) if isinstance(value, float) else value
