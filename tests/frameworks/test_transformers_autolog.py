"""Autologging of Hugging Face's ``Trainer``, on a model made from a configuration."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainerCallback, TrainingArguments

import clew
from clew.entities.run import Run, RunStatus
from clew.integrations.transformers import trainer as hooks
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


def test_an_evaluation_goes_to_the_run_of_its_training(runs: Runs, tmp_path: Path) -> None:
    clew.transformers.autolog(log_models=False, log_datasets=False)
    trainer = trainer_of(tmp_path)
    trainer.train()
    trainer.evaluate(trainer.train_dataset, metric_key_prefix="again")
    (run,) = runs()
    assert [step for step, _ in history(run, "again_loss")] == [6]
    assert run.inputs.dataset_inputs == ()
    assert run.outputs.model_outputs == ()


def test_training_is_the_same_bit_for_bit(runs: Runs, tmp_path: Path) -> None:
    def train() -> tuple[list[Any], float]:
        trainer = trainer_of(tmp_path)
        trainer.train()
        return [part.detach().numpy().copy() for part in trainer.model.parameters()], float(torch.rand(1))

    plain, plain_next = train()
    clew.autolog()
    recorded, recorded_next = train()
    assert all(np.array_equal(a, b) for a, b in zip(plain, recorded, strict=True))
    assert plain_next == recorded_next
    assert len(runs()) == 1


class Mine(Exception):
    pass


def test_the_user_s_error_is_his_and_the_run_failed(runs: Runs, tmp_path: Path) -> None:
    clew.autolog()
    error = Mine("mine")

    class Failing(TrainerCallback):  # type: ignore[misc]
        def on_epoch_end(self, *_: Any, **__: Any) -> None:
            raise error

    with pytest.raises(Mine) as caught:
        trainer_of(tmp_path, callbacks=[Failing()]).train()
    assert caught.value is error
    (run,) = runs()
    assert run.info.status == RunStatus.FAILED
    assert run.data.params["hidden_size"] == "8"
    assert run.outputs.model_outputs == ()
    assert clew.active_run() is None


def test_our_fault_does_not_stop_it(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clew.autolog()

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(hooks.TrainRun, "on_log", broken)
    trainer = trainer_of(tmp_path)
    with caplog.at_level(logging.WARNING, "clew.autolog"):
        trainer.train()
    assert trainer.state.global_step == 6
    assert len([record for record in caplog.records if "ours" in record.message]) == 1
    (run,) = runs()
    assert run.info.status == RunStatus.FINISHED
    assert "ours" in run.data.tags["autolog.error"]


def test_threads_have_runs_of_their_own(runs: Runs, tmp_path: Path) -> None:
    clew.transformers.autolog(log_models=False)
    trainers = [trainer_of(tmp_path / str(number)) for number in range(3)]
    faults: list[BaseException] = []

    def train(trainer: Any) -> None:
        try:
            trainer.train()
        except BaseException as fault:  # noqa: BLE001 - reported below
            faults.append(fault)

    threads = [threading.Thread(target=train, args=(trainer,)) for trainer in trainers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert {run.data.params["output_dir"] for run in runs()} == {str(tmp_path / str(n)) for n in range(3)}
    for run in runs():
        assert len(history(run, "loss")) == 6


def test_undo_is_complete(runs: Runs, tmp_path: Path) -> None:
    before = dict(vars(Trainer))
    clew.autolog()
    assert vars(Trainer)["train"] is not before["train"]
    clew.autolog(disable=True)
    assert dict(vars(Trainer)) == before
    trainer_of(tmp_path).train()
    assert runs() == []
