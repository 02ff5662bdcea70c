"""Lightning's metrics, written once each: per epoch, or per step where that was asked for."""

from __future__ import annotations

from typing import Any

from clew.integrations.recorder import Recorder


class EpochMetrics:
    """The metrics of one training.

    every_epochs: of so many epochs the last is written. every_steps: likewise of steps; None for no steps.
    """

    def __init__(self, recorder: Recorder, every_epochs: int, every_steps: int | None) -> None:
        self._recorder = recorder
        self._every_epochs = max(1, every_epochs)
        self._every_steps = every_steps
        self._of_steps: set[str] = set()
        self._of_epochs: set[str] = set()
        self._of_validation: set[str] = set()
        self._before: dict[str, float] = {}
        self._validated = False
        self._of_late: set[str] = set()
        self._rates: dict[str, float] = {}
        self._last: tuple[int, set[str]] | None = None

    def begin(self, trainer: Any) -> None:
        """Look at the learning rates that the epoch begins with; a scheduler moves them before its end."""
        self._rates = _rates(trainer)

    def before_validation(self, trainer: Any) -> None:
        """Remember the metrics that a validation may change."""
        self._before = {} if trainer.sanity_checking else _values(trainer)

    def after_validation(self, trainer: Any) -> None:
        """Tell the validation's metrics from those of the training."""
        if trainer.sanity_checking:
            return
        found = _values(trainer)
        self._of_validation |= {key for key in found if found[key] != self._before.get(key)}
        self._validated = True

    def end(self, trainer: Any) -> None:
        """Write an epoch's metrics; those of a validation only if there was one in this epoch."""
        epoch = int(trainer.current_epoch)
        validated, self._validated = self._validated, False
        found = {
            key: value
            for key, value in _values(trainer).items()
            if key not in self._of_steps | self._of_late and (validated or key not in self._of_validation)
        }
        self._of_epochs |= set(found)
        if (epoch + 1) % self._every_epochs:
            self._last = None
            return
        self._recorder.metrics({**found, **self._rates}, epoch)
        stale = set() if validated else self._of_validation
        self._last = epoch, {*found, *self._of_steps, *stale}

    def late(self, trainer: Any) -> None:
        """Write what the module logged in its own hook at the epoch's end, which comes after ours."""
        if self._last is None:
            return
        epoch, known = self._last
        self._last = None
        late = {key: value for key, value in _values(trainer).items() if key not in known}
        self._of_late |= set(late)  # what is there at the next epoch's end is an old value
        if late:
            self._of_epochs |= set(late)
            self._recorder.metrics(late, epoch)

    def step(self, trainer: Any) -> None:
        """Write a step's metrics, if it is one of those."""
        step = int(trainer.global_step)
        if not self._every_steps or step % self._every_steps:
            return
        values = _values(trainer)
        found = {
            key: value
            for key, value in values.items()
            if key not in self._of_epochs and key not in self._of_validation and f"{key}_step" not in values
        }
        self._of_steps |= set(found)
        self._recorder.metrics(found, step)


def _values(trainer: Any) -> dict[str, float]:
    return {str(key): float(value) for key, value in trainer.callback_metrics.items()}


def _rates(trainer: Any) -> dict[str, float]:
    """The learning rates that schedulers move, as Lightning's monitor names them."""
    if not trainer.lr_scheduler_configs:
        return {}
    rates: dict[str, float] = {}
    for optimizer in trainer.optimizers:
        name = f"lr-{type(getattr(optimizer, '_optimizer', optimizer)).__name__}"
        while name in rates or f"{name}/pg1" in rates:
            name += "-1"
        groups = optimizer.param_groups
        for number, group in enumerate(groups, 1):
            rates[f"{name}/pg{number}" if len(groups) > 1 else name] = float(group["lr"])
    return rates
