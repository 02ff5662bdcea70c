"""Copies, checks and the way back."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import numpy as np
import pytest

from clew.errors import AlreadyExists, Corrupt, ForeignStore, NotFound
from clew.storage import backup, check, metrics, runs
from clew.storage.engine import Session
from clew.storage.points import PointColumns
from clew.storage.postgres import PostgresSession
from clew.storage.sqlite import SqliteSession, path_of
from clew.storage.store import Store


def add_run(store: Store, name: str, points: int = 20) -> None:
    """A run with a param and points, in one transaction."""

    def job(tx):
        run_id = runs.create_run(tx, experiment_id="0", run_name=name).info.run_id
        runs.log_params(tx, run_id, [("n", name)])
        steps = np.arange(points)
        values = np.where(steps % 7 == 3, np.nan, np.sin(steps))
        columns = PointColumns(
            keys=["a", "b"], key_index=(steps % 2).astype(np.int32), steps=steps, times_ms=steps, values=values
        )
        metrics.log_points(tx, run_id, columns)

    store.write(job)


@pytest.fixture
def session(store: Store, store_url: str) -> Iterator[Session]:
    """A connection of the checker's own."""
    opened: Session = (
        SqliteSession(path_of(store_url)) if store_url.startswith("sqlite") else PostgresSession(store_url)
    )
    yield opened
    opened.close()


def test_a_copy_taken_under_load_is_a_whole_prefix(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'live.db'}"
    with closing(Store.open(url)) as store:
        stopping = threading.Event()

        def write() -> None:
            number = 0
            while not stopping.is_set():
                number += 1
                add_run(store, str(number))

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for index in range(3):
                while not store.read(lambda tx: tx.one("SELECT 1 FROM run")):
                    pass
                backup.copy_database(str(tmp_path / "live.db"), str(tmp_path / f"copy{index}.db"))
        finally:
            stopping.set()
            writer.join()
    sizes = []
    for index in range(3):
        path = tmp_path / f"copy{index}.db"
        with closing(SqliteSession(str(path))) as copy:
            found = check.check(copy, "copy")
            assert found.problems == []
            names = [int(name) for (name,) in copy.all("SELECT name FROM run ORDER BY rn", {})]
            (params,) = copy.all("SELECT count(*) FROM param", {})[0]
        assert names == list(range(1, len(names) + 1))
        assert params == len(names)
        assert found.points == 20 * len(names)
        sizes.append(len(names))
    assert 0 < sizes[0] <= sizes[1] <= sizes[2]
    assert not list(tmp_path.glob("*.partial*"))


def test_a_copy_replaces_nothing(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("mine")
    with pytest.raises(NotFound):
        backup.copy_database(str(tmp_path / "none.db"), str(tmp_path / "new"))
    Store.open(f"sqlite:///{tmp_path / 'a.db'}", background=False).close()
    with pytest.raises(AlreadyExists):
        backup.copy_database(str(tmp_path / "a.db"), str(tmp_path / "there"))
    assert (tmp_path / "there").read_text() == "mine"


def test_what_is_put_back_is_the_store_and_the_old_one_is_kept(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    with closing(Store.open(url, background=False)) as store:
        add_run(store, "first")
        backup.copy_database(str(tmp_path / "a.db"), str(tmp_path / "copy.db"))
        add_run(store, "second")
    aside = backup.put_back(str(tmp_path / "copy.db"), str(tmp_path / "a.db"))
    assert aside is not None
    for path, count in ((str(tmp_path / "a.db"), 1), (aside, 2)):
        with closing(Store.open(f"sqlite:///{path}", background=False)) as store:
            assert store.read(lambda tx: tx.all("SELECT count(*) FROM run")) == [(count,)]


def test_only_sound_stores_of_ours_are_put_back(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        backup.check_copy(str(tmp_path / "none"))
    with closing(apsw.Connection(str(tmp_path / "other.db"))) as other:
        other.execute("CREATE TABLE alembic_version (v)")
    with pytest.raises(ForeignStore):
        backup.check_copy(str(tmp_path / "other.db"))
    with closing(Store.open(f"sqlite:///{tmp_path / 'a.db'}", background=False)) as store:
        for index in range(20):
            add_run(store, str(index), 500)
    backup.copy_database(str(tmp_path / "a.db"), str(tmp_path / "copy.db"))
    with open(tmp_path / "copy.db", "r+b") as file:
        file.seek(3 * 8192)
        file.write(os.urandom(8192))
    with pytest.raises(Corrupt):
        backup.check_copy(str(tmp_path / "copy.db"))


def test_an_old_file_gives_space_back_after_it_was_written_anew(tmp_path: Path) -> None:
    path = str(tmp_path / "old.db")
    with closing(apsw.Connection(path)) as old:  # as earlier versions made it
        old.execute("PRAGMA page_size = 8192")
        old.execute("PRAGMA journal_mode = WAL").fetchall()
        old.execute("CREATE TABLE t (x)")
        old.execute("INSERT INTO t VALUES (zeroblob(4000000))")
        old.execute("DROP TABLE t")
    before, after = backup.vacuum(path)
    assert after < before / 10
    with closing(apsw.Connection(path)) as new:
        assert new.execute("PRAGMA auto_vacuum").fetchall() == [(2,)]


def test_a_sound_store_has_no_problems(store: Store, session: Session) -> None:
    for name in ("x", "y"):
        add_run(store, name, 3000)
        store.compact()
    add_run(store, "z")  # its points lie in the log
    found = check.check(session, "it")
    assert (found.runs, found.points, found.problems) == (3, 6020, [])
    assert check.check(session, "it", quick=True).points == 0


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("DELETE FROM run WHERE rn = 1", "rows of param name a run that does not exist"),
        ("UPDATE latest_metric SET max_value = 99 WHERE rn = 1", "the summary of metric 'a' differs"),
        ("UPDATE metric_chunk SET n = n + 1 WHERE rn = 1", "points, not"),
        ("UPDATE metric_chunk SET body = {junk} WHERE rn = 1", "cannot be read"),
        ("DELETE FROM metric_chunk WHERE rn = 1", "has no points"),
    ],
)
def test_damage_is_found(store: Store, session: Session, damage: str, words: str) -> None:
    add_run(store, "x", 3000)
    store.compact(everything=True)
    junk = "X'00112233'" if store.dialect_name == "sqlite" else r"'\x00112233'::bytea"
    store.write(lambda tx: tx.run(damage.replace("{junk}", junk)))
    assert any(words in problem for problem in check.check(session, "it").problems)
