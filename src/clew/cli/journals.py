"""What ``clew doctor`` says of the journals: what waits for whom, why it does not move, and what to do."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping

import click

from clew.cli.pending import Pending, Stuck
from clew.cli.screen import duration, local_time, print_table, size
from clew.client.limits import Limits
from clew.errors import shown


def print_journals(spool: str, pending: list[Pending]) -> None:
    """Print a table of what waits, and below it why."""
    waiting = [p for p in pending if p.writers or p.refused]
    if not waiting:
        click.echo(f"Journal: nothing waits in {spool}\n")
        return
    print_table(
        ("Journal for", "Runs#", "Live#", "Entries#", "Files#", "On disk#", "Oldest", "State"),
        (
            (
                shown(p.target),
                str(p.runs),
                str(p.writing),
                f"{p.entries:,}",
                str(p.files),
                size(p.size_bytes),
                ago(p.oldest_ms),
                state(p),
            )
            for p in waiting
        ),
    )
    for p in waiting:
        click.echo(f"{shown(p.target)} waits in {p.folder}")
        for line in _details(p):
            click.echo(f"  {line}")
    click.echo()


def state(p: Pending) -> str:
    """In a word or two, how it goes."""
    if p.trouble:
        return "cannot be sent" if p.shipper else "cannot be sent, and nobody tries"
    if p.stuck:
        return f"{len(p.stuck)} run(s) held up"
    if p.shipper:
        return f"being sent by process {p.shipper_pid}" if p.shipper_pid else "being sent"
    if not p.writers:
        return "refused"
    return "being logged" if p.writing else "nobody sends it"


def _details(p: Pending) -> Iterator[str]:
    if p.trouble:
        yield f"{p.trouble} {_when(p)}"
    for stuck in p.stuck:
        yield f"run {stuck.run_id}: {stuck.reason} {_when(stuck)}"
    for one in p.refused:
        yield f"run {one.run_id}: refused, set aside in {one.folder}: {one.reason}"
    if p.dropped:
        yield f"{p.dropped:,} points and records found no room and are lost; the last value of each metric is kept"


def _when(trouble: Pending | Stuck) -> str:
    return f"(since {local_time(trouble.since_ms)}, last tried {ago(trouble.tried_ms)})"


def journal_problems(p: Pending, reachable: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with one target's journals, each with the cure.

    reachable: by target that was asked now, why it does not answer; empty where it does.
    """
    target = shown(p.target)
    if p.trouble:
        back = p.target in reachable and not reachable[p.target] and "It answers now; run `clew sync`."
        yield f"the journal for {target} is not being sent: {_sentence(p.trouble)} {back or p.cure}"
    elif p.writers and not p.shipper and not p.writing and not p.stuck:
        yield f"{p.runs} run(s) wait to be sent to {target} and nobody sends them: run `clew sync`."
    for stuck in p.stuck:
        yield f"run {stuck.run_id} is not being sent to {target}: {_sentence(stuck.reason)} {stuck.cure}"
    if p.refused:
        runs = len({one.run_id for one in p.refused})
        yield (
            f"{target} refused what {runs} run(s) logged: {_sentence(p.refused[0].reason)} It lies in "
            f"{p.refused[0].folder}; when the cause is mended, `clew sync` tries again."
        )
    if p.dropped:
        yield (
            f"{p.dropped:,} points and records for {target} found no room in {p.folder} and are lost: free some space, "
            "raise CLEW_SPOOL_MAX_MB, or set CLEW_SPOOL_FULL=block."
        )
    if not os.access(p.folder, os.W_OK | os.X_OK):
        yield f"{p.folder} cannot be written; check its owner and permissions."


def spool_problems(spool: str, limits: Limits) -> Iterator[str]:
    """What is wrong with the place of the journals."""
    place = existing(spool)
    if not os.path.isdir(place) or not os.access(place, os.W_OK | os.X_OK):
        yield (
            f"the spool {spool} cannot be written, so journals go into a temporary folder; check its owner and "
            "permissions, or set CLEW_SPOOL."
        )
        return
    disk = shutil.disk_usage(place)
    keep = limits.keep_of(disk.total)
    if disk.free < keep:
        yield (
            f"only {size(disk.free)} free on the disk of {spool}, and below {size(keep)} points are not logged "
            f"({limits.on_full}): free some space, or set CLEW_SPOOL or CLEW_SPOOL_KEEP_MB."
        )


def ago(time_ms: int | None) -> str:
    """``4 min 5 s ago``; empty for 0 and None."""
    if not time_ms:
        return ""
    span = duration(time_ms, int(time.time() * 1000))
    return f"{span} ago"


def existing(path: str) -> str:
    """The path, or the innermost folder above it that exists."""
    path = os.path.abspath(path)
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return path


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else text + "."
