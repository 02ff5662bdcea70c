"""Calls about the journals of shared studies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from clew.entities import names
from clew.errors import InvalidValue
from clew.server.context import Site
from clew.storage import studies
from clew.storage.engine import Tx, WriteTx
from clew.wire import studies as wire
from clew.wire.mlflow import Empty, Message

Job = Callable[[WriteTx], Message]

MAX_NAME: Final = 250
MAX_ENTRY: Final = 1 << 20
MAX_TOKEN: Final = 64


def read_study_journal(tx: Tx, request: wire.ReadStudyJournal) -> wire.ReadStudyJournalResponse:
    """Entries from a number on."""
    if request.start < 0:
        raise InvalidValue(f"'start' is the number of an entry, 0 or more. Got {request.start}.")
    entries, length = studies.read_entries(tx, request.journal, request.start)
    return wire.ReadStudyJournalResponse(entries=entries, length=length)


def append_study_journal(_site: Site, request: wire.AppendStudyJournal) -> Job:
    """Entries at the end."""
    names.check_length("journal", request.journal, MAX_NAME)
    names.check_length("token", request.token, MAX_TOKEN)
    if not request.journal:
        raise InvalidValue("A study journal needs a name.")
    for entry in request.entries:
        names.check_length("entry", entry, MAX_ENTRY)

    def job(tx: WriteTx) -> wire.AppendStudyJournalResponse:
        length = studies.append_entries(tx, request.journal, request.entries, request.token)
        return wire.AppendStudyJournalResponse(length=length)

    return job


def delete_study_journal(_site: Site, request: wire.StudyJournalByName) -> Job:
    """Remove a journal for good."""

    def job(tx: WriteTx) -> Empty:
        studies.delete_journal(tx, request.journal)
        return Empty()

    return job


WRITES: tuple[Callable[..., Any], ...] = (append_study_journal, delete_study_journal)
READS: tuple[Callable[..., Any], ...] = (read_study_journal,)
