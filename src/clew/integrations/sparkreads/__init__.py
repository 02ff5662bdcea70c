"""Autologging of what Spark reads: each file source and table that a query touches becomes an input of the run."""

from __future__ import annotations

from types import ModuleType

from clew.integrations.onimport import OnImport
from clew.integrations.patch import Patch

FLAVOR = "spark"


def _patch_module(patch: Patch, module: ModuleType) -> None:
    if module.__name__ == "pyspark.sql.session":
        from clew.integrations.sparkreads.listener import listen

        listen(patch, module)


_integration = OnImport(FLAVOR, ("pyspark",), _patch_module)
install, uninstall = _integration.install, _integration.uninstall
