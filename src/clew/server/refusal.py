"""A refusal whose writes are kept: the caller gets an error, though its job has noted something."""

from __future__ import annotations

from clew.errors import ClewError


class Refused:
    """What a job returns instead of raising ``error``, which would undo what it wrote."""

    def __init__(self, error: ClewError) -> None:
        self.error = error
