"""``clew sync``: send what the journals of this user still hold, now and in this process."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

import click

from clew import settings
from clew.cli.options import json_option
from clew.cli.pending import Pending, Refused, Stuck, read_target, target_folders
from clew.cli.screen import print_json, print_table, waiting
from clew.errors import shown

WAIT_S = 5.0
RETRY = "when the cause is mended, `clew sync` tries again; to give it up, delete that folder."


class Outcome(NamedTuple):
    """What became of one target's journals.

    records: journal slots and files that were sent now. runs_left: runs of which something still waits.
    busy: a background shipper is at it already. refused: folders that the target will not have, set aside now.
    trouble: why the rest could not be sent, or empty; cure: what to do. stuck: runs that are held up by something of
    their own. set_aside: everything that the target would not have so far.
    """

    target: str
    records: int
    runs_left: int
    busy: bool
    refused: list[str]
    trouble: str
    cure: str
    stuck: list[Stuck]
    set_aside: list[Refused]


@click.command()
@click.option("--tracking-uri", metavar="URI", help="Only what is meant for this store or server. Default: everything.")
@json_option
def sync(tracking_uri: str | None, as_json: bool) -> None:
    """Send what the journal still holds, once more also what was refused and set aside.

    Ends with exit code 1 if something could not be sent.
    """
    from clew.client.target import resolve

    wanted = tracking_uri and resolve(tracking_uri)
    outcomes = []
    for folder in target_folders(settings.read().spool):
        before = read_target(folder)
        # A target for which nothing waits need not answer, nor exist any more.
        if (not wanted or before.target == wanted) and (before.writers or before.refused):
            with waiting(f"Sending to {shown(before.target)}"):
                outcomes.append(_send(before))
    if as_json:
        print_json({"targets": [_fields(o) for o in outcomes]})
    elif not outcomes:
        click.echo("Nothing waits to be sent.")
    else:
        rows = ((shown(o.target), str(o.records), str(o.runs_left), _state(o)) for o in outcomes)
        print_table(("Target", "Records sent#", "Runs left#", "State"), rows)
        for outcome in outcomes:
            _explain(outcome)
    if any(o.trouble or o.refused or o.stuck for o in outcomes):
        sys.exit(1)


def _send(before: Pending) -> Outcome:
    from clew.client import spool
    from clew.client.shipper import Shipper, hold

    folder = before.folder
    # A shipper in the background that waits for its target makes way: our token and network may be better ones.
    spool.wake(folder, spool.LEAVE)
    lock = hold(folder, WAIT_S)
    if lock is None:
        now = read_target(folder)
        return Outcome(now.target, 0, now.runs, True, [], now.trouble, now.cure, now.stuck, now.refused)
    spool.readmit(folder)
    shipper = Shipper(folder, once=True)
    try:
        shipper.run()
    finally:
        os.close(lock)
    now = read_target(folder)
    trouble = shipper.trouble
    return Outcome(
        now.target,
        shipper.shipped,
        now.runs,
        False,
        shipper.refused,
        trouble.text,
        trouble.cure,
        now.stuck,
        now.refused,
    )


def _fields(outcome: Outcome) -> dict[str, object]:
    return outcome._asdict() | {
        "target": shown(outcome.target),
        "stuck": [s._asdict() for s in outcome.stuck],
        "set_aside": [r._asdict() for r in outcome.set_aside],
    }


def _state(outcome: Outcome) -> str:
    if outcome.trouble:
        return outcome.trouble
    if outcome.busy:
        return "being sent in the background"
    if outcome.stuck:
        return f"{len(outcome.stuck)} run(s) cannot be sent"
    if outcome.refused:
        return f"{len(outcome.refused)} refused by the target"
    return "runs are being logged" if outcome.runs_left else "all sent"


def _explain(outcome: Outcome) -> None:
    """Say what to do about what could not be sent."""
    if outcome.trouble and outcome.cure:
        click.echo(outcome.cure)
    for stuck in outcome.stuck:
        click.echo(f"Run {stuck.run_id}: {stuck.reason}\n  {stuck.cure}")
    for one in outcome.set_aside:
        click.echo(f"Run {one.run_id} was refused: {one.reason}\n  It lies in {one.folder}; {RETRY}")
