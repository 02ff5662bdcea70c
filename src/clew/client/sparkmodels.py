"""Models for Spark: found by their URI, and handed to its workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from clew.client.models import fetched
from clew.errors import NotSupported
from clew.packaging.flavor import Trust
from clew.packaging.pyfunc import load_native


def load_model(model_uri: str, *, dfs_tmpdir: str | None, dst_path: str | None, trust: Trust | None) -> Any:
    """A model of Spark ML; see ``clew.spark.load_model``."""
    settings = {"dfs_tmpdir": dfs_tmpdir}
    with fetched(model_uri, dst_path=dst_path, trust=trust, model_config=settings) as (folder, policy):
        return load_native(folder, "spark", policy)


def udf(
    spark: Any,
    model_uri: str,
    *,
    result_type: Any = None,
    env_manager: str | None = None,
    params: Mapping[str, Any] | None = None,
    variables: Mapping[str, str] | None = None,
    model_config: Mapping[str, Any] | None = None,
    trust: Trust | None = None,
) -> Callable[..., Any]:
    """A model as a function on Spark's columns; see ``clew.pyfunc.spark_udf``."""
    from clew.packaging.spark.udf import UdfOptions, make_udf, need_pyspark

    if env_manager not in (None, "local"):
        raise NotSupported(
            f"env_manager={env_manager!r} would build an environment on every worker, which Clew does not; install the "
            "model's requirements.txt into the interpreter that PYSPARK_PYTHON names, and leave env_manager out."
        )
    need_pyspark()
    options = UdfOptions(result_type=result_type, params=params, variables=variables)
    with fetched(model_uri, trust=trust, model_config=model_config) as (folder, policy):
        return make_udf(spark, folder, policy, options)
