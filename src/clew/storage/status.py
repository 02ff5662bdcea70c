"""Run and model states as the small numbers that are stored (MLflow's own)."""

from __future__ import annotations

from typing import Final

from clew.entities.model import LoggedModelStatus
from clew.entities.run import RunStatus

_RUN: Final = (
    RunStatus.RUNNING,
    RunStatus.SCHEDULED,
    RunStatus.FINISHED,
    RunStatus.FAILED,
    RunStatus.KILLED,
)
_MODEL: Final = (
    LoggedModelStatus.UNSPECIFIED,
    LoggedModelStatus.PENDING,
    LoggedModelStatus.READY,
    LoggedModelStatus.FAILED,
)
_RUN_NUMBERS: Final = {status: number for number, status in enumerate(_RUN, 1)}
_MODEL_NUMBERS: Final = {status: number for number, status in enumerate(_MODEL)}


def status_number(status: RunStatus) -> int:
    """1 running, 2 scheduled, 3 finished, 4 failed, 5 killed."""
    return _RUN_NUMBERS[status]


def run_status(number: int) -> RunStatus:
    """The state that :func:`status_number` numbers so."""
    return _RUN[number - 1]


def model_status_number(status: LoggedModelStatus) -> int:
    """0 unspecified, 1 pending, 2 ready, 3 upload failed."""
    return _MODEL_NUMBERS[status]


def model_status(number: int) -> LoggedModelStatus:
    """The state that :func:`model_status_number` numbers so."""
    return _MODEL[number]
