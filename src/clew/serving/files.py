"""Files scored batch by batch, so that they may be larger than memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from typing import Any, Final, Literal, Protocol, cast

import msgspec

from clew.errors import InvalidValue, MissingPackage
from clew.packaging.pyfunc import PyFuncModel
from clew.packaging.schema import DataType, Schema
from clew.serving.casting import fit_frame

Kind = Literal["csv", "json", "jsonl", "parquet"]
_READ_AHEAD: Final = 1 << 20  # bytes of a column; without it, whole row groups and in the end the file are held
_KINDS: Final[dict[str, Kind]] = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


class Job(msgspec.Struct, frozen=True):
    """What to score, and where to.

    kind: of the input, "" to go by its suffix. keep: columns of the input that the output has too, ``*`` for all.
    batch: rows at a time.
    """

    source: str
    target: str
    kind: str = ""
    keep: Sequence[str] = ()
    batch: int = 65_536


class _Writer(Protocol):
    def write(self, frame: Any) -> None: ...

    def close(self) -> None: ...


def score_file(model: PyFuncModel, job: Job, tell: Callable[[int, int | None], None] = lambda *_: None) -> int:
    """How many rows were scored. tell: called with the rows done and, where it is known, their number.

    The target appears when it is complete; a failure leaves what was there before. Predictions are its column
    ``prediction``, or the columns of the frame that the model answers.

    Raises:
        InvalidValue: a suffix or column is not known, or rows do not fit the model's signature; says which rows.
        MissingPackage: Parquet without pyarrow.
    """
    kind = cast("Kind", job.kind) if job.kind else _kind_of(job.source)
    if _kind_of(job.target) == "json":
        raise InvalidValue(f"{job.target}: predictions are written as .jsonl, one object a line, .csv or .parquet.")
    signature = model.metadata.signature
    schema = signature.inputs if signature else None
    partial, done = f"{job.target}.partial", 0
    with ExitStack() as stack:
        batches, total = _batches(job, kind, schema, stack)
        writer = _writer(partial, _kind_of(job.target))
        try:
            for frame in batches:
                writer.write(_scored(model, frame, job, schema, done))
                done += len(frame)
                tell(done, total)
            writer.close()
        except BaseException:
            with suppress(OSError):
                writer.close()
            with suppress(OSError):
                os.unlink(partial)
            raise
    os.replace(partial, job.target)
    return done


def _kind_of(path: str) -> Kind:
    kind = _KINDS.get(os.path.splitext(path)[1].lower())
    if kind is None:
        raise InvalidValue(f"{path}: the suffix does not say what the file is; known are {', '.join(_KINDS)}.")
    return kind


def _scored(model: PyFuncModel, frame: Any, job: Job, schema: Schema | None, first: int) -> Any:
    import pandas as pd

    frame = frame.reset_index(drop=True)
    try:
        answer = model.predict(fit_frame(frame, schema))
    except (InvalidValue, ValueError) as error:
        raise InvalidValue(f"Rows {first + 1:,} to {first + len(frame):,} of {job.source}: {error}") from error
    if hasattr(answer, "columns"):
        made = answer.reset_index(drop=True)
    else:
        values = answer.tolist() if getattr(answer, "ndim", 1) > 1 else answer
        made = pd.DataFrame({"prediction": values})
    if len(made) != len(frame):
        raise InvalidValue(f"The model answered {len(made):,} values for {len(frame):,} rows; it cannot score files.")
    kept = list(frame.columns) if "*" in job.keep else list(job.keep)
    if missing := [name for name in kept if name not in frame.columns]:
        raise InvalidValue(f"{job.source} has no columns {missing}.")
    return pd.concat([frame[kept], made], axis=1)


def _batches(job: Job, kind: Kind, schema: Schema | None, stack: ExitStack) -> tuple[Iterator[Any], int | None]:
    import pandas as pd

    needed = _needed(job, schema)
    if kind == "parquet":
        file = stack.enter_context(_arrow("parquet").ParquetFile(job.source, buffer_size=_READ_AHEAD, pre_buffer=False))
        return _parquet(file, job.batch, needed), file.metadata.num_rows
    try:
        if kind == "csv":
            columns = schema.columns if schema is not None and not schema.tensors else ()
            texts = (DataType.STRING, DataType.BINARY)
            words: Any = {spec.name: str for spec in columns if spec.type in texts}
            wanted: Any = None if needed is None else needed.__contains__
            chunks = pd.read_csv(job.source, chunksize=job.batch, dtype=words, usecols=wanted)
            return iter(stack.enter_context(chunks)), None
        if kind == "jsonl":
            return iter(stack.enter_context(pd.read_json(job.source, lines=True, chunksize=job.batch))), None
        return _json(job), None
    except ValueError as error:
        raise InvalidValue(f"{job.source} is no {kind} file: {error}.") from error


def _needed(job: Job, schema: Schema | None) -> set[str] | None:
    """The columns that the model or the output wants; None for all of them."""
    if schema is None or schema.tensors or "*" in job.keep or any(spec.name is None for spec in schema.columns):
        return None
    return {*(str(spec.name) for spec in schema.columns), *job.keep}


def _parquet(file: Any, batch: int, needed: set[str] | None) -> Iterator[Any]:
    """The rows in frames. One thread reads: several would each keep what they once needed, and are no faster."""
    pool = _arrow().default_memory_pool()
    there = None if needed is None else [name for name in file.schema_arrow.names if name in needed]
    for part in file.iter_batches(batch, columns=there or None, use_threads=False):
        yield part.to_pandas(use_threads=False)
        del part
        pool.release_unused()


def _json(job: Job) -> Iterator[Any]:
    """A whole JSON file, in memory: a list of records, or an object as the scoring server takes it."""
    from clew.serving.questions import read_question

    with open(job.source, "rb") as file:
        body = file.read()
    if body.lstrip().startswith(b"["):
        body = b'{"dataframe_records": ' + body + b"}"
    data = read_question(body, "", None).data
    if not hasattr(data, "columns"):
        raise InvalidValue(f"{job.source} must be a list of records, or have dataframe_split or dataframe_records.")
    for start in range(0, len(data), job.batch):
        yield data.iloc[start : start + job.batch]


def _writer(path: str, kind: Kind) -> _Writer:
    return _ParquetWriter(path) if kind == "parquet" else _TextWriter(path, kind)


class _TextWriter:
    def __init__(self, path: str, kind: Kind) -> None:
        self._file = open(path, "w", encoding="utf-8", newline="")  # noqa: SIM115 - closed by close()
        self._kind = kind
        self._begun = False

    def write(self, frame: Any) -> None:
        if self._kind == "csv":
            frame.to_csv(self._file, header=not self._begun, index=False)
        else:
            frame.to_json(self._file, orient="records", lines=True, double_precision=15)
        self._begun = True

    def close(self) -> None:
        self._file.close()


class _ParquetWriter:
    def __init__(self, path: str) -> None:
        self._path = path
        self._arrow = _arrow()
        self._writer: Any = None

    def write(self, frame: Any) -> None:
        table = self._arrow.Table.from_pandas(frame, preserve_index=False, nthreads=1)
        if self._writer is None:
            self._writer = _arrow("parquet").ParquetWriter(self._path, table.schema)
        self._writer.write_table(table.cast(self._writer.schema))

    def close(self) -> None:
        if self._writer is None:  # no batch came
            self.write(_empty())
        self._writer.close()


def _empty() -> Any:
    import pandas as pd

    return pd.DataFrame({"prediction": pd.Series([], dtype="float64")})


def _arrow(part: str = "") -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingPackage("Parquet files need pyarrow: pip install 'clew[arrow]'") from None
    return pyarrow.parquet if part else pyarrow
