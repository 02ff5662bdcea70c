"""Why a run failed or was killed: ``clew/error/<host>-<pid>+timestamp+<ms>.txt``, and a line in a tag."""

from __future__ import annotations

import os
from typing import Final

from clew.client.notice import warn_once
from clew.client.outcome import Outcome
from clew.client.runlog import RunLog
from clew.ids import now_ms

FOLDER: Final = "clew/error"
FAILED_TAG: Final = "clew.failed_reason"
KILLED_TAG: Final = "clew.killed_reason"
MAX_CHARACTERS: Final = 200_000
"""Of a traceback; the middle of a longer one is left out."""
_MAX_REASON: Final = 500


def explain(log: RunLog, outcome: Outcome | None) -> None:
    """Keep with a run that ends what is known of why it ends so, secrets masked."""
    if outcome is not None and outcome.error is not None:
        _keep(log, outcome.error)
    if outcome is not None and outcome.reason:
        log.set_tags({KILLED_TAG: outcome.reason})


def _keep(log: RunLog, error: BaseException) -> None:
    import socket
    import traceback

    from clew.client import contents
    from clew.client.secrets import masked

    told = traceback.TracebackException.from_exception(error)
    text = masked("".join(told.format()))
    last = [line.strip() for line in told.format_exception_only() if line.strip()]
    if len(text) > MAX_CHARACTERS:
        half = MAX_CHARACTERS // 2
        text = f"{text[:half]}\n… {len(text) - 2 * half:,} characters are left out …\n{text[-half:]}"
    name = f"{socket.gethostname()}-{os.getpid()}+timestamp+{now_ms()}.txt"
    try:
        with contents.draft(name) as file:
            contents.write_text(file, text)
            log.spool_file(file, f"{FOLDER}/{name}")
    except OSError as fault:
        warn_once("failure", f"The traceback of run {log.run_id} is not kept: {fault}")
    log.set_tags({FAILED_TAG: masked(last[-1] if last else type(error).__name__)[:_MAX_REASON]})
