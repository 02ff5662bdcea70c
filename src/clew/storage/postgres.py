"""PostgreSQL through psycopg 3: connections, and errors in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from clew.errors import DeadlineExceeded, InvalidValue, MissingPackage, Unavailable, shown
from clew.storage.dialect import POSTGRESQL
from clew.storage.engine import TOO_SLOW, Row, TryAgain

if TYPE_CHECKING:
    import psycopg

_NUMBERS = {int, float, type(None)}
COMPACTOR_LOCK = 0x436C6577_0001  # advisory lock numbers: "Clew" and what they guard
MIGRATION_LOCK = 0x436C6577_0002


def url_of(url: str) -> str:
    """The URL without SQLAlchemy's driver part, which MLflow's users carry in theirs."""
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)


class PostgresSession:
    """One connection; made again by whoever gets an Unavailable from it."""

    dialect = POSTGRESQL

    def __init__(self, url: str) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise MissingPackage("A PostgreSQL store needs psycopg: pip install 'clew[postgres]'") from error
        self._url = url
        try:
            self._db: psycopg.Connection[Row] = psycopg.connect(url_of(url), autocommit=True)
        except psycopg.OperationalError as error:
            said = " ".join(str(error).split())
            raise Unavailable(
                f"PostgreSQL at {shown(url)} does not answer; check the address and the server. It said: {said}"
            ) from error
        self._db.prepared_max = 500
        # Searches write their joins in a good order; to look for a better one of forty takes many seconds.
        self._db.execute("SET join_collapse_limit = 1")
        self._cursor = self._db.cursor(binary=True)
        self._errors = psycopg.Error
        # Another server made the same row in the meantime; repeated, a write finds it there.
        self._again = (
            psycopg.errors.SerializationFailure,
            psycopg.errors.DeadlockDetected,
            psycopg.errors.UniqueViolation,
        )
        self._cancelled = psycopg.errors.QueryCanceled
        self._full = psycopg.errors.DiskFull
        self._unfit = psycopg.DataError
        self._away = (psycopg.OperationalError, psycopg.InterfaceError)

    def all(self, sql: str, params: Mapping[str, Any]) -> list[Row]:
        """All rows of a statement."""
        try:
            cursor = self._cursor.execute(self._text(sql), _bound(params))
            return cursor.fetchall() if cursor.description else []
        except self._errors as error:
            raise self._explain(error) from error

    def run(self, sql: str, params: Mapping[str, Any]) -> int:
        """How many rows the statement changed."""
        try:
            return self._cursor.execute(self._text(sql), _bound(params)).rowcount
        except self._errors as error:
            raise self._explain(error) from error

    def many(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run one statement once per row of parameters."""
        try:
            self._cursor.executemany(self._text(sql), rows)
        except self._errors as error:
            raise self._explain(error) from error

    def batch(self, sql: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
        """Run a statement of ``Dialect.insert`` or ``delete``; how many rows it added, changed or deleted."""
        if not rows:
            return 0
        return self.run(sql, dict(zip(columns, map(_array, zip(*rows, strict=True)), strict=True)))

    def script(self, text: str) -> None:
        """Run several statements without parameters."""
        try:
            self._db.execute(cast("Any", text))
        except self._errors as error:
            raise self._explain(error) from error

    def begin(self, write: bool, limit_s: float = 0.0) -> None:
        """Open a transaction: READ COMMITTED to write, one snapshot to read."""
        start = "BEGIN" if write else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        if limit_s:
            self.script(f"{start}; SET LOCAL statement_timeout = {max(1, int(limit_s * 1000))}")
        else:
            self.run(start, {})

    def commit(self) -> None:
        """Make the transaction durable."""
        self.run("COMMIT", {})

    def rollback(self) -> None:
        """Drop the transaction, if one is open; a lost connection has dropped it already."""
        if not self._db.closed and not self._db.broken:
            self.run("ROLLBACK", {})

    def usable(self) -> bool:
        """Whether the transaction can go on: any failed statement ends it here."""
        return not self._db.closed and self._db.info.transaction_status.name == "INTRANS"

    def refreshed(self) -> bool:
        """Always true: other servers write to the same database."""
        return True

    def broken(self) -> bool:
        """Whether the connection is lost."""
        return self._db.closed or self._db.broken

    def close(self) -> None:
        """End the connection."""
        self._db.close()

    def _text(self, sql: str) -> Any:
        return self.dialect.statement(sql).text

    def _explain(self, error: Exception) -> Exception:
        if isinstance(error, self._again):
            return TryAgain(str(error))
        if isinstance(error, self._cancelled):
            return DeadlineExceeded(TOO_SLOW)
        if isinstance(error, self._full):
            return Unavailable("The disk of the PostgreSQL server is full; nothing was written. Free some space there.")
        if isinstance(error, self._away):
            return Unavailable(f"PostgreSQL at {shown(self._url)}: {str(error).strip()}")
        if isinstance(error, self._unfit) and "NUL" in str(error):
            return InvalidValue("A text holds a NUL character, which no store can keep; remove it.")
        return error


def _array(values: tuple[Any, ...]) -> str | list[Any]:
    """A column of a batch: numbers as the text of an array, which costs a tenth of what psycopg's lists of them do."""
    if {type(value) for value in values} <= _NUMBERS:
        return "{" + ",".join(["NULL" if value is None else repr(value) for value in values]) + "}"
    return list(values)


def _bound(params: Mapping[str, Any]) -> Mapping[str, Any]:
    if any(type(value) is tuple for value in params.values()):
        return {k: list(v) if type(v) is tuple else v for k, v in params.items()}
    return params
