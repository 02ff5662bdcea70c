"""YAML as plain data, by libyaml where it is there, which takes a tenth of the time.

What is read may come from anybody: it has no tags beyond YAML's own, and no depth that breaks a reader.
"""

from __future__ import annotations

from typing import Any, Final

import yaml

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Final[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_MAX_DEPTH: Final = 100


def write_yaml(value: Any, *, sort_keys: bool = False) -> str:
    """The text of plain data, blocks below each other, letters of any language as they are."""
    return str(yaml.dump(value, Dumper=_DUMPER, sort_keys=sort_keys, allow_unicode=True, default_flow_style=False))


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
    # Where libyaml makes values of what is nested very deep, it ends the process; its events it reads to any depth.
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
