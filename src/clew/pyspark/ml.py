"""``clew.pyspark.ml``: autologging for Spark MLlib. ``clew.spark`` keeps its models."""

from clew.integrations.switches import pyspark_ml_autolog as autolog

__all__ = ["autolog"]
