"""A trained model logged with the run that trained it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from clew.client.models import ModelEntry, log_model
from clew.integrations import guard
from clew.integrations.options import Options
from clew.packaging.save import ModelOptions
from clew.packaging.signature import ModelSignature

NAME: Final = "model"
"""The name of the model that a training leaves."""
SIGNATURE_ROWS: Final = 100
"""A signature is inferred from so many rows,"""
EXAMPLE_ROWS: Final = 5
"""and from the model's answer to so many, which also make the input example."""


def log_trained(
    chosen: Options,
    flavor: str,
    model: object,
    *,
    params: Mapping[str, Any],
    signature: Callable[[], ModelSignature | None],
    example: Any,
    own: Mapping[str, Any],
    name: str = NAME,
) -> str | None:
    """Log the model; its id, unless it waits among the run's artifacts.

    signature: infers it; where that fails, the model has none.
    example: the first rows, or None. own: the flavor's own options.
    """
    options = ModelOptions(
        signature=(guard.attempt(signature) or False) if chosen.log_model_signatures else False,
        input_example=example if chosen.log_input_examples else None,
        flavor_options={**own, "silent": chosen.silent},
    )
    registered = chosen.registered_model_name if name == NAME else None
    entry = ModelEntry(name=name, params=params, registered_model_name=registered)
    return log_model(model, entry, flavor=flavor, options=options, hurry=True, automatic=True).model_id
