"""``clew experiments``: which experiments a store has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clew.cli.lookup import PAGE
from clew.cli.options import VIEWS, json_option, open_client, search_options, tracking_uri_option, view_option
from clew.cli.screen import local_time, print_json, print_table
from clew.client.pages import all_pages

if TYPE_CHECKING:
    from clew.entities.experiment import Experiment


@click.group()
def experiments() -> None:
    """List experiments."""


@experiments.command("list")
@search_options(default_limit=200)
@view_option
@tracking_uri_option
@json_option
def list_experiments(
    filter_text: str, order_by: tuple[str, ...], limit: int, view: str, tracking_uri: str | None, as_json: bool
) -> None:
    """List experiments, the newest first."""
    client = open_client(tracking_uri)
    found = all_pages(
        lambda most, token: client.search_experiments(
            view_type=VIEWS[view],
            max_results=most,
            filter_string=filter_text,
            order_by=list(order_by),
            page_token=token,
        ),
        limit,
        PAGE,
    )
    if as_json:
        print_json({"experiments": [_plain(e) for e in found]})
        return
    if not found:
        click.echo("No experiments match.", err=True)
        return
    print_table(
        ("ID#", "Name", "State", "Created", "Updated", "Tags"),
        (
            (
                e.experiment_id,
                e.name,
                e.lifecycle_stage,
                local_time(e.creation_time),
                local_time(e.last_update_time),
                ", ".join(f"{k}={_short(v)}" for k, v in sorted(e.tags.items())),
            )
            for e in found
        ),
    )


def _plain(experiment: Experiment) -> dict[str, object]:
    return {
        "experiment_id": experiment.experiment_id,
        "name": experiment.name,
        "artifact_location": experiment.artifact_location,
        "lifecycle_stage": experiment.lifecycle_stage,
        "creation_time": experiment.creation_time,
        "last_update_time": experiment.last_update_time,
        "tags": dict(experiment.tags),
    }


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39] + "…"
