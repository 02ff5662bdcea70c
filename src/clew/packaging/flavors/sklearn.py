"""scikit-learn models: skops by default, cloudpickle where skops cannot."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

from clew.errors import Denied, InvalidValue, MissingPackage
from clew.packaging.flavor import LoadPolicy, SavedFlavor
from clew.packaging.flavors.estimatorfile import read_estimator, write_estimator
from clew.packaging.manifest import inside

name: Final = "sklearn"
loader_module: Final = "mlflow.sklearn"

PREDICT_FUNCTIONS: Final = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "predict_joint_log_proba",
    "decision_function",
    "transform",
    "score",
)


def matches(model: object) -> bool:
    """Whether the model is a scikit-learn estimator; without scikit-learn imported nothing is."""
    module = sys.modules.get("sklearn.base")
    return module is not None and isinstance(model, module.BaseEstimator)


def save(model: Any, folder: str, options: Mapping[str, Any]) -> SavedFlavor:
    """Write ``model.skops`` or ``model.pkl``.

    options: ``serialization_format`` (skops, cloudpickle or pickle; default skops, and cloudpickle where skops
    cannot), ``skops_trusted_types`` (classes that the caller vouches for), ``pyfunc_predict_fn``, ``silent``.

    Raises:
        InvalidValue: unknown format, or a format was asked for that cannot hold this model.
    """
    sklearn = _sklearn()
    function = str(options.get("pyfunc_predict_fn") or "predict")
    if function not in PREDICT_FUNCTIONS:
        raise InvalidValue(f"pyfunc_predict_fn must be one of {', '.join(PREDICT_FUNCTIONS)}, not {function!r}.")
    vouched = tuple(options.get("skops_trusted_types") or ())
    file = write_estimator(model, folder, options.get("serialization_format"), vouched, bool(options.get("silent")))
    config = {
        "code": None,
        "pickled_model": file.name,
        "serialization_format": file.form,
        "sklearn_version": sklearn.__version__,
        # MLflow's loader asks for this list; ours never reads it.
        "skops_trusted_types": file.types or None,
    }
    pyfunc = {"loader_module": loader_module, "model_path": file.name, "predict_fn": function}
    packages = ["scikit-learn", "numpy", "scipy", "pandas", *([] if file.form == "pickle" else [file.form])]
    return SavedFlavor(
        config=config, pyfunc=pyfunc if hasattr(model, function) else None, packages=packages, modules=file.modules
    )


def load(folder: str, config: Mapping[str, Any], policy: LoadPolicy) -> Any:
    """The estimator.

    Raises:
        Denied: the file may run code, or holds classes that are not trusted, and the policy forbids that.
        Corrupt: the file cannot be read.
        NotSupported: unknown serialisation format.
    """
    _sklearn()
    return read_estimator(
        inside(folder, config.get("pickled_model")), config.get("serialization_format", "pickle"), policy
    )


def predict(model: Any, data: Any, config: Mapping[str, Any], params: Mapping[str, object] | None = None) -> Any:
    """What the estimator's ``predict_fn`` (``predict`` unless the model says otherwise) answers.

    Raises:
        Denied: the model names a method that is no prediction.
    """
    del params  # estimators take none
    function = str(config.get("predict_fn") or "predict")
    if function not in PREDICT_FUNCTIONS:
        raise Denied(f"The model names {function!r} as its prediction; allowed are {', '.join(PREDICT_FUNCTIONS)}.")
    return getattr(model, function)(data)


def _sklearn() -> Any:
    try:
        import sklearn
    except ImportError:
        raise MissingPackage("scikit-learn models need scikit-learn: pip install 'clew[sklearn]'") from None
    return sklearn
