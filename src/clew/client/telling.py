"""What the user is told of a target's troubles: one warning per cause, until it is cured. Standard library only."""

from __future__ import annotations

from typing import Final

from clew.client.notice import forget, warn_once
from clew.client.trouble import Trouble

_OF_ALL: Final = ("away", "unknown", "stranger")
"""Troubles that all runs of a target share, whatever words describe them."""


class Telling:
    """The warnings about one target.

    folder: where what is not sent lies. Client and shipper find the same causes; the user hears of each once.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._told: set[str] = set()

    def trouble(self, trouble: Trouble) -> None:
        """Something keeps what is logged from being sent."""
        cause = trouble.kind if trouble.kind in _OF_ALL else trouble.text
        self._tell(cause, f"{_sentence(trouble.text)} What is logged goes into {self.folder}. {trouble.cure}")

    def pending(self, count: int, trouble: Trouble) -> None:
        """Somebody has waited in vain for ``count`` journal entries to arrive."""
        if trouble:
            self.trouble(trouble)
        self._tell(
            "pending",
            f"{count:,} journal entries are on disk but not on the server yet. They lie in {self.folder} and are sent "
            "in the background, at the latest by `clew sync`; `clew doctor` says more.",
        )

    def _tell(self, cause: str, text: str) -> None:
        self._told.add(cause)
        warn_once(f"{cause}-{self.folder}", text)

    def cured(self) -> None:
        """Whatever it was is over, so the next time is told again."""
        for cause in self._told:
            forget(f"{cause}-{self.folder}")
        self._told.clear()

    def answers(self) -> None:
        """The server answers; what it says to single runs is another matter."""
        for cause in self._told.intersection(_OF_ALL):
            forget(f"{cause}-{self.folder}")
        self._told.difference_update(_OF_ALL)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else text + "."
