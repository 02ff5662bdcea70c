"""Ranks of a distributed training: the processes of one launch log into one run.

The launcher's variables say who a process is (torchrun, Lightning and Ray Train: ``RANK``; MPI; SLURM). From what all
ranks of a launch have in common each works out the same run id, so that they meet without talking to each other.
Rank 0 is the run's owner, which ends it; the others' points carry their rank.
"""

from __future__ import annotations

import os

from clew import settings


class Ranks:
    """This process in its launch; counts the runs that it began, since the n-th runs of all ranks are one."""

    def __init__(self) -> None:
        self._begun = 0

    def next_run(self, target: str) -> tuple[str, int] | None:
        """(run id, rank) for the next run of this launch; None where there is one process only.

        target: the tracking URI.
        """
        launch = settings.read().launch
        if launch is None or launch.size < 2:
            return None
        name = launch.name
        if launch.local:
            name = f"{name}|{_parent()}"
        self._begun += 1
        import hashlib

        digest = hashlib.sha256(f"{name}|{target}|{self._begun}".encode()).hexdigest()
        return digest[:32], launch.rank


def _parent() -> str:
    """The parent process, told apart from others that had its number before."""
    number = os.getppid()
    try:
        with open(f"/proc/{number}/stat", encoding="ascii", errors="replace") as file:
            return f"{number}@{file.read().rpartition(')')[2].split()[19]}"
    except (OSError, IndexError):
        return str(number)
