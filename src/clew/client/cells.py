"""Runs of notebook cells: a cell that raised, or runs again, leaves no run open."""

from __future__ import annotations

from clew.client import shells
from clew.client.active import Active
from clew.client.notice import say
from clew.client.outcome import Outcome, outcome_of
from clew.client.session import session
from clew.client.shells import Cell

_begun: dict[str, Cell] = {}
"""Run id -> the execution that began it."""


def follow() -> None:
    """End the runs that a cell began and left open when it raised, from the cell that runs now on."""
    shells.follow(_cell_failed)


def end_leftovers() -> None:
    """End the runs that an earlier execution of this cell began, with those that were begun inside of them."""
    follow()
    cell = shells.current_cell()
    stack = session.stack()
    for depth, active in enumerate(stack):
        before = _begun.get(active.log.run_id)
        if cell is not None and before is not None and before.key == cell.key and before.turn != cell.turn:
            for old in reversed(stack[depth:]):
                _end(old, outcome_of(None), "its cell runs again")
            return


def note_run(run_id: str) -> None:
    """Remember that the cell that runs now began a run."""
    cell = shells.current_cell()
    if cell is not None:
        for ended in _begun.keys() - session.open.keys():
            del _begun[ended]
        _begun[run_id] = cell


def _cell_failed(cell: Cell, error: BaseException) -> None:
    for active in reversed(session.stack()):
        if _begun.get(active.log.run_id) == cell:
            _end(active, outcome_of(error), f"its cell ended with {type(error).__name__}")


def _end(active: Active, outcome: Outcome, why: str) -> None:
    if session.pop(active.log.run_id) is not None:
        say(f"Run {active.run.info.run_name or active.log.run_id} is {outcome.status.value}, because {why}.")
        session.end(active, outcome.status.value, outcome=outcome)
