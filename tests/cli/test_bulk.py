"""``clew runs tag|rename|delete|restore|move|copy`` and ``clew openapi``."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import pytest
from click.testing import Result

from clew.ids import new_id

Clew = Callable[..., Result]


def post(server: str, path: str, fields: dict[str, Any]) -> Any:
    connection = HTTPConnection(server.removeprefix("http://"), timeout=30)
    connection.request("POST", path, json.dumps(fields), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 200, body
    return json.loads(body)


@pytest.fixture
def study(empty_server: str) -> tuple[str, str, list[str]]:
    """Address, the name of a new experiment, and its three runs."""
    name = "study-" + new_id()[:8]
    runs = [new_id() for _ in range(3)]
    for i, run_id in enumerate(runs):
        start = {"run_id": run_id, "experiment_name": name, "run_name": f"r{i}", "start_time": 1000 + i}
        post(empty_server, "/api/clew/v1/runs/start", start)
        param = {"run_id": run_id, "key": "i", "value": str(i)}
        post(empty_server, "/api/2.0/mlflow/runs/log-parameter", param)
    return empty_server, name, runs


def listed(clew: Clew, server: str, name: str, *more: str) -> list[dict[str, Any]]:
    result = clew("runs", "list", "--tracking-uri", server, "-e", name, "--json", "--order-by", "start_time", *more)
    assert result.exit_code == 0, result.stderr
    return list(json.loads(result.stdout)["runs"])


def test_tags_and_names_by_ids_and_by_filter(clew: Clew, study: tuple[str, str, list[str]]) -> None:
    server, name, runs = study
    uri = ("--tracking-uri", server)
    result = clew("runs", "tag", runs[0][:12], runs[1], "--set", "team=a=b", *uri, "--json")
    assert json.loads(result.stdout) == {"done": 2, "failed": [], "copies": []}
    clew("runs", "rename", "--template", "{name}-{params.i}", "--filter", "params.i > 0", "-e", name, "-y", *uri)
    found = listed(clew, server, name)
    assert [r["run_name"] for r in found] == ["r0", "r1-1", "r2-2"]
    assert [r["tags"].get("team") for r in found] == ["a=b", "a=b", None]
    clew("runs", "tag", *runs[:2], "--remove", "team", *uri)
    assert not any("team" in r["tags"] for r in listed(clew, server, name))


def test_deleting_by_filter_asks_first_and_restoring_brings_back(
    clew: Clew, study: tuple[str, str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, name, _ = study
    chosen = ("--filter", "params.i < 2", "-e", name, "--tracking-uri", server)
    assert clew("runs", "delete", *chosen).exit_code == 130  # nobody answers
    assert len(listed(clew, server, name)) == 3
    assert clew("runs", "delete", *chosen, "--yes").exit_code == 0
    assert len(listed(clew, server, name)) == 1
    assert clew("runs", "restore", *chosen, "--yes").exit_code == 0
    assert len(listed(clew, server, name)) == 3
    none = clew("runs", "restore", *chosen, "--yes")
    assert (none.exit_code, "No runs match." in none.stderr) == (1, True)


def test_moving_and_copying(clew: Clew, study: tuple[str, str, list[str]]) -> None:
    server, name, runs = study
    uri = ("--tracking-uri", server)
    target = "target-" + new_id()[:8]
    post(server, "/api/2.0/mlflow/experiments/create", {"name": target})
    assert clew("runs", "move", runs[0], "--to", target, *uri).exit_code == 0
    result = clew("runs", "copy", runs[1], "--to", target, *uri)
    first, arrow, second = result.stdout.split()
    assert (first, arrow) == (runs[1], "->")
    assert [r["run_id"] for r in listed(clew, server, target)] == [runs[0], second]
    assert [r["run_id"] for r in listed(clew, server, name)] == runs[1:]
    clew("runs", "delete", runs[2], *uri)
    failed = clew("runs", "move", runs[2], runs[1], "--to", target, *uri)
    assert (failed.exit_code, "1 done, 1 failed." in failed.stderr, runs[2] in failed.stderr) == (1, True, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("delete",), "Give run ids, or --filter."),
        (("delete", "abcd", "--filter", "x"), "Give run ids, or --filter."),
        (("delete", "abcd", "-e", "x"), "--experiment goes with --filter"),
        (("tag", "abcd"), "--set KEY=VALUE or --remove KEY"),
        (("tag", "abcd", "--set", "x"), "'x' is not KEY=VALUE"),
        (("move", "abcd"), "--to"),
    ],
)
def test_wrong_usage(clew: Clew, arguments: tuple[str, ...], words: str) -> None:
    result = clew("runs", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_the_openapi_document_is_printed(clew: Clew) -> None:
    found = json.loads(clew("openapi").stdout)
    assert found["openapi"] == "3.1.0"
    assert "/api/clew/v1/runs/bulk" in found["paths"]
