"""What runs in Spark's Python workers: batches of columns in, predictions out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from clew.packaging.spark.columns import InputPlan
from clew.packaging.spark.results import to_arrow
from clew.packaging.spark.shipment import Shipment


def predict(batches: Iterable[Any], fields: Mapping[str, Any]) -> Iterator[Any]:
    """The model's answer for each batch of a stream, as an Arrow array.

    batches: an Arrow array, or a tuple of them, one per argument of the UDF.
    fields: of a :class:`Shipment`.

    Raises:
        InvalidValue: the columns do not fit the model's signature, or the answer not the result type.
    """
    shipment = Shipment(**fields)
    wanted = pa.ipc.read_schema(pa.BufferReader(shipment.result)).field(0).type
    with _environment(shipment.variables):
        model = shipment.model()
        signature = model.metadata.signature
        plan = None
        for batch in batches:
            arguments = batch if isinstance(batch, tuple) else (batch,)
            rows = len(arguments[0])
            if not rows:
                yield pa.array([], wanted)
                continue
            if plan is None:
                plan = InputPlan(arguments, signature.inputs if signature else None, shipment.timezone)
            answer = model.predict_checked(plan.data(arguments), shipment.params)
            yield to_arrow(answer, rows, wanted, shipment.timezone)


def predict_pandas(batches: Iterable[Any], fields: Mapping[str, Any]) -> Iterator[Any]:
    """The same for Sparks older than 4.1, which hand pandas to their UDFs: frames for structs, series for others."""
    for array in predict((_as_arrow(batch) for batch in batches), fields):
        is_struct = pa.types.is_struct(array.type)
        yield (pa.RecordBatch.from_struct_array(array) if is_struct else array).to_pandas()


def _as_arrow(batch: Any) -> Any:
    if isinstance(batch, tuple):
        return tuple(_as_arrow(part) for part in batch)
    if hasattr(batch, "columns"):
        return pa.RecordBatch.from_pandas(batch, preserve_index=False).to_struct_array()
    return pa.Array.from_pandas(batch)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for as long as the model is asked; the worker may serve others afterwards."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
