"""Autologging: patches for frameworks, guarded so that user code never breaks."""

from clew.integrations.switch import autolog

__all__ = ["autolog"]
