# ruff: noqa: RUF012 - these are Structs, which copy their list defaults; the base lies in another module
"""Messages about the journals of shared studies."""

from __future__ import annotations

from clew.wire.mlflow import Int64, Message


class ReadStudyJournal(Message, kw_only=True):
    """study-journals/{journal}: start: the number of the first entry to read."""

    journal: str
    start: Int64 = 0


class ReadStudyJournalResponse(Message, kw_only=True):
    """entries: in their order, at most 5000, as they were written. length: how many the journal has."""

    entries: list[str] = []
    length: Int64 | None = None


class AppendStudyJournal(Message, kw_only=True):
    """study-journals/{journal}: entries: JSON texts. token: of an append that may be sent again."""

    journal: str
    entries: list[str] = []
    token: str = ""


class AppendStudyJournalResponse(Message, kw_only=True):
    """length: of the journal, these entries included."""

    length: Int64 | None = None


class StudyJournalByName(Message, kw_only=True):
    """study-journals/{journal}."""

    journal: str
