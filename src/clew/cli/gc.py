"""``clew gc`` and ``clew audit``: empty the trash for good, and see who deleted what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clew.cli.options import Age, json_option, open_client, tracking_uri_option
from clew.cli.screen import local_time, print_json, print_table, size

if TYPE_CHECKING:
    from clew.wire.trash import ListTrashResponse, PurgeTrashResponse

SHOWN = 20  # things that are listed before the question


@click.command()
@click.option("--older-than", type=Age(), metavar="AGE", help="Only what has been in the trash so long, e.g. 30d.")
@click.option("--run-ids", default="", metavar="IDS", help="Only these runs, with commas.")
@click.option("--experiment-ids", default="", metavar="IDS", help="Only these experiments, with commas.")
@click.option("--logged-model-ids", default="", metavar="IDS", help="Only these logged models, with commas.")
@click.option("--artifacts-elsewhere", is_flag=True, help="Delete files outside the server's own places too.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and delete nothing.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@tracking_uri_option
@json_option
def gc(
    older_than: int | None,
    run_ids: str,
    experiment_ids: str,
    logged_model_ids: str,
    artifacts_elsewhere: bool,
    dry_run: bool,
    yes: bool,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """Delete for good what lies in the trash: rows, metric points and files.

    Retention rules are applied first; nothing that is in use is ever deleted.
    """
    from clew.wire import trash as wire

    client = open_client(tracking_uri)
    asked = wire.PurgeTrash(
        older_than=older_than,
        run_ids=_ids(run_ids),
        experiment_ids=_ids(experiment_ids),
        model_ids=_ids(logged_model_ids),
        artifacts_elsewhere=artifacts_elsewhere or None,
    )
    named = asked.run_ids or asked.experiment_ids or asked.model_ids
    if not named and not dry_run:
        client.expire_runs()
    found = client.list_trash(asked)
    total = client.purge_trash(asked, dry_run=True)
    if not as_json:
        _show(found, total)
    if not dry_run and _any(total):
        if not yes and not as_json:
            click.confirm("Delete all this for good?", abort=True)
        total = client.purge_trash(asked)
        if not as_json:
            click.echo(f"Deleted for good: {_words(total)}.")
    for left in total.left:
        click.echo(f"Stays: {left.kind} {left.id}: {left.reason}", err=True)
    if as_json:
        print_json(_plain(total) | {"dry_run": dry_run})


@click.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Most rows to show.")
@click.option("--before", type=int, metavar="ID", help="Only rows with a smaller id; for the next page.")
@tracking_uri_option
@json_option
def audit(limit: int, before: int | None, tracking_uri: str | None, as_json: bool) -> None:
    """Show who deleted what: deletions, restorations and purges, the newest first."""
    rows = open_client(tracking_uri).get_audit(limit, before)
    if as_json:
        names = rows[0].__struct_fields__ if rows else ()
        print_json({"entries": [{name: getattr(row, name) for name in names} for row in rows]})
        return
    if not rows:
        click.echo("Nothing was deleted yet.", err=True)
        return
    print_table(
        ("ID#", "When", "Who", "From", "What", "Of", "Detail"),
        (
            (
                str(row.id),
                local_time(row.time),
                row.user or "",
                row.address or "",
                row.action or "",
                f"{row.entity} {row.entity_id}",
                row.detail or "",
            )
            for row in rows
        ),
    )


def _show(found: ListTrashResponse, total: PurgeTrashResponse) -> None:
    items = found.items
    if items:
        print_table(
            ("Kind", "ID", "Name", "Deleted", "Points#", "Files#", "Size#", ""),
            (
                (
                    i.kind,
                    i.id,
                    i.name,
                    local_time(i.deleted_time),
                    "" if i.points is None else str(i.points),
                    "" if i.files is None else str(i.files),
                    size(i.bytes),
                    "files elsewhere" if i.elsewhere else "",
                )
                for i in items[:SHOWN]
            ),
        )
    if len(items) > SHOWN or found.more:
        click.echo(f"The first {SHOWN} are shown.")
    click.echo(f"In the trash: {_words(total)}." if _any(total) else "Nothing in the trash is to be deleted.")


def _any(total: PurgeTrashResponse) -> bool:
    return any(getattr(total, name) for name in ("runs", "models", "experiments"))


def _words(total: PurgeTrashResponse) -> str:
    counts = [f"{getattr(total, name) or 0} {name}" for name in ("runs", "models", "experiments", "points", "files")]
    return ", ".join(counts) + f" ({size(total.bytes or 0)})"


def _plain(total: PurgeTrashResponse) -> dict[str, object]:
    names = ("runs", "models", "experiments", "points", "files", "bytes")
    return {n: getattr(total, n) or 0 for n in names} | {
        "left": [{"kind": one.kind, "id": one.id, "reason": one.reason} for one in total.left]
    }


def _ids(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
