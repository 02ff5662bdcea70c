"""Files of estimators: skops, which runs no code on loading, and the two pickles, which may run any.

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
import zipfile
from typing import Any, Final

import msgspec

from clew.errors import Corrupt, Denied, InvalidValue, MissingPackage, NotSupported
from clew.packaging.flavor import LoadPolicy
from clew.packaging.flavors.trees import check_trees
from clew.packaging.flavors.trusted import TRUSTED_TYPES
from clew.packaging.picklescan import modules_of_pickle

_log = logging.getLogger("clew.packaging")

FORMATS: Final = ("skops", "cloudpickle", "pickle")
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


class EstimatorFile(msgspec.Struct, frozen=True):
    """A file that holds an estimator.

    name: within the model's folder.
    form: one of FORMATS.
    types: the classes in it that skops itself does not trust.
    modules: modules whose classes it names.
    """

    name: str
    form: str
    types: list[str]
    modules: list[str]


def write_estimator(
    model: Any, folder: str, wanted: str | None, vouched: tuple[str, ...] = (), silent: bool = False
) -> EstimatorFile:
    """Write ``model.skops`` or ``model.pkl``.

    wanted: one of FORMATS; None takes skops, and cloudpickle, with a line in the log, where skops cannot.
    vouched: classes that the caller vouches for.

    Raises:
        InvalidValue: unknown format, or one was asked for that cannot hold this model.
    """
    if wanted is not None and wanted not in FORMATS:
        raise InvalidValue(f"serialization_format must be one of {', '.join(FORMATS)}, not {wanted!r}.")
    chosen = wanted or "skops"
    if chosen == "skops":
        path = os.path.join(folder, "model.skops")
        try:
            types = _save_skops(model, path, vouched)
        except InvalidValue as problem:
            if wanted is not None:
                raise
            _log.log(
                logging.DEBUG if silent else logging.WARNING,
                "%s is saved by cloudpickle, since skops cannot hold it (%s); loading it may run code.",
                type(model).__name__,
                problem,
            )
            chosen = "cloudpickle"
        else:
            return EstimatorFile("model.skops", chosen, types, sorted(_skops_modules(path)))
    path = os.path.join(folder, "model.pkl")
    _save_pickle(model, path, chosen)
    return EstimatorFile("model.pkl", chosen, [], sorted(modules_of_pickle(path)))


def read_estimator(path: str, form: object, policy: LoadPolicy) -> Any:
    """The estimator of a file.

    Raises:
        Denied: the file may run code, or holds classes that are not trusted, and the policy forbids that.
        Corrupt: the file cannot be read.
        NotSupported: unknown format.
    """
    if form == "skops":
        return _load_skops(path, policy)
    if form not in FORMATS:
        raise NotSupported(f"{path}: unknown serialization_format {form!r}; known: {', '.join(FORMATS)}.")
    return read_pickle(path, policy, cloudpickle=form == "cloudpickle")


def read_pickle(path: str, policy: LoadPolicy, *, cloudpickle: bool = False) -> Any:
    """What a pickle holds.

    Raises:
        Denied: the policy forbids code. Corrupt: the file cannot be read.
    """
    if policy.trust != "pickle":
        raise Denied(
            f"{path} is a pickle, which can run any code while it loads, and it was not logged by you into your own "
            "store with its sums intact. If you trust who wrote it, load it with trust='pickle'."
        )
    if cloudpickle:
        _need("cloudpickle", "cloudpickle")
    try:
        with open(path, "rb") as file:
            return pickle.load(file)
    except (pickle.UnpicklingError, EOFError, IndexError, UnicodeDecodeError) as error:
        raise Corrupt(f"{path} is a damaged pickle: {error}.") from error


def _save_skops(model: Any, path: str, vouched: tuple[str, ...]) -> list[str]:
    """Write the file; the classes in it that skops itself does not trust."""
    sio = _need("skops.io", "skops")
    try:
        sio.dump(model, path, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
        types = list(sio.get_untrusted_types(file=path))
        odd = [kind for kind in types if kind not in TRUSTED_TYPES and kind not in vouched]
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
        allowed = TRUSTED_TYPES | set(policy.trusted_types)
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


def _skops_modules(path: str) -> set[str]:
    """Modules of all classes that a skops file names."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read("schema.json").decode()
    return {str(json.loads(quoted)) for quoted in set(re.findall(r'"__module__": ("[^"]*")', text))}


def _need(module: str, package: str) -> Any:
    try:
        return __import__(module, fromlist=["_"])
    except ImportError:
        raise MissingPackage(f"Estimators need {package}: pip install 'clew[sklearn]'") from None
