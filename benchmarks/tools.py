"""What logging costs the training, for Clew and for others by the same lines: run by the Python that has the tool.

``python tools.py TOOL WHAT PLACE [URL] [COUNT]`` prints one line, ``figures`` and a JSON object. Nothing of this
repository is imported but what the tool itself is.
"""

from __future__ import annotations

import json
import mmap
import os
import sys
import time
from collections.abc import Callable
from statistics import median

clock = time.perf_counter_ns
Metrics = dict[str, float]


class Tool:
    """One tracker: begin a run, log, wait until all is kept, end."""

    def __init__(self, place: str, url: str) -> None:
        self.place = place
        self.url = url

    def begin(self) -> None: ...
    def log(self, metrics: Metrics, step: int) -> None: ...
    def log_one(self, key: str, value: float, step: int) -> None:
        self.log({key: value}, step)

    def flush(self) -> None: ...
    def end(self) -> None: ...


class Clew(Tool):
    def begin(self) -> None:
        import clew

        clew.set_tracking_uri(self.url)
        clew.set_experiment("bench")
        clew.start_run()
        self.log = clew.log_metrics
        self.log_one = clew.log_metric
        self.flush = clew.flush
        self.end = clew.end_run


class Mlflow(Tool):
    def begin(self) -> None:
        import mlflow

        mlflow.set_tracking_uri(self.url)
        mlflow.set_experiment("bench")
        mlflow.start_run()
        self.log = mlflow.log_metrics
        self.log_one = mlflow.log_metric
        self.end = mlflow.end_run


class MlflowAsync(Mlflow):
    def begin(self) -> None:
        import mlflow

        mlflow.config.enable_async_logging(True)
        super().begin()
        self.flush = mlflow.flush_async_logging


class WandbOffline(Tool):
    def begin(self) -> None:
        import wandb

        settings = wandb.Settings(silent=True, console="off", x_disable_stats=True, disable_git=True)
        run = wandb.init(project="bench", dir=self.place, mode="offline", settings=settings)
        self.log = run.log
        self.end = run.finish


class Trackio(Tool):
    def begin(self) -> None:
        import trackio

        run = trackio.init(project="bench", embed=False)
        self.log = run.log
        self.end = run.finish


class Aim(Tool):
    def begin(self) -> None:
        import aim

        run = aim.Run(repo=self.place, system_tracking_interval=None, capture_terminal_logs=False)

        def log(metrics: Metrics, step: int) -> None:
            for key, value in metrics.items():
                run.track(value, name=key, step=step)

        self.log = log
        self.log_one = lambda key, value, step: run.track(value, name=key, step=step)
        self.end = run.close


class TensorboardX(Tool):
    def begin(self) -> None:
        import tensorboardX

        writer = tensorboardX.SummaryWriter(logdir=self.place)

        def log(metrics: Metrics, step: int) -> None:
            for key, value in metrics.items():
                writer.add_scalar(key, value, step)

        self.log = log
        self.log_one = writer.add_scalar
        self.flush = writer.flush
        self.end = writer.close


TOOLS: dict[str, type[Tool]] = {
    "clew": Clew,
    "mlflow": Mlflow,
    "mlflow-async": MlflowAsync,
    "wandb-offline": WandbOffline,
    "trackio": Trackio,
    "aim": Aim,
    "tensorboardX": TensorboardX,
}


def share(values: list[float], part: float) -> float:
    """The value below which this part of all lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def call(tool: Tool, count: int) -> dict[str, float]:
    """Nanoseconds of one call with one metric, the clock's own left out, beside a bare 32-byte write into a map."""
    tool.begin()
    for step in range(min(count, 100)):
        tool.log_one("loss", 0.25, step)
    log_one = tool.log_one
    idle, taken = [], []
    for step in range(100, 100 + count):
        start = clock()
        log_one("loss", 0.25, step)
        taken.append(clock() - start)
    for _ in range(10_000):
        start = clock()
        idle.append(clock() - start)
    timer = median(idle)
    found = {"p50": median(taken) - timer, "p99": share(taken, 0.99) - timer, "max": max(taken) - timer}
    tool.end()
    return found | {"bare": _bare()}


def _bare() -> float:
    page, record = mmap.mmap(-1, 1 << 20), bytes(32)
    rounds = []
    for _ in range(7):
        at = 0
        start = time.thread_time_ns()
        for _ in range(50_000):
            page[at : at + 32] = record
            at = (at + 32) & 0xFFFE0
        rounds.append((time.thread_time_ns() - start) / 50_000)
    return median(rounds)


def loop(tool: Tool, count: int) -> dict[str, float]:
    """A numpy training that logs ten metrics a step, and the same without, in turns.

    speed, cpu: steps per second, and per second of the process's CPU. p99: of a step's time, in ms.
    """
    train = _training()
    tool.begin()
    figures = ("speed", "cpu", "p99")
    found: dict[str, list[float]] = {name + suffix: [] for name in figures for suffix in ("", "_without")}
    step = 0
    for turn in range(14):
        logs = turn % 2 == 1
        taken: list[float] = []
        used, begun = time.process_time(), clock()
        for _ in range(count):
            start = clock()
            metrics = train()
            if logs:
                step += 1
                tool.log(metrics, step)
            taken.append(clock() - start)
        seconds, used = (clock() - begun) / 1e9, time.process_time() - used
        tool.flush()  # so that nothing of it runs on into the turn without
        if turn >= 2:  # both forms once for nothing
            suffix = "" if logs else "_without"
            found["speed" + suffix].append(count / seconds)
            found["cpu" + suffix].append(count / used)
            found["p99" + suffix].append(share(taken, 0.99) / 1e6)
    tool.end()
    return {name: median(values) for name, values in found.items()}


def _training() -> Callable[[], Metrics]:
    """A step of a small network's training, some 0.2 ms, and ten figures of it."""
    import numpy as np

    rng = np.random.default_rng(0)
    inputs, truth = rng.normal(size=(128, 128)), rng.normal(size=(128, 8))
    first, second = rng.normal(size=(128, 128)) * 0.1, rng.normal(size=(128, 8)) * 0.1

    def train() -> Metrics:
        hidden = np.maximum(inputs @ first, 0.0)
        error = hidden @ second - truth
        back = (error @ second.T) * (hidden > 0)
        slope_2, slope_1 = hidden.T @ error / 128, inputs.T @ back / 128
        np.subtract(second, 1e-3 * slope_2, out=second)
        np.subtract(first, 1e-3 * slope_1, out=first)
        loss = float((error**2).mean())
        size = float(np.abs(slope_1).max())
        return {
            "loss": loss,
            "rmse": loss**0.5,
            "slope/1": size,
            "slope/2": float(np.abs(slope_2).max()),
            "weights/1": float(first[0, 0]),
            "weights/2": float(second[0, 0]),
            "lr": 1e-3,
            "active": float(np.count_nonzero(hidden)),
            "bias": float(error[0, 0]),
            "scale": size / (loss + 1e-9),
        }

    return train


def points(tool: Tool, count: int) -> dict[str, float]:
    """Seconds from the first of so many calls to the end of the run, with all of them kept."""
    tool.begin()
    log_one = tool.log_one
    start = clock()
    for step in range(count):
        log_one("loss", step / 7, step)
    called = clock()
    tool.flush()
    tool.end()
    return {"seconds": (clock() - start) / 1e9, "calls_s": (called - start) / 1e9, "count": count}


MEASURES = {"call": call, "loop": loop, "points": points}


def main(tool: str, what: str, place: str, url: str = "", count: str = "1000") -> None:
    found = MEASURES[what](TOOLS[tool](place, url), int(count))
    sys.stdout.write("figures " + json.dumps(found) + "\n")
    sys.stdout.flush()
    os._exit(0)  # the run has ended; what a tool does at exit is not measured


if __name__ == "__main__":
    main(*sys.argv[1:])
