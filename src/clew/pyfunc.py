"""``clew.pyfunc``: any model behind one ``predict``."""

from __future__ import annotations

from collections.abc import Sequence

from clew.client import models as _models
from clew.packaging.flavor import Trust
from clew.packaging.pyfunc import PyFuncModel

__all__ = ["PyFuncModel", "load_model"]


def load_model(
    model_uri: str, dst_path: str | None = None, *, trust: Trust | None = None, trusted_types: Sequence[str] = ()
) -> PyFuncModel:
    """The model that a URI leads to: ``models:/…``, ``runs:/…``, ``mlflow-artifacts:/…`` or a path.

    ``load_model(uri).predict(data, params)`` checks data and params against the model's signature.

    trust: ``pickle`` lets the model run code while it loads. Without it, that is allowed only to models that you
    logged into your own store and that have not changed since.
    trusted_types: classes that a skops file may hold beyond Clew's list.

    Raises:
        NotFound: nothing is there. Denied: it needs more trust. Corrupt: it is not as it was logged.
        NotSupported: the model is of a framework that Clew does not know.
    """
    return _models.load_pyfunc(model_uri, dst_path=dst_path, trust=trust, trusted_types=trusted_types)
