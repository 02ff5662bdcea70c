"""Where a model URI leads: to a logged model, a registered version, or a folder of artifacts."""

from __future__ import annotations

import re
from typing import NamedTuple

from clew.client.api import ClewClient
from clew.client.notice import warn
from clew.entities.model import LoggedModel
from clew.entities.registry import ModelVersion
from clew.errors import NotFound, NotSupported

_MODEL_ID = re.compile(r"m-[0-9a-f]{32}")


class ModelPlace(NamedTuple):
    """Where a model lies. root: artifact address. path: below it. run_id: of the run it came from, "" for none.

    version: where the URI named a registered one.
    """

    root: str
    path: str = ""
    run_id: str = ""
    logged: LoggedModel | None = None
    version: ModelVersion | None = None

    @property
    def uri(self) -> str:
        """The address of the model's folder."""
        return f"{self.root.rstrip('/')}/{self.path}" if self.path else self.root


def locate(client: ClewClient, uri: str) -> ModelPlace:
    """The place of a model.

    uri: ``models:/<model id>``, ``models:/<name>/<version or stage or latest>``, ``models:/<name>@<alias>``,
        ``runs:/<run id>/<name>``, ``mlflow-artifacts:/…``.

    Raises:
        NotFound: it leads to nothing. InvalidValue: it names a registered model without saying which version.
        NotSupported: another scheme.
    """
    scheme, _, rest = uri.partition(":")
    rest = rest.lstrip("/")
    if scheme == "mlflow-artifacts":
        return ModelPlace(uri)
    if scheme == "runs":
        return _of_run(client, uri, rest)
    if scheme != "models":
        raise NotSupported(
            f"{uri!r} is no model URI; give models:/<name>/<version>, models:/<name>@<alias>, models:/<model id>,"
            " runs:/<run id>/<name>, mlflow-artifacts:/… or a path."
        )
    if _MODEL_ID.fullmatch(rest):
        logged = client.get_logged_model(rest)
        return ModelPlace(logged.artifact_location, "", logged.source_run_id, logged)
    version = client.find_model_version(uri)
    place = client.get_model_version_download_uri(version.name, version.version)
    entry = _logged(client, version, place)
    return ModelPlace(entry.artifact_location if entry else place, "", version.run_id, entry, version)


def _logged(client: ClewClient, version: ModelVersion, place: str) -> LoggedModel | None:
    # MLflow's server answers the logged model's URI and no model_id.
    model_id = version.model_id or place.removeprefix("models:/")
    if not _MODEL_ID.fullmatch(model_id):
        return None
    return _existing(client, model_id)


def _existing(client: ClewClient, model_id: str) -> LoggedModel | None:
    """A logged model; None where it was deleted."""
    try:
        return client.get_logged_model(model_id)
    except NotFound:
        return None


def _of_run(client: ClewClient, uri: str, rest: str) -> ModelPlace:
    run_id, _, path = rest.partition("/")
    run = client.get_run(run_id)
    outputs = [_existing(client, output.model_id) for output in run.outputs.model_outputs]
    named = sorted((m for m in outputs if m is not None and m.name == path), key=lambda m: m.creation_timestamp)
    if len(named) > 1:
        warn(f"Run {run_id} has {len(named)} models named {path!r}; {uri} takes the newest, {named[-1].model_id}.")
    if named:
        return ModelPlace(named[-1].artifact_location, "", run_id, named[-1])
    return ModelPlace(run.info.artifact_uri, path, run_id)
