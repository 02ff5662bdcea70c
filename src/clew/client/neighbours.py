"""The other writers of a process's runs on this machine: forked children, workers of pools.

Who reads a run waits for what they have written, too. Standard library only.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Container, Iterator
from typing import Final

from clew.client import spool
from clew.client.receipt import Receipt
from clew.client.segment import span_of
from clew.errors import Corrupt

_FEW: Final = 32


def receipts(target_folder: str, run_ids: Collection[str], own: Container[str]) -> Iterator[Receipt]:
    """Where the journals of the runs stand, but for the writers whose folders are ``own``."""
    if len(run_ids) > _FEW:  # most of them are gone, and one look tells which
        run_ids = [run_id for run_id, _ in spool.runs(target_folder) if run_id in run_ids]
    for run_id in run_ids:
        for folder in spool.writers(os.path.join(target_folder, run_id)):
            if folder not in own:
                yield from _receipt(folder)


def _receipt(folder: str) -> Iterator[Receipt]:
    try:
        ctl = spool.Ctl(os.path.join(folder, "ctl"))
        segments = spool.segments(folder)
        position = span_of(segments[-1])[0] if segments else 0
    except (OSError, Corrupt):
        return  # it is being removed, or a power loss tore it
    if position:
        yield Receipt(ctl, position)
