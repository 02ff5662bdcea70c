"""The client's calls on the model registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clew.client.link import Link
from clew.client.pages import PagedList
from clew.client.values import order_of, texts_of
from clew.entities.registry import ModelMove, ModelStage, ModelVersion, RegisteredModel, RegistryState
from clew.errors import InvalidValue, NotFound
from clew.wire import convert, registered
from clew.wire import registry as wire


class RegistryCalls:
    """Registry methods with MLflow's names; mixed into ``ClewClient``.

    version: a number, as an integer or a text. reason: why; kept in the model's history by a Clew server.
    """

    _registry: Link

    # -- registered models ------------------------------------------------------------------

    def create_registered_model(
        self,
        name: str,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        deployment_job_id: str | None = None,
    ) -> RegisteredModel:
        """A new registered model without versions.

        Raises:
            AlreadyExists: the name is taken. InvalidValue: it is empty or holds ``/`` or ``:``.
        """
        del deployment_job_id
        request = wire.CreateRegisteredModel(name=name, tags=_tags(tags), description=description)
        return _model(self._registry.call("create_registered_model", request))

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """Give a model another name; versions, tags, aliases and history stay with it."""
        return _model(
            self._registry.call("rename_registered_model", wire.RenameRegisteredModel(name=name, new_name=new_name))
        )

    def update_registered_model(
        self, name: str, description: str | None = None, deployment_job_id: str | None = None
    ) -> RegisteredModel:
        """Give a model another description."""
        del deployment_job_id
        request = wire.UpdateRegisteredModel(name=name, description=description)
        return _model(self._registry.call("update_registered_model", request))

    def delete_registered_model(self, name: str) -> None:
        """Delete a model with all its versions; the files they were made of stay."""
        self._registry.call("delete_registered_model", wire.RegisteredModelByName(name=name))

    def get_registered_model(self, name: str) -> RegisteredModel:
        """A model by name.

        Raises:
            NotFound: there is none.
        """
        return _model(self._registry.read("get_registered_model", wire.RegisteredModelByName(name=name)))

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int = 100,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[RegisteredModel]:
        """A page of models that match; by name without an order."""
        request = wire.SearchRegisteredModels(
            filter=filter_string or None, max_results=max_results, order_by=order_of(order_by), page_token=page_token
        )
        response = self._registry.read("search_registered_models", request)
        return PagedList((registered.model_entity(m) for m in response.registered_models), response.next_page_token)

    def get_latest_versions(self, name: str, stages: Sequence[str] | None = None) -> list[ModelVersion]:
        """The highest version in each of the stages, None for all four."""
        request = wire.GetLatestVersions(name=name, stages=texts_of(stages or ()))
        response = self._registry.read("get_latest_versions", request)
        return [registered.version_entity(v) for v in response.model_versions]

    def set_registered_model_tag(self, name: str, key: str, value: Any) -> None:
        """Set a tag of a model."""
        self._registry.call(
            "set_registered_model_tag", wire.SetRegisteredModelTag(name=name, key=key, value=str(value))
        )

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Remove a tag of a model, if it is there."""
        self._registry.call("delete_registered_model_tag", wire.DeleteRegisteredModelTag(name=name, key=key))

    def set_registered_model_alias(self, name: str, alias: str, version: str | int, *, reason: str = "") -> None:
        """Let an alias mean a version, whatever it meant before.

        Raises:
            NotFound: there is no such model or version. InvalidValue: the alias is reserved or has odd characters.
        """
        request = wire.SetAlias(name=name, alias=alias, version=str(version), reason=reason or None)
        self._registry.call("set_registered_model_alias", request)

    def delete_registered_model_alias(self, name: str, alias: str, *, reason: str = "") -> None:
        """Take an alias away, if it is there."""
        request = wire.AliasByName(name=name, alias=alias, reason=reason or None)
        self._registry.call("delete_registered_model_alias", request)

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version that an alias means.

        Raises:
            NotFound: there is no such model. InvalidValue: it has no such alias.
        """
        return _version(self._registry.read("get_model_version_by_alias", wire.AliasByName(name=name, alias=alias)))

    # -- versions ---------------------------------------------------------------------------

    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        await_creation_for: int = 300,
        model_id: str | None = None,
    ) -> ModelVersion:
        """The next version of a model.

        source: ``models:/<model id>``, ``runs:/<run id>/<path>``, ``models:/<name>/<version>`` (a copy), or where the
        files lie.

        Raises:
            NotFound: there is no such model, run or logged model. InvalidValue: the source is refused; it says why.
        """
        del await_creation_for  # a version is ready at once
        request = wire.CreateModelVersion(
            name=name,
            source=source,
            run_id=run_id,
            tags=_tags(tags),
            run_link=run_link,
            description=description,
            model_id=model_id,
        )
        return _version(self._registry.read("create_model_version", request))

    def copy_model_version(self, src_model_uri: str, dst_name: str) -> ModelVersion:
        """A version of another model (``models:/<name>/<version>`` or ``@<alias>``) as the next one of ``dst_name``.

        ``dst_name`` is made if there is none. The files are not copied.

        Raises:
            NotFound: there is no such version. InvalidValue: the URI names no version.
        """
        if not src_model_uri.startswith("models:/"):
            raise InvalidValue(
                f"Unsupported source model URI: '{src_model_uri}'. Give models:/<name>/<version> or"
                " models:/<name>@<alias>."
            )
        source = self.find_model_version(src_model_uri)
        try:
            self.get_registered_model(dst_name)
        except NotFound:
            self.create_registered_model(dst_name)
        return self.create_model_version(
            dst_name,
            f"models:/{source.name}/{source.version}",
            run_id=source.run_id or None,
            tags=source.tags,
            run_link=source.run_link or None,
            description=source.description or None,
        )

    def find_model_version(self, uri: str) -> ModelVersion:
        """The version that ``models:/<name>/<version, stage or latest>`` or ``models:/<name>@<alias>`` names.

        Raises:
            NotFound: there is none.
            InvalidValue: the URI says neither version nor stage nor alias, or there is no such stage or alias.
        """
        rest = uri.partition(":")[2].lstrip("/")
        name, at, alias = rest.partition("@")
        if at:
            return self.get_model_version_by_alias(name, alias)
        name, slash, word = rest.rpartition("/")
        if not slash:
            raise InvalidValue(
                f"{uri!r} does not say which version: give models:/{rest}/<version>, models:/{rest}/<stage>,"
                f" models:/{rest}/latest or models:/{rest}@<alias>."
            )
        if word.isdecimal():
            return self.get_model_version(name, word)
        latest = self.get_latest_versions(name, None if word.lower() == "latest" else [word])
        if not latest:
            where = "" if word.lower() == "latest" else f" and stage '{word}'"
            raise NotFound(f"No versions of model with name '{name}'{where} found")
        return max(latest, key=lambda version: int(version.version))

    def update_model_version(self, name: str, version: str | int, description: str | None = None) -> ModelVersion:
        """Give a version another description."""
        request = wire.UpdateModelVersion(name=name, version=str(version), description=description)
        return _version(self._registry.call("update_model_version", request))

    def transition_model_version_stage(
        self,
        name: str,
        version: str | int,
        stage: str,
        archive_existing_versions: bool = False,
        *,
        reason: str = "",
    ) -> ModelVersion:
        """Put a version into a stage.

        stage: None, Staging, Production or Archived, in any case.
        archive_existing_versions: move the others of that stage to Archived.

        Raises:
            NotFound: there is no such version. InvalidValue: no such stage, or nothing can be archived for it.
        """
        request = wire.TransitionStage(
            name=name,
            version=str(version),
            stage=stage,
            archive_existing_versions=archive_existing_versions,
            reason=reason or None,
        )
        return _version(self._registry.call("transition_model_version_stage", request))

    def delete_model_version(self, name: str, version: str | int) -> None:
        """Delete a version and the aliases on it; the files it was made of stay."""
        self._registry.call("delete_model_version", wire.ModelVersionByNumber(name=name, version=str(version)))

    def get_model_version(self, name: str, version: str | int) -> ModelVersion:
        """A version, with params and metrics of its logged model.

        Raises:
            NotFound: there is none.
        """
        request = wire.ModelVersionByNumber(name=name, version=str(version))
        return _version(self._registry.read("get_model_version", request))

    def get_model_version_download_uri(self, name: str, version: str | int) -> str:
        """Where the files of a version lie."""
        request = wire.ModelVersionByNumber(name=name, version=str(version))
        return str(self._registry.read("get_model_version_download_uri", request).artifact_uri)

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int = 10_000,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[ModelVersion]:
        """A page of versions that match; those changed last come first without an order."""
        request = wire.SearchModelVersions(
            filter=filter_string or None, max_results=max_results, order_by=order_of(order_by), page_token=page_token
        )
        response = self._registry.read("search_model_versions", request)
        return PagedList((registered.version_entity(v) for v in response.model_versions), response.next_page_token)

    def get_model_version_stages(self, name: str, version: str | int) -> list[str]:
        """The stages that there are."""
        del name, version
        return [stage.value for stage in ModelStage]

    def set_model_version_tag(
        self,
        name: str,
        version: str | int | None = None,
        key: str | None = None,
        value: Any = None,
        stage: str | None = None,
    ) -> None:
        """Set a tag of a version, or of the newest one in a stage.

        Raises:
            InvalidValue: not exactly one of version and stage.
        """
        number = self._chosen(name, version, stage)
        request = wire.SetModelVersionTag(name=name, version=number, key=key or "", value=str(value))
        self._registry.call("set_model_version_tag", request)

    def delete_model_version_tag(
        self, name: str, version: str | int | None = None, key: str | None = None, stage: str | None = None
    ) -> None:
        """Remove a tag of a version, or of the newest one in a stage, if it is there.

        Raises:
            InvalidValue: not exactly one of version and stage.
        """
        number = self._chosen(name, version, stage)
        self._registry.call(
            "delete_model_version_tag", wire.DeleteModelVersionTag(name=name, version=number, key=key or "")
        )

    def _chosen(self, name: str, version: str | int | None, stage: str | None) -> str:
        if (version is None) == (stage is None):
            raise InvalidValue("Give either version or stage, and not both.")
        return str(version) if version is not None else self.find_model_version(f"models:/{name}/{stage}").version

    # -- history ----------------------------------------------------------------------------

    def get_model_history(self, name: str, max_results: int = 100, before: int | None = None) -> list[ModelMove]:
        """Who moved which stage and alias when, from where to where, and why; the newest first.

        before: only moves with a smaller id, for the next page.

        Raises:
            NotSupported: the server is not Clew's.
        """
        request = wire.ModelHistory(name=name, before=before, max_results=max_results)
        return [registered.move_entity(move) for move in self._registry.read("model_history", request).moves]

    def get_model_state(self, name: str, time_ms: int | None = None) -> RegistryState:
        """Where the aliases and versions of a model stood at a time, in ms since 1970; default now.

        Raises:
            NotSupported: the server is not Clew's.
        """
        response = self._registry.read("model_state_at", wire.ModelStateAt(name=name, time=time_ms))
        return registered.state_entity(response)


def _tags(tags: Mapping[str, Any] | None) -> list[Any]:
    return convert.key_values({k: str(v) for k, v in (tags or {}).items()})


def _model(response: Any) -> RegisteredModel:
    return registered.model_entity(response.registered_model)


def _version(response: Any) -> ModelVersion:
    return registered.version_entity(response.model_version)
