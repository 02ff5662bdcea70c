"""``clew runs``: list, filter and show runs; what changes them is in ``bulk``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from clew.cli import bulk
from clew.cli.export import export_runs
from clew.cli.lookup import experiment_ids, search, whole_id
from clew.cli.options import (
    VIEWS,
    experiments_option,
    json_option,
    open_client,
    search_options,
    tracking_uri_option,
    view_option,
)
from clew.cli.screen import duration, local_time, number, print_json, print_table, size

if TYPE_CHECKING:
    from clew.entities.run import Run

DEFAULT_METRICS = 4
REASON_TAGS = ("clew.failed_reason", "clew.killed_reason")


@click.group()
def runs() -> None:
    """List, filter, show and change runs."""


for _command in (export_runs, *bulk.COMMANDS):
    runs.add_command(_command)


@runs.command("list")
@experiments_option()
@click.option(
    "--column",
    "-c",
    "columns",
    multiple=True,
    metavar="KEY",
    help="Show metrics.NAME, params.NAME or tags.NAME; repeat. Default: the first metrics.",
)
@search_options(default_limit=50)
@view_option
@tracking_uri_option
@json_option
def list_runs(
    experiments: tuple[str, ...],
    columns: tuple[str, ...],
    filter_text: str,
    order_by: tuple[str, ...],
    limit: int,
    view: str,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """List runs, the newest first."""
    for column in columns:
        _check_column(column)
    client = open_client(tracking_uri)
    ids = experiment_ids(client, experiments)
    found = search(client, ids, filter_text, order_by, VIEWS[view], limit) if ids else []
    if as_json:
        print_json({"runs": [_plain(run) for run in found]})
        return
    if not found:
        click.echo("No runs match.", err=True)
        return
    shown = columns or _first_metrics(found)
    print_table(
        ("Run ID", "Name", "Status", "Started", "Duration#", *(f"{c}#" if _numeric(c) else c for c in shown)),
        (
            (
                run.info.run_id,
                run.info.run_name,
                _state(run),
                local_time(run.info.start_time),
                duration(run.info.start_time, run.info.end_time),
                *(_cell(run, column) for column in shown),
            )
            for run in found
        ),
    )
    if len(found) == limit:
        click.echo(f"The first {limit} runs; --limit shows more.", err=True)


@runs.command("show")
@click.argument("run_id")
@tracking_uri_option
@json_option
def show_run(run_id: str, tracking_uri: str | None, as_json: bool) -> None:
    """Show one run: parameters, metrics, tags, data, models and files.

    RUN_ID may be the beginning of an id, at least four digits, where only one run has it.
    """
    client = open_client(tracking_uri)
    run = client.get_run(whole_id(client, run_id))
    files = client.list_artifacts(run.info.run_id)
    if as_json:
        listed = [{"path": f.path, "is_dir": f.is_dir, "file_size": f.file_size} for f in files]
        print_json(_plain(run) | _details(run) | {"artifacts": listed})
        return
    info = run.info
    print_table(
        ("Run", info.run_name or info.run_id),
        (
            ("id", info.run_id),
            ("experiment", info.experiment_id),
            ("status", _state(run)),
            *(("reason", run.data.tags[tag]) for tag in REASON_TAGS if tag in run.data.tags),
            ("user", info.user_id or run.data.tags.get("mlflow.user", "")),
            ("started", local_time(info.start_time)),
            ("ended", local_time(info.end_time)),
            ("duration", duration(info.start_time, info.end_time)),
            ("artifacts", info.artifact_uri),
        ),
    )
    _print_data(run)
    if files:
        rows = ((f.path + ("/" if f.is_dir else ""), size(f.file_size)) for f in files)
        print_table(("Artifact", "Size#"), rows)


def _print_data(run: Run) -> None:
    if run.data.params:
        print_table(("Parameter", "Value"), sorted(run.data.params.items()))
    if run.data.metrics:
        steps = {m.key: str(m.step) for m in run.data.latest}
        rows = ((k, number(v), steps.get(k, "")) for k, v in sorted(run.data.metrics.items()))
        print_table(("Metric", "Last value#", "Step#"), rows)
    if run.data.tags:
        print_table(("Tag", "Value"), sorted(run.data.tags.items()))
    datasets = [(i.dataset.name, i.dataset.digest, _context(i.tags)) for i in run.inputs.dataset_inputs]
    if datasets:
        print_table(("Dataset", "Digest", "Context"), datasets)
    models = [(o.model_id, str(o.step)) for o in run.outputs.model_outputs]
    if models:
        print_table(("Logged model", "Step#"), models)


def _check_column(column: str) -> None:
    kind, dot, key = column.partition(".")
    if kind not in ("metrics", "params", "tags") or not dot or not key:
        raise click.BadParameter(f"{column!r} is none of metrics.NAME, params.NAME, tags.NAME.", param_hint="--column")


def _first_metrics(found: Sequence[Run]) -> list[str]:
    keys: dict[str, None] = {}
    for run in found:
        keys |= dict.fromkeys(sorted(run.data.metrics))
    return [f"metrics.{key}" for key in list(keys)[:DEFAULT_METRICS]]


def _cell(run: Run, column: str) -> str:
    kind, _, key = column.partition(".")
    if kind == "metrics":
        return number(run.data.metrics.get(key))
    return (run.data.params if kind == "params" else run.data.tags).get(key, "")


def _numeric(column: str) -> bool:
    return column.startswith("metrics.")


def _state(run: Run) -> str:
    return run.info.status + (" (deleted)" if run.info.lifecycle_stage == "deleted" else "")


def _context(tags: dict[str, str]) -> str:
    return tags.get("mlflow.data.context", "")


def _plain(run: Run) -> dict[str, object]:
    info = run.info
    return {
        "run_id": info.run_id,
        "experiment_id": info.experiment_id,
        "run_name": info.run_name,
        "user_id": info.user_id,
        "status": str(info.status),
        "start_time": info.start_time,
        "end_time": info.end_time,
        "lifecycle_stage": info.lifecycle_stage,
        "artifact_uri": info.artifact_uri,
        "params": dict(run.data.params),
        "metrics": dict(run.data.metrics),
        "tags": dict(run.data.tags),
    }


def _details(run: Run) -> dict[str, object]:
    return {
        "datasets": [
            {"name": i.dataset.name, "digest": i.dataset.digest, "context": _context(i.tags)}
            for i in run.inputs.dataset_inputs
        ],
        "models": [{"model_id": o.model_id, "step": o.step} for o in run.outputs.model_outputs],
    }
