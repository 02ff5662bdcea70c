"""What this installation is: for reports of faults, and for scripts that log in elsewhere."""

from __future__ import annotations

import os
import platform
import sys
from typing import Final

from clew import settings
from clew.client.address import get_registry_uri, get_tracking_uri
from clew.client.notice import say
from clew.client.secrets import is_secret
from clew.errors import shown

_PACKAGES: Final = ("numpy", "pandas", "pyarrow", "pillow", "scikit-learn", "matplotlib", "torch", "tensorflow")


def doctor(mask_envs: bool = False) -> None:
    """Print versions, addresses and settings, for a report of a fault; ``clew doctor`` looks deeper.

    mask_envs: hide the values of environment variables; those of secrets are always hidden.
    """
    from importlib.metadata import PackageNotFoundError, version

    import clew

    say(f"System information: {platform.system()} {platform.release()} {platform.machine()}")
    say(f"Python version: {platform.python_version()} ({sys.executable})")
    say(f"Clew version: {clew.__version__}")
    say(f"Clew module location: {os.path.dirname(clew.__file__)}")
    say(f"Tracking URI: {shown(get_tracking_uri())}")
    say(f"Registry URI: {shown(get_registry_uri())}")
    say("Environment variables:")
    for name, value in sorted(settings.variables("CLEW_", "MLFLOW_").items()):
        say(f"  {name}: {'***' if mask_envs or is_secret(name) else shown(value)}")
    say("Packages:")
    for name in _PACKAGES:
        try:
            say(f"  {name}: {version(name)}")
        except PackageNotFoundError:
            continue


def login(backend: str = "", interactive: bool = True) -> None:
    """Accepted for MLflow's sake: Clew has no accounts to log in to.

    A token for a server that asks for one stands in ``CLEW_TOKEN``.
    """
    del backend, interactive
    say("Clew has no accounts; if your server asks for a token, set CLEW_TOKEN.")
