"""What is stored: frozen structs without I/O, SQL or HTTP.

To users ``clew.entities`` is also where they import classes from, by MLflow's names.
"""

from __future__ import annotations

_FOR_USERS = {
    "Dataset": ("clew.entities.dataset", "Dataset"),
    "DatasetInput": ("clew.entities.dataset", "DatasetInput"),
    "Experiment": ("clew.entities.experiment", "Experiment"),
    "ExperimentTag": ("clew.client.values", "RunTag"),
    "FileInfo": ("clew.entities.file", "FileInfo"),
    "InputTag": ("clew.client.values", "RunTag"),
    "LoggedModel": ("clew.entities.model", "LoggedModel"),
    "LoggedModelInput": ("clew.entities.run", "ModelInput"),
    "LoggedModelParameter": ("clew.client.values", "Param"),
    "LoggedModelTag": ("clew.client.values", "RunTag"),
    "LoggedModelOutput": ("clew.entities.run", "ModelOutput"),
    "LoggedModelStatus": ("clew.entities.model", "LoggedModelStatus"),
    "Metric": ("clew.entities.metric", "Metric"),
    "Param": ("clew.client.values", "Param"),
    "Run": ("clew.entities.run", "Run"),
    "RunData": ("clew.entities.run", "RunData"),
    "RunInfo": ("clew.entities.run", "RunInfo"),
    "RunInputs": ("clew.entities.run", "RunInputs"),
    "RunOutputs": ("clew.entities.run", "RunOutputs"),
    "RunStatus": ("clew.entities.run", "RunStatus"),
    "RunTag": ("clew.client.values", "RunTag"),
    "ViewType": ("clew.client.values", "View"),
}


def __getattr__(name: str) -> object:
    if name not in _FOR_USERS:
        raise AttributeError(f"module 'clew.entities' has no attribute {name!r}")
    from importlib import import_module

    # A layer and the public face share this name; the layer itself never looks up here.
    module, known_as = _FOR_USERS[name]
    return getattr(import_module(module), known_as)
