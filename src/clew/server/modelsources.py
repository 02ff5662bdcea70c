"""What a model version may be made of: which sources are safe, and where their files lie.

A version is code for whoever loads it, and a source that names a folder of the server would let anyone read
it; so local places count only inside the files of the run or logged model that is named with them.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from clew.artifacts.uri import join, local_path, proxied_path, scheme_of
from clew.entities.names import check_length
from clew.entities.registry import ModelVersion, read_stage
from clew.errors import InvalidValue, NotFound
from clew.storage import models, registry, runs, versions
from clew.storage.engine import Tx

MAX_SOURCE = 5000
_MODEL_ID = re.compile(r"m-[0-9a-f]{32}")
_MAX_ROUNDS = 8  # nobody encodes a name this often for a good reason


class Found(NamedTuple):
    """What a source leads to. run_id, model_id: "" for none."""

    storage: str
    run_id: str = ""
    model_id: str = ""


def check(source: str) -> None:
    """Refuse a source that hides another place.

    Raises:
        InvalidValue: ``..``, NUL, a backslash, a fragment or a query, in any round of percent-decoding.
    """
    check_length("source", source, MAX_SOURCE)
    plain = source
    for _ in range(_MAX_ROUNDS):
        if "\x00" in plain or "\\" in plain or ".." in re.split(r"[/:]", plain):
            raise _bad(source, "it must name an absolute place, without '..', backslashes and NUL")
        try:
            parts = urlsplit(plain)
        except ValueError as error:
            raise _bad(source, f"it is no address: {error}") from None
        if scheme_of(plain) and (parts.query or parts.fragment):
            raise _bad(source, "a source has no query ('?') and no fragment ('#')")
        decoded = unquote(plain)
        if decoded == plain:
            return
        plain = decoded
    raise _bad(source, "it is encoded too often")


def resolve(tx: Tx, source: str, run_id: str, model_id: str) -> Found:
    """Where the files of a checked source lie, and which run and logged model it came from.

    run_id, model_id: as the caller gave them, "" for none.

    Raises:
        InvalidValue: the source lies outside what the run or model has, or can be no source.
        NotFound: the run, logged model or version that is named does not exist.
    """
    scheme = scheme_of(source)
    if scheme == "models":
        return _model(tx, source, run_id, model_id)
    if scheme == "runs":
        return _run(tx, source, run_id, model_id)
    if scheme in ("", "file"):
        return Found(_local(tx, source, run_id, model_id), run_id, model_id)
    path = proxied_path(source)
    if path is not None and (run_id or model_id):
        kept = [proxied_path(root) for root in _roots(tx, run_id, model_id)]
        if not any(root is not None and (path == root or path.startswith(f"{root}/")) for root in kept):
            raise _bad(source, "it lies outside the artifacts of the run or logged model that is given with it")
    return Found(source, run_id, model_id)


def _model(tx: Tx, source: str, run_id: str, model_id: str) -> Found:
    rest = source.partition(":")[2].lstrip("/")
    if _MODEL_ID.fullmatch(rest):
        if model_id and model_id != rest:
            raise _bad(source, f"it is not the model {model_id!r} that is given with it")
        logged = models.get_model(tx, rest)
        return Found(logged.artifact_location, run_id or logged.source_run_id, rest)
    name, at, alias = rest.partition("@")
    if at:
        chosen = registry.get_by_alias(tx, name, alias)
    else:
        name, _, word = rest.rpartition("/")
        chosen = _version(tx, source, name, word)
    storage = versions.storage_of(tx, chosen.name, int(chosen.version))
    return Found(storage, run_id or chosen.run_id, model_id or chosen.model_id)


def _version(tx: Tx, source: str, name: str, word: str) -> ModelVersion:
    if not name:
        raise _bad(source, "give models:/<name>/<version>, models:/<name>@<alias> or models:/<model id>")
    if word.isdecimal():
        return versions.get_version(tx, name, int(word[:10]))
    number = registry.model_number(tx, name)
    stages = versions.STAGES if word.lower() == "latest" else (read_stage(word),)
    latest = versions.latest(tx, [number], stages).get(number, [])
    if not latest:
        raise NotFound(f"No versions of model with name '{name}' and stage '{word}' found")
    return latest[-1]


def _run(tx: Tx, source: str, run_id: str, model_id: str) -> Found:
    named, _, path = source.partition(":")[2].lstrip("/").partition("/")
    if run_id and run_id != named:
        raise _bad(source, f"it belongs to another run than {run_id!r}, which is given with it")
    run = runs.get_run(tx, named)
    outputs = [models.get_model(tx, output.model_id) for output in run.outputs.model_outputs]
    fitting = sorted((m for m in outputs if m.name == path), key=lambda m: m.creation_timestamp)
    if fitting:
        return Found(fitting[-1].artifact_location, named, model_id or fitting[-1].model_id)
    return Found(join(run.info.artifact_uri, path), named, model_id)


def _local(tx: Tx, source: str, run_id: str, model_id: str) -> str:
    if not run_id and not model_id:
        raise _bad(
            source,
            "To use a local path as a model version source, the run_id request parameter has to be specified and the"
            " local path has to be contained within the artifact directory of the run specified by the run_id",
        )
    place = local_path(source)
    for root in _roots(tx, run_id, model_id):
        folder = local_path(root)
        if place is not None and folder is not None:
            real, inside = os.path.realpath(place), os.path.realpath(folder)
            if real == inside or real.startswith(inside.rstrip("/") + "/"):
                return source
    given = f"run_id {run_id!r}" if run_id else f"model_id {model_id!r}"
    raise _bad(source, f"the local path is not within the artifact directory of {given}")


def _roots(tx: Tx, run_id: str, model_id: str) -> list[str]:
    roots = []
    if run_id:
        run = runs.get_run(tx, run_id)
        roots.append(run.info.artifact_uri)
        roots += [_location(tx, output.model_id) for output in run.outputs.model_outputs]
    if model_id:
        roots.append(models.get_model(tx, model_id).artifact_location)
    return [root for root in roots if root]


def _location(tx: Tx, model_id: str) -> str:
    try:
        return models.get_model(tx, model_id).artifact_location
    except NotFound:
        return ""


def _bad(source: str, why: str) -> InvalidValue:
    return InvalidValue(f"Invalid model version source: '{source[:200]}'. {why[0].upper()}{why[1:]}.")
