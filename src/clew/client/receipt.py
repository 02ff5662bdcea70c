"""Receipts: has the target what was written up to here? Standard library only."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod

from clew.client import spool
from clew.client.trouble import Trouble


class Awaited(ABC):
    """Something that the target gets by and by."""

    __slots__ = ("_ctl",)

    def __init__(self, ctl: spool.Ctl) -> None:
        self._ctl = ctl

    @property
    @abstractmethod
    def pending(self) -> int:
        """How much of it has not arrived."""

    @property
    def trouble(self) -> Trouble:
        """What keeps the shipper from shipping."""
        return self._ctl.trouble

    @property
    def tries(self) -> int:
        """How often the shipper has tried in vain."""
        return self._ctl.get(spool.TRIES)


class Parcel(Awaited):
    """A file in the spool, gone from there when the target has it."""

    __slots__ = ("_note",)

    def __init__(self, ctl: spool.Ctl, note: str) -> None:
        super().__init__(ctl)
        self._note = note

    @property
    def pending(self) -> int:
        """1 until it has arrived."""
        return int(os.path.exists(self._note))


class Receipt(Awaited):
    """Where a writer's journal stood, to be compared with what the target has acknowledged."""

    __slots__ = ("position",)

    def __init__(self, ctl: spool.Ctl, position: int) -> None:
        super().__init__(ctl)
        self.position = position

    @property
    def pending(self) -> int:
        """Slots that are not acknowledged."""
        return max(0, self.position - self._ctl.get(spool.ACKED))

    def parcel(self, note: str) -> Parcel:
        """What becomes of a file that the same writer put into its folder."""
        return Parcel(self._ctl, note)

    @property
    def conflicts(self) -> int:
        """How many records the target kept out because an earlier value stands."""
        return self._ctl.get(spool.CONFLICTS)
