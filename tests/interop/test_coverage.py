"""No call of MLflow's API is without a test that sends it."""

from __future__ import annotations

from types import ModuleType

from clew.wire.routes import ROUTES
from interop import (
    test_experiment_routes,
    test_file_routes,
    test_model_routes,
    test_registry_routes,
    test_run_routes,
    test_webhook_routes,
)

MODULES: tuple[ModuleType, ...] = (
    test_experiment_routes,
    test_run_routes,
    test_model_routes,
    test_registry_routes,
    test_file_routes,
    test_webhook_routes,
)


def test_every_call_of_mlflow_is_tested_by_its_name() -> None:
    named = {name.removeprefix("test_") for module in MODULES for name in vars(module) if name.startswith("test_")}
    spoken = {name for name, route in ROUTES.items() if route.path.startswith("/api/2.0/mlflow/")}
    assert spoken - named == set(), "write tests/interop tests with these names"
