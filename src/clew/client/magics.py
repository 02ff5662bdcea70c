"""``%load_ext clew``: the line magic ``%clew`` of IPython and Jupyter."""

from __future__ import annotations

import argparse
import shlex
from typing import Any, NoReturn

from clew.client import cells
from clew.client.experiments import client, experiment_in_use, set_experiment
from clew.client.notice import say
from clew.client.runs import active_run, end_run, get_run, last_active_run
from clew.client.session import session
from clew.client.ui import ui
from clew.client.weblinks import ui_address
from clew.entities.experiment import Experiment
from clew.entities.run import Run
from clew.errors import ClewError, InvalidValue, shown


def load_ipython_extension(shell: Any) -> None:
    """Register ``%clew``; IPython calls this for ``%load_ext clew``."""
    shell.register_magic_function(clew_magic, "line", "clew")
    cells.follow()


def unload_ipython_extension(shell: Any) -> None:
    """Take ``%clew`` away; IPython calls this for ``%unload_ext clew``."""
    shell.magics_manager.magics["line"].pop("clew", None)


def clew_magic(line: str) -> Run | Experiment | None:
    """Show and choose what is tracked.

    %clew                     where runs go, which one is active, what waits to be sent
    %clew ui [RUN|EXPERIMENT] the web UI as a link; --inline shows it here, --height N pixels high
    %clew experiment [NAME]   choose the experiment for the runs that begin from now on, or show it
    %clew run [ID]            show a run, by default the active one or the last
    %clew end [STATUS]        end the active run: FINISHED (default), FAILED or KILLED
    """
    try:
        return _do(_parser().parse_args(shlex.split(line)))
    except (ClewError, ValueError) as error:  # shlex's are plain ones
        say(str(error))
    return None


def _do(given: argparse.Namespace) -> Run | Experiment | None:
    if given.call == "ui":
        ui(given.what, height=given.height, inline=given.inline)
    elif given.call == "experiment":
        return set_experiment(given.name) if given.name else client().get_experiment(experiment_in_use())
    elif given.call == "run":
        return get_run(given.id) if given.id else _latest()
    elif given.call == "end":
        end_run(given.status)
    else:
        _tell_status()
    return None


def _latest() -> Run | None:
    active = active_run()
    found = get_run(active.info.run_id) if active else last_active_run()
    if found is None:
        say("No run has begun here.")
    return found


def _tell_status() -> None:
    link = session.link
    say(f"Tracking to {shown(link.uri)}{' (offline)' if link.offline else ''}")
    say(f"UI: {ui_address(link) or 'none is running; %clew ui starts it'}")
    say(f"Experiment: {session.experiment_name or session.experiment_id or 'Default, or as the environment says'}")
    stack = session.stack()
    for active in stack:
        say(f"Active run: {active.run.info.run_name or active.log.run_id} ({active.log.run_id})")
    if not stack:
        say("No run is active.")
    if link.pending:
        say(f"{link.pending:,} journal entries are on disk but not sent yet.")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InvalidValue(f"%clew: {message}. {self.format_usage().strip()}")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="%clew", add_help=False)
    calls = parser.add_subparsers(dest="call", parser_class=_Parser)
    calls.add_parser("status", add_help=False)
    page = calls.add_parser("ui", add_help=False)
    page.add_argument("what", nargs="?")
    page.add_argument("--inline", action="store_true")
    page.add_argument("--height", type=int, default=640)
    calls.add_parser("experiment", add_help=False).add_argument("name", nargs="?")
    calls.add_parser("run", add_help=False).add_argument("id", nargs="?")
    calls.add_parser("end", add_help=False).add_argument("status", nargs="?", default="FINISHED")
    return parser
