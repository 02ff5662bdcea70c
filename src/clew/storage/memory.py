"""What the committer remembers between transactions: run numbers, key ids, context ids."""

from __future__ import annotations

from typing import Final, NamedTuple

MAX_REMEMBERED: Final = 200_000  # entries per kind; beyond it everything is forgotten and read again

Context = tuple[str, str, str, int]
"""Model id, dataset name, dataset digest, rank (-1: none)."""


class RunRef(NamedTuple):
    """A run as the hot path needs it.

    rn: its number. deleted: 0 active, 1 in the trash, 2 in the trash with its experiment.
    """

    rn: int
    run_id: str
    experiment_id: int
    deleted: int


class Memory:
    """Answers that stay true while nobody else writes; cleared after every undone write."""

    __slots__ = ("contexts", "keys", "runs", "size")

    def __init__(self) -> None:
        self.runs: dict[str, RunRef] = {}
        self.keys: dict[tuple[int, int], dict[str, int]] = {}
        self.contexts: dict[Context, int] = {}
        self.size = 0

    def clear(self) -> None:
        """Forget everything."""
        self.runs.clear()
        self.keys.clear()
        self.contexts.clear()
        self.size = 0

    def grow(self, entries: int) -> None:
        """Account for new entries; forgets all when there are too many."""
        self.size += entries
        if self.size > MAX_REMEMBERED:
            self.clear()
