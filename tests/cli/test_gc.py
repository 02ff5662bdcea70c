"""``clew gc`` and ``clew audit`` against a server."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from clew.client.api import ClewClient

Command = Callable[..., Result]


@pytest.fixture
def client(empty_server: str) -> ClewClient:
    return ClewClient(empty_server)


def test_gc_shows_asks_and_deletes(clew: Command, client: ClewClient, empty_server: str) -> None:
    gone, kept = (client.create_run("0").info.run_id for _ in range(2))
    client.delete_run(gone)
    only = ("gc", "--run-ids", gone, "--tracking-uri", empty_server)  # others may have left theirs in the trash
    shown = clew(*only, "--dry-run")
    assert (shown.exit_code, gone in shown.stdout) == (0, True)
    assert clew(*only).exit_code == 130  # nobody answers the question
    assert client.get_run(gone).info.lifecycle_stage == "deleted"
    young = clew("gc", "--yes", "--older-than", "30d", "--tracking-uri", empty_server)
    assert "Nothing in the trash" in young.stdout
    done = json.loads(clew("gc", "--json", "--run-ids", gone, "--tracking-uri", empty_server).stdout)
    assert (done["runs"], done["dry_run"]) == (1, False)
    assert client.get_run(kept).info.lifecycle_stage == "active"
    (purged, deleted, *_) = json.loads(clew("audit", "--json", "--tracking-uri", empty_server).stdout)["entries"]
    assert [(row["action"], row["entity_id"]) for row in (purged, deleted)] == [("purge", gone), ("delete", gone)]
    assert purged["user"]
    assert gone in clew("audit", "--tracking-uri", empty_server).stdout


def test_gc_refuses_what_is_in_use_and_ages_that_are_none(clew: Command, client: ClewClient, empty_server: str) -> None:
    run_id = client.create_run("0").info.run_id
    refused = clew("gc", "--yes", "--run-ids", run_id, "--tracking-uri", empty_server)
    assert (refused.exit_code, "in use" in refused.stderr) == (1, True)
    for age in ("soon", "3 d", "", "-1d"):
        assert clew("gc", "--older-than", age, "--tracking-uri", empty_server).exit_code == 2
