"""The client: journal, shipper, session, fluent API.

To users ``clew.client`` is also where they import ``MlflowClient`` from.
"""

from __future__ import annotations


def __getattr__(name: str) -> object:
    if name not in ("ClewClient", "MlflowClient"):
        raise AttributeError(f"module 'clew.client' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("clew.client.api"), name)
