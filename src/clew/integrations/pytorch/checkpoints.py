"""Checkpoints of a training by Lightning, among the run's artifacts as MLflow has them."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any, Final

from clew.integrations.recorder import Recorder

TAG: Final = "mlflow.latest_checkpoint_artifact"
_FOLDER: Final = "checkpoints"
_GATHERED: Final = ("FSDP", "DeepSpeed", "ModelParallel")
"""Strategies whose checkpoints all ranks must make together, so that rank 0 alone would wait for ever."""


class Checkpoints:
    """Writes a checkpoint where one is due. settings: those that begin with ``checkpoint``."""

    def __init__(self, recorder: Recorder, settings: Any) -> None:
        self._recorder = recorder
        self._settings = settings
        self._best: float | None = None

    def after_epoch(self, trainer: Any) -> None:
        """Write one, if they are due by epochs."""
        if self._settings.checkpoint_save_freq == "epoch":
            self._write(trainer)

    def after_step(self, trainer: Any) -> None:
        """Write one, if they are due by steps."""
        every = self._settings.checkpoint_save_freq
        if isinstance(every, int) and trainer.global_step and trainer.global_step % every == 0:
            self._write(trainer)

    def _write(self, trainer: Any) -> None:
        chosen = self._settings
        metrics = {str(key): float(value) for key, value in trainer.callback_metrics.items()}
        if type(trainer.strategy).__name__.startswith(_GATHERED):
            return
        if chosen.checkpoint_save_best_only and not self._is_best(metrics.get(str(chosen.checkpoint_monitor))):
            return
        epoch, step = int(trainer.current_epoch), int(trainer.global_step)
        folder, latest = _FOLDER, "latest_"
        if not chosen.checkpoint_save_best_only:
            latest = ""
            by_epoch = chosen.checkpoint_save_freq == "epoch"
            folder += f"/epoch_{epoch}" if by_epoch else f"/global_step_{step}"
        weights = ".weights" if chosen.checkpoint_save_weights_only else ""
        name = f"{folder}/{latest}checkpoint{weights}.pth"
        with tempfile.TemporaryDirectory(prefix="clew-") as scratch:
            path = os.path.join(scratch, "checkpoint.pth")
            state = trainer._checkpoint_connector.dump_checkpoint(chosen.checkpoint_save_weights_only)  # noqa: SLF001
            trainer.strategy.save_checkpoint(state, path)
            self._recorder.file(path, name)
        about = {**metrics, "epoch": epoch, "global_step": step}
        self._recorder.text(json.dumps(about), f"{folder}/{latest}checkpoint_metrics.json")
        self._recorder.tags({TAG: name})

    def _is_best(self, value: float | None) -> bool:
        if value is None or value != value:
            return False
        worse = self._best is not None and (
            value <= self._best if self._settings.checkpoint_mode == "max" else value >= self._best
        )
        if not worse:
            self._best = value
        return not worse
