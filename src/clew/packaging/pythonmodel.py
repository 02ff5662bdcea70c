"""Models that are Python: the class that people derive from, and what it is given.

This module is pickled by value into every such model, so that MLflow loads it where Clew is not installed. It must
stay small and import nothing else of Clew's.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any


class PythonModelContext:
    """What a model is given beside its input.

    artifacts: name -> path on this machine. model_config: the model's settings, with what the loader overrides.
    """

    def __init__(self, artifacts: Mapping[str, str], model_config: Mapping[str, Any] | None) -> None:
        self.artifacts = dict(artifacts)
        self.model_config = dict(model_config or {})


class TypeHints:
    """The hints of a ``predict``, which MLflow looks at; none here."""

    input: Any = None
    output: Any = None


class PythonModel:
    """A model of one's own: derive from it and write ``predict``."""

    predict_type_hints = TypeHints()

    def load_context(self, context: PythonModelContext) -> None:
        """Prepare for predictions; called once, after the model was loaded. ``context`` must have this name."""

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """The answer for checked input; ``context`` and ``params`` may be left out of the arguments."""
        raise NotImplementedError("a PythonModel needs a method predict")


class FunctionModel(PythonModel):
    """A function as a model."""

    def __init__(self, func: Callable[..., Any]) -> None:
        self.func = func

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:  # type: ignore[override]
        """What the function answers."""
        if "params" in inspect.signature(self.func).parameters:
            return self.func(model_input, params=params)
        return self.func(model_input)
