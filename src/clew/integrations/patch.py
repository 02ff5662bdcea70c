"""Functions of other packages wrapped, and put back.

A wrapper calls the original exactly once with the user's arguments, keeps its name, signature and pickling, and
lets the user's exceptions through as they are.
"""

from __future__ import annotations

import copy
import functools
import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from clew.integrations import guard, options

_MISSING = object()
Call = tuple[tuple[Any, ...], dict[str, Any]]
"""The arguments of a call: those by position, and those by name."""


class Training(Protocol):
    """What happens around one training call."""

    def done(self, result: Any) -> None:
        """The call returned."""

    def failed(self, error: BaseException) -> None:
        """The call raised."""

    def close(self) -> None:
        """The call is over, however it ended."""


class Patch:
    """The wrapped attributes of one framework. flavor: its name among the options."""

    def __init__(self, flavor: str) -> None:
        self.flavor = flavor
        self._lock = threading.RLock()
        self._replaced: list[tuple[Any, str, Any, Any]] = []
        self._done: set[tuple[int, str]] = set()
        self._restores: list[Callable[[], None]] = []
        self._pid = os.getpid()
        self.active = True

    @property
    def live(self) -> bool:
        """Whether wrappers do anything now: not after undo, not in a forked child."""
        return self.active and os.getpid() == self._pid

    def quiet(self) -> AbstractContextManager[None]:
        """A block in which we say as much in the log as the framework's options allow."""
        return guard.muted(options.is_silent(self.flavor))

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Set ``owner.name`` to ``make(original)``, once; an attribute that ``owner`` only inherits is left alone."""
        with self._lock:
            original = vars(owner).get(name, _MISSING)
            if original is _MISSING or (id(owner), name) in self._done:
                return
            earlier = next((old for _, _, old, new in self._replaced if new is original), _MISSING)
            if earlier is not _MISSING:
                # Another module took the wrapper over when it was imported; it gets the original back, too.
                self._done.add((id(owner), name))
                self._replaced.append((owner, name, earlier, original))
                return
            wrapped = _rewrap(original, make)
            if wrapped is None:
                return
            self._done.add((id(owner), name))
            self._replaced.append((owner, name, original, wrapped))
            setattr(owner, name, wrapped)

    def on_undo(self, restore: Callable[[], None]) -> None:
        """Run ``restore`` when the patch is undone."""
        with self._lock:
            self._restores.append(restore)

    def undo(self) -> None:
        """Put every original back; what somebody else wrapped on top since stays, and does nothing of ours."""
        with self._lock:
            self.active = False
            for owner, name, original, wrapped in reversed(self._replaced):
                if vars(owner).get(name) is wrapped:
                    setattr(owner, name, original)
            for restore in reversed(self._restores):
                restore()
            self._replaced.clear()
            self._restores.clear()
            self._done.clear()

    def train(self, owner: Any, name: str, begin: Callable[..., Training | None]) -> None:
        """Wrap a training method; ``begin(self, args, kwargs)`` opens what is told how the call ended."""

        def start(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Training, Call] | None:
            training = begin(args[0], args[1:], kwargs)
            return None if training is None else (training, (args, kwargs))

        self.replace(owner, name, lambda original: self.call(original, start))

    def call(
        self, original: Any, start: Callable[[tuple[Any, ...], dict[str, Any]], tuple[Training, Call] | None]
    ) -> Any:
        """A wrapper of a training function.

        start: gets the arguments; gives what is told how the call ended, and the arguments to call with, which are
        the user's and perhaps a callback more. None: the call is not looked at.
        """

        @functools.wraps(original)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if guard.inside() or not self.live:
                return original(*args, **kwargs)
            with guard.silent(), self.quiet():
                started = guard.guarded("the start of a run", start, args, kwargs)
                if started is None:
                    return original(*args, **kwargs)
                training, (args, kwargs) = started
                try:
                    try:
                        result = original(*args, **kwargs)
                    except BaseException as error:
                        guard.guarded("the end of training", training.failed, error)
                        raise
                    guard.guarded("the end of training", training.done, result)
                finally:
                    guard.guarded("the end of the run", training.close)
            return result

        return wrapper

    def mute(self, owner: Any, name: str) -> None:
        """Wrap a function whose insides train models that are not worth a run, such as cross-validation."""

        def make(original: Any) -> Any:
            @functools.wraps(original)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                if guard.inside() or not self.live:
                    return original(*args, **kwargs)
                with guard.silent():
                    return original(*args, **kwargs)

            return wrapper

        self.replace(owner, name, make)


def _rewrap(original: Any, make: Callable[[Any], Any]) -> Any:
    """``make`` applied to a function, or inside the descriptor that holds one; None where neither is there."""
    if isinstance(original, staticmethod | classmethod):
        return None
    if callable(getattr(original, "fn", None)) and hasattr(original, "check"):
        # scikit-learn's available_if: the method exists only where a check allows it.
        outer = copy.copy(original)
        outer.fn = make(original.fn)
        return outer
    return make(original) if callable(original) else None
