"""``clew db``: care for a store's database: upgrade, check, back up, restore, compact."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import click

from clew import settings
from clew.cli.options import json_option
from clew.cli.screen import print_json, size
from clew.cli.server import store_url
from clew.errors import AlreadyExists, NotFound, NotSupported, shown

if TYPE_CHECKING:
    from clew.storage.engine import Session

DATABASE = "clew.db"  # its name inside a backup that holds the files too
WAIT_S = 5.0  # for an on-demand host that was asked to end

store_option = click.option("--store", default="", metavar="FOLDER|URI", help="Which store. Default: ./.clew.")


@click.group()
def db() -> None:
    """Upgrade, check, back up, restore and compact a store."""


@db.command()
@store_option
@click.option("--no-backup", is_flag=True, help="Do not copy the database first.")
def upgrade(store: str, no_backup: bool) -> None:
    """Bring the database up to this version's schema, after a copy of it."""
    from clew.ids import now_ms
    from clew.storage import backup, migrate

    url = _existing(store)
    with _alone(url), closing(_session(url, "writer")) as session:
        waiting = migrate.pending(session, shown(url))
        if not waiting:
            click.echo("The database is up to date.")
            return
        if url.startswith("sqlite:"):
            if not no_backup:
                copy = f"{_path(url)}.before-{waiting[0].number:04d}"
                backup.copy_database(_path(url), copy)
                click.echo(f"The database as it was: {copy}")
        elif not no_backup:
            raise NotSupported(f"Back the database up first: {_pg_dump(url, 'clew.dump')} - then give --no-backup.")
        migrate.migrate(session, shown(url), now_ms)
        click.echo(f"Applied: {', '.join(step.name for step in waiting)}.")


@db.command()
@store_option
@click.option("--quick", is_flag=True, help="Leave out points and summaries.")
@json_option
def check(store: str, quick: bool, as_json: bool) -> None:
    """Look for damage: file, rows, metric points, summaries. A server may be at work meanwhile.

    Ends with exit code 1 if something is wrong.
    """
    from clew.storage.check import check as look

    url = _existing(store)
    with closing(_session(url, "reader")) as session:
        found = look(session, shown(url), quick=quick, say=lambda what: _note(f"Looking at {what} …", as_json))
    if as_json:
        print_json({"runs": found.runs, "points": found.points, "problems": found.problems})
    else:
        for problem in found.problems:
            click.secho(f"Problem: {problem}", fg="red")
        if not found.problems:
            click.echo(f"Nothing is wrong ({found.runs} runs" + ("" if quick else f", {found.points} points") + ").")
    if found.problems:
        click.get_current_context().exit(1)


@db.command()
@click.argument("target")
@store_option
@click.option("--artifacts", is_flag=True, help="Copy the files too; TARGET becomes a folder.")
@click.option("--artifacts-destination", metavar="FOLDER", help="Where the server keeps the files, if it was told.")
def backup(target: str, store: str, artifacts: bool, artifacts_destination: str | None) -> None:
    """Copy the store as it is now to TARGET, while it is in use."""
    from clew.server.places import places
    from clew.storage import backup as copies

    url = _existing(store)
    if not url.startswith("sqlite:"):
        raise NotSupported(f"PostgreSQL has its own tool: {_pg_dump(url, target)}")
    if not artifacts:
        copies.copy_database(_path(url), target)
        click.echo(f"Copied to {target} ({size(os.path.getsize(target))}).")
        return
    if os.path.exists(target):
        raise AlreadyExists(f"{target} exists already; name another folder, or remove that one.")
    partial = f"{target.rstrip('/')}.partial"
    # The database first: files of the runs in it may be more by the time they are copied, not fewer.
    if os.path.exists(os.path.join(partial, DATABASE)):
        os.unlink(os.path.join(partial, DATABASE))
    copies.copy_database(_path(url), os.path.join(partial, DATABASE))
    folder = artifacts_destination or places(url, settings.read().spool).artifacts
    count = copies.copy_files(folder, os.path.join(partial, "artifacts"))
    os.replace(partial, target)
    click.echo(f"Copied to {target}: the database and {count} files.")


@db.command()
@click.argument("source")
@store_option
@click.option("--force", is_flag=True, help="Replace a store that exists; its database is kept beside the new one.")
@click.option("--artifacts-destination", metavar="FOLDER", help="Where the server keeps the files, if it was told.")
def restore(source: str, store: str, force: bool, artifacts_destination: str | None) -> None:
    """Put a backup back as the store."""
    from clew.server.places import places
    from clew.storage import backup as copies

    url = store_url(store)
    if not url.startswith("sqlite:"):
        raise NotSupported(f"PostgreSQL has its own tool: {_pg_restore(url, source)}")
    database = os.path.join(source, DATABASE) if os.path.isdir(source) else source
    copies.check_copy(database)
    if os.path.exists(_path(url)) and not force:
        raise AlreadyExists(f"There is a store at {_path(url)}; --force replaces it.")
    with _alone(url):
        aside = copies.put_back(database, _path(url))
        if aside:
            click.echo(f"The database as it was: {aside}")
        files = os.path.join(source, "artifacts")
        if os.path.isdir(files):
            folder = artifacts_destination or places(url, settings.read().spool).artifacts
            click.echo(f"Restored {copies.copy_files(files, folder)} files to {folder}.")
    click.echo(f"Restored {_path(url)}.")


@db.command()
@store_option
def compact(store: str) -> None:
    """Write a SQLite database anew, without free space; nobody may use it meanwhile."""
    from clew.storage import backup as copies

    url = _existing(store)
    if not url.startswith("sqlite:"):
        raise NotSupported("PostgreSQL has its own tool: VACUUM FULL; plain VACUUM makes space usable again.")
    with _alone(url):
        before, after = copies.vacuum(_path(url))
    click.echo(f"{size(before)} before, {size(after)} now.")


@contextmanager
def _alone(url: str) -> Iterator[None]:
    """Hold the store's ``host.lock``: nobody hosts it meanwhile; an on-demand host is asked to end."""
    from clew.server.host import take_lock
    from clew.server.places import places

    if not url.startswith("sqlite:"):
        yield
        return
    where = places(url, settings.read().spool)
    os.makedirs(where.folder, mode=0o700, exist_ok=True)
    lock = os.open(where.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        take_lock(lock, where, on_demand=False, wait_s=WAIT_S)
        yield
    finally:
        os.close(lock)


def _session(url: str, role: str) -> Session:
    from clew.storage.postgres import PostgresSession
    from clew.storage.sqlite import SqliteSession

    return SqliteSession(_path(url), role) if url.startswith("sqlite:") else PostgresSession(url)


def _existing(store: str) -> str:
    url = store_url(store)
    if url.startswith("sqlite:") and not os.path.exists(_path(url)):
        raise NotFound(f"There is no store at {_path(url)}; name one with --store.")
    return url


def _path(url: str) -> str:
    return os.path.abspath(url.removeprefix("sqlite:///"))


def _pg_dump(url: str, target: str) -> str:
    return f"pg_dump --format=custom --file={target} '{_open_url(url)}'"


def _pg_restore(url: str, source: str) -> str:
    return f"pg_restore --clean --if-exists --dbname='{_open_url(url)}' {source}"


def _open_url(url: str) -> str:
    """The address without its password, which pg_dump asks for or takes from ~/.pgpass."""
    return re.sub(r"([?&])password=[^&]*&?", r"\1", shown(url)).rstrip("?&")


def _note(text: str, quiet: bool) -> None:
    if not quiet:
        click.echo(text, err=True)
