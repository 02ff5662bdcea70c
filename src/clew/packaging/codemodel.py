"""Models that are a script: it runs when the model is loaded, and says by ``set_model`` which object is the model."""

from __future__ import annotations

import os
import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from clew.errors import InvalidValue

_given: ContextVar[list[Any] | None] = ContextVar("clew_model_of_code", default=None)


def set_model(model: Any) -> None:
    """Say which object is the model of this script; of no effect when the script runs by itself.

    model: a ``PythonModel``, or a function of the input.
    """
    given = _given.get()
    if given is not None:
        given.append(model)


def model_of(path: str) -> Any:
    """The object that a script gives to ``set_model``; the script runs, whatever it does.

    Raises:
        InvalidValue: it gives none.
    """
    with _listening() as given:
        runpy.run_path(path, run_name=os.path.splitext(os.path.basename(path))[0])
    if not given:
        raise InvalidValue(
            f"{path} defines no model: let it end with clew.models.set_model(model), with a PythonModel or a function."
        )
    return given[-1]


@contextmanager
def _listening() -> Iterator[list[Any]]:
    given: list[Any] = []
    token = _given.set(given)
    try:
        yield given
    finally:
        _given.reset(token)
