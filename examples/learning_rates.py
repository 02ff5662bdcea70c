"""Which learning rate is best, and does it depend on the dataset? 36 small trainings, as an experiment to look at.

python examples/learning_rates.py [--tracking-uri URI] [--experiment NAME]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import train_test_split

import clew

EXPERIMENT = "examples/learning rates"
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
SEEDS = (0, 1, 2)
EPOCHS = 20
AT_ONCE = 4
BATCH = 32
HIDDEN = 32
GOAL = {
    "mlflow.experiment.primaryMetric.name": "val/loss",
    "mlflow.experiment.primaryMetric.greaterIsBetter": "False",
}


class Data(NamedTuple):
    """x: one row per example. y: its class, from 0."""

    name: str
    x: np.ndarray
    y: np.ndarray


def read_data() -> list[Data]:
    """Handwritten digits as grey levels from 0 to 16, and tumours by 30 measures, each scaled to deviation 1."""
    digits, tumours = load_digits(), load_breast_cancer()
    scaled = (tumours.data - tumours.data.mean(0)) / tumours.data.std(0)
    return [Data("digits", digits.data, digits.target), Data("breast-cancer", scaled, tumours.target)]


def train(data: Data, rate: float, seed: int) -> Iterator[dict[str, float]]:
    """A network of one hidden layer by gradient descent; yields what each epoch reached."""
    rng = np.random.default_rng(seed)
    x, x_val, y, y_val = train_test_split(data.x, data.y, test_size=0.3, random_state=0, stratify=data.y)
    sizes = (x.shape[1], HIDDEN, int(data.y.max()) + 1)
    first, second = (rng.normal(0, n**-0.5, (n, m)) for n, m in pairwise(sizes))

    def predict(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        hidden = np.maximum(x @ first, 0)
        scores = hidden @ second
        odds = np.exp(scores - scores.max(1, keepdims=True))
        return hidden, odds / odds.sum(1, keepdims=True)

    def loss(odds: np.ndarray, y: np.ndarray) -> float:
        return float(-np.log(odds[np.arange(len(y)), y] + 1e-12).mean())

    for _ in range(EPOCHS):
        for batch in np.array_split(rng.permutation(len(x)), len(x) // BATCH):
            hidden, error = predict(x[batch])
            error[np.arange(len(batch)), y[batch]] -= 1
            error /= len(batch)
            back = (error @ second.T) * (hidden > 0)
            second -= rate * hidden.T @ error
            first -= rate * x[batch].T @ back
        odds = predict(x_val)[1]
        yield {
            "train/loss": loss(predict(x)[1], y),
            "val/loss": loss(odds, y_val),
            "val/acc": float((odds.argmax(1) == y_val).mean()),
        }


def log_training(data: Data, rate: float, seed: int) -> None:
    """One training as one run."""
    with clew.start_run(run_name=f"lr={rate:g} {data.name} #{seed}"):
        clew.log_input(clew.data.from_numpy(data.x, targets=data.y, name=data.name), context="training")
        clew.log_params({"lr": rate, "seed": seed, "hidden": HIDDEN, "batch": BATCH, "epochs": EPOCHS})
        for epoch, reached in enumerate(train(data, rate, seed)):
            clew.log_metrics(reached, step=epoch)


def log_study(experiment: str = EXPERIMENT) -> str:
    """Logs all trainings, some at once, and what the experiment's goal is; answers its id."""
    experiment_id = clew.set_experiment(experiment).experiment_id
    clew.set_experiment_tags(GOAL)
    with ThreadPoolExecutor(AT_ONCE) as workers:
        for done in [workers.submit(log_training, *one) for one in product(read_data(), RATES, SEEDS)]:
            done.result()
    return experiment_id


def main() -> None:
    """Log to a server or store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracking-uri", help="server or store; default CLEW_TRACKING_URI, else the folder ./.clew")
    parser.add_argument("--experiment", default=EXPERIMENT, help=f"its name (default: {EXPERIMENT})")
    options = parser.parse_args()
    if options.tracking_uri:
        clew.set_tracking_uri(options.tracking_uri)
    experiment_id = log_study(options.experiment)
    clew.flush()
    uri = clew.get_tracking_uri()
    count = len(read_data()) * len(RATES) * len(SEEDS)
    where = f"{uri}/experiments/{experiment_id}/charts" if uri.startswith("http") else "`clew ui`"
    print(f"{count} runs in {options.experiment!r}; look at {where}")


if __name__ == "__main__":
    main()
