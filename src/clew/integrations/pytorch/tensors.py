"""Data that torch trains on, seen from beside: the first input of ``forward``, and a loader's arrays."""

from __future__ import annotations

from typing import Any

from clew.integrations import guard

_ROWS = 32
_CALLS = 3


class FirstInput:
    """The first rows that a module's ``forward`` was called with, as an array; None until one tensor came alone."""

    def __init__(self, module: Any = None) -> None:
        self.example: Any = None
        self._calls = 0
        self._handle = None if module is None else module.register_forward_pre_hook(self._see)

    def __reduce__(self) -> tuple[Any, ...]:
        return FirstInput, ()  # a copy of the module is not looked at

    def _see(self, module: Any, inputs: tuple[Any, ...]) -> None:
        del module
        if self._handle is not None:
            guard.guarded("looking at the model's input", self._keep, inputs)

    def _keep(self, inputs: tuple[Any, ...]) -> None:
        self._calls += 1
        if len(inputs) == 1 and hasattr(inputs[0], "detach") and inputs[0].ndim:
            self.example = inputs[0][:_ROWS].detach().cpu().numpy().copy()
        if self.example is not None or self._calls >= _CALLS:
            self.close()

    def close(self) -> None:
        """Look no further."""
        if self._handle is not None:
            self._handle.remove()


def first_input(module: Any) -> FirstInput:
    """Look at what a module is called with; take the example that Lightning's modules may name themselves."""
    found = FirstInput(module)
    named: Any = getattr(module, "example_input_array", None)
    if hasattr(named, "detach") and named.ndim:
        found.example = named.detach().cpu().numpy().copy()
        found.close()
    return found


def arrays_of(loader: Any) -> tuple[Any, Any] | None:
    """Features and targets of a loader over tensors; None where only the user's code could tell them.

    A loader may be a ``DataLoader``, or a list of one.
    """
    if isinstance(loader, list | tuple) and len(loader) == 1:
        loader = loader[0]
    return arrays_of_dataset(getattr(loader, "dataset", None))


def arrays_of_dataset(dataset: Any) -> tuple[Any, Any] | None:
    """Features and targets of a ``TensorDataset``, or of a part of one; None of any other."""
    rows = None
    while type(dataset).__name__ == "Subset":
        rows = dataset.indices if rows is None else [dataset.indices[row] for row in rows]
        dataset = dataset.dataset
    tensors = getattr(dataset, "tensors", None)
    if not isinstance(tensors, tuple) or not tensors or not all(hasattr(part, "detach") for part in tensors):
        return None
    arrays = [(part if rows is None else part[list(rows)]).detach().cpu().numpy() for part in tensors[:2]]
    return arrays[0], (arrays[1] if len(arrays) > 1 else None)
