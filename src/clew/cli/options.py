"""Options that several commands share, and the client that they lead to."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from clew import settings
from clew.errors import NotFound

if TYPE_CHECKING:
    from clew.client.api import ClewClient

F = TypeVar("F", bound=Callable[..., Any])
_UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON with stable keys instead of a table.")
tracking_uri_option = click.option(
    "--tracking-uri",
    metavar="URI",
    help="Store or server to look at. Default: CLEW_TRACKING_URI, MLFLOW_TRACKING_URI, else ./.clew.",
)
view_option = click.option(
    "--view",
    type=click.Choice(["active", "deleted", "all"]),
    default="active",
    show_default=True,
    help="Which to show: those in use, those in the trash, or both.",
)

ONLY_EXPERIMENTS = "Only runs of this experiment; repeat for several. Default: CLEW_EXPERIMENT_NAME, else all."


def experiments_option(text: str = ONLY_EXPERIMENTS) -> Callable[[F], F]:
    """``--experiment``, which may be given several times; text: its help."""
    return click.option(
        "--experiment", "--experiment-id", "-e", "experiments", multiple=True, metavar="NAME|ID", help=text
    )


VIEWS = {"active": "ACTIVE_ONLY", "deleted": "DELETED_ONLY", "all": "ALL"}
"""Words of ``--view``, and what the API calls them."""


def search_options(default_limit: int) -> Callable[[F], F]:
    """``--filter``, ``--order-by`` and ``--limit``."""

    def add(command: F) -> F:
        for option in (
            click.option(
                "--limit",
                type=click.IntRange(min=1, max=50_000),
                default=default_limit,
                show_default=True,
                help="Most rows to show.",
            ),
            click.option(
                "--order-by", multiple=True, metavar="KEY [ASC|DESC]", help="Sort by this key; repeat for ties."
            ),
            click.option("--filter", "filter_text", metavar="TEXT", default="", help="Show only what matches."),
        ):
            command = option(command)
        return command

    return add


def open_client(tracking_uri: str | None) -> ClewClient:
    """A client of the store that the option or the environment names.

    Raises:
        NotFound: there is no such store; looking must not create one.
        InvalidValue: the option is no tracking URI.
    """
    from clew.client.api import ClewClient
    from clew.client.target import resolve

    named = tracking_uri or settings.read().tracking_uri
    url = resolve(named)
    if url.startswith("sqlite:") and not os.path.exists(url.removeprefix("sqlite:///")):
        where = f"at {url}" if named else f"in {os.getcwd()} (no folder .clew)"
        raise NotFound(
            f"There is no store {where}. "
            "Run a script that logs there, change to its folder, or name a store or server with --tracking-uri."
        )
    return ClewClient(tracking_uri)


class Age(click.ParamType[int]):
    """``30d``, ``12h``, ``1d12h``: a span in milliseconds."""

    name = "age"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The span.

        Raises:
            click.BadParameter: it is none.
        """
        text = str(value).strip()
        if not text or _PART.sub("", text):
            self.fail(f"{text!r} is no age; write 30d, 12h, 90m or 1d12h.", param, ctx)
        return round(sum(float(number) * _UNITS_MS[unit] for number, unit in _PART.findall(text)))
