"""``clew.sklearn``: scikit-learn models saved, logged and loaded, and autologging for scikit-learn.

The names and arguments are MLflow's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clew.client import models as _models
from clew.client.models import ModelEntry, ModelInfo
from clew.integrations.switch import sklearn_autolog as autolog
from clew.packaging.environment import conda_env, environment, requirements
from clew.packaging.flavor import Trust
from clew.packaging.save import ModelOptions, refuse
from clew.packaging.save import save_model as _save_model
from clew.packaging.signature import ModelSignature

__all__ = ["autolog", "get_default_conda_env", "get_default_pip_requirements", "load_model", "log_model", "save_model"]


def log_model(
    sk_model: object,
    artifact_path: str | None = None,
    conda_env: str | Mapping[str, Any] | None = None,
    code_paths: Sequence[str] | None = None,
    serialization_format: str | None = None,
    registered_model_name: str | None = None,
    signature: ModelSignature | bool | None = None,
    input_example: Any = None,
    await_registration_for: int | None = 300,
    pip_requirements: str | Sequence[str] | None = None,
    extra_pip_requirements: str | Sequence[str] | None = None,
    pyfunc_predict_fn: str = "predict",
    metadata: Mapping[str, Any] | None = None,
    extra_files: Sequence[str] | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
    name: str | None = None,
    skops_trusted_types: Sequence[str] | None = None,
) -> ModelInfo:
    """Log a scikit-learn model to the active run, or to the experiment where no run is active.

    artifact_path: the model's name; ``name=`` means the same.
    serialization_format: ``skops``, ``cloudpickle`` or ``pickle``; None takes skops, and cloudpickle, with a line in
    the log, where skops cannot hold the model.
    signature: None infers it from ``input_example``, False leaves it out.
    registered_model_name: the registered model of which this becomes the next version; made if there is none.

    Raises:
        InvalidValue: an argument breaks a rule.
        NotSupported: ``model_id`` or ``extra_files`` is given.
    """
    del await_registration_for
    refuse(model_id=model_id, extra_files=extra_files)
    options = ModelOptions(
        signature=signature,
        input_example=input_example,
        environment=environment(conda_env, pip_requirements, extra_pip_requirements),
        code_paths=code_paths or (),
        metadata=metadata,
        flavor_options=_flavor_options(serialization_format, pyfunc_predict_fn, skops_trusted_types),
    )
    entry = ModelEntry(
        name=name or artifact_path,
        params=params,
        tags=tags,
        model_type=model_type,
        step=step,
        registered_model_name=registered_model_name,
    )
    return _models.log_model(sk_model, entry, flavor="sklearn", options=options)


def save_model(
    sk_model: object,
    path: str,
    conda_env: str | Mapping[str, Any] | None = None,
    code_paths: Sequence[str] | None = None,
    mlflow_model: object = None,
    serialization_format: str | None = None,
    signature: ModelSignature | bool | None = None,
    input_example: Any = None,
    pip_requirements: str | Sequence[str] | None = None,
    extra_pip_requirements: str | Sequence[str] | None = None,
    pyfunc_predict_fn: str = "predict",
    metadata: Mapping[str, Any] | None = None,
    skops_trusted_types: Sequence[str] | None = None,
    extra_files: Sequence[str] | None = None,
) -> None:
    """Save a scikit-learn model to the new directory ``path``; arguments as for :func:`log_model`.

    Raises:
        AlreadyExists: ``path`` is there and not empty.
        InvalidValue: an argument breaks a rule. NotSupported: ``mlflow_model`` or ``extra_files`` is given.
    """
    refuse(mlflow_model=mlflow_model, extra_files=extra_files)
    options = ModelOptions(
        signature=signature,
        input_example=input_example,
        environment=environment(conda_env, pip_requirements, extra_pip_requirements),
        code_paths=code_paths or (),
        metadata=metadata,
        flavor_options=_flavor_options(serialization_format, pyfunc_predict_fn, skops_trusted_types),
    )
    _save_model(sk_model, path, flavor="sklearn", options=options)


def load_model(
    model_uri: str, dst_path: str | None = None, *, trust: Trust | None = None, trusted_types: Sequence[str] = ()
) -> Any:
    """The scikit-learn estimator that a URI leads to: ``models:/…``, ``runs:/…``, ``mlflow-artifacts:/…`` or a path.

    trust: ``pickle`` lets the model run code while it loads. Without it, that is allowed only to models that you
    logged into your own store and that have not changed since.
    trusted_types: classes that a skops file may hold beyond Clew's list.

    Raises:
        NotFound: nothing is there. Denied: it needs more trust. Corrupt: it is not as it was logged.
    """
    return _models.load_native(model_uri, "sklearn", dst_path=dst_path, trust=trust, trusted_types=trusted_types)


def get_default_pip_requirements(include_cloudpickle: bool = False, include_skops: bool = False) -> list[str]:
    """The pinned requirements of a scikit-learn model that uses nothing else; skops unless cloudpickle is asked."""
    packages = ["scikit-learn", "numpy", "scipy", "pandas"]
    packages += ["cloudpickle"] if include_cloudpickle else []
    return requirements([*packages, "skops"] if include_skops or not include_cloudpickle else packages)


def get_default_conda_env(include_cloudpickle: bool = False, include_skops: bool = False) -> dict[str, Any]:
    """The conda environment of a scikit-learn model that uses nothing else."""
    return conda_env(get_default_pip_requirements(include_cloudpickle, include_skops))


def _flavor_options(form: str | None, function: str, types: Sequence[str] | None) -> dict[str, Any]:
    return {"serialization_format": form, "pyfunc_predict_fn": function, "skops_trusted_types": types}
