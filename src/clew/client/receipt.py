"""Receipts: has the target what was written up to here? Standard library only."""

from __future__ import annotations

from clew.client import spool


class Receipt:
    """Where a writer's journal stood, to be compared with what the target has acknowledged."""

    __slots__ = ("_ctl", "position")

    def __init__(self, ctl: spool.Ctl, position: int) -> None:
        self._ctl = ctl
        self.position = position

    @property
    def pending(self) -> int:
        """Slots that are not acknowledged."""
        return max(0, self.position - self._ctl.get(spool.ACKED))

    @property
    def trouble(self) -> str:
        """What keeps the shipper from shipping, in its words."""
        return self._ctl.trouble

    @property
    def conflicts(self) -> int:
        """How many records the target kept out because an earlier value stands."""
        return self._ctl.get(spool.CONFLICTS)
