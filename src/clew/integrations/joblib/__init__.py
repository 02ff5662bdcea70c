"""Tasks of ``joblib.Parallel`` work for the run that is active where they are handed out, whatever runs them."""

from __future__ import annotations

from types import ModuleType

from clew.integrations.onimport import OnImport
from clew.integrations.patch import Patch


def _patch_module(patch: Patch, module: ModuleType) -> None:
    if module.__name__ == "joblib.parallel":
        from clew.integrations.joblib.tasks import patch_parallel

        patch_parallel(patch, module.Parallel)


_integration = OnImport("joblib", ("joblib",), _patch_module)
install, uninstall = _integration.install, _integration.uninstall
