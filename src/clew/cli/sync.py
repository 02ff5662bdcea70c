"""``clew sync``: send what the journals of this user still hold, now and in this process."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import click

from clew import settings
from clew.cli.options import json_option
from clew.cli.screen import print_json, print_table, waiting
from clew.errors import ClewError, shown

if TYPE_CHECKING:
    from clew.client.target import Target

WAIT_S = 5.0


class Outcome(NamedTuple):
    """What became of one target's journals.

    records: journal slots and files that were sent now. runs_left: runs of which something still waits.
    busy: a background shipper is at it already. refused: folders that the target will not have, set aside.
    trouble: why the rest could not be sent, or empty.
    """

    target: str
    records: int
    runs_left: int
    busy: bool
    refused: list[str]
    trouble: str


@click.command()
@click.option("--tracking-uri", metavar="URI", help="Only what is meant for this store or server. Default: everything.")
@json_option
def sync(tracking_uri: str | None, as_json: bool) -> None:
    """Send what the journal still holds, once more also what was refused and set aside.

    Ends with exit code 1 if something could not be sent.
    """
    from clew.client import spool
    from clew.client.target import resolve

    wanted = tracking_uri and resolve(tracking_uri)
    folders = spool.target_folders(settings.read().spool)
    outcomes = []
    for folder in folders:
        target = spool.target_uri(folder)
        # A target for which nothing waits need not answer, nor exist any more.
        if (not wanted or target == wanted) and any(spool.runs(folder)):
            with waiting(f"Sending to {shown(target)}"):
                outcomes.append(_send(folder))
    if as_json:
        print_json({"targets": [o._asdict() | {"target": shown(o.target)} for o in outcomes]})
    elif not outcomes:
        click.echo("Nothing waits to be sent.")
    else:
        rows = ((shown(o.target), str(o.records), str(o.runs_left), _state(o)) for o in outcomes)
        print_table(("Target", "Records sent#", "Runs left#", "State"), rows)
    if any(o.trouble or o.refused for o in outcomes):
        sys.exit(1)


def _send(folder: str) -> Outcome:
    from clew.cli.pending import read_target
    from clew.client import spool
    from clew.client.shipper import hold
    from clew.client.target import Target

    before = read_target(folder)
    lock = hold(folder, WAIT_S)
    if lock is None:
        return Outcome(before.target, 0, before.runs, True, [], before.trouble)
    target = Target(before.target)
    spool.readmit(folder)
    try:
        with closing(target):
            sent, refused, trouble = _ship(folder, target)
    except ClewError as error:  # nobody answers there, or it is no tracking server
        sent, refused, trouble = 0, [], str(error)
    finally:
        os.close(lock)
    return Outcome(before.target, sent, read_target(folder).runs, False, refused, trouble)


def _ship(folder: str, target: Target) -> tuple[int, list[str], str]:
    from clew.client.courier import ClewCourier
    from clew.client.mlflow_target import MlflowCourier
    from clew.client.shipper import Shipper

    courier = ClewCourier(target.sender) if target.kind == "clew" else MlflowCourier(target.sender)
    shipper = Shipper(folder, courier, once=True)
    shipper.run()
    return shipper.shipped, shipper.refused, shipper.trouble


def _state(outcome: Outcome) -> str:
    if outcome.trouble:
        return outcome.trouble
    if outcome.refused:
        return f"refused by the target; set aside in {', '.join(outcome.refused)}"
    if outcome.busy:
        return "being sent in the background"
    return "runs are being logged" if outcome.runs_left else "all sent"
