"""``clew.models.signature``: where scripts for MLflow also import signatures from."""

from clew.packaging.signature import ModelSignature, infer_signature

__all__ = ["ModelSignature", "infer_signature"]
