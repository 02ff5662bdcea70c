"""``clew runs``: what the table and the JSON show, and what wrong arguments get."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result

Clew = Callable[..., Result]
A, B, C = "aaaa" + "1" * 28, "bbbb" + "2" * 28, "bbbb" + "3" * 28


def listed(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0, result.stderr
    return list(json.loads(result.stdout)["runs"])


def test_list_shows_all_runs_the_newest_first(clew: Clew, server: str) -> None:
    result = clew("runs", "list", "--tracking-uri", server)
    assert result.exit_code == 0
    rows = [line.split()[0] for line in result.stdout.splitlines() if line.strip()]
    assert rows[-3:] == [C, B, A]
    assert "metrics.rmse" in result.stdout
    assert "1 min 5 s" in result.stdout


def test_list_of_one_experiment_by_name_and_by_id(clew: Clew, server: str) -> None:
    by_name = listed(clew("runs", "list", "--tracking-uri", server, "-e", "wine", "--json"))
    assert [run["run_id"] for run in by_name] == [B, A]
    number = str(by_name[0]["experiment_id"])
    by_id = listed(clew("runs", "list", "--tracking-uri", server, "--experiment-id", number, "--json"))
    assert by_id == by_name


def test_json_has_stable_keys_and_words_for_numbers_that_json_lacks(clew: Clew, server: str) -> None:
    run = listed(clew("runs", "list", "--tracking-uri", server, "--filter", "run_name = 'run-b'", "--json"))[0]
    assert list(run) == [
        *("run_id", "experiment_id", "run_name", "user_id", "status", "start_time", "end_time"),
        *("lifecycle_stage", "artifact_uri", "params", "metrics", "tags"),
    ]
    assert run["metrics"] == {"rmse": "NaN"}
    assert run["params"] == {"lr": "0.2"}
    assert run["end_time"] is None
    assert run["status"] == "RUNNING"


def test_filter_order_limit_and_columns(clew: Clew, server: str) -> None:
    text = "metrics.rmse >= 0.25 OR tags.team = 'blue'"
    found = listed(clew("runs", "list", "--tracking-uri", server, "--filter", text, "--order-by", "run_name", "--json"))
    assert [run["run_id"] for run in found] == [A, C]
    result = clew("runs", "list", "--tracking-uri", server, "--limit", "1", "-c", "params.lr", "-c", "tags.team")
    assert "params.lr" in result.stdout
    assert "green" in result.stdout
    assert A not in result.stdout
    assert "--limit" in result.stderr


@pytest.mark.parametrize("digits", [A, "aaaa", "AAAA1"])
def test_show_takes_the_first_digits(clew: Clew, server: str, digits: str) -> None:
    result = clew("runs", "show", digits, "--tracking-uri", server, "--json")
    run = json.loads(result.stdout)
    assert run["run_id"] == A
    assert run["metrics"] == {"rmse": 0.25}
    assert (run["datasets"], run["models"], run["artifacts"]) == ([], [], [])


def test_show_prints_tables(clew: Clew, server: str) -> None:
    result = clew("runs", "show", A, "--tracking-uri", server)
    assert result.exit_code == 0
    for word in ("run-a", "FINISHED", "lr", "0.1", "rmse", "0.25", "blue", "ann", "1 min 5 s"):
        assert word in result.stdout


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("f" * 32, ["not found"]),
        ("ffff", ["begins with ffff", "clew runs list"]),
        ("bbbb", ["Several", B, C]),
        ("aaa", ["32 hex digits"]),
        ("what-is-this", ["32 hex digits"]),
    ],
)
def test_show_of_an_unknown_run_says_so(clew: Clew, server: str, digits: str, words: list[str]) -> None:
    result = clew("runs", "show", digits, "--tracking-uri", server)
    assert result.exit_code == 1
    assert result.stdout == ""
    for word in words:
        assert word in result.stderr


def test_a_bad_filter_gets_a_caret_under_its_place(clew: Clew, server: str) -> None:
    text = "metrics.rmse > 1 OR OR tags.team = 'x'"
    result = clew("runs", "list", "--tracking-uri", server, "--filter", text)
    assert result.exit_code == 1
    head, shown, caret = result.stderr.splitlines()
    assert head.startswith("Error: ")
    assert shown == f"  {text}"
    assert caret == " " * (2 + text.index("OR OR") + 3) + "^"


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["--filter", "bogus.x = 1"], 1, ["bogus"]),
        (["--filter", "params.lr LIKE 3"], 1, ["3"]),
        (["--order-by", "metrics.rmse SIDEWAYS"], 1, ["SIDEWAYS"]),
        (["-e", "no such"], 1, ["no such", "clew experiments list"]),
        (["-e", "424242"], 1, ["424242"]),
        (["-c", "rmse"], 2, ["metrics.NAME"]),
        (["--limit", "0"], 2, ["--limit"]),
        (["--view", "some"], 2, ["active"]),
        (["--bogus"], 2, ["--bogus"]),
    ],
)
def test_wrong_arguments_are_named(clew: Clew, server: str, args: list[str], code: int, words: list[str]) -> None:
    result = clew("runs", "list", "--tracking-uri", server, *args)
    assert result.exit_code == code
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr


def test_experiments_are_listed(clew: Clew, server: str) -> None:
    result = clew("experiments", "list", "--tracking-uri", server)
    assert "wine" in result.stdout
    assert "team=red" in result.stdout
    named = clew("experiments", "list", "--tracking-uri", server, "--filter", "name = 'wine'", "--json")
    (experiment,) = json.loads(named.stdout)["experiments"]
    assert list(experiment) == [
        *("experiment_id", "name", "artifact_location", "lifecycle_stage", "creation_time", "last_update_time", "tags"),
    ]
    assert experiment["tags"] == {"team": "red"}


@pytest.mark.parametrize(
    "args", [("runs", "list", "--filter", "run_name = 'z'"), ("experiments", "list", "--view", "deleted")]
)
def test_nothing_found_is_said(clew: Clew, server: str, args: tuple[str, ...]) -> None:
    result = clew(*args, "--tracking-uri", server)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "match" in result.stderr
    assert list(json.loads(clew(*args, "--tracking-uri", server, "--json").stdout).values()) == [[]]
