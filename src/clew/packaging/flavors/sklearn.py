"""scikit-learn models: skops by default, cloudpickle where skops cannot.

A skops file names the classes it holds; which of them may be built is decided by our own list (``trusted``) and by
the caller, never by the model. Trees and the like are checked after loading (``trees``), since skops does not look
inside.
"""

from __future__ import annotations

import json
import logging
import os
import pickle
import re
import sys
import zipfile
from collections.abc import Mapping
from typing import Any, Final

from clew.errors import Corrupt, Denied, InvalidValue, MissingPackage, NotSupported
from clew.packaging.flavor import LoadPolicy, SavedFlavor
from clew.packaging.flavors.trees import check_trees
from clew.packaging.flavors.trusted import SKLEARN_TYPES
from clew.packaging.manifest import inside
from clew.packaging.picklescan import modules_of_pickle

_log = logging.getLogger("clew.packaging")

name: Final = "sklearn"
loader_module: Final = "mlflow.sklearn"

FORMATS: Final = ("skops", "cloudpickle", "pickle")
PREDICT_FUNCTIONS: Final = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "predict_joint_log_proba",
    "decision_function",
    "transform",
    "score",
)
_UNPACKED_BYTES: Final = 1 << 30
_UNPACKED_RATIO: Final = 50

# skops has no error of its own for most objects that it cannot write or read.
_SKOPS_FAULTS: Final = (
    TypeError,
    ValueError,
    AttributeError,
    ImportError,
    KeyError,
    NotImplementedError,
    RecursionError,
    zipfile.BadZipFile,
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
    _need("sklearn", "scikit-learn")
    wanted = options.get("serialization_format")
    if wanted is not None and wanted not in FORMATS:
        raise InvalidValue(f"serialization_format must be one of {', '.join(FORMATS)}, not {wanted!r}.")
    function = str(options.get("pyfunc_predict_fn") or "predict")
    if function not in PREDICT_FUNCTIONS:
        raise InvalidValue(f"pyfunc_predict_fn must be one of {', '.join(PREDICT_FUNCTIONS)}, not {function!r}.")
    vouched = tuple(options.get("skops_trusted_types") or ())
    types: list[str] = []
    chosen = wanted or "skops"
    if chosen == "skops":
        file = os.path.join(folder, "model.skops")
        try:
            types = _save_skops(model, file, vouched)
        except InvalidValue as problem:
            if wanted is not None:
                raise
            _log.log(
                logging.DEBUG if options.get("silent") else logging.WARNING,
                "%s is saved by cloudpickle, since skops cannot hold it (%s); loading it may run code.",
                type(model).__name__,
                problem,
            )
            chosen = "cloudpickle"
    if chosen != "skops":
        file = os.path.join(folder, "model.pkl")
        _save_pickle(model, file, chosen)
    return _saved(model, file, chosen, types, function)


def load(folder: str, config: Mapping[str, Any], policy: LoadPolicy) -> Any:
    """The estimator.

    Raises:
        Denied: the file may run code, or holds classes that are not trusted, and the policy forbids that.
        Corrupt: the file cannot be read.
        NotSupported: unknown serialisation format.
    """
    _need("sklearn", "scikit-learn")
    chosen = config.get("serialization_format", "pickle")
    path = inside(folder, config.get("pickled_model"))
    if chosen == "skops":
        return _load_skops(path, policy)
    if chosen not in FORMATS:
        raise NotSupported(f"{path}: unknown serialization_format {chosen!r}; known: {', '.join(FORMATS)}.")
    if policy.trust != "pickle":
        raise Denied(
            f"{path} is a pickle, which can run any code while it loads, and it was not logged by you into your own "
            "store with its sums intact. If you trust who wrote it, load it with trust='pickle'."
        )
    return _load_pickle(path, chosen)


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


def _saved(model: Any, path: str, chosen: str, types: list[str], function: str) -> SavedFlavor:
    import sklearn

    file = os.path.basename(path)
    config = {
        "code": None,
        "pickled_model": file,
        "serialization_format": chosen,
        "sklearn_version": sklearn.__version__,
        # MLflow's loader asks for this list; ours never reads it.
        "skops_trusted_types": types or None,
    }
    pyfunc = {"loader_module": loader_module, "model_path": file, "predict_fn": function}
    packages = ["scikit-learn", "numpy", "scipy", "pandas", *([] if chosen == "pickle" else [chosen])]
    modules = _skops_modules(path) if chosen == "skops" else modules_of_pickle(path)
    return SavedFlavor(
        config=config, pyfunc=pyfunc if hasattr(model, function) else None, packages=packages, modules=sorted(modules)
    )


def _save_skops(model: Any, path: str, vouched: tuple[str, ...]) -> list[str]:
    """Write the file; the classes in it that skops itself does not trust."""
    sio = _need("skops.io", "skops")
    try:
        sio.dump(model, path, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
        types = list(sio.get_untrusted_types(file=path))
        odd = [kind for kind in types if kind not in SKLEARN_TYPES and kind not in vouched]
        problem = f"unknown classes: {', '.join(odd[:5])}" if odd else ""
    except _SKOPS_FAULTS as error:
        problem = str(error).splitlines()[0] if str(error) else type(error).__name__
    if problem:
        if os.path.exists(path):
            os.unlink(path)
        raise InvalidValue(problem)
    return types


def _load_skops(path: str, policy: LoadPolicy) -> Any:
    sio = _need("skops.io", "skops")
    try:
        if policy.trust != "pickle":
            _check_size(path)
        types = sio.get_untrusted_types(file=path)
        allowed = SKLEARN_TYPES | set(policy.trusted_types)
        if policy.trust != "pickle" and (odd := [kind for kind in types if kind not in allowed]):
            raise Denied(
                f"{path} holds classes that are not trusted: {', '.join(odd[:5])}. "
                f"If you trust them, load it with trusted_types={odd[:5]!r}."
            )
        model = sio.load(path, trusted=types)
    except _SKOPS_FAULTS as error:
        raise Corrupt(f"{path} cannot be read as a skops file: {error}.") from error
    if policy.trust != "pickle":
        check_trees(model)
    return model


def _check_size(path: str) -> None:
    """Refuse a small file that would unpack to an enormous one."""
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > max(_UNPACKED_BYTES, _UNPACKED_RATIO * os.path.getsize(path)):
        raise Denied(f"{path} would unpack to {unpacked:,} bytes; if you trust it, load it with trust='pickle'.")


def _save_pickle(model: Any, path: str, chosen: str) -> None:
    writer: Any = pickle if chosen == "pickle" else _need("cloudpickle", "cloudpickle")
    try:
        with open(path, "wb") as file:
            writer.dump(model, file, protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        os.unlink(path)
        raise InvalidValue(f"{type(model).__name__} cannot be saved by {chosen}: {error}.") from error


def _load_pickle(path: str, chosen: str) -> Any:
    if chosen == "cloudpickle":
        _need("cloudpickle", "cloudpickle")
    try:
        with open(path, "rb") as file:
            return pickle.load(file)
    except (pickle.UnpicklingError, EOFError, IndexError, UnicodeDecodeError) as error:
        raise Corrupt(f"{path} is a damaged pickle: {error}.") from error


def _skops_modules(path: str) -> set[str]:
    """Modules of all classes that a skops file names."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read("schema.json").decode()
    return {str(json.loads(quoted)) for quoted in set(re.findall(r'"__module__": ("[^"]*")', text))}


def _need(module: str, package: str) -> Any:
    try:
        return __import__(module, fromlist=["_"])
    except ImportError:
        raise MissingPackage(f"scikit-learn models need {package}: pip install 'clew[sklearn]'") from None
