"""A model as a function on Spark's columns."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Union

import msgspec

from clew.errors import InvalidValue, MissingPackage, NotSupported
from clew.packaging.enforcement import enforce_params
from clew.packaging.flavor import LoadPolicy
from clew.packaging.manifest import MLmodel, read_mlmodel
from clew.packaging.pyfunc import load_pyfunc
from clew.packaging.schema import Schema
from clew.packaging.spark import shipment as shipments
from clew.packaging.spark.interpreter import check_workers
from clew.packaging.spark.types import arrow_type, result_type


class UdfOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller may say about a UDF.

    result_type: a Spark type or its DDL text; None takes it from the signature.
    params: values for the signature's params. variables: for the workers, while they ask the model.
    arrow: hand Arrow's arrays to the workers; None wherever Spark can (4.1 and newer), which saves the way over pandas.
    """

    result_type: Any = None
    params: Mapping[str, object] | None = None
    variables: Mapping[str, str] | None = None
    arrow: bool | None = None


def make_udf(spark: Any, folder: str, policy: LoadPolicy, options: UdfOptions) -> Callable[..., Any]:
    """The UDF for a model's directory; the directory may go when this returns.

    Raises:
        NotSupported: the session, or the model's kind, cannot be used so.
        InvalidValue: the params, the result type or the workers' interpreter do not fit.
        Denied: loading needs more trust than ``policy`` gives. Corrupt: a file differs from its recorded sum.
    """
    _check_session(spark)
    model = _check_model(folder)
    if policy.trust == "safe":
        load_pyfunc(folder, policy)  # a refusal comes here, not out of a worker
    check_workers(spark)
    signature = model.signature
    kind = result_type(options.result_type, signature.outputs if signature else None)
    archive, seal = shipments.send(spark, folder)
    shipment = shipments.Shipment(
        archive=archive,
        seal=seal,
        trust=policy.trust,
        trusted_types=policy.trusted_types,
        model_config=dict(policy.model_config) if policy.model_config is not None else None,
        params=enforce_params(options.params, signature.params if signature else None),
        variables={str(name): str(value) for name, value in (options.variables or {}).items()},
        result=_arrow_bytes(kind),
        timezone=spark.conf.get("spark.sql.session.timeZone"),
    )
    inner = _wrap(shipments.to_fields(shipment), kind, options.arrow)
    return _with_columns(inner, signature.inputs if signature else None)


def _check_session(spark: Any) -> None:
    if "connect" in type(spark).__module__.split("."):
        raise NotSupported(
            "spark_udf needs a classic Spark session, and this is one of Spark Connect; make the UDF on the cluster "
            "itself, or call clew.pyfunc.load_model inside df.mapInPandas."
        )


def _check_model(folder: str) -> MLmodel:
    model = read_mlmodel(folder)
    config = model.flavors.get("python_function")
    if config is None:
        raise NotSupported(f"The model has no python_function flavor; it has {', '.join(sorted(model.flavors))}.")
    if config.get("loader_module") == "mlflow.spark":
        raise NotSupported(
            "A model of Spark ML needs a session, which workers have not; "
            "clew.spark.load_model(uri).transform(df) scores a frame."
        )
    return model


def _arrow_bytes(kind: Any) -> bytes:
    import pyarrow

    found: bytes = pyarrow.schema([("result", arrow_type(kind))]).serialize().to_pybytes()
    return found


def _wrap(fields: Mapping[str, Any], kind: Any, arrow: bool | None) -> Any:
    """Spark's UDF. The functions in here travel by value, so that they run, and complain, where Clew is missing."""
    import pandas
    import pyarrow
    from pyspark.sql import functions

    if arrow is None:
        arrow = hasattr(functions, "arrow_udf")
    cure = "set PYSPARK_PYTHON to an interpreter that has clew, pandas and pyarrow before the Spark session is made"

    def predict(batches: Any) -> Any:
        import sys

        try:
            import pandas  # noqa: F401

            from clew.packaging.spark import worker
        except ImportError as error:
            raise ImportError(f"The Python worker {sys.executable} cannot run the model: {error}; {cure}.") from error
        run = worker.predict if arrow else worker.predict_pandas
        return run(batches, fields)

    if arrow:
        predict.__annotations__ = {"batches": Iterator[tuple[pyarrow.Array, ...]], "return": Iterator[pyarrow.Array]}
        return functions.arrow_udf(predict, kind)
    answer: Any = pandas.DataFrame if kind.typeName() == "struct" else pandas.Series
    # Spark knows this type hint in its old spelling only.
    given: Any = Union[pandas.Series, pandas.DataFrame]  # noqa: UP007
    predict.__annotations__ = {"batches": Iterator[tuple[given, ...]], "return": Iterator[answer]}
    return functions.pandas_udf(predict, kind)


def _with_columns(inner: Any, inputs: Schema | None) -> Callable[..., Any]:
    """The UDF, which without arguments takes the columns of the signature's names."""
    from pyspark.sql.functions import col, struct

    names = [str(name) for name in inputs.input_names()] if inputs else []

    @functools.wraps(inner)
    def udf(*columns: Any) -> Any:
        if columns:
            _check_count(inputs, columns)
            return inner(*columns)
        if not names:
            raise InvalidValue("The model's signature has no names of columns, so the UDF must be given columns.")
        return inner(struct(*(col(f"`{name.replace('`', '``')}`") for name in names)))

    return udf


def _check_count(inputs: Schema | None, columns: tuple[Any, ...]) -> None:
    """Refuse more or fewer columns than the signature has, where that can be told from their number."""
    if inputs is None or not inputs.inputs or len(columns) == 1 or (inputs.tensors and len(inputs.inputs) == 1):
        return
    needed = sum(getattr(spec, "required", True) for spec in inputs.inputs)
    if not needed <= len(columns) <= len(inputs.inputs):
        raise InvalidValue(
            f"The UDF was given {len(columns)} columns; the model's signature has {len(inputs.inputs)} in this order: "
            f"{inputs.input_names() or 'unnamed'}. struct(…) passes columns by name."
        )


def need_pyspark() -> None:
    """Raise MissingPackage where Spark is not installed."""
    try:
        import pandas  # noqa: F401
        import pyarrow  # noqa: F401
        import pyspark  # noqa: F401
    except ImportError as error:
        raise MissingPackage(f"A Spark UDF needs {error.name}: pip install pyspark 'clew[arrow,pandas]'") from None
