"""YAML that may come from anybody, read as plain data: no tags beyond YAML's own, no depth that breaks a reader."""

from __future__ import annotations

from typing import Any, Final

import yaml

# libyaml reads in a tenth of the time, but what is nested deep enough ends the process, so that is looked at first.
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DEPTH: Final = 100


def read_yaml(text: str) -> Any:
    """What a text says.

    Raises:
        ValueError: it is no YAML, is nested deeper than 100 levels, or holds a part of itself; says which.
    """
    try:
        _check(text)
        return yaml.load(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise ValueError(str(error).splitlines()[0]) from None


def _check(text: str) -> None:
    open_anchors: list[str | None] = []
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            open_anchors.append(event.anchor)
            if len(open_anchors) > _MAX_DEPTH:
                raise ValueError(f"it is nested deeper than {_MAX_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            open_anchors.pop()
        elif isinstance(event, yaml.AliasEvent) and event.anchor in open_anchors:
            raise ValueError("a part of it is inside itself")
