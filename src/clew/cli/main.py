"""The ``clew`` command: its sub-commands by name, and what becomes of an error.

A sub-command's module is imported when it is called, so that ``clew --help`` stays quick.
Exit codes: 0 well, 1 a named fault, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping

import click

from clew.cli.screen import show_error
from clew.errors import ClewError

COMMANDS: Mapping[str, tuple[str, str]] = {
    "ui": ("clew.cli.server:ui", "Open the web UI of the store in this folder."),
    "server": ("clew.cli.server:server", "Serve a store to a team: API and web UI."),
    "runs": ("clew.cli.runs:runs", "List, filter, show and change runs."),
    "hpo": ("clew.cli.hpo:hpo", "Follow a search for hyperparameters."),
    "experiments": ("clew.cli.experiments:experiments", "List experiments."),
    "models": ("clew.cli.models:models", "Serve models, score files, approve moves."),
    "openapi": ("clew.cli.openapi:openapi", "Print the OpenAPI document of the REST API."),
    "gc": ("clew.cli.gc:gc", "Delete for good what lies in the trash."),
    "audit": ("clew.cli.gc:audit", "Show who deleted what."),
    "db": ("clew.cli.db:db", "Upgrade, check, back up, restore and compact a store."),
    "sync": ("clew.cli.sync:sync", "Send what the journal still holds."),
    "doctor": ("clew.cli.doctor:doctor", "Show versions, store, journal and what is wrong with them."),
}
"""Name of each sub-command: where it is defined, and its line in the help."""


class _Commands(click.Group):
    """The top group: finds sub-commands late and turns errors into one message."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ClewError as error:
            show_error(error)
            ctx.exit(1)
        except BrokenPipeError:
            # The reader of our output left (`clew runs list | head`): nothing is wrong.
            sys.stderr.close()
            ctx.exit(0)
        except OSError as error:
            show_error(error)
            ctx.exit(1)
        except (KeyboardInterrupt, click.Abort):
            ctx.exit(130)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="clew", message="clew %(version)s")
def cli() -> None:
    """Clew, the experiment tracker: look at runs, serve a store, find out what is wrong."""


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    cli(prog_name="clew")
