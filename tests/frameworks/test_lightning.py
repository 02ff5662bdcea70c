"""Autologging of Lightning, of both its packages; plain PyTorch; TensorBoard's writer."""

from __future__ import annotations

import copy
import importlib
import json
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import clew
from clew.entities.run import Run, RunStatus
from clew.errors import Conflict, InvalidValue
from clew.integrations import guard
from clew.integrations.pytorch import summarywriter, watch

Runs = Callable[[], list[Run]]

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.filterwarnings("ignore:.*num_workers:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*logging interval:UserWarning"),
    pytest.mark.filterwarnings("ignore:You defined a `validation_step` but have no `val_dataloader`"),
    pytest.mark.filterwarnings("ignore:.*litlogger.*"),
    pytest.mark.filterwarnings("ignore:.*isinstance.treespec, LeafSpec.*"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists:UserWarning"),
    pytest.mark.filterwarnings("ignore:Starting from v1.9.0, `tensorboardX` has been removed:UserWarning"),
]

X = torch.rand(48, 4, generator=torch.Generator().manual_seed(0))
Y = X.sum(1, keepdim=True)


@pytest.fixture(params=["lightning.pytorch", "pytorch_lightning"])
def pl(request: pytest.FixtureRequest) -> Any:
    return importlib.import_module(request.param)


def module_of(pl: Any, **more: Any) -> Any:
    """A regression with dropout, a schedule and hyperparameters."""

    class Net(pl.LightningModule):
        def __init__(self, width: int = 3, lr: float = 0.01) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.layers = torch.nn.Sequential(
                torch.nn.Linear(4, width), torch.nn.ReLU(), torch.nn.Dropout(0.2), torch.nn.Linear(width, 1)
            )

        def forward(self, x: Any) -> Any:
            return self.layers(x)

        def training_step(self, batch: Any, number: int) -> Any:
            x, y = batch
            loss = torch.nn.functional.mse_loss(self(x), y)
            self.log("train_loss", loss, on_step=True, on_epoch=True)
            return loss

        def validation_step(self, batch: Any, number: int) -> None:
            self.log("val_loss", torch.nn.functional.mse_loss(self(batch[0]), batch[1]))

        def test_step(self, batch: Any, number: int) -> None:
            self.log("test_loss", torch.nn.functional.mse_loss(self(batch[0]), batch[1]))

        def on_train_epoch_end(self) -> None:
            self.log("late", float(self.current_epoch))

        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.Adam(self.parameters(), lr=self.hparams["lr"])
            return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)]

    torch.manual_seed(3)
    net = Net(**more)
    for name in ("training_step", "validation_step"):
        if name in more:
            setattr(net, name, more[name])
    return net


def loader(rows: int = 48) -> Any:
    return DataLoader(TensorDataset(X[:rows], Y[:rows]), batch_size=16)


def trainer_of(pl: Any, tmp_path: Path, **more: Any) -> Any:
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "logger": False, "accelerator": "cpu"}
    return pl.Trainer(**{"max_epochs": 3, "default_root_dir": str(tmp_path), **quiet, **more})


def history(run: Run, key: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in clew.ClewClient().get_metric_history(run.info.run_id, key)]


def files_of(run: Run, path: str | None = None) -> list[str]:
    return [file.path for file in clew.ClewClient().list_artifacts(run.info.run_id, path)]


def test_a_training_is_recorded(pl: Any, runs: Runs, tmp_path: Path) -> None:
    clew.autolog()
    net = module_of(pl)
    trainer = trainer_of(pl, tmp_path, gradient_clip_val=0.5)
    before = list(trainer.callbacks)
    trainer.fit(net, loader(), loader(16))
    assert trainer.callbacks == before
    (run,) = runs()
    assert run.info.status == RunStatus.FINISHED
    assert run.data.tags["mlflow.autologging"] == "pytorch"
    assert run.data.tags["Mode"] == "training"
    params = run.data.params
    expected = {"epochs": "3", "optimizer_name": "Adam", "lr": "0.01", "weight_decay": "0", "betas": "(0.9, 0.999)"}
    expected |= {"lr_scheduler": "StepLR", "width": "3", "gradient_clip_val": "0.5", "precision": "32-true"}
    assert {key: params.get(key) for key in expected} == expected
    assert set(run.data.metrics) == {"train_loss", "train_loss_step", "train_loss_epoch", "val_loss", "late", "lr-Adam"}
    for key in run.data.metrics:
        assert [step for step, _ in history(run, key)] == [0, 1, 2], key
    assert history(run, "lr-Adam") == [(0, 0.01), (1, 0.005), (2, 0.0025)]
    assert history(run, "late") == [(0, 0.0), (1, 1.0), (2, 2.0)]
    assert {"model_summary.txt", "checkpoints"} <= set(files_of(run))
    latest = ["checkpoints/latest_checkpoint.pth", "checkpoints/latest_checkpoint_metrics.json"]
    assert files_of(run, "checkpoints") == latest
    best = json.loads(clew.artifacts.load_text(f"runs:/{run.info.run_id}/{latest[1]}"))
    assert best["val_loss"] == min(value for _, value in history(run, "val_loss"))
    assert [i.tags["mlflow.data.context"] for i in run.inputs.dataset_inputs] == ["train", "eval"]
    (output,) = run.outputs.model_outputs
    assert clew.get_logged_model(output.model_id).params["optimizer_name"] == "Adam"
    loaded = clew.pyfunc.load_model(f"models:/{output.model_id}", trust="safe")
    with torch.no_grad():
        assert np.allclose(loaded.predict(X.numpy()), net.eval()(X).numpy(), atol=1e-6)
    assert loaded.metadata.signature is not None


def test_a_test_goes_to_the_run_of_its_training(pl: Any, runs: Runs, tmp_path: Path) -> None:
    clew.pytorch.autolog(checkpoint=False, log_datasets=False)
    trainer, net = trainer_of(pl, tmp_path), module_of(pl)
    trainer.fit(net, loader(), loader(16))
    (result,) = trainer.test(net, loader(16), verbose=False)
    (run,) = runs()
    assert run.data.metrics["test_loss"] == pytest.approx(result["test_loss"])
    assert run.data.tags["Mode"] == "testing"
    assert run.inputs.dataset_inputs == ()
    assert "checkpoints" not in files_of(run)


def test_steps_and_every_nth_epoch(pl: Any, runs: Runs, tmp_path: Path) -> None:
    clew.pytorch.autolog(log_every_n_epoch=2, log_every_n_step=2, log_models=False, checkpoint=False)
    trainer_of(pl, tmp_path, max_epochs=4).fit(module_of(pl), loader(), loader(16))
    (run,) = runs()
    assert [step for step, _ in history(run, "train_loss_step")] == [2, 4, 6, 8, 10, 12]
    assert [step for step, _ in history(run, "val_loss")] == [1, 3]
    assert run.outputs.model_outputs == ()


def test_a_validation_s_metrics_are_written_once(pl: Any, runs: Runs, tmp_path: Path) -> None:
    clew.pytorch.autolog(log_models=False, checkpoint=False)
    trainer_of(pl, tmp_path, max_epochs=4, check_val_every_n_epoch=2).fit(module_of(pl), loader(), loader(16))
    assert [step for step, _ in history(runs()[0], "val_loss")] == [1, 3]


def test_early_stopping(pl: Any, runs: Runs, tmp_path: Path) -> None:
    clew.pytorch.autolog(log_models=False, checkpoint_save_best_only=False, checkpoint_save_weights_only=True)
    stopping = pl.callbacks.EarlyStopping("val_loss", patience=1, min_delta=100.0)
    trainer_of(pl, tmp_path, max_epochs=9, callbacks=[stopping]).fit(module_of(pl), loader(), loader(16))
    (run,) = runs()
    wanted = {"monitor": "val_loss", "mode": "min", "patience": "1", "min_delta": "-100.0"}
    assert {key: run.data.params[key] for key in wanted} == wanted
    metrics = run.data.metrics
    assert metrics["stopped_epoch"] == stopping.stopped_epoch == 1
    assert (metrics["restored_epoch"], metrics["wait_count"]) == (0, 1)
    assert metrics["best_score"] == pytest.approx(float(stopping.best_score))
    assert files_of(run, "checkpoints") == ["checkpoints/epoch_0", "checkpoints/epoch_1"]
    assert "checkpoints/epoch_0/checkpoint.weights.pth" in files_of(run, "checkpoints/epoch_0")


def weights(net: Any) -> list[Any]:
    return [part.detach().numpy().copy() for part in net.parameters()]


def test_the_callback_travels_as_one_that_does_nothing(pl: Any, runs: Runs, tmp_path: Path) -> None:
    """Ranks that are spawned get the trainer pickled."""
    clew.pytorch.autolog(log_models=False, checkpoint=False)
    seen: list[Any] = []
    copies: list[Any] = []

    class Look(pl.Callback):
        def on_train_start(self, trainer: Any, module: Any) -> None:
            ours = trainer.callbacks[-1]
            seen.extend([pickle.loads(pickle.dumps(ours)), copy.deepcopy(ours)])

        def on_train_batch_start(self, trainer: Any, module: Any, batch: Any, number: int) -> None:
            copies.append(copy.deepcopy(module.layers))
            copies[-1](X)

    trainer_of(pl, tmp_path, max_epochs=1, callbacks=[Look()]).fit(module_of(pl), loader())
    assert [type(one) for one in seen] == [pl.Callback, pl.Callback]
    assert len(runs()) == 1


def test_the_logger_writes_to_a_run_of_its_own(pl: Any, runs: Runs, tmp_path: Path) -> None:
    clew.autolog()  # which leaves a training alone that is logged already
    logger = clew.pytorch.ClewLogger(run_name="by hand", tags={"a": "b"}, prefix="p")
    trainer = trainer_of(pl, tmp_path, logger=logger, log_every_n_steps=1)
    trainer.fit(module_of(pl), loader(), loader(16))
    (run,) = runs()
    assert (run.info.run_name, run.info.status, run.data.tags["a"]) == ("by hand", RunStatus.FINISHED, "b")
    assert run.data.params == {"width": "3", "lr": "0.01"}
    assert len(history(run, "p/train_loss_step")) == 9
    trainer.test(trainer.lightning_module, loader(16), verbose=False)
    assert "p/test_loss" in runs()[0].data.metrics
    with clew.start_run() as mine:
        trainer_of(pl, tmp_path, logger=clew.pytorch.ClewLogger()).fit(module_of(pl), loader())
        assert clew.active_run() is not None
    assert clew.get_run(mine.info.run_id).data.params["width"] == "3"


# -- plain PyTorch ---------------------------------------------------------------------------


def plain_training(**watching: Any) -> Any:
    torch.manual_seed(5)
    net = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    watch = clew.pytorch.watch(net, optimizer, **watching) if watching else None
    for _ in range(6):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(net(X), Y).backward()
        optimizer.step()
    return SimpleNamespace(net=net, optimizer=optimizer, watch=watch)


def test_a_loop_is_watched(runs: Runs) -> None:
    plain = plain_training()
    with clew.start_run():
        watched = plain_training(every_n_steps=2, layers=True)
        norm = float(torch.cat([part.grad.flatten() for part in watched.net.parameters()]).norm())
        watched.watch.remove()
        watched.optimizer.step()
        watched.optimizer.step()
        with pytest.raises(Conflict):
            clew.pytorch.watch(watched.net, torch.optim.Adam(watched.net.parameters()))
    assert all(np.array_equal(a, b) for a, b in zip(weights(plain.net), [*weights(plain_training().net)], strict=True))
    (run,) = runs()
    assert (run.data.params["optimizer_name"], run.data.params["momentum"]) == ("SGD", "0.9")
    assert [step for step, _ in history(run, "grad_norm")] == [2, 4, 6]
    assert history(run, "grad_norm")[-1][1] == pytest.approx(norm)
    assert history(run, "lr") == [(2, 0.1), (4, 0.1), (6, 0.1)]
    assert set(run.data.metrics) == {"grad_norm", "grad_norm/weight", "grad_norm/bias", "lr"}
    for wrong in ((1, watched.optimizer, 1), (watched.net, 1, 1), (watched.net, watched.optimizer, 0)):
        with pytest.raises(InvalidValue):
            clew.pytorch.watch(*wrong)


def events_of(folder: Path) -> list[Any]:
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    found = [event for file in sorted(folder.rglob("events*")) for event in EventFileLoader(str(file)).Load()]
    return [(event.step, str(event.summary)) for event in found if event.HasField("summary")]


def write_events(folder: Path) -> list[Any]:
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder)) as writer:
        for step in range(3):
            writer.add_scalar("loss", 1 / (step + 1), step)
        writer.add_scalars("both", {"a": 1.0, "b": 2.0}, 4)
        writer.add_hparams({"lr": 0.1}, {"hparam/accuracy": 0.5}, run_name="x")
        writer.add_histogram("weights", X, 1)
    return events_of(folder)


def test_what_goes_to_tensorboard_goes_to_the_run(runs: Runs, tmp_path: Path) -> None:
    plain = write_events(tmp_path / "plain")
    clew.autolog()
    outside = write_events(tmp_path / "outside")
    with clew.start_run():
        inside = write_events(tmp_path / "inside")
    assert plain == outside == inside
    (run,) = runs()
    assert history(run, "loss") == [(0, 1.0), (1, 0.5), (2, pytest.approx(1 / 3))]
    assert (run.data.metrics["both/a"], run.data.metrics["both/b"]) == (1, 2)
    assert run.data.metrics["hparam/accuracy"] == 0.5
    assert len(history(run, "hparam/accuracy")) == 1
    assert run.data.params == {"lr": "0.1"}
    clew.autolog(disable=True)
    with clew.start_run():
        write_events(tmp_path / "off")
    assert runs()[-1].data.metrics == {}


def broken(*_: Any, **__: Any) -> None:
    raise RuntimeError("ours")


def test_our_faults_leave_a_writer_and_a_loop_as_they_are(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    plain, plain_net = write_events(tmp_path / "plain"), weights(plain_training().net)
    clew.autolog()
    monkeypatch.setattr(summarywriter, "_write", broken)
    monkeypatch.setattr(watch.Watch, "_write", broken)
    with clew.start_run():
        assert write_events(tmp_path / "broken") == plain
        watched = weights(plain_training(every_n_steps=1).net)
        assert all(np.array_equal(*pair) for pair in zip(watched, plain_net, strict=True))
    told = [record.message for record in caplog.records if record.name == "clew.autolog"]
    assert len(told) == len(set(told)) > 1
    guard.reported().clear()
    caplog.clear()
    clew.pytorch.autolog(silent=True)
    clew.sklearn.autolog()
    with clew.start_run():
        write_events(tmp_path / "silent")
    assert not [record for record in caplog.records if record.name == "clew.autolog"]
    assert {run.info.status for run in runs()} == {RunStatus.FINISHED}


def test_a_writer_s_errors_are_the_user_s(experiment: object, tmp_path: Path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    def error() -> tuple[type, str]:
        with SummaryWriter(str(tmp_path)) as writer, pytest.raises(ValueError, match="could not convert") as caught:
            writer.add_scalar("loss", "no number", 1)
        return caught.type, str(caught.value)

    plain = error()
    clew.autolog()
    with clew.start_run():
        assert error() == plain


def test_writers_in_threads_write_to_the_runs_of_their_threads(runs: Runs, tmp_path: Path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    def write(number: int) -> None:
        with clew.start_run(run_name=str(number)), SummaryWriter(str(tmp_path / str(number))) as writer:
            for step in range(5):
                writer.add_scalar("loss", number, step)

    clew.autolog()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert {run.info.run_name: history(run, "loss") for run in runs()} == {
        str(number): [(step, number) for step in range(5)] for number in range(4)
    }


def test_a_writer_is_put_back_and_left_alone_where_torch_is_too_old(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torch.utils.tensorboard import SummaryWriter

    before = dict(vars(SummaryWriter))
    clew.autolog(disable_for_unsupported_versions=True)
    assert dict(vars(SummaryWriter)) != before
    with monkeypatch.context() as patch, clew.start_run():
        patch.setattr(torch, "__version__", "0.1")
        write_events(tmp_path / "old")
    assert runs()[0].data.metrics == {}
    clew.autolog(disable=True)
    assert dict(vars(SummaryWriter)) == before
