"""``clew.exceptions``: the base of all errors under the names that scripts catch; ``clew.errors`` has the tree."""

from clew.errors import ClewError

MlflowException = ClewError
RestException = ClewError

__all__ = ["ClewError", "MlflowException", "RestException"]
