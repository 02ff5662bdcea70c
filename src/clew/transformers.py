"""``clew.transformers``: Hugging Face pipelines saved, logged and loaded, and autologging for the ``Trainer``.

The names and arguments are MLflow's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

from clew.client import modelarguments as _arguments
from clew.client import models as _models
from clew.client.modelarguments import CondaEnv, LogArguments, SaveArguments
from clew.client.models import ModelInfo
from clew.integrations.switch import switch_own
from clew.packaging.environment import conda_env as _conda_env
from clew.packaging.environment import requirements
from clew.packaging.flavor import Trust
from clew.packaging.save import refuse

__all__ = ["autolog", "get_default_conda_env", "get_default_pip_requirements", "load_model", "log_model", "save_model"]


def log_model(
    transformers_model: object,
    artifact_path: str | None = None,
    processor: object = None,
    task: str | None = None,
    torch_dtype: object = None,
    model_card: object = None,
    *,
    conda_env: CondaEnv = None,
    model_config: Mapping[str, Any] | None = None,
    prompt_template: str | None = None,
    save_pretrained: bool = True,
    prompts: object = None,
    base_model_path: str | None = None,
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a pipeline to the active run, or to the experiment where no run is active.

    transformers_model: a pipeline, or a dict of its parts (``model``, ``tokenizer`` …) with ``task``.
    artifact_path: the model's name; ``name=`` means the same.
    processor: a processor to keep beside the pipeline.
    torch_dtype: the type of numbers that it is loaded in; default the model's own.
    model_config: arguments of every call behind pyfunc, such as ``max_new_tokens``.
    model_card, prompt_template, prompts, base_model_path and save_pretrained=False: not in this version.
    arguments: those that every framework takes; see :class:`clew.models.LogArguments`.

    Raises:
        InvalidValue: an argument breaks a rule. NotSupported: one is given that this version does not have.
    """
    _refuse(model_card, prompt_template, save_pretrained, base_model_path, prompts)
    own = {"processor": processor, "task": task, "torch_dtype": torch_dtype, "model_config": model_config}
    return _arguments.log_model(transformers_model, "transformers", artifact_path, conda_env, own, arguments)


def save_model(
    transformers_model: object,
    path: str,
    processor: object = None,
    task: str | None = None,
    torch_dtype: object = None,
    model_card: object = None,
    *,
    conda_env: CondaEnv = None,
    model_config: Mapping[str, Any] | None = None,
    prompt_template: str | None = None,
    save_pretrained: bool = True,
    base_model_path: str | None = None,
    **arguments: Unpack[SaveArguments],
) -> None:
    """Save a pipeline to the new directory ``path``; arguments as for :func:`log_model`.

    Raises:
        AlreadyExists: ``path`` is there and not empty. InvalidValue, NotSupported: as for ``log_model``.
    """
    _refuse(model_card, prompt_template, save_pretrained, base_model_path, None)
    own = {"processor": processor, "task": task, "torch_dtype": torch_dtype, "model_config": model_config}
    _arguments.save_model(transformers_model, path, "transformers", conda_env, own, arguments)


def load_model(
    model_uri: str,
    dst_path: str | None = None,
    return_type: str = "pipeline",
    device: Any = None,
    base_model_path: str | None = None,
    *,
    torch_dtype: object = None,
    trust: Trust | None = None,
) -> Any:
    """The pipeline that a URI leads to: ``models:/…``, ``runs:/…``, ``mlflow-artifacts:/…`` or a path.

    return_type: ``pipeline``, or ``components`` for a dict of its parts.
    device: where it goes; default the processor. torch_dtype: the type of numbers; default the one it was saved with.
    trust: ``pickle`` reads weights that are no safetensors, which can run code. Code that a model brings never runs.

    Raises:
        NotFound: nothing is there. Denied: it needs more trust. Corrupt: it is not as it was logged.
    """
    refuse(base_model_path=base_model_path)
    settings = {"return_type": return_type, "device": device}
    settings |= {"torch_dtype": torch_dtype} if torch_dtype is not None else {}
    return _models.load_native(model_uri, "transformers", dst_path=dst_path, trust=trust, settings=settings)


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    extra_tags: Mapping[str, str] | None = None,
    *,
    registered_model_name: str | None = None,
) -> None:
    """Log every ``transformers.Trainer.train``; these options win over those of ``clew.autolog``.

    log_models: keep the trained model with its tokenizer as a pipeline, where the ``Trainer`` has one.
    registered_model_name: the registered model of which each trained model becomes the next version.
    disable_for_unsupported_versions: leave versions alone that are older than docs/autolog.md says.
    log_input_examples: taken for MLflow's sake.
    """
    switch_own("transformers", locals())


def get_default_pip_requirements(model: object) -> list[str]:
    """The pinned requirements of a pipeline; the same for every ``model``."""
    del model
    return requirements(["transformers", "torch", "tokenizers", "safetensors", "accelerate"])


def get_default_conda_env(model: object) -> dict[str, Any]:
    """The conda environment of a pipeline; the same for every ``model``."""
    return _conda_env(get_default_pip_requirements(model))


def _refuse(card: object, template: object, save_pretrained: bool, base: object, prompts: object) -> None:
    refuse(
        model_card=card,
        prompt_template=template,
        save_pretrained=None if save_pretrained else False,
        base_model_path=base,
        prompts=prompts,
    )
