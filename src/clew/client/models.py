"""Logged models: a model saved, uploaded and entered in the store; and found again by its URI.

What a URI leads to is trusted by decision 14: a model of one's own store whose sums match what the store noted when
it was logged may be unpickled; any other loads only in formats that run no code, unless the caller says so.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec

from clew.client import automodels
from clew.client.active import Active
from clew.client.api import ClewClient
from clew.client.births import DEFAULT_ID, choose_experiment, find_or_create
from clew.client.deadline import within
from clew.client.link import Link
from clew.client.modelplaces import locate
from clew.client.notice import warn
from clew.client.registered import register_model
from clew.client.scratch import goal_folder
from clew.client.session import session
from clew.client.upload import files_below, join
from clew.entities.model import LoggedModel, LoggedModelStatus
from clew.errors import ClewError, Corrupt, InvalidValue, NotFound, Unavailable, shown
from clew.packaging import pyfunc, save
from clew.packaging.flavor import LoadPolicy, Trust
from clew.packaging.manifest import FILE_NAME, MLmodel, read_mlmodel, sums_digest, write_mlmodel
from clew.packaging.signature import ModelSignature
from clew.wire import convert, mlflow

SUMS_TAG: Final = "clew.model.sums"
"""Tag of a logged model: SHA-256 over the sums of its files, as they were when it was logged."""

_CREATE_S: Final = 2.0
"""How long entering a model may take; a server that does not answer by then counts as away."""
_HURRIED_BYTES_S: Final = 1 << 20
"""An upload in a hurry may take two seconds, and one more for so many bytes."""


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A model that was logged, or that a URI leads to; attributes as in MLflow.

    model_uri: ``models:/<model_id>``, or ``runs:/<run_id>/<name>`` where the model lies among a run's artifacts.
    creation_timestamp: milliseconds since 1970-01-01 UTC.
    """

    model_uri: str
    flavors: dict[str, dict[str, Any]]
    name: str | None = None
    artifact_path: str | None = None
    model_id: str | None = None
    model_uuid: str | None = None
    run_id: str | None = None
    signature: ModelSignature | None = None
    saved_input_example_info: dict[str, Any] | None = None
    utc_time_created: str | None = None
    mlflow_version: str | None = None
    metadata: dict[str, Any] | None = None
    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    model_type: str | None = None
    step: int = 0
    creation_timestamp: int | None = None
    registered_model_version: int | None = None


class ModelEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What the store notes of a logged model.

    name: without ``/ : . % " '``; None takes ``model``.
    step: position in training to which the model belongs.
    registered_model_name: the registered model of which it becomes the next version.
    """

    name: str | None = None
    params: Mapping[str, Any] | None = None
    tags: Mapping[str, Any] | None = None
    model_type: str | None = None
    step: int = 0
    registered_model_name: str | None = None


def log_model(
    model: object,
    entry: ModelEntry,
    *,
    flavor: str | None = None,
    options: save.ModelOptions | None = None,
    hurry: bool = False,
    automatic: bool = False,
) -> ModelInfo:
    """Save a model and enter it in the store, as an output of the active run where there is one.

    While the server is away, the model's files wait for it among the run's artifacts instead.

    hurry: give up on a server that answers slower than about 1 MB a second.
    automatic: autologging does it; when the user logs the same object by the same name, his takes its place.

    Raises:
        InvalidValue: no flavor fits, an option breaks a rule, or the name has odd characters.
        Unavailable: the server is away and no run is active that could keep the model.
    """
    active = session.innermost()
    link = active.link if active else session.link
    name = _check_name(entry.name or "model")
    with tempfile.TemporaryDirectory(prefix="clew-") as scratch:
        folder = os.path.join(scratch, "model")
        run_id = active.log.run_id if active else None
        origin = save.Origin(run_id=run_id, artifact_path=name)
        manifest = save.save_model(model, folder, flavor=flavor, options=options, origin=origin)
        with within(_CREATE_S) if hurry else nullcontext():
            logged = _create(link, active, entry, name, manifest)
        if logged is None:
            return _keep_with_run(link, active, entry, folder, name, manifest)
        own_uuid, own_path = manifest.model_uuid, manifest.artifact_path
        manifest.model_id = manifest.model_uuid = logged.model_id
        manifest.artifact_path = logged.artifact_location
        write_mlmodel(folder, manifest)
        size = manifest.model_size_bytes or 0
        try:
            with within(_CREATE_S + size / _HURRIED_BYTES_S) if hurry else nullcontext():
                logged = _upload(ClewClient(link.uri), logged, folder)
        except ClewError as error:
            if active is None:
                raise
            link.put_up_with(error)
            manifest.model_id, manifest.model_uuid, manifest.artifact_path = None, own_uuid, own_path
            write_mlmodel(folder, manifest)
            return _keep_with_run(link, active, entry, folder, name, manifest)
    if active is not None:
        active.log.log_output(logged.model_id, entry.step)
    info = _info(manifest, f"models:/{logged.model_id}", logged, entry.step)
    if not (automatic and entry.registered_model_name):  # a version of the registry keeps its model
        _settle(link, model, info, run_id, name, automatic)
    if entry.registered_model_name is None:
        return info
    with within(_CREATE_S) if hurry else nullcontext():
        version = register_model(info.model_uri, entry.registered_model_name)
    return msgspec.structs.replace(info, registered_model_version=int(version.version))


def load_pyfunc(
    model_uri: str,
    *,
    dst_path: str | None = None,
    trust: Trust | None = None,
    trusted_types: Sequence[str] = (),
    model_config: Mapping[str, Any] | None = None,
) -> pyfunc.PyFuncModel:
    """The model that a URI leads to, behind one ``predict``.

    dst_path: an existing folder that keeps the files; without it they go when the model does.
    trust: ``pickle`` lets the model run code while it loads, ``safe`` never; None decides by where it comes from.
    trusted_types: full names of classes that a skops file may hold beyond Clew's list.
    model_config: settings of a Python model to override.

    Raises:
        NotFound: nothing is there. Denied: it needs more trust. Corrupt: it is not as it was logged.
        NotSupported: it has no ``python_function`` flavor that Clew knows.
    """
    found = _find(model_uri, dst_path)
    try:
        model = pyfunc.load_pyfunc(found.folder, found.policy(trust, trusted_types, model_config))
    except BaseException:
        found.drop()
        raise
    if found.scratch:
        weakref.finalize(model, shutil.rmtree, found.scratch, True)
    return model


def load_native(
    model_uri: str,
    flavor: str,
    *,
    dst_path: str | None = None,
    trust: Trust | None = None,
    trusted_types: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
) -> Any:
    """The model that a URI leads to, in its own class; arguments as for :func:`load_pyfunc`.

    settings: what the flavor lets the caller say about loading, such as the device.

    Raises:
        NotFound: nothing is there. Denied: it needs more trust. Corrupt: it is not as it was logged.
        NotSupported: it has no such flavor.
    """
    found = _find(model_uri, dst_path)
    try:
        return pyfunc.load_native(found.folder, flavor, found.policy(trust, trusted_types, settings))
    finally:
        found.drop()


@contextmanager
def fetched(
    model_uri: str,
    *,
    dst_path: str | None = None,
    trust: Trust | None = None,
    model_config: Mapping[str, Any] | None = None,
) -> Iterator[tuple[str, LoadPolicy]]:
    """The directory that a URI leads to, for as long as the block runs, and what the model may do while it loads.

    Raises:
        NotFound: nothing is there. Corrupt: it is not as it was logged.
    """
    found = _find(model_uri, dst_path)
    try:
        yield found.folder, found.policy(trust, (), model_config)
    finally:
        found.drop()


def get_model_info(model_uri: str) -> ModelInfo:
    """What is known of the model that a URI leads to.

    Raises:
        NotFound: nothing is there.
    """
    found = _find(model_uri, None, only=FILE_NAME)
    try:
        return _info(read_mlmodel(found.folder), model_uri, found.logged, 0)
    finally:
        found.drop()


class _Found:
    """A model directory on this machine.

    scratch: temporary folder around it, or "".
    logged: the store's entry, where the model is a logged one.
    """

    def __init__(self, folder: str, scratch: str = "", logged: LoggedModel | None = None) -> None:
        self.folder = folder
        self.scratch = scratch
        self.logged = logged

    def policy(self, trust: Trust | None, types: Sequence[str], config: Mapping[str, Any] | None = None) -> LoadPolicy:
        if trust not in (None, "safe", "pickle"):
            raise InvalidValue(f"trust must be 'safe' or 'pickle', not {trust!r}.")
        return LoadPolicy(trust or ("pickle" if self._own() else "safe"), tuple(types), config)

    def _own(self) -> bool:
        """Whether the store noted these very sums when the model was logged."""
        noted = self.logged.tags.get(SUMS_TAG) if self.logged else None
        if noted is None:
            return False
        if noted != sums_digest(read_mlmodel(self.folder)):
            raise Corrupt(
                f"The MLmodel file of {self.logged.model_id if self.logged else self.folder} is not the one that was "
                "logged: its sums differ from those in the store. Log the model anew."
            )
        return True

    def drop(self) -> None:
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)


def _find(model_uri: str, dst_path: str | None, only: str = "") -> _Found:
    """The directory that a URI leads to, fetched where it is not on this machine.

    only: fetch no more than this file of it.
    """
    uri = os.fspath(model_uri)
    scheme, colon, _ = uri.partition(":")
    if not colon or len(scheme) == 1:
        return _Found(os.path.abspath(uri))
    if scheme == "file":
        return _Found(unquote(urlsplit(uri).path))
    client = ClewClient()
    place = locate(client, uri)
    logged = place.logged
    if logged is not None and logged.status in (LoggedModelStatus.PENDING, LoggedModelStatus.FAILED):
        raise NotFound(f"The model {logged.model_id} has no complete files: its status is {logged.status.value}.")
    with goal_folder(dst_path or None) as goal:
        local = client.download_uri(place.root, "/".join(p for p in (place.path, only) if p), goal)
    return _Found(os.path.dirname(local) if only else local, "" if dst_path else goal, logged)


def _create(link: Link, active: Active | None, entry: ModelEntry, name: str, manifest: MLmodel) -> LoggedModel | None:
    """The new entry in the state PENDING; None while the server is away."""
    experiment_id = active.log.experiment_id if active else _experiment_id(link)
    if not experiment_id:
        return None
    tags = {str(k): str(v) for k, v in (entry.tags or {}).items()} | {SUMS_TAG: sums_digest(manifest) or ""}
    request = mlflow.CreateLoggedModel(
        experiment_id=experiment_id,
        name=name,
        model_type=entry.model_type,
        source_run_id=active.log.run_id if active else None,
        params=convert.key_values({str(k): str(v) for k, v in (entry.params or {}).items()}),
        tags=convert.key_values(tags),
    )
    response = link.attempt("create_logged_model", request)
    if response is None:
        return None
    session.last_model_id = response.model.info.model_id
    return convert.model_entity(response.model)


def _experiment_id(link: Link) -> str:
    chosen, name = choose_experiment(link)
    if chosen:
        return chosen
    return find_or_create(link, name).experiment_id if name else DEFAULT_ID


def _upload(client: ClewClient, logged: LoggedModel, folder: str) -> LoggedModel:
    done = False
    try:
        client.upload_uri(logged.artifact_location, folder)
        done = True
    finally:
        status = LoggedModelStatus.READY if done else LoggedModelStatus.FAILED
        try:
            logged = client.finalize_logged_model(logged.model_id, status.value)
        except ClewError:
            # The upload's own failure says it already.
            if done:
                raise
    return logged


def _settle(link: Link, model: object, info: ModelInfo, run_id: str | None, name: str, automatic: bool) -> None:
    """Let a model that the user logged take the place of the one that autologging logged of the same object."""
    if automatic:
        automodels.note(model, run_id, name, str(info.model_id))
        return
    replaced = automodels.take(model, run_id, name)
    if replaced is not None:
        try:
            ClewClient(link.uri).delete_logged_model(replaced)
        except ClewError as error:
            link.put_up_with(error)


def _keep_with_run(
    link: Link, active: Active | None, entry: ModelEntry, folder: str, name: str, manifest: MLmodel
) -> ModelInfo:
    if active is None:
        raise Unavailable(
            f"{shown(link.uri)} is away, and no run is active that could keep the model; start a run first."
        )
    if entry.registered_model_name is not None:
        where = shown(link.uri)
        warn(f"{where} is away: the model is kept, but not registered as {entry.registered_model_name!r}.")
    run_id = active.log.run_id
    for file, path in files_below(folder):
        link.put_artifact(run_id, file, join(name, path), fleeting=True)
    return _info(manifest, f"runs:/{run_id}/{name}", None, 0)


def _check_name(name: str) -> str:
    if odd := sorted(set(name) & set("/:.%\"'")):
        raise InvalidValue(f"The model name {name!r} holds {' '.join(odd)}; names are without / : . % \" and '.")
    return name


def _info(manifest: MLmodel, uri: str, logged: LoggedModel | None, step: int) -> ModelInfo:
    return ModelInfo(
        model_uri=uri,
        flavors=manifest.flavors,
        name=logged.name if logged else None,
        artifact_path=manifest.artifact_path,
        model_id=manifest.model_id,
        model_uuid=manifest.model_uuid,
        run_id=manifest.run_id,
        signature=manifest.signature,
        saved_input_example_info=manifest.saved_input_example_info,
        utc_time_created=manifest.utc_time_created,
        mlflow_version=manifest.mlflow_version,
        metadata=manifest.metadata,
        params=logged.params if logged else {},
        tags=logged.tags if logged else {},
        model_type=(logged.model_type or None) if logged else None,
        step=step,
        creation_timestamp=logged.creation_timestamp if logged else None,
    )
