"""A small training, with autologging and without in turns: run by the Python that has the frameworks.

``python trainings.py FRAMEWORK PLACE URL ROUNDS`` prints one line, ``figures`` and a JSON object: seconds of an epoch
with and without, as a whole and outside of the framework's own batches (medians, the first epoch of each training left
out), and what a training takes more besides.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from typing import Any

from workclock import WorkClock

ROWS, COLUMNS, EPOCHS = 20_000, 64, 5

Mark = tuple[float, float]

batches = WorkClock()


def now() -> Mark:
    """Seconds by the clock, and of these those in no batch."""
    clock = time.perf_counter()
    return clock, clock - batches.seconds


def keras_training(place: str) -> Callable[[], list[Mark]]:
    import keras
    import numpy as np

    del place
    batches.watch(keras.Model, "train_step", "test_step")
    x = np.random.default_rng(0).random((ROWS, COLUMNS), dtype="float32")
    y = x.sum(1)

    class Clock(keras.callbacks.Callback):
        def __init__(self, marks: list[Mark]) -> None:
            super().__init__()
            self.marks = marks

        def on_epoch_end(self, *_: Any, **__: Any) -> None:
            self.marks.append(now())

    def train() -> list[Mark]:
        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [
                keras.layers.Input((COLUMNS,)),
                *(keras.layers.Dense(128, "relu") for _ in range(2)),
                keras.layers.Dense(1),
            ]
        )
        model.compile("adam", "mse", metrics=["mae"])
        marks: list[Mark] = []
        model.fit(x, y, batch_size=128, epochs=EPOCHS, validation_split=0.1, verbose=0, callbacks=[Clock(marks)])
        return marks

    return train


def lightning_training(place: str) -> Callable[[], list[Mark]]:
    import lightning as L  # noqa: N812 - as its users write it
    import torch
    from lightning.pytorch.loops.evaluation_loop import _EvaluationLoop
    from lightning.pytorch.loops.fetchers import _PrefetchDataFetcher
    from lightning.pytorch.loops.optimization.automatic import _AutomaticOptimization
    from torch.utils.data import DataLoader, TensorDataset

    batches.watch(_PrefetchDataFetcher, "__next__")
    batches.watch(_AutomaticOptimization, "run")
    batches.watch(_EvaluationLoop, "_evaluation_step")
    x = torch.rand(ROWS, COLUMNS)
    data = TensorDataset(x, x.sum(1, keepdim=True))

    class Net(L.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.Sequential(
                torch.nn.Linear(COLUMNS, 128),
                torch.nn.ReLU(),
                torch.nn.Linear(128, 128),
                torch.nn.ReLU(),
                torch.nn.Linear(128, 1),
            )

        def forward(self, batch: Any) -> Any:
            return self.layers(batch)

        def training_step(self, batch: Any, *_: Any) -> Any:
            loss = torch.nn.functional.mse_loss(self(batch[0]), batch[1])
            self.log("train_loss", loss)
            return loss

        def validation_step(self, batch: Any, *_: Any) -> None:
            self.log("val_loss", torch.nn.functional.mse_loss(self(batch[0]), batch[1]))

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters())

    class Clock(L.Callback):
        def __init__(self) -> None:
            self.marks: list[Mark] = []

        def on_train_epoch_start(self, *_: Any) -> None:
            self.marks.append(now())  # behind all that the epoch before left to do

    def train() -> list[Mark]:
        torch.manual_seed(0)
        clock = Clock()
        quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
        trainer = L.Trainer(
            max_epochs=EPOCHS, callbacks=[clock], default_root_dir=place, enable_checkpointing=False, **quiet
        )
        trainer.fit(Net(), DataLoader(data, batch_size=128), DataLoader(data, batch_size=1024))
        return clock.marks

    return train


def main(framework: str, place: str, url: str, rounds: int) -> None:
    import clew

    clew.set_tracking_uri(url)
    clew.set_experiment("bench")
    train = {"keras": keras_training, "lightning": lightning_training}[framework](place)
    train()  # warm
    epochs: dict[bool, list[Mark]] = {False: [], True: []}
    totals: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * rounds):
        with_it = number % 2 == 1
        clew.autolog(disable=not with_it)
        start = time.perf_counter()
        marks = train()
        totals[with_it].append(time.perf_counter() - start)
        epochs[with_it] += [(after[0] - before[0], after[1] - before[1]) for before, after in pairwise(marks)]
    clew.autolog(disable=True)
    found = {
        f"{kind}_{'with' if with_it else 'without'}": median(pair[place] for pair in pairs)
        for with_it, pairs in epochs.items()
        for place, kind in enumerate(("epoch", "outside"))
    }
    found["fixed"] = (
        median(totals[True]) - median(totals[False]) - EPOCHS * (found["epoch_with"] - found["epoch_without"])
    )
    print("figures", json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
