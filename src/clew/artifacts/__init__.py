"""Files of runs and models, on disk or in an object store.

To users ``clew.artifacts`` is also where they fetch files; those five names lead to the client.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as `typing` has it; type checkers follow it, the import of a floor above never happens
if TYPE_CHECKING:
    from clew.client.artifacts import download_artifacts, list_artifacts, load_dict, load_image, load_text

__all__ = ["download_artifacts", "list_artifacts", "load_dict", "load_image", "load_text"]

_FOR_USERS = frozenset(__all__)


def __getattr__(name: str) -> object:
    if name not in _FOR_USERS:
        raise AttributeError(f"module 'clew.artifacts' has no attribute {name!r}")
    from importlib import import_module

    # The one name that a layer and the public face share; the layer itself never looks up here.
    return getattr(import_module("clew.client.artifacts"), name)
