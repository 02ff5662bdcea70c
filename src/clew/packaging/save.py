"""A model written to a directory that Clew and MLflow load."""

from __future__ import annotations

import datetime
import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from clew import __version__, ids
from clew.errors import AlreadyExists, InvalidValue, NotFound, NotSupported
from clew.packaging import example as examples
from clew.packaging.enforcement import enforce_params, enforce_schema
from clew.packaging.environment import Environment, requirements, write_environment
from clew.packaging.flavor import Flavor, SavedFlavor, flavor_of_model, get_flavor
from clew.packaging.manifest import FORMAT_LEVEL, MLmodel, file_sums, write_mlmodel
from clew.packaging.signature import ModelSignature, infer_signature


class ModelOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller may say about a model beside the model itself.

    signature: None infers it from the input example, where there is one; False leaves it out.
    input_example: data, or a pair (data, params).
    code_paths: files and folders copied along, importable while the model loads.
    metadata: free map; the key ``clew`` is ours.
    flavor_options: what the flavor understands, e.g. ``serialization_format``.
    """

    signature: ModelSignature | bool | None = None
    input_example: Any = None
    environment: Environment = Environment()
    code_paths: Sequence[str] = ()
    metadata: Mapping[str, Any] | None = None
    flavor_options: Mapping[str, Any] = {}


def refuse(**given: object) -> None:
    """Refuse arguments of MLflow's that this version does not know.

    Raises:
        NotSupported: one of them is not None; names them.
    """
    named = [name for name, value in given.items() if value is not None]
    if named:
        raise NotSupported(f"{' and '.join(named)} cannot be given in this version; leave it out.")


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a logged model belongs; all None for a model that is only saved."""

    run_id: str | None = None
    model_id: str | None = None
    artifact_path: str | None = None


def save_model(
    model: object,
    path: str,
    *,
    flavor: str | None = None,
    options: ModelOptions | None = None,
    origin: Origin | None = None,
) -> MLmodel:
    """Write ``model`` to the new directory ``path``; the MLmodel file as written.

    A failure leaves nothing behind.

    Raises:
        AlreadyExists: ``path`` exists and is not an empty folder.
        InvalidValue: no flavor fits, or an option breaks a rule.
        MissingPackage: the flavor's framework is not installed.
    """
    options, origin = options or ModelOptions(), origin or Origin()
    if os.path.lexists(path) and (not os.path.isdir(path) or os.listdir(path)):
        raise AlreadyExists(f"{path} exists; a model is saved to a new directory.")
    chosen = get_flavor(flavor) if flavor else flavor_of_model(model)
    made = not os.path.isdir(path)
    os.makedirs(path, exist_ok=True)
    done = False
    try:
        manifest = _write(model, path, chosen, options, origin)
        done = True
    finally:
        if not done:
            shutil.rmtree(path)
            if not made:
                os.makedirs(path)
    return manifest


def _write(model: object, path: str, flavor: Flavor, options: ModelOptions, origin: Origin) -> MLmodel:
    metadata = dict(options.metadata or {})
    if "clew" in metadata:
        raise InvalidValue("The metadata key 'clew' is taken; use another one.")
    signature = options.signature if isinstance(options.signature, ModelSignature) else None
    example = None if options.input_example is None else examples.as_example(options.input_example)
    shown = {"input_example": None if example is None else example.data, "signature": signature}
    saved = flavor.save(model, path, {**shown, **options.flavor_options})
    code = _copy_code(path, options.code_paths)
    info = None
    if example is not None:
        info = examples.save_example(path, example)
        if signature is None and options.signature is not False:
            signature = _infer(model if saved.ready is None else saved.ready, flavor, saved, example)
        if signature is not None and signature.inputs is not None:
            enforce_schema(example.data, signature.inputs)
    elif signature is None and options.signature is not False:
        signature = saved.signature
    write_environment(path, requirements(saved.packages, saved.modules), options.environment)
    sums = file_sums(path)
    manifest = MLmodel(
        flavors=_flavors(flavor, saved, code),
        artifact_path=origin.artifact_path,
        run_id=origin.run_id,
        model_id=origin.model_id,
        model_uuid=origin.model_id or ids.new_id(),
        utc_time_created=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
        mlflow_version=FORMAT_LEVEL,
        model_size_bytes=sum(entry["size"] for entry in sums.values()),
        signature=signature,
        saved_input_example_info=info,
        metadata={**metadata, "clew": {"version": __version__, "files": sums}},
    )
    write_mlmodel(path, manifest)
    return manifest


def _flavors(flavor: Flavor, saved: SavedFlavor, code: str | None) -> dict[str, dict[str, Any]]:
    flavors = {flavor.name: {**saved.config, "code": code}} if saved.config else {}
    if saved.pyfunc is not None:
        flavors["python_function"] = {
            **saved.pyfunc,
            "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
            "python_version": platform.python_version(),
            **({"code": code} if code else {}),
        }
    return flavors


def _infer(model: object, flavor: Flavor, saved: SavedFlavor, example: examples.InputExample) -> ModelSignature:
    params = example.params
    if saved.pyfunc is None:
        return infer_signature(example.data, None, params)
    schema = infer_signature(example.data, None, params)
    values = enforce_params(params, schema.params)
    return infer_signature(example.data, flavor.predict(model, example.data, saved.pyfunc, values), params)


def _copy_code(path: str, sources: Sequence[str]) -> str | None:
    if not sources:
        return None
    target = os.path.join(path, "code")
    os.makedirs(target)
    for source in sources:
        into = os.path.join(target, os.path.basename(os.path.abspath(source)))
        if os.path.isdir(source):
            shutil.copytree(source, into, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        elif os.path.isfile(source):
            shutil.copy2(source, into)
        else:
            raise NotFound(f"code_paths names {source}, which does not exist.")
    return "code"
