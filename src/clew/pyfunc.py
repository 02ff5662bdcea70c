"""``clew.pyfunc``: any model behind one ``predict``, and models that are Python of your own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clew.client import models as _models
from clew.client import pythonmodels as _python
from clew.client import sparkmodels as _spark
from clew.client.models import ModelEntry, ModelInfo
from clew.client.pythonmodels import PythonParts, read_config
from clew.packaging.environment import conda_env, environment, pin
from clew.packaging.flavor import Trust
from clew.packaging.pyfunc import PyFuncModel
from clew.packaging.pythonmodel import PythonModel, PythonModelContext
from clew.packaging.save import ModelOptions, refuse
from clew.packaging.signature import ModelSignature

__all__ = [
    "PyFuncModel",
    "PythonModel",
    "PythonModelContext",
    "get_default_conda_env",
    "get_default_pip_requirements",
    "load_model",
    "log_model",
    "save_model",
    "spark_udf",
]


def load_model(
    model_uri: str,
    suppress_warnings: bool = False,
    dst_path: str | None = None,
    model_config: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    *,
    trust: Trust | None = None,
    trusted_types: Sequence[str] = (),
) -> PyFuncModel:
    """The model that a URI leads to: ``models:/…``, ``runs:/…``, ``mlflow-artifacts:/…`` or a path.

    ``load_model(uri).predict(data, params)`` checks data and params against the model's signature.

    dst_path: an existing folder that keeps the files. suppress_warnings: accepted; loading warns of nothing.
    model_config: settings of a Python model to override, as a mapping or a YAML file.
    trust: ``pickle`` lets the model run code while it loads. Without it, that is allowed only to models that you
    logged into your own store and that have not changed since.
    trusted_types: classes that a skops file may hold beyond Clew's list.

    Raises:
        NotFound: nothing is there. Denied: it needs more trust. Corrupt: it is not as it was logged.
        NotSupported: the model is of a framework that Clew does not know.
    """
    del suppress_warnings
    return _models.load_pyfunc(
        model_uri,
        dst_path=dst_path,
        trust=trust,
        trusted_types=trusted_types,
        model_config=read_config(model_config),
    )


def log_model(
    artifact_path: str | None = None,
    loader_module: str | None = None,
    data_path: str | None = None,
    code_paths: Sequence[str] | None = None,
    infer_code_paths: bool = False,
    conda_env: str | Mapping[str, Any] | None = None,
    python_model: Any = None,
    artifacts: Mapping[str, str] | None = None,
    registered_model_name: str | None = None,
    signature: ModelSignature | bool | None = None,
    input_example: Any = None,
    await_registration_for: int = 300,
    pip_requirements: str | Sequence[str] | None = None,
    extra_pip_requirements: str | Sequence[str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    model_config: Mapping[str, Any] | str | None = None,
    streamable: bool | None = None,
    resources: Any = None,
    auth_policy: Any = None,
    uv_project_path: str | None = None,
    uv_groups: Sequence[str] | None = None,
    uv_extras: Sequence[str] | None = None,
    prompts: Any = None,
    name: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
) -> ModelInfo:
    """Log a model of Python to the active run, or to the experiment where no run is active.

    artifact_path: the model's name; ``name=`` means the same.
    python_model: a ``PythonModel``, a function of the input, or the path of a script that ends with
        ``clew.models.set_model(model)``.
    artifacts: name -> path or URI of what the model reads; ``context.artifacts[name]`` is then a path.
    loader_module, data_path: instead of python_model: a module with ``_load_pyfunc(path)``, and what it is given.
    model_config: settings that ``context.model_config`` holds.
    registered_model_name: the registered model of which this becomes the next version; made if there is none.

    Raises:
        InvalidValue: an argument breaks a rule, or ``predict`` has other arguments than (context, model_input, params).
        NotSupported: an argument is given that this version does not know.
    """
    del await_registration_for, streamable
    refuse(
        infer_code_paths=infer_code_paths or None,
        resources=resources,
        auth_policy=auth_policy,
        uv_project_path=uv_project_path,
        uv_groups=uv_groups,
        uv_extras=uv_extras,
        prompts=prompts,
        model_id=model_id,
    )
    parts = PythonParts(
        model=python_model,
        artifacts=artifacts,
        config=read_config(model_config),
        loader_module=loader_module,
        data_path=data_path,
    )
    options = ModelOptions(
        signature=signature,
        input_example=input_example,
        environment=environment(conda_env, pip_requirements, extra_pip_requirements),
        code_paths=code_paths or (),
        metadata=metadata,
    )
    entry = ModelEntry(
        name=name or artifact_path,
        params=params,
        tags=tags,
        model_type=model_type,
        step=step,
        registered_model_name=registered_model_name,
    )
    return _python.log(parts, options, entry)


def save_model(
    path: str,
    loader_module: str | None = None,
    data_path: str | None = None,
    code_paths: Sequence[str] | None = None,
    infer_code_paths: bool = False,
    conda_env: str | Mapping[str, Any] | None = None,
    mlflow_model: Any = None,
    python_model: Any = None,
    artifacts: Mapping[str, str] | None = None,
    signature: ModelSignature | bool | None = None,
    input_example: Any = None,
    pip_requirements: str | Sequence[str] | None = None,
    extra_pip_requirements: str | Sequence[str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    model_config: Mapping[str, Any] | str | None = None,
    streamable: bool | None = None,
    resources: Any = None,
    auth_policy: Any = None,
    uv_project_path: str | None = None,
    uv_groups: Sequence[str] | None = None,
    uv_extras: Sequence[str] | None = None,
) -> None:
    """Save a model of Python to a new directory; arguments as for :func:`log_model`.

    Raises:
        AlreadyExists: ``path`` exists. InvalidValue, NotSupported: as for ``log_model``.
    """
    del streamable
    refuse(
        infer_code_paths=infer_code_paths or None,
        mlflow_model=mlflow_model,
        resources=resources,
        auth_policy=auth_policy,
        uv_project_path=uv_project_path,
        uv_groups=uv_groups,
        uv_extras=uv_extras,
    )
    parts = PythonParts(
        model=python_model,
        artifacts=artifacts,
        config=read_config(model_config),
        loader_module=loader_module,
        data_path=data_path,
    )
    options = ModelOptions(
        signature=signature,
        input_example=input_example,
        environment=environment(conda_env, pip_requirements, extra_pip_requirements),
        code_paths=code_paths or (),
        metadata=metadata,
    )
    _python.save(parts, options, path)


def spark_udf(
    spark: Any,
    model_uri: str,
    result_type: Any = None,
    env_manager: str | None = None,
    params: Mapping[str, Any] | None = None,
    extra_env: Mapping[str, str] | None = None,
    prebuilt_env_uri: str | None = None,
    model_config: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    *,
    trust: Trust | None = None,
) -> Callable[..., Any]:
    """A function on Spark columns that gives the predictions of the model that a URI leads to.

    ``udf(struct(*df.columns))`` passes columns by name, ``udf("a", "b")`` in the signature's order, ``udf()`` all
    columns of the signature. A tensor is a column of arrays, or a struct of numbers.

    result_type: a Spark type or its DDL text: int, long, float, double, boolean, string, arrays, structs and maps of
        these. None takes it from the signature's outputs, and double where there are none.
    env_manager: ``local``, the Python that Spark's workers have.
    params: values for the signature's params.
    extra_env: environment variables of the workers, while they ask the model.
    model_config, trust: as for :func:`load_model`; decided here, and followed by the workers.

    Raises:
        NotFound: nothing is there. Denied: it needs more trust. Corrupt: it is not as it was logged.
        InvalidValue: the result type, the params or the workers' interpreter do not fit.
        NotSupported: another ``env_manager``, a ``prebuilt_env_uri``, Spark Connect, or a model of Spark ML.
        MissingPackage: pyspark, pandas or pyarrow is not installed.
    """
    refuse(prebuilt_env_uri=prebuilt_env_uri)
    return _spark.udf(
        spark,
        model_uri,
        result_type=result_type,
        env_manager=env_manager,
        params=params,
        variables=extra_env,
        model_config=read_config(model_config),
        trust=trust,
    )


def get_default_pip_requirements() -> list[str]:
    """What every model of Python needs."""
    found = pin("cloudpickle")
    return [found] if found else []


def get_default_conda_env() -> dict[str, Any]:
    """The conda environment with what every model of Python needs."""
    return conda_env(get_default_pip_requirements())
