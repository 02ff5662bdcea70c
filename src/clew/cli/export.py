"""``clew runs export``: every run that matches, into a file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING, Final, Literal

import click

from clew.cli.lookup import experiment_ids, search
from clew.cli.options import VIEWS, experiments_option, open_client, tracking_uri_option, view_option

if TYPE_CHECKING:
    from clew.client.api import ClewClient
    from clew.client.tables import Keys
    from clew.entities.run import Run

_KINDS: Final = ("metrics", "params", "tags")
_ABOUT: Final = ("run_id", "experiment_id", "run_name", "status", "user_id", "artifact_uri", "start_time", "end_time")
_ALL: Final = 2**31 - 1


@click.command("export")
@click.option("--output", "-o", required=True, type=click.Path(dir_okay=False), help="File to write.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "parquet", "arrow"]),
    help="Default: what the ending of the file says, else csv.",
)
@experiments_option()
@click.option(
    "--column",
    "-c",
    "columns",
    multiple=True,
    metavar="KEY",
    help="Only metrics.NAME, params.NAME or tags.NAME; repeat. Default: all.",
)
@click.option("--order-by", multiple=True, metavar="KEY [ASC|DESC]", help="Sort by this key; repeat for ties.")
@click.option("--filter", "filter_text", metavar="TEXT", default="", help="Only runs that match.")
@view_option
@tracking_uri_option
def export_runs(
    output: str,
    form: Literal["csv", "parquet", "arrow"] | None,
    experiments: tuple[str, ...],
    columns: tuple[str, ...],
    order_by: tuple[str, ...],
    filter_text: str,
    view: str,
    tracking_uri: str | None,
) -> None:
    """Write all runs that match into a file, one row each."""
    keys = _keys(columns)
    client: ClewClient = open_client(tracking_uri)
    ids = experiment_ids(client, experiments)
    chosen = form or _form_of(output)
    part = f"{output}.part"
    try:
        if chosen == "csv":
            found = search(client, ids, filter_text, order_by, VIEWS[view], _ALL)
            with open(part, "w", encoding="utf-8", newline="") as text:
                _write_csv(text, found, keys)
        else:
            pieces = client.runs_table(ids, filter_text, VIEWS[view], None, order_by, keys=keys, format=chosen)
            with open(part, "wb") as file:
                file.writelines(pieces)
        os.replace(part, output)
    except BaseException:
        if os.path.exists(part):
            os.unlink(part)
        raise


def _form_of(output: str) -> Literal["csv", "parquet", "arrow"]:
    ending = os.path.splitext(output)[1]
    return "parquet" if ending == ".parquet" else "arrow" if ending in (".arrow", ".arrows") else "csv"


def _keys(columns: Sequence[str]) -> Keys:
    from clew.client.tables import Keys

    if not columns:
        return Keys()
    asked: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for column in columns:
        kind, _, key = column.partition(".")
        if kind not in asked or not key:
            raise click.BadParameter(
                f"{column!r} is none of metrics.NAME, params.NAME, tags.NAME.", param_hint="--column"
            )
        asked[kind].append(key)
    return Keys(**asked)


def _write_csv(file: IO[str], found: Sequence[Run], keys: Keys) -> None:
    """Times in ms; NaN and the infinities as Python writes them, and nothing where a run has no value."""
    names = [(kind, key) for kind, of_kind in zip(_KINDS, keys, strict=True) for key in _names(found, kind, of_kind)]
    writer = csv.writer(file)
    writer.writerow([*_ABOUT, *(f"{kind}.{key}" for kind, key in names)])
    for run in found:
        about = [getattr(run.info, name) for name in _ABOUT]
        writer.writerow([*about, *(getattr(run.data, kind).get(key) for kind, key in names)])


def _names(found: Sequence[Run], kind: str, asked: Sequence[str] | None) -> Iterator[str]:
    yield from sorted(set().union(*(getattr(run.data, kind) for run in found))) if asked is None else asked
