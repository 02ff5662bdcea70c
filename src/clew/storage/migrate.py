"""Numbered migrations: which this database has, and bringing it up to date.

Scripts are ``migrations/NNNN_name.sql``; each runs once, in order, each in its own transaction, and
its SHA-256 is kept in the table ``migration``. They only go forward.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import Final, NamedTuple

from clew.errors import ForeignStore
from clew.storage.dialect import Dialect
from clew.storage.engine import Session
from clew.storage.postgres import MIGRATION_LOCK

_FOLDER: Final = os.path.join(os.path.dirname(__file__), "migrations")
_OURS: Final = {"migration", "meta", "experiment", "run"}
_MLFLOW: Final = {"alembic_version", "experiments", "runs"}
_TABLE: Final = (
    "CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,"
    " applied_ms {big} NOT NULL)"
)


class Migration(NamedTuple):
    """One script. number: its place in the order. checksum: SHA-256 of its text, hex."""

    number: int
    name: str
    text: str
    checksum: str


def scripts() -> list[Migration]:
    """All scripts of this version, in order."""
    found = []
    for file in sorted(os.listdir(_FOLDER)):
        if file.endswith(".sql"):
            with open(os.path.join(_FOLDER, file), encoding="utf-8") as opened:
                text = opened.read()
            checksum = hashlib.sha256(text.encode()).hexdigest()
            found.append(Migration(int(file[:4]), file.removesuffix(".sql"), text, checksum))
    return found


def migrate(session: Session, shown: str, clock: Callable[[], int]) -> None:
    """Bring the database up to this version's schema; an empty one gets all of it.

    shown: what messages call the store.

    Raises:
        ForeignStore: it holds another program's tables, or a newer or altered schema of ours.
    """
    session.begin(write=True)
    try:
        if session.dialect.name == "postgresql":
            session.all("SELECT pg_advisory_xact_lock(:lock)", {"lock": MIGRATION_LOCK})
        tables = _tables(session)
        if owner_of(tables) != "Clew":
            raise _foreign(tables, shown)
        if not tables:
            session.script(session.dialect.fill(_TABLE))
        applied: dict[int, str] = dict(session.all("SELECT number, checksum FROM migration", {}))
        known = scripts()
        _check(applied, known, shown)
        for script in known:
            if script.number not in applied:
                _apply(session, session.dialect, script, clock())
        session.commit()
    except BaseException:
        session.rollback()
        raise


def pending(session: Session, shown: str) -> list[Migration]:
    """The scripts that the database lacks, in order; inside a transaction or not.

    Raises:
        ForeignStore: it is another program's, or a newer or altered schema of ours.
    """
    tables = _tables(session)
    if not tables or owner_of(tables) != "Clew":
        raise _foreign(tables, shown)
    applied: dict[int, str] = dict(session.all("SELECT number, checksum FROM migration", {}))
    known = scripts()
    _check(applied, known, shown)
    return [script for script in known if script.number not in applied]


def _apply(session: Session, dialect: Dialect, script: Migration, now_ms: int) -> None:
    session.script(dialect.fill(script.text))
    session.run(
        "INSERT INTO migration (number, name, checksum, applied_ms) VALUES (:number, :name, :checksum, :now)",
        {"number": script.number, "name": script.name, "checksum": script.checksum, "now": now_ms},
    )


def _check(applied: dict[int, str], known: list[Migration], shown: str) -> None:
    newest = known[-1].number
    if applied and max(applied) > newest:
        raise ForeignStore(
            f"The store {shown} was last used by a newer Clew (schema {max(applied)}, this one knows {newest})."
            " Update Clew: pip install -U clew"
        )
    for script in known:
        if applied.get(script.number, script.checksum) != script.checksum:
            raise ForeignStore(
                f"The store {shown} was made by another edition of Clew: its schema step {script.name} differs from"
                " this version's. Use the version that made it, or import its runs into a new store."
            )


def owner_of(tables: set[str]) -> str:
    """Whose database has these tables: ``Clew``, to whom an empty one is given, ``MLflow`` or ``another program``."""
    if not tables or tables >= _OURS:
        return "Clew"
    return "MLflow" if tables >= _MLFLOW else "another program"


def _foreign(tables: set[str], shown: str) -> ForeignStore:
    if owner_of(tables) == "MLflow":
        return ForeignStore(
            f"{shown} is an MLflow database, and Clew leaves it as it is. Give Clew a new database;"
            " `clew import`, which will bring MLflow's runs over, comes with a later version."
        )
    names = ", ".join(sorted(tables)[:3])
    return ForeignStore(f"{shown} belongs to another program (it has the tables {names}). Give Clew a new database.")


def _tables(session: Session) -> set[str]:
    if session.dialect.name == "sqlite":
        sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    else:
        sql = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()"
    return {name for (name,) in session.all(sql, {})}
