"""The client's calls on logged models."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from clew.client.link import Link
from clew.client.pages import PagedList
from clew.client.upload import inside, join, listing, put_file, put_tree
from clew.client.values import texts_of
from clew.entities.file import FileInfo
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

    def log_model_artifact(
        self, model_id: str, local_path: str | os.PathLike[str], artifact_path: str | None = None
    ) -> None:
        """Store a file among a logged model's files, under ``artifact_path``.

        Raises:
            InvalidValue: there is no such file. NotFound: there is no such model.
        """
        path = os.fspath(local_path)
        if not os.path.isfile(path):
            raise InvalidValue(f"There is no file {path!r} to log.")
        root = self.get_logged_model(model_id).artifact_location
        goal = join(inside(artifact_path), os.path.basename(path))
        put_file(self._link.target.sender, root, goal, path, native=self._link.kind == "clew")

    def log_model_artifacts(
        self, model_id: str, local_dir: str | os.PathLike[str], artifact_path: str | None = None
    ) -> None:
        """Store every file below a folder among a logged model's files, under ``artifact_path``.

        Raises:
            InvalidValue: it is no folder. NotFound: there is no such model.
        """
        folder = os.fspath(local_dir)
        if not os.path.isdir(folder):
            raise InvalidValue(f"There is no folder {folder!r} to log.")
        root = self.get_logged_model(model_id).artifact_location
        native = self._link.kind == "clew"
        put_tree(self._link.target.sender, root, folder, inside(artifact_path), native=native)

    def list_logged_model_artifacts(self, model_id: str, path: str | None = None) -> list[FileInfo]:
        """The files and folders directly in ``path`` of a logged model; their paths are relative to its root.

        Raises:
            NotFound: there is no such model.
        """
        root, folder = self.get_logged_model(model_id).artifact_location, inside(path)
        found = listing(self._link.target.sender, root, folder)
        return [FileInfo(path=join(folder, name), is_dir=size is None, file_size=size) for name, size in found]


def _status(status: str) -> LoggedModelStatus:
    text = str(status)
    for known in LoggedModelStatus:
        if text in (known.value, known.name):
            return known
    raise InvalidValue(
        f"Invalid model status {text!r}; expected one of {', '.join(s.name for s in LoggedModelStatus)}."
    )
