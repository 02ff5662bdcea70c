"""Hugging Face pipelines: the weights as safetensors in ``model/``, tokenizer and the like in ``components/``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from clew.errors import ClewError, Corrupt, Denied, InvalidValue, MissingPackage, NotSupported
from clew.packaging.flavor import LoadPolicy, SavedFlavor
from clew.packaging.flavors.pipelines import answer, asks_for_texts, default_signature
from clew.packaging.manifest import inside

name: Final = "transformers"
loader_module: Final = "mlflow.transformers"

_MODEL: Final = "model"
_COMPONENTS: Final = "components"
_PARTS: Final = ("feature_extractor", "tokenizer", "image_processor")


def matches(model: object) -> bool:
    """Whether the model is a pipeline; without transformers imported nothing is."""
    module = sys.modules.get("transformers.pipelines.base")
    return module is not None and isinstance(model, module.Pipeline)


def save(model: Any, folder: str, options: Mapping[str, Any]) -> SavedFlavor:
    """Write ``model/`` and ``components/``.

    model: a pipeline, or a dict of its parts (``model``, ``tokenizer`` …).
    options: ``task`` (of the pipeline that the parts make; needed for a dict), ``processor``, ``model_config``
    (arguments of every call behind pyfunc), ``torch_dtype`` (that the model is loaded in).

    Raises:
        InvalidValue: it is neither, or the task is missing.
        NotSupported: an adapter (PEFT) model.
    """
    pipeline = as_pipeline(model, options.get("task"))
    if hasattr(pipeline.model, "peft_config"):
        raise NotSupported("PEFT adapters cannot be saved in this version; merge them: model.merge_and_unload().")
    parts = {part: found for part in _PARTS if (found := getattr(pipeline, part, None)) is not None}
    processor = options.get("processor")
    with _quiet():
        pipeline.model.save_pretrained(os.path.join(folder, _MODEL))
        for key, part in {**parts, **({"processor": processor} if processor else {})}.items():
            part.save_pretrained(os.path.join(folder, _COMPONENTS, key))
    dtype = options.get("torch_dtype") or getattr(pipeline.model, "dtype", None)
    config = {
        "task": str(pipeline.task),
        "instance_type": type(pipeline).__name__,
        "pipeline_model_type": type(pipeline.model).__name__,
        "source_model_name": str(pipeline.model.name_or_path or ""),
        "model_binary": _MODEL,
        "components": list(parts),
        **{f"{key}_type": type(part).__name__ for key, part in parts.items()},
        **({"processor_type": type(processor).__name__} if processor else {}),
        **({"torch_dtype": str(dtype)} if dtype else {}),
        "transformers_version": str(_transformers().__version__),
    }
    pyfunc: dict[str, Any] = {"loader_module": loader_module}
    if options.get("model_config"):
        pyfunc["config"] = dict(options["model_config"])
    return SavedFlavor(
        config=config,
        pyfunc=pyfunc if asks_for_texts(pipeline) else None,
        packages=["transformers", "torch", "tokenizers", "safetensors", "accelerate"],
        ready=pipeline,
        signature=default_signature(pipeline),
    )


def load(folder: str, config: Mapping[str, Any], policy: LoadPolicy) -> Any:
    """The pipeline. Nothing is fetched from elsewhere, and no code that comes with a model runs.

    ``policy.model_config`` may hold ``device``, ``torch_dtype`` and ``return_type`` (``components`` gives the parts).

    Raises:
        Denied: the model names a class that transformers does not have, or weights that are pickled.
        NotSupported: the weights are not in the folder. Corrupt: a file cannot be read.
    """
    settings = dict(policy.model_config or {})
    if "model_binary" not in config:
        raise NotSupported("The model names weights on the Hugging Face hub; save it with save_pretrained=True.")
    keys = [str(key) for key in config.get("components") or ()] + ["processor"] * ("processor_type" in config)
    try:
        with _quiet():
            parts = {key: _component(folder, key, config) for key in keys}
            parts["model"] = _model(folder, config, settings.pop("torch_dtype", config.get("torch_dtype")), policy)
    except ClewError:
        raise
    except (OSError, ValueError, KeyError) as error:
        raise Corrupt(f"{folder} cannot be read as a transformers model: {error}.") from error
    if settings.pop("return_type", "pipeline") == "components":
        return {"task": config.get("task"), **parts}
    device = {"device": settings["device"]} if settings.get("device") is not None else {}
    return _transformers().pipeline(task=config.get("task"), **parts, **device)


def predict(model: Any, data: Any, config: Mapping[str, Any], params: Mapping[str, object] | None = None) -> Any:
    """What the pipeline answers, in the forms of ``pipelines.answer``; ``params`` win over the saved settings."""
    return answer(model, data, {**(config.get("config") or {}), **(params or {})})


def as_pipeline(model: Any, task: str | None) -> Any:
    """The pipeline that was given, or that parts and a task make.

    Raises:
        InvalidValue: it is neither a pipeline nor a dict with a model, or the task is missing.
    """
    transformers = _transformers()
    if isinstance(model, transformers.Pipeline):
        return model
    if isinstance(model, dict) and "model" in model:
        if not task:
            raise InvalidValue("A dict of parts needs task=, for instance 'text-classification'.")
        return transformers.pipeline(task=task, **model)
    raise InvalidValue(
        f"transformers_model must be a pipeline, or a dict with model and tokenizer; it is a {type(model).__name__}."
    )


def _model(folder: str, config: Mapping[str, Any], dtype: Any, policy: LoadPolicy) -> Any:
    transformers, path = _transformers(), inside(folder, config["model_binary"])
    kind = _class(str(config.get("pipeline_model_type")), transformers.PreTrainedModel)
    if isinstance(dtype, str):
        import torch

        dtype = getattr(torch, dtype.rpartition(".")[2], None)
        dtype = dtype if isinstance(dtype, torch.dtype) else None
    if policy.trust != "pickle" and not any(file.endswith(".safetensors") for file in os.listdir(path)):
        raise Denied(
            f"{path} has no safetensors, only weights that can run code while they load. If you trust who wrote them, "
            "load the model with trust='pickle'."
        )
    more = {} if policy.trust == "pickle" else {"use_safetensors": True}
    return kind.from_pretrained(path, local_files_only=True, trust_remote_code=False, dtype=dtype, **more)


def _component(folder: str, key: str, config: Mapping[str, Any]) -> Any:
    kind = _class(str(config.get(f"{key}_type")), object)
    return kind.from_pretrained(inside(folder, f"{_COMPONENTS}/{key}"), local_files_only=True, trust_remote_code=False)


def _class(wanted: str, base: type) -> Any:
    """A class of transformers' own that can be loaded from files.

    Raises:
        Denied: it has none of this name.
    """
    kind = getattr(_transformers(), wanted, None) if wanted.isidentifier() else None
    if not isinstance(kind, type) or not issubclass(kind, base) or not hasattr(kind, "from_pretrained"):
        raise Denied(f"The model names the class {wanted!r}, which transformers does not have; its code is not run.")
    return kind


@contextmanager
def _quiet() -> Iterator[None]:
    """A block without transformers' progress bars."""
    logging = _transformers().utils.logging
    was = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was:
            logging.enable_progress_bar()


def _transformers() -> Any:
    try:
        import transformers
    except ImportError:
        raise MissingPackage("transformers models need it: pip install transformers torch") from None
    return transformers
