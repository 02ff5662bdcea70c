"""Autologging for Spark MLlib: params of all stages, data, model, searches, and what evaluators say later."""

from __future__ import annotations

from types import ModuleType

from clew.integrations.onimport import OnImport
from clew.integrations.patch import Patch

FLAVOR = "pyspark.ml"


def _patch_module(patch: Patch, module: ModuleType) -> None:
    if module.__name__.startswith("pyspark.ml."):
        from clew.integrations.pysparkml.hooks import patch_module

        patch_module(patch, module)


_integration = OnImport(FLAVOR, ("pyspark",), _patch_module)
install, uninstall = _integration.install, _integration.uninstall
