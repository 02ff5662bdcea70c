"""Any model behind one call: ``load_model(folder).predict(data, params)``, checked against its signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clew.errors import InvalidValue, NotSupported
from clew.packaging import example as examples
from clew.packaging.codepath import add_code
from clew.packaging.enforcement import enforce_params, enforce_schema
from clew.packaging.flavor import Flavor, LoadPolicy, flavor_of_loader, get_flavor
from clew.packaging.flavors.python_function import LoadedModel
from clew.packaging.manifest import MLmodel, check_sums, inside, read_mlmodel
from clew.packaging.pythonmodel import FunctionModel


class PyFuncModel:
    """A loaded model of any framework.

    metadata: the fields of its MLmodel file.
    """

    def __init__(self, model: Any, flavor: Flavor, metadata: MLmodel, folder: str) -> None:
        self.metadata = metadata
        self._model = model
        self._flavor = flavor
        self._folder = folder

    def predict(self, data: Any, params: Mapping[str, object] | None = None) -> Any:
        """The model's answer for ``data``.

        data: DataFrame, Series, ndarray, list, dict or scipy matrix; cast to the signature where that loses nothing.
        params: values for the signature's params; unknown names are warned about and left out.

        Raises:
            InvalidValue: data or params do not fit the signature; every fault is listed.
        """
        signature = self.metadata.signature
        values = enforce_params(params, signature.params if signature else None)
        if signature is not None and signature.inputs is not None:
            data = enforce_schema(data, signature.inputs)
        return self.predict_checked(data, values)

    def predict_checked(self, data: Any, values: Mapping[str, object]) -> Any:
        """The model's answer for data and params that are known to fit its signature, as ``predict`` makes them."""
        return self._flavor.predict(self._model, data, self.metadata.flavors["python_function"], values)

    @property
    def input_example(self) -> Any:
        """The data of the example that was saved with the model, or None."""
        example = examples.load_example(self._folder, self.metadata)
        return None if example is None else example.data

    @property
    def model_id(self) -> str | None:
        """The logged model's id, or None for a model that was only saved."""
        return self.metadata.model_id

    def get_raw_model(self) -> Any:
        """The model in its own class."""
        return self._model

    def unwrap_python_model(self) -> Any:
        """The ``PythonModel`` or function that was saved.

        Raises:
            InvalidValue: the model is of another flavor.
        """
        if not isinstance(self._model, LoadedModel):
            raise InvalidValue(f"{self!r} is no PythonModel; get_raw_model gives the model in its own class.")
        model = self._model.model
        return model.func if isinstance(model, FunctionModel) else model

    def __repr__(self) -> str:
        loader = self.metadata.flavors["python_function"].get("loader_module")
        return f"<PyFuncModel {self.metadata.model_id or self._folder} loaded by {loader}>"


def load_pyfunc(folder: str, policy: LoadPolicy) -> PyFuncModel:
    """The model of a directory behind one ``predict``.

    Raises:
        NotFound: no model is there.
        NotSupported: it has no ``python_function`` flavor, or one whose loader is not known.
        Denied: loading needs more trust than ``policy`` gives.
        Corrupt: a file differs from its recorded sum.
    """
    metadata = read_mlmodel(folder)
    config = metadata.flavors.get("python_function")
    if not isinstance(config, dict):
        raise NotSupported(
            f"The model in {folder} has no python_function flavor; it has {', '.join(sorted(metadata.flavors))}."
        )
    flavor = flavor_of_loader(config.get("loader_module"))
    model = _load(folder, metadata, flavor, config, policy)
    if (serve := getattr(flavor, "serve", None)) is not None:
        model = serve(model, folder, metadata.flavors.get(flavor.name) or config)
    return PyFuncModel(model, flavor, metadata, folder)


def load_native(folder: str, flavor_name: str, policy: LoadPolicy) -> Any:
    """The model of a directory in its own class, e.g. a scikit-learn estimator.

    Raises:
        NotFound: no model is there.
        NotSupported: it has no such flavor.
        Denied: loading needs more trust than ``policy`` gives.
        Corrupt: a file differs from its recorded sum.
    """
    metadata = read_mlmodel(folder)
    if flavor_name not in metadata.flavors:
        raise NotSupported(
            f"The model in {folder} has no {flavor_name} flavor; it has {', '.join(sorted(metadata.flavors))}."
        )
    return _load(folder, metadata, get_flavor(flavor_name), metadata.flavors[flavor_name], policy)


def _load(folder: str, metadata: MLmodel, flavor: Flavor, config: Mapping[str, Any], policy: LoadPolicy) -> Any:
    check_sums(folder, metadata)
    if (code := config.get("code")) and policy.trust == "pickle":
        add_code(inside(folder, code))
    # A file with python_function alone loads too: its model_path is all that a flavor needs.
    own = metadata.flavors.get(flavor.name) or {**config, "pickled_model": config.get("model_path")}
    return flavor.load(folder, own, policy)
