"""What a process is told of the run that it works for, by the process that started it.

``multiprocessing`` hands its configuration on to every process that it starts, forked or spawned, and to nobody else,
so the run goes with it. Programs that are started on purpose with ``RunContext.environment`` find it in variables.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Final

from clew import settings

_KEY: Final = "clew"
_MODULE: Final = "multiprocessing.process"
_REUSED: Final = ("LokyProcess",)
"""Processes of pools that outlive the run in which they were started; joblib's tasks carry a context instead."""


class Origin:
    """The run for which a worker works, and where it is.

    tracking_uri: in full form. experiment_id, experiment_name: where new runs go; empty where unknown.
    run_id: empty where no run was active. run_name, artifact_uri: of that run; empty where unknown.
    source: the tags that say which program this is; new runs of workers carry them.
    """

    __slots__ = ("artifact_uri", "experiment_id", "experiment_name", "run_id", "run_name", "source", "tracking_uri")

    def __init__(
        self,
        tracking_uri: str,
        experiment_id: str = "",
        experiment_name: str = "",
        run_id: str = "",
        run_name: str = "",
        artifact_uri: str = "",
        source: dict[str, str] | None = None,
    ) -> None:
        self.tracking_uri = tracking_uri
        self.experiment_id = experiment_id
        self.experiment_name = experiment_name
        self.run_id = run_id
        self.run_name = run_name
        self.artifact_uri = artifact_uri
        self.source = source or {}

    def fields(self) -> tuple[Any, ...]:
        """What ``Origin`` takes, in order."""
        return (
            self.tracking_uri,
            self.experiment_id,
            self.experiment_name,
            self.run_id,
            self.run_name,
            self.artifact_uri,
            self.source,
        )


def announce(origin: Origin | None) -> None:
    """Tell the processes that multiprocessing starts from now on, with None that there is no run."""
    _finder.origin = origin
    process = sys.modules.get(_MODULE)
    if process is None:
        if _finder not in sys.meta_path:
            sys.meta_path.insert(0, _finder)
        return
    config: dict[str, Any] = getattr(process.current_process(), "_config", {})
    if origin is None:
        config.pop(_KEY, None)
    else:
        config[_KEY] = origin.fields()


class _Finder:
    """Announces the run when the script imports multiprocessing, which costs more than to begin a run.

    origin: the run at that moment.
    """

    origin: Origin | None = None

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        """What the other finders find."""
        if name != _MODULE:
            return None
        sys.meta_path.remove(self)
        specs = (finder.find_spec(name, path, target) for finder in sys.meta_path)
        spec = next((s for s in specs if s is not None), None)
        if spec is not None and spec.loader is not None:
            self._follow(spec.loader)
        return spec

    def _follow(self, loader: Any) -> None:
        run = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            vars(loader).pop("exec_module", None)
            run(module)
            announce(self.origin)

        loader.exec_module = exec_module


_finder: Any = _Finder()


def arrived() -> Origin | None:
    """What this process was told when it was started."""
    process = sys.modules.get(_MODULE)
    if process is not None and process.parent_process() is not None:
        current = process.current_process()
        fields = getattr(current, "_config", {}).get(_KEY)
        if fields and type(current).__name__ not in _REUSED:
            return Origin(*fields)
    values = settings.read()
    if values.parent_run_id is None:
        return None
    return Origin(values.tracking_uri or "", run_id=values.parent_run_id)


def is_worker() -> bool:
    """Whether multiprocessing, or what is built on it, started this process."""
    process = sys.modules.get(_MODULE)
    return process is not None and process.parent_process() is not None
