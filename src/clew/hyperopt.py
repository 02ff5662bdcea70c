"""``clew.hyperopt``: searches by Hyperopt as runs, their trials as child runs."""

from __future__ import annotations

from clew.integrations.switch import hyperopt_autolog as autolog

__all__ = ["autolog"]
