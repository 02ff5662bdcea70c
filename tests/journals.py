"""Reading journals in tests."""

from __future__ import annotations

from clew.client.mlflow_target import items
from clew.client.reader import Reader
from clew.wire.frames import KEY


def read_all(writer_folder: str, *, alive: bool = False) -> bytes:
    """Every slot that a shipper would send of a writer, which keeps its segments."""
    reader = Reader(writer_folder, "0" * 32)
    reader.alive = alive
    data = b""
    reader.acknowledge(0)
    while (batch := reader.batch()) is not None:
        data += batch.data
        reader.acknowledge(batch.end)
    return data


def contents(data: bytes) -> list[tuple[object, ...]]:
    """Points as (key, value, step) and records as (number, fields), in order; names of keys fall away."""
    names: dict[int, str] = {}
    found: list[tuple[object, ...]] = []
    for kind, fields, _ in items(data):
        if kind == KEY:
            names[fields["id"]] = fields["key"]
        elif kind < 0:
            _, value, step, key_id = fields
            found.append((names[key_id], value, step))
        else:
            found.append((kind, fields))
    return found
