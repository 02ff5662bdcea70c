"""The client's calls on logged models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clew.client.link import Link
from clew.client.pages import PagedList
from clew.client.values import texts_of
from clew.entities.model import LoggedModel, LoggedModelStatus
from clew.errors import InvalidValue
from clew.wire import convert, mlflow


class ModelCalls:
    """Logged-model methods with MLflow's names; mixed into ``ClewClient``."""

    _link: Link

    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        model_type: str | None = None,
    ) -> LoggedModel:
        """A new logged model in the state PENDING; ``finalize_logged_model`` ends it."""
        request = mlflow.CreateLoggedModel(
            experiment_id=experiment_id,
            name=name,
            model_type=model_type,
            source_run_id=source_run_id,
            params=convert.key_values({k: str(v) for k, v in (params or {}).items()}),
            tags=convert.key_values({k: str(v) for k, v in (tags or {}).items()}),
        )
        return convert.model_entity(self._link.read("create_logged_model", request).model)

    def finalize_logged_model(self, model_id: str, status: str) -> LoggedModel:
        """Set READY or UPLOAD_FAILED; short words (``READY``, ``FAILED``) are understood.

        Raises:
            NotFound: there is no such model. InvalidValue: no such status.
        """
        request = mlflow.FinalizeLoggedModel(model_id=model_id, status=_status(status))
        return convert.model_entity(self._link.call("finalize_logged_model", request).model)

    def get_logged_model(self, model_id: str) -> LoggedModel:
        """A logged model by id.

        Raises:
            NotFound: there is none.
        """
        response = self._link.read("get_logged_model", mlflow.LoggedModelById(model_id=model_id))
        return convert.model_entity(response.model)

    def delete_logged_model(self, model_id: str) -> None:
        """Put a logged model into the trash."""
        self._link.read("delete_logged_model", mlflow.LoggedModelById(model_id=model_id))

    def search_logged_models(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        datasets: Sequence[Mapping[str, Any]] | None = None,
        max_results: int | None = None,
        order_by: Sequence[Mapping[str, Any]] | None = None,
        page_token: str | None = None,
    ) -> PagedList[LoggedModel]:
        """A page of logged models that match.

        order_by: mappings with ``field_name`` and ``ascending``, as in MLflow.
        """
        request = mlflow.SearchLoggedModels(
            experiment_ids=texts_of(experiment_ids),
            filter=filter_string or None,
            datasets=[mlflow.LoggedModelDataset(**d) for d in datasets or ()],
            max_results=max_results,
            order_by=[mlflow.LoggedModelOrder(**o) for o in order_by or ()],
            page_token=page_token,
        )
        response = self._link.read("search_logged_models", request)
        return PagedList((convert.model_entity(m) for m in response.models), response.next_page_token)

    def set_logged_model_tags(self, model_id: str, tags: Mapping[str, Any]) -> None:
        """Set tags of a logged model."""
        items = convert.key_values({k: str(v) for k, v in tags.items()})
        self._link.read("set_logged_model_tags", mlflow.SetLoggedModelTags(model_id=model_id, tags=items))

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        """Delete a tag of a logged model.

        Raises:
            NotFound: there is no such model or tag.
        """
        self._link.read("delete_logged_model_tag", mlflow.DeleteLoggedModelTag(model_id=model_id, tag_key=key))

    def log_model_params(self, model_id: str, params: Mapping[str, Any]) -> None:
        """Set params of a logged model."""
        items = convert.key_values({k: str(v) for k, v in params.items()})
        self._link.read("log_logged_model_params", mlflow.LogLoggedModelParams(model_id=model_id, params=items))


def _status(status: str) -> LoggedModelStatus:
    text = str(status)
    for known in LoggedModelStatus:
        if text in (known.value, known.name):
            return known
    raise InvalidValue(
        f"Invalid model status {text!r}; expected one of {', '.join(s.name for s in LoggedModelStatus)}."
    )
