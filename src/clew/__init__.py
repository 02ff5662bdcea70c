"""Clew: the experiment tracker."""

__version__ = "0.1.0"
