"""``clew.optuna``: studies of Optuna as runs, their trials as child runs."""

from __future__ import annotations

from clew.integrations.optuna.callback import ClewCallback
from clew.integrations.optuna.journal import storage
from clew.integrations.switch import optuna_autolog as autolog

__all__ = ["ClewCallback", "autolog", "storage"]
