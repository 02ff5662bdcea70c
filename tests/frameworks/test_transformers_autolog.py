"""Autologging of Hugging Face's ``Trainer``, on a model made from a configuration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

import clew
from clew.entities.run import Run, RunStatus
from frameworks.deepmodels import VOCABULARY, tokenizer

Runs = Callable[[], list[Run]]

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.filterwarnings("ignore:.*pin_memory.*:UserWarning"),
]

SENTENCES = ["hello good world", "bad world", "good", "hello bad bad", "world good", "bad"]


def examples(words: Any) -> list[dict[str, Any]]:
    coded = words(SENTENCES, padding="max_length", max_length=8)
    return [
        {"input_ids": ids, "attention_mask": mask, "labels": int("bad" in text)}
        for ids, mask, text in zip(coded["input_ids"], coded["attention_mask"], SENTENCES, strict=True)
    ]


def trainer_of(folder: Path, **more: Any) -> Any:
    folder.mkdir(exist_ok=True)
    words = tokenizer(folder)
    transformers.set_seed(3)
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=16,
    )
    wanted = {"num_train_epochs": 2, "logging_steps": 1, "eval_strategy": "epoch", "save_strategy": "no"}
    arguments = TrainingArguments(
        str(folder), report_to=[], disable_tqdm=True, use_cpu=True, per_device_train_batch_size=2, **wanted
    )
    data = examples(words)
    given = {"train_dataset": data, "eval_dataset": data[:2], "processing_class": words, **more}
    return Trainer(BertForSequenceClassification(config), arguments, **given)


def history(run: Run, key: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in clew.ClewClient().get_metric_history(run.info.run_id, key)]


def test_a_training_is_recorded(runs: Runs, tmp_path: Path) -> None:
    clew.autolog()
    trainer = trainer_of(tmp_path)
    before = list(trainer.callback_handler.callbacks)
    trainer.train()
    assert trainer.callback_handler.callbacks == before
    (run,) = runs()
    assert run.info.status == RunStatus.FINISHED
    assert run.data.tags["mlflow.autologging"] == "transformers"
    expected = {"num_train_epochs": "2", "logging_steps": "1", "hidden_size": "8", "id2label.0": "LABEL_0"}
    assert {key: run.data.params.get(key) for key in expected} == expected
    assert len(run.data.params) > 120
    for entry in trainer.state.log_history:
        for key, value in entry.items():
            if key != "step" and isinstance(value, int | float):
                assert (entry["step"], pytest.approx(value)) in history(run, key), key
    assert [step for step, _ in history(run, "loss")] == [1, 2, 3, 4, 5, 6]
    assert [step for step, _ in history(run, "eval_loss")] == [3, 6]
    assert {"train_loss", "train_runtime", "total_flos", "grad_norm", "learning_rate"} <= set(run.data.metrics)
    inputs = {one.tags["mlflow.data.context"]: one.dataset for one in run.inputs.dataset_inputs}
    assert set(inputs) == {"train", "eval"}
    assert inputs["train"].profile == '{"num_rows": 6}'
    (output,) = run.outputs.model_outputs
    loaded = clew.pyfunc.load_model(f"models:/{output.model_id}", trust="safe")
    told = loaded.predict(SENTENCES)
    words = trainer.processing_class(SENTENCES, padding=True, return_tensors="pt")
    with torch.no_grad():
        labels = trainer.model.eval()(**words).logits.argmax(-1)
    assert told["label"].tolist() == [f"LABEL_{label}" for label in labels]


def test_an_input_example_is_the_text_behind_the_tokens(runs: Runs, tmp_path: Path) -> None:
    clew.transformers.autolog(log_input_examples=True)
    trainer = trainer_of(tmp_path)
    trainer.train()
    (run,) = runs()
    (output,) = run.outputs.model_outputs
    loaded = clew.pyfunc.load_model(f"models:/{output.model_id}", trust="safe")
    assert list(loaded.input_example) == SENTENCES[:5]
    assert len(loaded.predict(loaded.input_example)) == 5


def test_an_evaluation_goes_to_the_run_of_its_training(runs: Runs, tmp_path: Path) -> None:
    clew.transformers.autolog(log_models=False, log_datasets=False)
    trainer = trainer_of(tmp_path)
    trainer.train()
    trainer.evaluate(trainer.train_dataset, metric_key_prefix="again")
    (run,) = runs()
    assert [step for step, _ in history(run, "again_loss")] == [6]
    assert run.inputs.dataset_inputs == ()
    assert run.outputs.model_outputs == ()
