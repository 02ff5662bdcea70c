"""``clew models`` on approvals: rules for moves, and the requests that wait for somebody."""

from __future__ import annotations

import click

from clew.cli.options import json_option, open_client, tracking_uri_option
from clew.cli.screen import local_time, print_json, print_table
from clew.entities.approval import ApprovalRule, MoveRequest, RequestState

STATES: tuple[RequestState, ...] = ("pending", "approved", "rejected", "withdrawn", "void")

_stage = click.option("--stage", help="The stage that is guarded: Staging, Production, …")
_alias = click.option("--alias", help="The alias that is guarded.")
_note = click.option("--note", default="", help="A word for the history.")


@click.command()
@click.argument("name")
@_stage
@_alias
@click.option(
    "--approvals", type=click.IntRange(min=0), default=1, show_default=True, help="How many others must agree."
)
@click.option("--gate", default="", metavar="FILTER", help="What the version's run or model must fulfil.")
@tracking_uri_option
def guard(name: str, stage: str | None, alias: str | None, approvals: int, gate: str, tracking_uri: str | None) -> None:
    """Let moves to a stage or alias of model NAME wait for approvals, and for a gate."""
    rules = open_client(tracking_uri).set_approval_rule(name, stage=stage, alias=alias, approvals=approvals, gate=gate)
    _show_rules(rules)


@click.command()
@click.argument("name")
@_stage
@_alias
@tracking_uri_option
def unguard(name: str, stage: str | None, alias: str | None, tracking_uri: str | None) -> None:
    """Let moves to a stage or alias of model NAME be free again."""
    open_client(tracking_uri).delete_approval_rule(name, stage=stage, alias=alias)
    click.echo(f"Moves of {name} to {stage or alias} are free.")


@click.command()
@click.argument("name")
@tracking_uri_option
@json_option
def rules(name: str, tracking_uri: str | None, as_json: bool) -> None:
    """Show what moves of model NAME need."""
    found = open_client(tracking_uri).get_approval_rules(name)
    if as_json:
        fields = ("stage", "alias", "approvals", "gate", "user", "timestamp")
        print_json({"rules": [{field: getattr(rule, field) for field in fields} for rule in found]})
        return
    _show_rules(found)


@click.command()
@click.option("--name", help="Only of this model.")
@click.option(
    "--state", type=click.Choice([*STATES, "all"]), default="pending", show_default=True, help="Only in this state."
)
@click.option(
    "--limit", type=click.IntRange(min=1, max=1000), default=100, show_default=True, help="Most rows to show."
)
@tracking_uri_option
@json_option
def requests(name: str | None, state: str, limit: int, tracking_uri: str | None, as_json: bool) -> None:
    """List moves that wait for somebody's approval, or did."""
    client = open_client(tracking_uri)
    found = client.get_move_requests(name, None if state == "all" else state, limit)
    if as_json:
        print_json({"requests": [_plain(request) for request in found]})
        return
    if not found:
        click.echo("No requests match.", err=True)
        return
    print_table(
        ("Id#", "Model", "Version#", "To", "Asked by", "When", "Why", "State", "Approvals#", "Gate"), map(_cells, found)
    )


@click.command()
@click.argument("request_id", type=int)
@_note
@tracking_uri_option
def approve(request_id: int, note: str, tracking_uri: str | None) -> None:
    """Agree to the requested move REQUEST_ID."""
    _say(open_client(tracking_uri).approve_move(request_id, note))


@click.command()
@click.argument("request_id", type=int)
@_note
@tracking_uri_option
def reject(request_id: int, note: str, tracking_uri: str | None) -> None:
    """Refuse the requested move REQUEST_ID."""
    _say(open_client(tracking_uri).reject_move(request_id, note))


@click.command()
@click.argument("request_id", type=int)
@_note
@tracking_uri_option
def withdraw(request_id: int, note: str, tracking_uri: str | None) -> None:
    """Take your own request REQUEST_ID back."""
    _say(open_client(tracking_uri).withdraw_move(request_id, note))


COMMANDS = (guard, unguard, rules, requests, approve, reject, withdraw)


def _say(request: MoveRequest) -> None:
    what = f"Version {request.version} of {request.name} to {request.stage or '@' + request.alias}"
    if request.state == "pending":
        click.echo(f"{what}: {len(request.approvals)} of {request.needed} approvals.")
    else:
        click.echo(f"{what}: {request.state}.")


def _show_rules(found: list[ApprovalRule]) -> None:
    if not found:
        click.echo("No rules: every move is free.", err=True)
        return
    rows = ((rule.stage or f"@{rule.alias}", str(rule.approvals), rule.gate, rule.user) for rule in found)
    print_table(("To", "Approvals#", "Gate", "Set by"), rows)


def _cells(request: MoveRequest) -> tuple[str, ...]:
    return (
        str(request.id),
        request.name,
        request.version,
        request.stage or f"@{request.alias}",
        request.user,
        local_time(request.timestamp),
        request.reason,
        request.state,
        f"{len(request.approvals)}/{request.needed}",
        request.gate,
    )


def _plain(request: MoveRequest) -> dict[str, object]:
    plain: dict[str, object] = {field: getattr(request, field) for field in request.__struct_fields__}
    given = [{"user": a.user, "timestamp": a.timestamp, "note": a.note} for a in request.approvals]
    return plain | {"approvals": given}
