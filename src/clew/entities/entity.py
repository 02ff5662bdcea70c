"""What the entities that users are handed have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec


class Entity(msgspec.Struct, frozen=True):
    """Gives its fields as pairs, so that ``dict(entity)`` works as in MLflow."""

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return ((name, getattr(self, name)) for name in self.__struct_fields__)

    def to_dictionary(self) -> dict[str, Any]:
        """The fields by name, entities inside them as dictionaries too."""
        return {name: _plain(value) for name, value in self}


def _plain(value: Any) -> Any:
    if isinstance(value, Entity):
        return value.to_dictionary()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return dict(value) if isinstance(value, dict) else value
