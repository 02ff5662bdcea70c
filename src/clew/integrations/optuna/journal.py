"""A study shared by workers on many machines: Optuna's journal storage over the server's study journals."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, Final

from clew.client.context import with_password
from clew.client.link import link_to
from clew.client.session import current_uri
from clew.client.target import resolve
from clew.errors import NotSupported, TooManyRequests, Unavailable, shown
from clew.ids import new_id
from clew.wire import studies

_PATIENCE_S: Final = 60.0
_LONGEST_PAUSE_S: Final = 5.0


def storage(name: str = "optuna", tracking_uri: str | None = None) -> Any:
    """An Optuna storage that every process with this tracking URI shares: ``optuna.create_study(storage=storage())``.

    name: of the journal; one holds any number of studies, and each worker reads all of it once.
    tracking_uri: of a Clew server or a store of this machine; default: where runs go.
    A server that is away is waited for, up to a minute a call. The result can be pickled; a password in the address
    stays out of the pickle, and workers need it in ``CLEW_TRACKING_URI``.

    Raises:
        NotSupported: it is an MLflow server. Unavailable: nobody answers there.
    """
    from optuna.storages import JournalStorage

    backend: Any = StudyJournal(name, resolve(tracking_uri or current_uri()))
    return JournalStorage(backend)


class StudyJournal:
    """What Optuna's ``JournalStorage`` needs of a backend.

    name: of the journal. uri: of the store, in full form.
    """

    def __init__(self, name: str, uri: str) -> None:
        self.name = name
        self._uri = uri

    def __reduce__(self) -> tuple[Any, ...]:
        return StudyJournal, (self.name, shown(self._uri))

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """The entries from a number on, in the one order that all workers see."""
        start = log_number_from
        while True:
            request = studies.ReadStudyJournal(journal=self.name, start=start)
            answer = self._call("read_study_journal", request)
            for entry in answer.entries:
                yield json.loads(entry)
            start += len(answer.entries)
            if not answer.entries or start >= (answer.length or 0):
                return

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write entries at the end, once, also where an answer gets lost on its way."""
        entries = [json.dumps(entry, separators=(",", ":")) for entry in logs]
        request = studies.AppendStudyJournal(journal=self.name, entries=entries, token=new_id())
        self._call("append_study_journal", request)

    def _call(self, route: str, request: Any) -> Any:
        link = link_to(with_password(self._uri))
        until, pause_s = time.monotonic() + _PATIENCE_S, 0.05
        while True:
            try:
                if link.target.kind != "clew":
                    raise NotSupported("A shared study needs a Clew server; an MLflow server has no place for it.")
                return link.call(route, request)
            except (Unavailable, TooManyRequests):
                if link.offline or time.monotonic() + pause_s > until:
                    raise
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
