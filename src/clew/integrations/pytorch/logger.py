"""A ``Logger`` for Lightning that writes to a run: the documented way, for those who switch autologging off."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Mapping
from typing import Any

from clew.client import runs
from clew.client.link import Link
from clew.client.session import session
from clew.errors import MissingPackage


@functools.cache
def logger_class() -> Any:
    """``ClewLogger``, derived from the ``Logger`` of that Lightning which is imported, else of the one installed.

    Raises:
        MissingPackage: neither is.
    """
    names = ("lightning.pytorch", "pytorch_lightning")
    for name in [name for name in names if name in sys.modules] or names:
        try:
            base = importlib.import_module(f"{name}.loggers.logger")
        except ImportError:
            continue
        return _class_over(base)
    raise MissingPackage("ClewLogger needs Lightning: pip install lightning")


def _class_over(base: Any) -> Any:
    only_first = importlib.import_module("lightning_utilities.core.rank_zero").rank_zero_only

    class ClewLogger(base.Logger):  # type: ignore[misc]
        """Metrics and hyperparameters of a ``Trainer`` in a run: the active one, or one that ends with the training.

        run_name, tags: of the run, where one is begun.
        prefix: before every metric's name, with a slash between.
        """

        is_clew = True

        def __init__(
            self, run_name: str | None = None, tags: Mapping[str, str] | None = None, prefix: str = ""
        ) -> None:
            super().__init__()
            self._run_name, self._tags = run_name, dict(tags or {})
            self._prefix = f"{prefix}/" if prefix else ""
            self._run_id: str | None = None
            self._owns = False

        @property
        def name(self) -> str:
            """What folders of checkpoints are named after."""
            return "clew"

        @property
        def version(self) -> str | None:
            """The run's id, or None before the first metric."""
            return self._run_id

        @property
        def run_id(self) -> str:
            """The run's id; the run begins with it."""
            return str(self._log().run_id)

        def _log(self) -> Any:
            active = session.innermost()
            if self._run_id is None:
                if active is None:
                    runs.start_run(run_name=self._run_name, tags=self._tags)
                    active, self._owns = session.stack()[-1], True
                self._run_id, self._link = active.log.run_id, active.link
            link: Link = self._link
            return link.run(self._run_id)

        @only_first  # type: ignore[untyped-decorator]
        def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
            """Log points at a step."""
            self._log().log_points({self._prefix + key: float(value) for key, value in metrics.items()}, step)

        @only_first  # type: ignore[untyped-decorator]
        def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
            """Log params, from a mapping or a namespace."""
            del args, kwargs
            given = params if isinstance(params, Mapping) else vars(params)
            self._log().log_params({str(key): value for key, value in given.items()})

        @only_first  # type: ignore[untyped-decorator]
        def finalize(self, status: str) -> None:
            """End the run, if it began here."""
            owns, self._owns = self._owns, False
            stack = session.stack()
            if owns and stack and stack[-1].log.run_id == self._run_id:
                runs.end_run("FINISHED" if status == "success" else "FAILED")

    return ClewLogger
