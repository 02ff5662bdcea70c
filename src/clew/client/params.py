"""Configurations as params: nested mappings and dataclasses become dotted keys. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_MAX_DEPTH: Final = 16


def flat(config: Any) -> Any:
    """``{"opt": {"lr": 1}}`` as ``{"opt.lr": 1}``; what is no configuration stays as it is.

    config: a mapping, a dataclass, or the namespace of argparse, with others of these inside.
    """
    fields = _fields(config)
    if fields is None:
        return config
    found: dict[str, Any] = {}
    _gather(found, "", fields, _MAX_DEPTH)
    return found


def _gather(found: dict[str, Any], prefix: str, fields: Mapping[Any, Any], depth: int) -> None:
    for key, value in fields.items():
        inner = _fields(value) if depth else None
        if inner:
            _gather(found, f"{prefix}{key}.", inner, depth - 1)
        elif prefix:
            found[f"{prefix}{key}"] = value
        else:
            found[key] = value  # a key that is no text is refused where keys are checked


def _fields(value: Any) -> Mapping[Any, Any] | None:
    if isinstance(value, Mapping):
        return value
    known = getattr(type(value), "__dataclass_fields__", None)
    if known is not None:
        return {name: getattr(value, name) for name in known if hasattr(value, name)}
    if type(value).__module__ == "argparse" and type(value).__name__ == "Namespace":
        return dict(vars(value))
    return None
