"""The fluent functions on the model registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clew.client.api import ClewClient
from clew.client.modelplaces import locate
from clew.client.notice import say
from clew.client.pages import all_pages
from clew.entities.registry import ModelVersion, RegisteredModel
from clew.errors import AlreadyExists

_PAGE = 1000


def register_model(
    model_uri: str,
    name: str,
    await_registration_for: int = 300,
    *,
    tags: Mapping[str, Any] | None = None,
    env_pack: object = None,
) -> ModelVersion:
    """The next version of the registered model ``name``, which is made if there is none.

    model_uri: ``runs:/<run id>/<name>``, ``models:/<model id>``, ``models:/<name>/<version>``, or where files lie.

    Raises:
        NotFound: the URI leads to nothing. InvalidValue: the name or the source is refused.
    """
    del await_registration_for, env_pack
    client = ClewClient()
    place = locate(client, model_uri) if model_uri.startswith(("runs:", "models:/m-")) else None
    try:
        client.create_registered_model(name)
        say(f"Registered model {name!r} is new.")
    except AlreadyExists:
        pass
    if place is None:
        version = client.create_model_version(name, model_uri, tags=tags)
    else:
        source = f"models:/{place.logged.model_id}" if place.logged else place.uri
        model_id = place.logged.model_id if place.logged else None
        version = client.create_model_version(name, source, run_id=place.run_id or None, tags=tags, model_id=model_id)
    say(f"Created version {version.version} of model {name!r}.")
    return version


def search_registered_models(
    max_results: int | None = None, filter_string: str | None = None, order_by: Sequence[str] | None = None
) -> list[RegisteredModel]:
    """All registered models that match, or the first ``max_results``."""
    client = ClewClient()
    return all_pages(
        lambda count, token: client.search_registered_models(filter_string, count, order_by, token), max_results, _PAGE
    )


def search_model_versions(
    max_results: int | None = None, filter_string: str | None = None, order_by: Sequence[str] | None = None
) -> list[ModelVersion]:
    """All model versions that match, or the first ``max_results``."""
    client = ClewClient()
    return all_pages(
        lambda count, token: client.search_model_versions(filter_string, count, order_by, token), max_results, _PAGE
    )


def set_model_version_tag(
    name: str, version: str | int | None = None, key: str | None = None, value: Any = None
) -> None:
    """Set a tag of a version of a registered model."""
    ClewClient().set_model_version_tag(name, version, key, value)
