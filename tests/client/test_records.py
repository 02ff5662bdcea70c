"""What is recorded beside the training: prints, uncommitted changes, packages; and that secrets are not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import clew
from clew.client import console, snapshot
from clew.client.secrets import masked

GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]


def texts(run_id: str, folder: str) -> dict[str, str]:
    """Names and texts of what lies in a folder of the run."""
    client = clew.ClewClient()
    return {
        os.path.basename(f.path): Path(client.download_artifacts(run_id, f.path)).read_text()
        for f in client.list_artifacts(run_id, folder)
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("key AKIAABCDEFGHIJKLMNOP.", "key ***."),
        ("hf_" + "a" * 34, "***"),
        ("https://me:pass@host/x", "https://me:***@host/x"),
        ("password = 'hunter2hunter2'", "password = '***'"),
        ('api_key: "abcdefghij"', 'api_key: "***"'),
        ("-----BEGIN RSA PRIVATE KEY-----\nx\n-----END RSA PRIVATE KEY-----", "***"),
        ("the value is swordfish99", "the value is ***"),
        ("token = load()", "token = load()"),
        ("loss 0.5 https://host/x", "loss 0.5 https://host/x"),
    ],
)
def test_secrets_are_masked_and_nothing_else(text: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SECRET", "swordfish99")
    monkeypatch.setenv("SHORT_TOKEN", "loss")
    assert masked(text) == shown


def test_a_run_keeps_uncommitted_changes_and_the_packages(store: str, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("import clew\n")
    subprocess.run([*GIT, "init", "-q", "."], cwd=tmp_path, check=True)
    subprocess.run([*GIT, "add", "train.py"], cwd=tmp_path, check=True)
    subprocess.run([*GIT, "commit", "-q", "-m", "x"], cwd=tmp_path, check=True)
    script.write_text(
        "import clew\npassword = 'hunter2hunter2'\nwith clew.start_run() as run:\n    print(run.info.run_id)\n"
    )
    environ = {k: v for k, v in os.environ.items() if k != "CLEW_SNAPSHOT"}
    done = subprocess.run([sys.executable, str(script)], env=environ, check=True, capture_output=True, text=True)
    kept = texts(done.stdout.split()[0], "clew/source")
    assert set(kept) == {"changes.diff", "packages.txt"}
    assert "+password = '***'" in kept["changes.diff"]
    assert "+with clew.start_run() as run:" in kept["changes.diff"]
    assert any(line.startswith("numpy==") for line in kept["packages.txt"].splitlines())


def test_large_changes_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "MAX_BYTES", 2000)
    (tmp_path / "a").write_text("x\n")
    subprocess.run([*GIT, "init", "-q", "."], cwd=tmp_path, check=True)
    subprocess.run([*GIT, "add", "a"], cwd=tmp_path, check=True)
    subprocess.run([*GIT, "commit", "-q", "-m", "x"], cwd=tmp_path, check=True)
    assert snapshot._changes(str(tmp_path)) == ""
    (tmp_path / "a").write_text("yy\n" * 10_000)
    text = snapshot._changes(str(tmp_path))
    assert text.endswith("… cut after 2,000 bytes\n")
    assert len(text) < 2100
    (tmp_path / "outside").mkdir()
    assert snapshot._changes("/") == ""


def test_prints_go_to_the_run_that_is_active_and_to_the_terminal(
    store: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "_asked", [])
    streams = sys.stdout, sys.stderr
    clew.capture_console()
    with clew.start_run() as parent:
        print("in parent")
        with clew.start_run(nested=True) as child:
            print("in child", file=sys.stderr)
            print("key AKIAABCDEFGHIJKLMNOP")
        print("in parent again")
    assert (sys.stdout, sys.stderr) == streams
    (mine,) = clew.ClewClient().list_artifacts(parent.info.run_id, "clew/console")
    assert texts(parent.info.run_id, mine.path) == {"000001.log": "in parent\nin parent again\n"}
    assert texts(child.info.run_id, mine.path) == {"000001.log": "in child\nkey ***\n"}
    said = capsys.readouterr()
    assert "in parent again" in said.out
    assert "in child" in said.err


def test_much_output_comes_in_pieces_and_ends_at_the_limit(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_asked", [])
    monkeypatch.setattr(console, "_PIECE", 100)
    monkeypatch.setattr(console, "MAX_CHARACTERS", 1000)
    monkeypatch.setenv("CLEW_CONSOLE", "1")
    with clew.start_run() as run:
        for number in range(200):
            print(f"line {number:03}")
    (folder,) = clew.ClewClient().list_artifacts(run.info.run_id, "clew/console")
    kept = texts(run.info.run_id, folder.path)
    whole = "".join(kept[name] for name in sorted(kept))
    assert len(kept) > 5
    assert whole.startswith("line 000\nline 001\n")
    assert "more than 1,000 characters" in whole.splitlines()[-1]
