"""Record batches as bytes: an Arrow IPC stream or a Parquet file, a piece per batch.

The only module of the server that knows pyarrow, which is an extra and is imported when it is needed.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clew.errors import NotSupported
from clew.wire.tables import Format

if TYPE_CHECKING:
    import pyarrow as pa


def need_pyarrow() -> Any:
    """The package.

    Raises:
        NotSupported: it is not installed here.
    """
    try:
        import pyarrow
    except ImportError:
        raise NotSupported(
            "Arrow and Parquet need pyarrow on the server: pip install 'clew[arrow]' there, or ask for csv or json."
        ) from None
    return pyarrow


def coded(texts: Sequence[str | None]) -> pa.Array:
    """Texts as codes of a dictionary."""
    pa = need_pyarrow()
    return pa.array(texts, pa.string()).dictionary_encode()


def coded_columns(codes: NDArray[np.int32], texts: Sequence[str]) -> Iterator[pa.Array]:
    """Texts as codes of dictionaries, column by column.

    codes: int32[columns, n], places in ``texts``, -1 for null.
    """
    pa = need_pyarrow()
    every = pa.array(texts, pa.string())
    for column in codes:
        used = np.zeros(len(texts) + 1, np.bool_)  # the last is what -1 finds
        used[column] = True
        used[-1] = False
        own = np.cumsum(used, dtype=np.int32) - 1
        own_codes = pa.array(own[column], mask=column < 0)
        yield pa.DictionaryArray.from_arrays(own_codes, every.take(pa.array(np.flatnonzero(used))))


def moments(times_ms: Iterable[int | None]) -> pa.Array:
    """Milliseconds since 1970 as moments in UTC."""
    pa = need_pyarrow()
    return pa.array(times_ms, pa.int64()).cast(pa.timestamp("ms", tz="UTC"))


def pieces(schema: pa.Schema, batches: Iterable[pa.RecordBatch], form: Format) -> Iterator[bytes]:
    """The bytes of a table, batch by batch; at least one piece."""
    sink = _Sink()
    with _writer(sink, schema, form) as writer:
        for batch in batches:
            writer.write_batch(batch)
            if written := sink.take():
                yield written
    yield sink.take()


def _writer(sink: _Sink, schema: pa.Schema, form: Format) -> Any:
    need_pyarrow()
    if form == "parquet":
        from pyarrow import parquet

        return parquet.ParquetWriter(sink, schema)
    from pyarrow import ipc

    return ipc.new_stream(sink, schema)


class _Sink(io.RawIOBase):
    """A file that gives away what was written since it was last asked."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._size += len(part)
        return len(part)

    def tell(self) -> int:
        return self._size

    def take(self) -> bytes:
        """The bytes that were written since the last call."""
        parts, self._parts = self._parts, []
        return b"".join(parts)
