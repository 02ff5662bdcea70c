"""Two people at one store: what one asks for, the other approves, in Python and on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner

import clew
from clew.cli.main import cli
from clew.errors import Conflict, Denied, InvalidFilter, InvalidValue, NotFound

Act = Callable[[str], clew.ClewClient]


@pytest.fixture
def ana(acting: Act) -> clew.ClewClient:
    """Ana, who registered version 1 of ``wine``, made of a run with auc 0.92."""
    client = acting("ana")
    with clew.start_run() as run:
        clew.log_metric("auc", 0.92)
    client.create_registered_model("wine")
    client.create_model_version("wine", "s3://bucket/m", run_id=run.info.run_id)
    return client


def run_clew(*args: str) -> str:
    result = CliRunner().invoke(cli, ["models", *args], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_one_asks_and_another_approves(ana: clew.ClewClient, acting: Act) -> None:
    (rule,) = clew.set_approval_rule("wine", alias="champion", gate="metrics.auc >= 0.9")
    assert (rule.alias, rule.approvals, rule.gate, rule.user) == ("champion", 1, "metrics.auc >= 0.9", "ana")
    assert clew.get_approval_rules("wine") == [rule]
    with pytest.raises(Denied, match="needs approval"):
        ana.set_registered_model_alias("wine", "champion", 1, reason="good")
    (asked,) = clew.get_move_requests("wine")
    assert (asked.user, asked.version, asked.target.words, asked.reason) == ("ana", "1", "alias 'champion'", "good")
    with pytest.raises(Denied, match="your own"):
        clew.approve_move(asked.id)
    bo = acting("bo")
    with pytest.raises(Denied, match="only who asked"):
        clew.withdraw_move(asked.id)
    done = clew.approve_move(asked.id, "checked")
    assert (done.state, [(a.user, a.note) for a in done.approvals]) == ("approved", [("bo", "checked")])
    assert bo.get_model_version_by_alias("wine", "champion").version == "1"
    with pytest.raises(Conflict, match="approved"):
        bo.reject_move(asked.id)
    assert clew.get_move_requests("wine") == []
    assert clew.get_move_requests(state=None) == [done]
    kinds = [move.kind for move in bo.get_model_history("wine", 4)]
    assert kinds == ["alias", "approval", "request", "rule"]


def test_requests_are_refused_and_withdrawn(ana: clew.ClewClient, acting: Act) -> None:
    clew.set_approval_rule("wine", stage="Staging", approvals=2)
    with pytest.raises(Conflict, match="make the move"):
        clew.request_move("wine", 1, stage="Archived")
    asked = clew.request_move("wine", 1, stage="staging", reason="try")
    assert clew.withdraw_move(asked.id).state == "withdrawn"
    asked = clew.request_move("wine", 1, stage="staging", archive_existing_versions=True)
    assert asked.archive_existing_versions
    acting("bo")
    assert clew.reject_move(asked.id, "no").state == "rejected"
    clew.delete_approval_rule("wine", stage="Staging")
    with pytest.raises(NotFound):
        clew.delete_approval_rule("wine", stage="Staging")
    assert acting("cy").transition_model_version_stage("wine", 1, "Staging").current_stage == "Staging"


def test_rules_that_mean_nothing_raise(ana: clew.ClewClient) -> None:
    with pytest.raises(InvalidValue, match="either a stage or an alias"):
        ana.set_approval_rule("wine")
    with pytest.raises(InvalidValue, match="asks for nothing"):
        ana.set_approval_rule("wine", alias="a", approvals=0)
    with pytest.raises(InvalidValue) as caught:
        ana.set_approval_rule("wine", alias="a", gate="metrics.auc >")
    assert not isinstance(caught.value, InvalidFilter) or caught.value.position
    with pytest.raises(NotFound):
        ana.set_approval_rule("none", alias="a")


def test_the_command_line(ana: clew.ClewClient, acting: Act) -> None:
    assert "@champion" in run_clew("guard", "wine", "--alias", "champion", "--gate", "metrics.auc > 0.9")
    (rule,) = json.loads(run_clew("rules", "wine", "--json"))["rules"]
    assert (rule["alias"], rule["gate"], rule["user"]) == ("champion", "metrics.auc > 0.9", "ana")
    asked = [ana.request_move("wine", 1, alias="champion", reason=why).id for why in ("first", "same")]
    assert asked[0] == asked[1]
    acting("bo")
    (shown,) = json.loads(run_clew("requests", "--name", "wine", "--json"))["requests"]
    assert (shown["user"], shown["reason"], shown["state"]) == ("ana", "first", "pending")
    assert "0/1" in run_clew("requests")
    assert "approved" in run_clew("approve", str(asked[0]), "--note", "ok")
    assert json.loads(run_clew("requests", "--state", "all", "--json"))["requests"][0]["note"] == "ok"
    run_clew("unguard", "wine", "--alias", "champion")
    assert json.loads(run_clew("rules", "wine", "--json")) == {"rules": []}
    run_clew("guard", "wine", "--stage", "Production")
    for verb, who in (("reject", "ana"), ("withdraw", "bo")):
        request_id = acting("bo").request_move("wine", 1, stage="Production").id
        acting(who)
        assert f"{verb}" in run_clew(verb, str(request_id))
    refused = CliRunner().invoke(cli, ["models", "approve", "999"])
    assert refused.exit_code == 1
