"""``clew runs tag|rename|delete|restore|move|copy``: one action on many runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from clew.cli.lookup import experiment_id, experiment_ids, whole_id
from clew.cli.options import experiments_option, json_option, open_client, tracking_uri_option
from clew.cli.screen import print_json
from clew.errors import InvalidValue, NotSupported

if TYPE_CHECKING:
    from clew.wire.bulk import BulkRuns, BulkRunsResponse

F = TypeVar("F", bound=Callable[..., Any])


def _chosen_options(command: F) -> F:
    """Run ids, or ``--experiment`` with ``--filter``; ``--yes``, ``--tracking-uri``, ``--json``."""
    for option in (
        json_option,
        tracking_uri_option,
        click.option("--yes", "-y", is_flag=True, help="Do not ask before acting on what a filter finds."),
        click.option("--filter", "filter_text", metavar="TEXT", help="Act on the runs that match, instead of ids."),
        experiments_option("With --filter: only runs of this experiment; repeat for several."),
        click.argument("run_ids", nargs=-1),
    ):
        command = option(command)
    return command


@click.command()
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="Set a tag; repeat for several.")
@click.option("--remove", "removed", multiple=True, metavar="KEY", help="Remove a tag; repeat for several.")
@_chosen_options
def tag(pairs: tuple[str, ...], removed: tuple[str, ...], **chosen: Any) -> None:
    """Set and remove tags of runs."""
    from clew.wire.bulk import BulkRuns
    from clew.wire.mlflow import KeyValue

    for pair in pairs:
        if "=" not in pair:
            raise click.BadParameter(f"{pair!r} is not KEY=VALUE.", param_hint="--set")
    if not pairs and not removed:
        raise click.UsageError("Give --set KEY=VALUE or --remove KEY.")
    tags = [KeyValue(key=key, value=value) for key, _, value in (pair.partition("=") for pair in pairs)]
    _act(BulkRuns(action="tag", tags=tags, delete_tags=list(removed)), "Tag", **chosen)


@click.command()
@click.option(
    "--template",
    required=True,
    metavar="TEXT",
    help="New name; {name}, {run_id}, {n}, {params.KEY}, {metrics.KEY}, {tags.KEY} are filled in.",
)
@_chosen_options
def rename(template: str, **chosen: Any) -> None:
    """Rename runs by a template."""
    from clew.wire.bulk import BulkRuns

    _act(BulkRuns(action="rename", template=template), "Rename", **chosen)


@click.command()
@_chosen_options
def delete(**chosen: Any) -> None:
    """Put runs into the trash."""
    from clew.wire.bulk import BulkRuns

    _act(BulkRuns(action="delete"), "Delete", **chosen)


@click.command()
@_chosen_options
def restore(**chosen: Any) -> None:
    """Take runs out of the trash; --filter looks only there."""
    from clew.wire.bulk import BulkRuns

    _act(BulkRuns(action="restore", view="DELETED_ONLY"), "Restore", **chosen)


@click.command()
@click.option("--to", "target", required=True, metavar="NAME|ID", help="Experiment to move to.")
@_chosen_options
def move(target: str, **chosen: Any) -> None:
    """Move runs to another experiment; ids, history, files and models stay theirs."""
    from clew.wire.bulk import BulkRuns

    _act(BulkRuns(action="move", target_experiment_id=target), "Move", **chosen)


@click.command()
@click.option("--to", "target", required=True, metavar="NAME|ID", help="Experiment to copy to.")
@_chosen_options
def copy(target: str, **chosen: Any) -> None:
    """Copy runs to an experiment, under new ids."""
    from clew.wire.bulk import BulkRuns

    _act(BulkRuns(action="copy", target_experiment_id=target), "Copy", **chosen)


def _act(
    request: BulkRuns,
    verb: str,
    *,
    run_ids: tuple[str, ...],
    experiments: tuple[str, ...],
    filter_text: str | None,
    yes: bool,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    from clew.client.link import link_to
    from clew.wire.native import QueryRuns

    if bool(run_ids) == (filter_text is not None):
        raise click.UsageError("Give run ids, or --filter.")
    if experiments and run_ids:
        raise click.UsageError("--experiment goes with --filter; run ids need none.")
    client = open_client(tracking_uri)
    link = link_to(client.tracking_uri)
    if link.kind != "clew":
        raise NotSupported("This command needs a Clew server; the one at --tracking-uri is MLflow's.")
    if request.target_experiment_id:
        request.target_experiment_id = experiment_id(client, request.target_experiment_id)
    if run_ids:
        request.run_ids = [whole_id(client, text) for text in run_ids]
    else:
        request.experiment_ids, request.filter = experiment_ids(client, experiments), filter_text
        query = QueryRuns(experiment_ids=request.experiment_ids, filter=filter_text, view=request.view, max_results=1)
        request.expected_total = link.read("query_runs", query).total or 0
        if not request.expected_total:
            raise InvalidValue("No runs match.")
        if not yes:
            click.confirm(f"{verb} {request.expected_total} runs?", abort=True, err=True)
    _report(link.read("bulk_runs", request), as_json)


def _report(found: BulkRunsResponse, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "done": found.done or 0,
                "failed": [
                    {"run_id": f.run_id, "error_code": f.error_code, "message": f.message} for f in found.failed
                ],
                "copies": [{"run_id": c.run_id, "copy_id": c.copy_id} for c in found.copies],
            }
        )
    else:
        for one in found.copies:
            click.echo(f"{one.run_id} -> {one.copy_id}")
        click.echo(f"{found.done or 0} done, {len(found.failed)} failed.", err=True)
        for fault in found.failed:
            click.echo(f"{fault.run_id}: {fault.message}", err=True)
    if found.failed:
        raise SystemExit(1)


COMMANDS: tuple[click.Command, ...] = (tag, rename, delete, restore, move, copy)
