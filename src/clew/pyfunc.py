"""``clew.pyfunc``: any model behind one ``predict``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clew.client import models as _models
from clew.errors import NotSupported
from clew.packaging.flavor import Trust
from clew.packaging.pyfunc import PyFuncModel

__all__ = ["PyFuncModel", "load_model"]


def load_model(
    model_uri: str,
    suppress_warnings: bool = False,
    dst_path: str | None = None,
    model_config: Mapping[str, Any] | str | None = None,
    *,
    trust: Trust | None = None,
    trusted_types: Sequence[str] = (),
) -> PyFuncModel:
    """The model that a URI leads to: ``models:/…``, ``runs:/…``, ``mlflow-artifacts:/…`` or a path.

    ``load_model(uri).predict(data, params)`` checks data and params against the model's signature.

    dst_path: an existing folder that keeps the files. suppress_warnings: accepted; loading warns of nothing.
    trust: ``pickle`` lets the model run code while it loads. Without it, that is allowed only to models that you
    logged into your own store and that have not changed since.
    trusted_types: classes that a skops file may hold beyond Clew's list.

    Raises:
        NotFound: nothing is there. Denied: it needs more trust. Corrupt: it is not as it was logged.
        NotSupported: the model is of a framework that Clew does not know, or ``model_config`` is given.
    """
    del suppress_warnings
    if model_config is not None:
        raise NotSupported("model_config is for models of code, which this version does not load; leave it out.")
    return _models.load_pyfunc(model_uri, dst_path=dst_path, trust=trust, trusted_types=trusted_types)
