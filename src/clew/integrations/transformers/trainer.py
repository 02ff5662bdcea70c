"""``Trainer.train`` wrapped: the training gets a run, and an official callback that watches it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from clew.client.models import ModelEntry, log_model
from clew.integrations import guard, options
from clew.integrations.options import Options
from clew.integrations.patch import Patch, Training
from clew.integrations.randomness import undisturbed
from clew.integrations.recorder import Recorder, open_run
from clew.integrations.trained import EXAMPLE_ROWS
from clew.integrations.transformers.datasets import describe_examples, texts_of
from clew.packaging.flavors.pipelines import default_signature
from clew.packaging.flavors.transformers import as_pipeline
from clew.packaging.save import ModelOptions

_TASKS = {
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "ForQuestionAnswering": "question-answering",
    "ForMaskedLM": "fill-mask",
    "ForCausalLM": "text-generation",
    "LMHeadModel": "text-generation",
}
_TAKES_TEXTS = ("text-classification", "token-classification", "text-generation")
_trained: WeakKeyDictionary[Any, Recorder] = WeakKeyDictionary()
"""The run that a trainer trained in, for what it evaluates later."""


def patch_trainer(patch: Patch, trainer_class: type) -> None:
    """Wrap ``train`` and ``evaluate``."""
    patch.on_undo(_trained.clear)
    patch.train(trainer_class, "train", _begin)
    patch.replace(trainer_class, "evaluate", lambda original: _evaluating(patch, original))


def _begin(trainer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Training | None:
    del args, kwargs
    chosen = options.wanted("transformers")
    if chosen is None or not trainer.is_world_process_zero():
        return None
    recorder = open_run("transformers", chosen)
    if recorder is None:
        return None
    try:
        run = TrainRun(recorder, trainer)
        trainer.add_callback(run.callback)
    except BaseException:
        recorder.end(None)
        raise
    _trained[trainer] = recorder
    return run


def _evaluating(patch: Patch, original: Any) -> Any:
    @functools.wraps(original)
    def evaluate(self: Any, *args: Any, **kwargs: Any) -> Any:
        if guard.inside() or not patch.live:
            return original(self, *args, **kwargs)
        with guard.silent():
            result = original(self, *args, **kwargs)
        recorder = _trained.get(self)
        if recorder is not None and options.get("transformers") is not None:
            step = int(self.state.global_step)
            with patch.quiet():
                guard.guarded("logging an evaluation", lambda: recorder.metrics(_numbers(result), step))
        return result

    return evaluate


class TrainRun:
    """One call of ``train`` and its run. callback: what the trainer calls."""

    def __init__(self, recorder: Recorder, trainer: Any) -> None:
        self._recorder = recorder
        self._options: Options = recorder.options
        self._trainer = trainer
        self._error: BaseException | None = None
        self._params: dict[str, Any] = {}
        self.callback = _callback_class()()
        self.callback.clew_run = self

    def done(self, result: Any) -> None:
        """The training is over: log the model."""
        del result
        if self._options.log_models:
            guard.guarded("logging the model", self._log_model)

    def failed(self, error: BaseException) -> None:
        """The user's call raised."""
        self._error = error

    def close(self) -> None:
        """Take the callback away, and end the run if it is ours."""
        self.callback.clew_run = None
        guard.guarded("taking the callback away", self._trainer.remove_callback, self.callback)
        self._trainer = None
        error, self._error = self._error, None
        self._recorder.end(error)

    # -- called by the callback ----------------------------------------------------------------

    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Write the arguments and the model's configuration, and the data."""
        del state, control
        config = getattr(more.get("model"), "config", None)
        about = {**args.to_dict(), **(config.to_dict() if config is not None else {})}
        self._params = _flat(about)
        guard.guarded("logging parameters", self._recorder.params, self._params)
        if self._options.log_datasets:
            guard.guarded("logging the dataset", self._log_datasets)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> None:
        """Write what the trainer logs; from its own history, since a callback before ours may have taken some away."""
        del args, control, more
        entry = state.log_history[-1] if state.log_history else logs or {}
        self._recorder.metrics(_numbers({k: v for k, v in entry.items() if k != "step"}), int(state.global_step))

    # -- parts ---------------------------------------------------------------------------------

    def _log_datasets(self) -> None:
        given = (("train", self._trainer.train_dataset), ("eval", self._trainer.eval_dataset))
        for context, examples in given:
            if isinstance(examples, dict):
                continue  # several sets by name
            dataset = describe_examples(examples) if examples is not None else None
            if dataset is not None:
                self._recorder.dataset(dataset, context)

    def _log_model(self) -> None:
        model = self._trainer.accelerator.unwrap_model(self._trainer.model)
        tokenizer = self._trainer.processing_class
        task = next((task for end, task in _TASKS.items() if type(model).__name__.endswith(end)), None)
        if task is None or tokenizer is None or not hasattr(tokenizer, "save_pretrained"):
            return  # without the tokenizer it is half a model; the checkpoints are the user's
        entry = ModelEntry(name="model", params=self._params, registered_model_name=self._options.registered_model_name)
        with undisturbed():
            pipeline = as_pipeline({"model": model, "tokenizer": tokenizer}, task)
            # Every pipeline of the task has it; an example alone would make us ask the model.
            signature = default_signature(pipeline) if self._options.log_model_signatures else None
            chosen = ModelOptions(signature=signature or False, input_example=self._example(task, tokenizer))
            info = log_model(pipeline, entry, flavor="transformers", options=chosen, hurry=True)
        self._recorder.model_id = info.model_id

    def _example(self, task: str, tokenizer: Any) -> list[str] | None:
        if not self._options.log_input_examples or task not in _TAKES_TEXTS:
            return None
        return guard.attempt(lambda: texts_of(self._trainer.train_dataset, tokenizer, EXAMPLE_ROWS)) or None


def _numbers(logs: Mapping[str, Any]) -> dict[str, float]:
    return {key: float(value) for key, value in logs.items() if isinstance(value, int | float)}


def _flat(about: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested settings as one level, parts joined by a point."""
    flat: dict[str, Any] = {}
    for key, value in about.items():
        if isinstance(value, Mapping) and value:
            flat |= _flat(value, f"{before}{key}.")
        else:
            flat[f"{before}{key}"] = value
    return flat


@functools.cache
def _callback_class() -> Any:
    """The trainer's callback whose hooks are the run's, each behind the fence."""
    base = sys.modules["transformers.trainer_callback"].TrainerCallback

    def forward(name: str) -> Callable[..., None]:
        def hook(self: Any, *args: Any, **kwargs: Any) -> None:
            if self.clew_run is not None:
                guard.guarded(f"the Trainer's {name}", getattr(self.clew_run, name), *args, **kwargs)

        hook.__name__ = name
        return hook

    body: dict[str, Any] = {name: forward(name) for name in ("on_train_begin", "on_log")}
    # In another process, and as a copy, it is a callback that does nothing.
    body |= {"clew_run": None, "__reduce__": lambda _: (base, ())}
    return type("AutologCallback", (base,), body)
