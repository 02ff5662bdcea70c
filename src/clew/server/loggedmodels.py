"""MLflow's logged-model calls: one function per route, named after it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from clew.entities import names
from clew.errors import InvalidValue
from clew.server import actor, batches
from clew.server.context import Site
from clew.storage import audit, models, search
from clew.storage.engine import Tx, WriteTx
from clew.wire import convert, mlflow
from clew.wire.mlflow import Empty

Job = Callable[[WriteTx], mlflow.Message]

_BAD_NAME = re.compile(r"[/:.%\"']")
_DEFAULT_RESULTS = 100
_MAX_RESULTS = 1000


def create_logged_model(site: Site, request: mlflow.CreateLoggedModel) -> Job:
    """A new model in the state PENDING; without a name it gets one."""
    if request.name and _BAD_NAME.search(request.name):
        raise InvalidValue(
            f"Invalid model name ({request.name}) provided. Model name must be a non-empty string and cannot "
            "contain the following characters: ('/', ':', '.', '%', '\"', \"'\")"
        )
    if request.name:
        names.check_length("name", request.name, names.MAX_EXPERIMENT_NAME)
    params = dict(batches.check_params(request.params, site.truncate, "params"))
    tags = batches.check_tags(request.tags, site.truncate)

    def job(tx: WriteTx) -> mlflow.LoggedModelResponse:
        model = models.create_model(
            tx,
            experiment_id=request.experiment_id,
            name=request.name or None,
            model_type=request.model_type or "",
            source_run_id=request.source_run_id or "",
            params=params,
            tags=tags,
        )
        return mlflow.LoggedModelResponse(model=convert.model_message(model))

    return job


def get_logged_model(tx: Tx, request: mlflow.LoggedModelById) -> mlflow.LoggedModelResponse:
    """A model that is not deleted."""
    return mlflow.LoggedModelResponse(model=convert.model_message(models.get_model(tx, request.model_id)))


def finalize_logged_model(_site: Site, request: mlflow.FinalizeLoggedModel) -> Job:
    """The upload of its files ended, well or not."""

    def job(tx: WriteTx) -> mlflow.LoggedModelResponse:
        model = models.finalize_model(tx, request.model_id, request.status)
        return mlflow.LoggedModelResponse(model=convert.model_message(model))

    return job


def delete_logged_model(_site: Site, request: mlflow.LoggedModelById) -> Job:
    """Hide the model."""
    who = actor.asking()

    def job(tx: WriteTx) -> Empty:
        models.delete_model(tx, request.model_id)
        audit.record(tx, who, "delete", "model", request.model_id)
        return Empty()

    return job


def search_logged_models(tx: Tx, request: mlflow.SearchLoggedModels) -> mlflow.SearchLoggedModelsResponse:
    """A page of models."""
    wanted = _DEFAULT_RESULTS if request.max_results is None else request.max_results
    if not 1 <= wanted <= _MAX_RESULTS:
        raise InvalidValue(
            f"Invalid value {wanted} for parameter 'max_results' supplied. It must be between 1 and {_MAX_RESULTS}"
        )
    page = search.search_models(
        tx,
        request.experiment_ids,
        filter=request.filter or "",
        datasets=[(d.dataset_name, d.dataset_digest) for d in request.datasets],
        order_by=[(o.field_name, o.ascending, o.dataset_name, o.dataset_digest) for o in request.order_by],
        max_results=wanted,
        page_token=request.page_token or None,
    )
    return mlflow.SearchLoggedModelsResponse(
        models=[convert.model_message(m) for m in page.items], next_page_token=page.token
    )


def set_logged_model_tags(site: Site, request: mlflow.SetLoggedModelTags) -> Job:
    """Set or overwrite tags."""
    tags = batches.check_tags(request.tags, site.truncate)

    def job(tx: WriteTx) -> Empty:
        models.set_model_tags(tx, request.model_id, tags)
        return Empty()

    return job


def delete_logged_model_tag(_site: Site, request: mlflow.DeleteLoggedModelTag) -> Job:
    """Remove a tag."""

    def job(tx: WriteTx) -> Empty:
        models.delete_model_tag(tx, request.model_id, request.tag_key)
        return Empty()

    return job


def log_logged_model_params(site: Site, request: mlflow.LogLoggedModelParams) -> Job:
    """Add params."""
    params = dict(batches.check_params(request.params, site.truncate, "params"))

    def job(tx: WriteTx) -> Empty:
        models.log_model_params(tx, request.model_id, params)
        return Empty()

    return job


WRITES: tuple[Callable[..., Any], ...] = (
    create_logged_model,
    finalize_logged_model,
    delete_logged_model,
    set_logged_model_tags,
    delete_logged_model_tag,
    log_logged_model_params,
)
READS: tuple[Callable[..., Any], ...] = (get_logged_model,)
SEARCHES: tuple[Callable[..., Any], ...] = (search_logged_models,)
