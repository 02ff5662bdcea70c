"""``clew.pyspark``: holds ``clew.pyspark.ml``, as MLflow does."""

from clew.pyspark import ml

__all__ = ["ml"]
