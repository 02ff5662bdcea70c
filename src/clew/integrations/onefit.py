"""A fit that is written down when it is over: what scikit-learn, statsmodels and Prophet have alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from clew.integrations import guard
from clew.integrations.recorder import Recorder

Part = tuple[str, Callable[[], object], bool]
"""A part of the record: what it is in words, what writes it, whether it is wanted."""


class OneFit:
    """One training call and its run."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._options = recorder.options
        self._error: BaseException | None = None

    def parts(self, result: Any) -> Sequence[Part]:
        """What there is to write. result: what the user's call returned."""
        raise NotImplementedError

    def forget(self) -> None:
        """Let go of the user's data."""

    def done(self, result: Any) -> None:
        """Write each part on its own, so that one fault costs one part."""
        for what, work, wanted in self.parts(result):
            if wanted:
                guard.guarded(what, work)

    def failed(self, error: BaseException) -> None:
        """The user's call raised."""
        self._error = error

    def close(self) -> None:
        """End the run if it is ours, and let go of the data."""
        self.forget()
        error, self._error = self._error, None
        self._recorder.end(error)


def class_tags(trained: object) -> dict[str, str]:
    """The tags that say which class was trained."""
    kind = type(trained)
    return {"estimator_name": kind.__name__, "estimator_class": f"{kind.__module__}.{kind.__name__}"}
