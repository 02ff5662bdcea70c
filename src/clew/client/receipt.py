"""Receipts: has the target what was written up to here? Standard library only."""

from __future__ import annotations

import os
from typing import Protocol

from clew.client import spool
from clew.client.trouble import Trouble


class Awaited(Protocol):
    """Something that the target gets by and by."""

    @property
    def pending(self) -> int:
        """How much of it has not arrived."""
        ...

    @property
    def trouble(self) -> Trouble:
        """What keeps the shipper from shipping."""
        ...

    @property
    def tries(self) -> int:
        """How often the shipper has tried in vain."""
        ...


class Parcel:
    """A file in the spool, gone from there when the target has it."""

    __slots__ = ("_ctl", "_note")

    def __init__(self, ctl: spool.Ctl, note: str) -> None:
        self._ctl = ctl
        self._note = note

    @property
    def pending(self) -> int:
        """1 until it has arrived."""
        return int(os.path.exists(self._note))

    @property
    def trouble(self) -> Trouble:
        """What keeps the shipper from shipping."""
        return self._ctl.trouble

    @property
    def tries(self) -> int:
        """How often the shipper has tried in vain."""
        return self._ctl.get(spool.TRIES)


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
    def trouble(self) -> Trouble:
        """What keeps the shipper from shipping."""
        return self._ctl.trouble

    @property
    def tries(self) -> int:
        """How often the shipper has tried in vain."""
        return self._ctl.get(spool.TRIES)

    def parcel(self, note: str) -> Parcel:
        """What becomes of a file that the same writer put into its folder."""
        return Parcel(self._ctl, note)

    @property
    def conflicts(self) -> int:
        """How many records the target kept out because an earlier value stands."""
        return self._ctl.get(spool.CONFLICTS)
