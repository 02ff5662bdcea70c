"""Results of statsmodels. Their one file format is a pickle, so loading them needs trust."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from typing import Any, Final

from clew.errors import InvalidValue
from clew.packaging.flavor import LoadPolicy, SavedFlavor
from clew.packaging.flavors.estimatorfile import read_pickle
from clew.packaging.flavors.framework import is_instance, need
from clew.packaging.inference import is_frame
from clew.packaging.manifest import inside
from clew.packaging.picklescan import modules_of_pickle

name: Final = "statsmodels"
loader_module: Final = "mlflow.statsmodels"
PACKAGES: Final = ("statsmodels", "numpy", "scipy", "pandas")
_FILE: Final = "model.statsmodels"


def matches(model: object) -> bool:
    """Whether it is what ``fit`` of statsmodels returns."""
    return is_instance(model, "statsmodels.base.wrapper", "ResultsWrapper") or is_instance(
        model, "statsmodels.base.model", "Results"
    )


def save(model: Any, folder: str, options: Mapping[str, Any]) -> SavedFlavor:
    """Write ``model.statsmodels``, a pickle.

    options: ``remove_data`` (leave the training data out; the given object keeps them).
    """
    statsmodels = need("statsmodels", "statsmodels")
    path = os.path.join(folder, _FILE)
    if options.get("remove_data"):
        # statsmodels takes the data out of the very object that it saves.
        copy.deepcopy(model).save(path, remove_data=True)
    else:
        model.save(path)
    config = {"data": _FILE, "statsmodels_version": statsmodels.__version__}
    pyfunc = {"loader_module": loader_module, "data": _FILE}
    return SavedFlavor(config=config, pyfunc=pyfunc, packages=PACKAGES, modules=sorted(modules_of_pickle(path)))


def load(folder: str, config: Mapping[str, Any], policy: LoadPolicy) -> Any:
    """The results.

    Raises:
        Denied: the policy forbids code. Corrupt: the file cannot be read.
    """
    need("statsmodels.api", "statsmodels")
    return read_pickle(inside(folder, config.get("data")), policy)


def predict(model: Any, data: Any, config: Mapping[str, Any], params: Mapping[str, object] | None = None) -> Any:
    """What ``predict`` answers for the data; time series are asked by one row with the columns ``start`` and ``end``.

    Raises:
        InvalidValue: a time series is asked otherwise.
    """
    del config
    tsa = need("statsmodels.tsa.base.tsa_model", "statsmodels")
    if not isinstance(getattr(model, "model", None), tsa.TimeSeriesModel):
        return model.predict(data, **(params or {}))
    if not (is_frame(data) and len(data) == 1 and {"start", "end"} <= set(data.columns)):
        raise InvalidValue("A time series of statsmodels is asked by one row with the columns 'start' and 'end'.")
    row = data.iloc[0]
    return model.predict(start=row["start"], end=row["end"], **(params or {}))
