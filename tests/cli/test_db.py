"""``clew db``: on stores in use, on stores alone, on PostgreSQL."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from click.testing import Result

from clew.client.api import ClewClient
from clew.storage import migrate, runs
from clew.storage.store import Store

Command = Callable[..., Result]


def filled(path: Path, *names: str) -> str:
    """The URL of a store that has runs of these names."""
    url = f"sqlite:///{path}"
    with closing(Store.open(url, background=False)) as store:
        for name in names:
            store.write(lambda tx, n=name: runs.create_run(tx, experiment_id="0", run_name=n))
    return url


def names_in(path: Path) -> list[str]:
    with closing(apsw.Connection(str(path))) as db:
        return [name for (name,) in db.execute("SELECT name FROM run ORDER BY rn")]


def test_a_served_store_is_checked_and_backed_up_with_its_files(
    clew: Command, start_serving: Callable[..., subprocess.Popen[str]], port: int, tmp_path: Path
) -> None:
    start_serving(tmp_path, port, "server", "--port", str(port), "--backend-store-uri", "sqlite:///s.db")
    client = ClewClient(f"http://127.0.0.1:{port}")
    run_id = client.create_run("0", run_name="one").info.run_id
    client.log_text(run_id, "hello", "a/b.txt")
    client.log_metric(run_id, "loss", 0.5, step=1)
    assert client.get_run(run_id).data.metrics == {"loss": 0.5}
    url = f"sqlite:///{tmp_path}/s.db"
    found = json.loads(clew("db", "check", "--json", "--store", url).stdout)
    assert found == {"runs": 1, "points": 1, "problems": []}
    kept = tmp_path / "kept"
    assert clew("db", "backup", str(kept), "--artifacts", "--store", url).exit_code == 0
    for command in (("restore", str(kept), "--force"), ("compact",), ("upgrade",)):
        refused = clew("db", *command, "--store", url)
        assert (refused.exit_code, "served by another clew server" in refused.stderr) == (1, True), command
    new = tmp_path / "new.db"
    done = clew("db", "restore", str(kept), "--store", f"sqlite:///{new}")
    assert done.exit_code == 0, done.stderr
    assert names_in(new) == ["one"]
    assert (tmp_path / "new.db.clew" / "artifacts" / "0" / run_id / "artifacts" / "a" / "b.txt").read_text() == "hello"


def test_restore_replaces_only_when_told_to(clew: Command, tmp_path: Path) -> None:
    url = filled(tmp_path / "a.db", "old")
    copy = str(tmp_path / "copy.db")
    assert clew("db", "backup", copy, "--store", url).exit_code == 0
    assert clew("db", "backup", copy, "--store", url).exit_code == 1
    filled(tmp_path / "a.db", "new")
    refused = clew("db", "restore", copy, "--store", url)
    assert (refused.exit_code, "--force" in refused.stderr) == (1, True)
    assert names_in(tmp_path / "a.db") == ["old", "new"]
    assert clew("db", "restore", copy, "--store", url, "--force").exit_code == 0
    assert names_in(tmp_path / "a.db") == ["old"]
    assert names_in(tmp_path / "a.db.replaced-1") == ["old", "new"]


def test_upgrade_copies_first(clew: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = migrate.scripts()[:2]
    with monkeypatch.context() as earlier:
        earlier.setattr(migrate, "scripts", lambda: first)
        url = filled(tmp_path / "a.db", "one")
    checked = clew("db", "check", "--store", url)
    assert (checked.exit_code, "clew db upgrade" in checked.stdout) == (1, True)
    done = clew("db", "upgrade", "--store", url)
    assert done.exit_code == 0, done.stderr
    assert names_in(tmp_path / "a.db.before-0003") == ["one"]
    assert clew("db", "check", "--store", url).exit_code == 0
    assert "up to date" in clew("db", "upgrade", "--store", url).stdout


def test_compact_says_what_it_gained(clew: Command, tmp_path: Path) -> None:
    url = filled(tmp_path / "a.db", "one")
    assert "before" in clew("db", "compact", "--store", url).stdout
    assert names_in(tmp_path / "a.db") == ["one"]


def test_a_store_that_does_not_exist_is_not_made(clew: Command, tmp_path: Path) -> None:
    for command in (("check",), ("upgrade",), ("compact",), ("backup", "x")):
        assert clew("db", *command, "--store", f"sqlite:///{tmp_path}/none.db").exit_code == 1
    assert not (tmp_path / "none.db").exists()


def test_postgresql_has_its_own_tools(clew: Command) -> None:
    url = "postgresql://ann:secret@db/clew"
    for command, tool in (("backup", "pg_dump"), ("restore", "pg_restore")):
        answer = clew("db", command, "x.dump", "--store", url)
        assert (answer.exit_code, tool in answer.stderr, "ann@db/clew" in answer.stderr) == (1, True, True)
        assert "secret" not in answer.stderr


@pytest.mark.postgres
def test_a_postgresql_store_is_checked(clew: Command, postgres_url: str) -> None:
    answer = clew("db", "check", "--store", postgres_url)
    assert (answer.exit_code, "Nothing is wrong" in answer.stdout) == (0, True)
