"""Copies of a SQLite store's files: taken while it is written to, put back, made smaller."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from typing import Final

import apsw

from clew.errors import AlreadyExists, Corrupt, ForeignStore, NotFound
from clew.storage.migrate import owner_of
from clew.storage.sqlite import SqliteSession, explain

PAGES: Final = 2000  # that one step copies: 16 MB
_SIDE_FILES: Final = ("", "-wal", "-shm")


def copy_database(path: str, target: str, progress: Callable[[int, int], None] = lambda _done, _total: None) -> None:
    """Copy the database at ``path`` as it is at this moment; writers go on. ``target`` appears when it is complete.

    progress: called with the pages that are copied, and how many there are.

    Raises:
        AlreadyExists: there is something at ``target``.
        NotFound: there is nothing at ``path``.
        Unavailable: a disk is full or cannot be used.
    """
    if not os.path.exists(path):
        raise NotFound(f"There is no store at {path}.")
    if os.path.exists(target):
        raise AlreadyExists(f"{target} exists already; name another file, or remove that one.")
    os.makedirs(os.path.dirname(os.path.abspath(target)), exist_ok=True)
    partial = f"{target}.partial"
    _remove(partial)
    try:
        with closing(apsw.Connection(path)) as source, closing(apsw.Connection(partial)) as copy:
            source.set_busy_timeout(10_000)
            # One snapshot throughout: else every commit of a server would make the copy begin anew.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            with copy.backup("main", source, "main") as pages:
                while not pages.done:
                    pages.step(PAGES)
                    progress(pages.page_count - pages.remaining, pages.page_count)
            source.execute("COMMIT")
            copy.execute("PRAGMA journal_mode = DELETE").fetchall()  # a single file, also for other programs
        _sync(partial)
    except apsw.Error as error:
        _remove(partial)
        raise explain(error, path) from error
    os.replace(partial, target)
    _sync(os.path.dirname(os.path.abspath(target)))


def copy_files(folder: str, target: str) -> int:
    """Copy the files below ``folder`` into ``target``; how many. What vanishes meanwhile is left out."""
    copied = 0
    for above, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != ".clew-incoming"]
        into = os.path.join(target, os.path.relpath(above, folder))
        os.makedirs(into, exist_ok=True)
        for name in files:
            try:
                shutil.copy2(os.path.join(above, name), os.path.join(into, name))
            except FileNotFoundError:
                continue
            copied += 1
    return copied


def check_copy(path: str) -> None:
    """Refuse a file that is no sound store of Clew's.

    Raises:
        NotFound: nothing lies there. ForeignStore: it is something else. Corrupt: it is damaged.
    """
    if not os.path.isfile(path):
        raise NotFound(f"There is no backup at {path}.")
    try:
        with closing(apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)) as db:
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            if not tables or owner_of(tables) != "Clew":
                raise ForeignStore(f"{path} is no backup of a Clew store.")
            (found,) = db.execute("PRAGMA quick_check(1)").fetchall()[0]
            if found != "ok":
                raise Corrupt(f"The backup {path} is damaged: {found}.")
    except apsw.Error as error:
        raise explain(error, path) from error


def put_back(source: str, path: str) -> str | None:
    """Make the copy at ``source`` the database at ``path``; where the one that was there lies now, or None.

    Nobody may have the store open: hold its ``host.lock``.
    """
    partial = f"{path}.partial"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    shutil.copyfile(source, partial)
    _sync(partial)
    aside = None
    if os.path.exists(path):
        aside = _free_name(f"{path}.replaced")
        for side in _SIDE_FILES:
            if os.path.exists(path + side):
                os.replace(path + side, aside + side)
    os.replace(partial, path)
    _sync(os.path.dirname(path))
    return aside


def vacuum(path: str) -> tuple[int, int]:
    """Write the database anew without free pages: its size in bytes before and after.

    From then on what is deleted gives its space back at once. Nobody may have the store open.

    Raises:
        Unavailable: the disk has no room for a second copy, or somebody has the store open.
    """
    before = _size(path)
    session = SqliteSession(path, "writer")
    try:
        session.run("VACUUM", {})
        session.checkpoint("TRUNCATE")
    finally:
        session.close()
    return before, _size(path)


def _size(path: str) -> int:
    return sum(os.path.getsize(path + side) for side in _SIDE_FILES[:2] if os.path.exists(path + side))


def _free_name(path: str) -> str:
    number = 1
    while os.path.exists(f"{path}-{number}"):
        number += 1
    return f"{path}-{number}"


def _remove(path: str) -> None:
    for side in (*_SIDE_FILES, "-journal"):
        try:
            os.unlink(path + side)
        except FileNotFoundError:
            pass


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
