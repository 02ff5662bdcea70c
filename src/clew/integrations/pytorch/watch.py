"""A training loop of one's own in PyTorch, watched by hooks: the optimizer's settings, gradients, learning rates."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from clew.client.runs import active_or_begun
from clew.errors import InvalidValue
from clew.integrations import guard


class Watch:
    """What looks at a model and its optimizer; ``remove`` ends it, as does the end of a ``with`` block.

    Arguments as for ``clew.pytorch.watch``.
    """

    def __init__(self, model: Any, optimizer: Any, every_n_steps: int, layers: bool) -> None:
        if not hasattr(model, "named_parameters"):
            raise InvalidValue(f"model must be a torch.nn.Module, not a {type(model).__name__}.")
        if not hasattr(optimizer, "register_step_pre_hook"):
            raise InvalidValue(f"optimizer must be a torch.optim.Optimizer, not a {type(optimizer).__name__}.")
        if every_n_steps < 1:
            raise InvalidValue(f"every_n_steps must be positive, not {every_n_steps}.")
        self._model = model
        self._log = active_or_begun().log
        self._every = every_n_steps
        self._layers = layers
        self._step = 0
        self._log.log_params(_settings_of(optimizer))
        self._handle = optimizer.register_step_pre_hook(self._before_step)

    def remove(self) -> None:
        """Look no further."""
        self._handle.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def _before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        del args, kwargs
        self._step += 1
        if self._step % self._every == 0:
            guard.guarded("watching a training", self._write, optimizer)

    def _write(self, optimizer: Any) -> None:
        norms = {
            name: float(part.grad.detach().norm())
            for name, part in self._model.named_parameters()
            if part.grad is not None
        }
        points = {"grad_norm": sum(norm**2 for norm in norms.values()) ** 0.5}
        if self._layers:
            points |= {f"grad_norm/{name}": norm for name, norm in norms.items()}
        groups = optimizer.param_groups
        for number, group in enumerate(groups):
            points[f"lr/{number}" if len(groups) > 1 else "lr"] = float(group["lr"])
        self._log.log_points(points, self._step)


def _settings_of(optimizer: Any) -> dict[str, Any]:
    return {"optimizer_name": type(optimizer).__name__, **optimizer.defaults}
